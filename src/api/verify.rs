//! The validation of an access token: the checks of RFC 9068 section 4, in its order.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::{ApiAudience, audience::Mismatch, facts::Facts};
use crate::{
    claims::{Audience, Claim},
    clock::whole_seconds,
    error::{Code, Error, Result, excerpt},
    oidc::{
        algorithms::Algorithms,
        jwks::{KeySet, Keys},
        jws::{Jws, JwsError, decode_unverified},
    },
};

/// What an access token has to say.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    /// The issuer, and those that are accepted beside it.
    pub(super) issuers: &'a [&'a str],
    /// The token is for one of these.
    pub(super) audiences: &'a [ApiAudience],
    /// By how much the clocks of Logto and this machine may differ.
    pub(super) leeway: Duration,
}

/// Takes a token apart, and refuses what can be refused without a key.
pub(super) fn parse(token: &str, algorithms: Algorithms) -> Result<Jws<'_>> {
    // The algorithm is one of the asymmetric ones we accept, never `none`; keys in the header are not read: `Jws::parse` sees to both.
    let jws = Jws::parse(token).and_then(|jws| jws.admitted_by(algorithms)).map_err(jws_error)?;
    // "The resource server MUST verify that the `typ` header value is `at+jwt`": an ID token has the same issuer and keys.
    if jws.is_typ("at+jwt") {
        return Ok(jws);
    }
    if is_like_id_token(token, &jws) {
        return Err(Error::new(Code::BearerIdToken, "the bearer token is an ID token, expected an access token"));
    }
    let typ = jws.typ.as_deref().unwrap_or_default();
    Err(Error::new(Code::BearerTyp, format!("the bearer token is of type `{}`, expected `at+jwt`", excerpt(typ))))
}

/// Only to choose the words of a refusal: every access token names a client, an ID token does not.
fn is_like_id_token(token: &str, jws: &Jws<'_>) -> bool {
    let claims = decode_unverified::<Map<String, Value>>(token).ok().flatten();
    (jws.typ.is_none() || jws.is_typ("jwt"))
        && claims.is_some_and(|claims| claims.contains_key("sub") && !claims.contains_key("client_id"))
}

/// Verifies what [`parse`] gave, and says by which keys.
pub(super) async fn verify(
    jws: Jws<'_>,
    keys: &Keys<'_>,
    expected: &Expected<'_>,
    now: i64,
) -> Result<(Facts, Arc<KeySet>)> {
    // The signature comes before the claims: nothing is decided on what nobody has signed.
    let (payload, keys) = keys.verify_with_keys(jws).await.map_err(jws_error)?;
    Ok((check(payload, expected, now)?, keys))
}

/// The claims that are checked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Claims {
    pub(super) iss: Claim<String>,
    pub(super) aud: Claim<Audience>,
    pub(super) exp: Claim<i64>,
    pub(super) nbf: Claim<i64>,
    pub(super) iat: Claim<i64>,
    pub(super) sub: Claim<String>,
    pub(super) client_id: Claim<String>,
    pub(super) scope: Claim<String>,
    pub(super) organization_id: Claim<String>,
    /// RFC 7800: with this claim, the token is valid only for the holder of a key.
    pub(super) cnf: Option<IgnoredAny>,
}

/// Checks the claims of an access token whose signature has been verified.
fn check(payload: Vec<u8>, expected: &Expected<'_>, now: i64) -> Result<Facts> {
    let claims: Claims = serde_json::from_slice(&payload).map_err(payload_error)?;

    check_iss(&required(claims.iss, "iss", Code::BearerIss)?, expected.issuers)?;

    let aud = required(claims.aud, "aud", Code::BearerAud)?;
    // A claim that limits the token and cannot be read is not taken for one that is not there.
    let organization = optional(claims.organization_id, "organization_id", Code::BearerAud)?;
    let organization_id = check_audience(&aud, organization.as_deref(), expected.audiences)?;

    let leeway = whole_seconds(expected.leeway);
    check_exp(required(claims.exp, "exp", Code::BearerExpired)?, now, leeway)?;
    if let Some(nbf) = optional(claims.nbf, "nbf", Code::BearerNotYet)? {
        check_nbf(nbf, now, leeway)?;
    }
    check_iat(required(claims.iat, "iat", Code::BearerIat)?, now, leeway)?;

    // Section 2.2: required, too.
    not_empty(&required(claims.sub, "sub", Code::BearerSub)?, "sub", Code::BearerSub)?;
    let client_id = required(claims.client_id, "client_id", Code::BearerClientId)?;
    not_empty(&client_id, "client_id", Code::BearerClientId)?;
    optional(claims.scope, "scope", Code::BearerMalformed)?;
    check_not_bound(claims.cnf.as_ref())?;

    Ok(Facts { claims: serde_json::from_slice(&payload).map_err(payload_error)?, client_id, organization_id, payload })
}

