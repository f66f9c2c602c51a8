//! The introspection of opaque access tokens (RFC 7662).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    ApiAudience,
    facts::Facts,
    verify::{
        Claims, check_audience, check_exp, check_iat, check_iss, check_nbf, check_not_bound, not_empty, optional,
        payload_error, required,
    },
};
use crate::{
    clock::whole_seconds,
    error::{Code, Error, Result},
    oidc::{provider::Provider, token},
    secret::Secret,
};

/// The client that asks the introspection endpoint, and the apps whose tokens are accepted.
#[derive(Clone)]
pub(super) struct Introspection {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    /// Apps beside this client.
    pub(super) other_clients: Vec<String>,
}

/// What an opaque token has to fit.
pub(super) struct Expected<'a> {
    pub(super) audiences: &'a [ApiAudience],
    pub(super) leeway: std::time::Duration,
    pub(super) now: i64,
}

impl Introspection {
    /// Asks Logto.
    pub(super) async fn ask(&self, provider: &Provider, token: &str, expected: &Expected<'_>) -> Result<Facts> {
        let metadata = provider.metadata().await?;
        let endpoint = metadata
            .introspection_endpoint
            .as_ref()
            .ok_or_else(|| Error::new(Code::IntrospectionFailed, "discovery names no introspection_endpoint"))?;
        let client = token::Client { id: &self.client_id, secret: Some(&self.client_secret) };
        let answer = token::introspect(provider.transport(), endpoint, &client, token).await?;
        self.check(answer, &provider.issuers(&metadata), expected)
    }

    /// Validates the response (RFC 7662 section 2.2).
    fn check(&self, mut answer: Map<String, Value>, issuers: &[&str], expected: &Expected<'_>) -> Result<Facts> {
        if answer.get("active") != Some(&Value::Bool(true)) {
            return Err(Error::new(Code::BearerInactive, "the access token is not active"));
        }
        let claims = Claims::deserialize(&answer).map_err(payload_error)?;
        // Before the type, which is then `DPoP` or another than that of a plain token (RFC 9449 section 6.2).
        check_not_bound(claims.cnf.as_ref())?;
        // Logto also introspects refresh tokens, and omits `token_type` out. A stolen one must not give access.
        let token_type = answer.get("token_type").and_then(Value::as_str);
        if !token_type.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
            return Err(Error::new(Code::BearerInactive, "the token is active and is no access token"));
        }
        // From here on as of a JWT: a claim of another type is never taken for one that is not there.
        if let Some(iss) = optional(claims.iss, "iss", Code::BearerIss)? {
            check_iss(&iss, issuers)?;
        }
        // Logto's opaque tokens are for no API and say nothing of an audience. So that a token which some other app of the tenant was given
        // opens nothing here, the app must be a known one.
        let client_id = required(claims.client_id, "client_id", Code::BearerClientId)?;
        if client_id != self.client_id && !self.other_clients.contains(&client_id) {
            let message = "the access token was issued to an app that this API does not know";
            return Err(Error::new(Code::BearerClientId, message));
        }
        not_empty(&required(claims.sub, "sub", Code::BearerSub)?, "sub", Code::BearerSub)?;
        let (now, leeway) = (expected.now, whole_seconds(expected.leeway));
        check_exp(required(claims.exp, "exp", Code::BearerExpired)?, now, leeway)?;
        if let Some(nbf) = optional(claims.nbf, "nbf", Code::BearerNotYet)? {
            check_nbf(nbf, now, leeway)?;
        }
        if let Some(iat) = optional(claims.iat, "iat", Code::BearerIat)? {
            check_iat(iat, now, leeway)?;
        }
        optional(claims.scope, "scope", Code::BearerMalformed)?;
        let organization = optional(claims.organization_id, "organization_id", Code::BearerAud)?;
        let organization_id = match optional(claims.aud, "aud", Code::BearerAud)? {
            Some(aud) => check_audience(&aud, organization.as_deref(), expected.audiences)?,
            None => None,
        };

        // What a JWT must say and an answer may leave out.
        let issuer = issuers.first().copied().unwrap_or_default();
        for (name, value) in [("iss", issuer.into()), ("aud", Value::Array(Vec::new())), ("iat", expected.now.into())] {
            if answer.get(name).is_none_or(Value::is_null) {
                answer.insert(name.to_owned(), value);
            }
        }
        let payload = Value::Object(answer).to_string().into_bytes();
        let claims = serde_json::from_slice(&payload).map_err(|source| {
            Error::new(Code::IntrospectionFailed, "the introspected token cannot be read").with_source(source)
        })?;
        Ok(Facts { claims, client_id, organization_id, payload })
    }
}

#[cfg(test)]
mod tests;
