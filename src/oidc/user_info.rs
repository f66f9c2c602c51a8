//! The userinfo endpoint (OpenID Connect Core 5.3).

use std::time::{Duration, SystemTime};

use http::{Method, Response, StatusCode, header};
use serde::Deserialize;
use url::Url;

use super::{
    algorithms::Algorithms,
    jwks::Keys,
    jws::{Jws, JwsError},
};
use crate::{
    claims::{Audience, Claim, UserInfo},
    clock::{unix_seconds, whole_seconds},
    error::{Code, Error, Result, excerpt},
    http::{Repeat, Transport, parse_json, request, unexpected, valid},
    secret::Secret,
    telemetry::Endpoint,
};

/// What the answer has to say.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// Whom the ID token is about, where there is one.
    pub(crate) sub: Option<&'a str>,
    pub(crate) client_id: &'a str,
    /// The issuer, and those that are accepted beside it.
    pub(crate) issuers: &'a [&'a str],
    /// The algorithms that a signed answer may have.
    pub(crate) algorithms: Algorithms,
    /// By how much the clocks of Logto and this machine may differ.
    pub(crate) leeway: Duration,
    pub(crate) now: SystemTime,
}

/// Asks who the access token belongs to. The answer is JSON; a server that has agreed upon `userinfo_signed_response_alg` with the app gives a
/// JWT whatever it is asked for.
pub(crate) async fn fetch(
    transport: &Transport,
    endpoint: &Url,
    access_token: &Secret,
    keys: &Keys<'_>,
    expected: &Expected<'_>,
) -> Result<UserInfo> {
    let request = request(Method::GET, endpoint)
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", access_token.expose()));
    let response = transport.send(Endpoint::UserInfo, valid(request.body(Vec::new()))?, Repeat::Always).await?;
    if response.status() != StatusCode::OK {
        return Err(unexpected(&response, Code::UserInfoFailed, endpoint));
    }
    let user_info: UserInfo = match is_jwt(&response) {
        true => verified(response.body(), keys, expected).await?,
        false => parse_json(&response, Code::UserInfoFailed, endpoint)?,
    };
    // OpenID Connect Core 5.3.2: or tokens of two users could be mixed.
    if expected.sub.is_some_and(|sub| user_info.sub != sub) {
        return Err(Error::new(Code::UserInfoSub, "the user info is about another user than the ID token"));
    }
    Ok(user_info)
}

/// Section 5.3.2: the type says whether the answer is signed.
fn is_jwt(response: &Response<Vec<u8>>) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/jwt")
}

/// The claims that are validated.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    iss: Claim<String>,
    aud: Claim<Audience>,
    exp: Claim<i64>,
}

/// Section 5.3.2: a signed answer names its issuer and holds us among those it is for. An encrypted one has five parts: `Jws::parse` refuses it.
async fn verified(body: &[u8], keys: &Keys<'_>, expected: &Expected<'_>) -> Result<UserInfo> {
    let text = std::str::from_utf8(body).map_err(|_| refused("is not a JWT"))?;
    let jws = Jws::parse(text.trim_ascii()).and_then(|jws| jws.admitted_by(expected.algorithms)).map_err(jws_error)?;
    // RFC 8725 section 3.11: other kinds of tokens have the same issuer, audience and key.
    if let Some(typ) = jws.typ.as_deref().filter(|_| !jws.is_typ("jwt")) {
        return Err(refused(&format!("is of type `{}`, expected `JWT` or none", excerpt(typ))));
    }
    // The server has just given it to us, by its own endpoint.
    let payload = keys.for_issued_token().verify(jws).await.map_err(jws_error)?;
    let unreadable = |error| refused("cannot be read").with_source(error);
    let claims: Claims = serde_json::from_slice(&payload).map_err(unreadable)?;
    check(claims, expected)?;
    serde_json::from_slice(&payload).map_err(unreadable)
}

fn check(claims: Claims, expected: &Expected<'_>) -> Result<()> {
    let claim = |name: &str, problem: &str| refused(&format!("has an {name} that {problem}"));
    let iss = claims.iss.required().map_err(|problem| claim("iss", problem))?;
    if !expected.issuers.contains(&iss.as_str()) {
        let issuers = expected.issuers.join("` or `");
        return Err(refused(&format!("is by `{}`, expected `{issuers}`", excerpt(&iss))));
    }
    let aud = claims.aud.required().map_err(|problem| claim("aud", problem))?;
    if !aud.contains(expected.client_id) {
        let found = aud.iter().collect::<Vec<_>>().join("`, `");
        return Err(refused(&format!("is for `{}`, expected app id `{}`", excerpt(&found), expected.client_id)));
    }
    let exp = claims.exp.optional().map_err(|problem| claim("exp", problem))?;
    if exp.is_some_and(|exp| unix_seconds(expected.now) >= exp.saturating_add(whole_seconds(expected.leeway))) {
        return Err(refused("has expired"));
    }
    Ok(())
}

fn refused(what: &str) -> Error {
    Error::new(Code::UserInfoFailed, format!("the signed user info {what}"))
}

fn jws_error(error: JwsError) -> Error {
    match error {
        JwsError::Keys(error) => error,
        error => refused(&error.to_string()),
    }
}