pub(super) fn check_iss(iss: &str, issuers: &[&str]) -> Result<()> {
    if issuers.contains(&iss) {
        return Ok(());
    }
    let without_slash = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
    let only_a_slash = issuers.iter().any(|issuer| without_slash(issuer) == without_slash(iss));
    let message = format!(
        "the access token's iss is `{}`, expected `{}`{}",
        excerpt(iss),
        issuers.join("` or `"),
        if only_a_slash { " (they differ only by a trailing slash)" } else { "" },
    );
    Err(Error::new(Code::BearerIss, message))
}

/// The organization that the token is for, if it is for one of the audiences.
pub(super) fn check_audience(
    aud: &Audience,
    organization: Option<&str>,
    audiences: &[ApiAudience],
) -> Result<Option<String>> {
    let mut nearest = Mismatch::Audience;
    for audience in audiences {
        match audience.admit(aud, organization) {
            Ok(organization) => return Ok(organization),
            Err(Mismatch::Organization) => nearest = Mismatch::Organization,
            Err(Mismatch::Audience) => {}
        }
    }
    if nearest == Mismatch::Organization {
        let message = match organization {
            Some(id) => format!("the access token is for organization `{}`, which this API does not take", excerpt(id)),
            None => "the access token is for no organization, and this API takes none such".to_owned(),
        };
        return Err(Error::new(Code::BearerOrganization, message));
    }
    let found = aud.iter().collect::<Vec<_>>().join("`, `");
    let expected = audiences.iter().map(ToString::to_string).collect::<Vec<_>>().join("` or `");
    let message = format!("the access token's aud is `{}`, expected `{expected}`", excerpt(&found));
    Err(Error::new(Code::BearerAud, message))
}

pub(super) fn check_exp(exp: i64, now: i64, leeway: i64) -> Result<()> {
    if now < exp.saturating_add(leeway) {
        return Ok(());
    }
    let message = format!("the access token expired {} s ago, with a leeway of {leeway} s", now.saturating_sub(exp));
    Err(Error::new(Code::BearerExpired, message))
}

pub(super) fn check_nbf(nbf: i64, now: i64, leeway: i64) -> Result<()> {
    if nbf <= now.saturating_add(leeway) {
        return Ok(());
    }
    let ahead = nbf.saturating_sub(now);
    let message = format!("the access token is valid in {ahead} s only, with a leeway of {leeway} s");
    Err(Error::new(Code::BearerNotYet, message))
}

pub(super) fn check_iat(iat: i64, now: i64, leeway: i64) -> Result<()> {
    if iat <= now.saturating_add(leeway) {
        return Ok(());
    }
    let ahead = iat.saturating_sub(now);
    let message = format!("the access token was issued {ahead} s in the future, with a leeway of {leeway} s");
    Err(Error::new(Code::BearerIat, message))
}

/// A token that is bound to a key says so for those who find it elsewhere (RFC 9449 section 7.1, RFC 8705 section 3): here nobody is asked for
/// the key, so it is not taken.
pub(super) fn check_not_bound(cnf: Option<&IgnoredAny>) -> Result<()> {
    match cnf {
        Some(_) => Err(Error::new(Code::BearerBound, "the access token is bound to a key (`cnf`)")),
        None => Ok(()),
    }
}

pub(super) fn not_empty(text: &str, name: &str, code: Code) -> Result<()> {
    if text.is_empty() { Err(claim_error(name, "is empty", code)) } else { Ok(()) }
}

pub(super) fn required<T>(claim: Claim<T>, name: &str, code: Code) -> Result<T> {
    claim.required().map_err(|problem| claim_error(name, problem, code))
}

pub(super) fn optional<T>(claim: Claim<T>, name: &str, code: Code) -> Result<Option<T>> {
    claim.optional().map_err(|problem| claim_error(name, problem, code))
}

fn claim_error(name: &str, problem: &str, code: Code) -> Error {
    Error::new(code, format!("the access token's {name} {problem}"))
}

pub(super) fn payload_error(error: serde_json::Error) -> Error {
    Error::new(Code::BearerMalformed, "the access token's payload cannot be read").with_source(error)
}

pub(super) fn jws_error(error: JwsError) -> Error {
    let code = match error {
        JwsError::Malformed(_) => Code::BearerMalformed,
        JwsError::Alg(_) | JwsError::NotAdmitted { .. } => Code::BearerAlg,
        JwsError::UnknownKey { .. } => Code::BearerKey,
        JwsError::BadSignature { .. } => Code::BearerSignature,
        JwsError::Keys(error) => return error,
    };
    Error::new(code, format!("the access token {error}"))
}

#[cfg(test)]
mod tests;
