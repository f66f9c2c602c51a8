//! The validation of a logout token: the checks of OpenID Connect Back-Channel Logout 1.0 section 2.6, in its numbering.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;

use super::{
    algorithms::Algorithms,
    jwks::Keys,
    jws::{Jws, JwsError, is_present},
};
use crate::{
    claims::{Audience, Claim},
    clock::{unix_seconds, whole_seconds},
    error::{Code, Error, Result, excerpt},
};

/// Section 2.4: what makes a JWT a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How long a logout token may live. Section 2.4 recommends two minutes, which is what Logto gives; other servers give up to five.
const MAX_LIFE_SECONDS: i64 = 600;

/// What the logout token has to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) client_id: &'a str,
    /// The algorithms that it may be signed with: those of ID tokens.
    pub(crate) algorithms: Algorithms,
    /// Whether it must have a type: Logto's have one.
    pub(crate) requires_typ: bool,
    /// The issuer, and those that are accepted beside it.
    pub(crate) issuers: &'a [&'a str],
    /// By how much the clocks of Logto and this machine may differ.
    pub(crate) leeway: Duration,
}

/// A valid logout token, except for step 8: whether it was seen before is for those to know who remember.
#[derive(Debug)]
pub(crate) struct LogoutToken {
    pub(crate) names: Named,
    /// The user, where it names one.
    pub(crate) sub: Option<String>,
    pub(crate) jti: String,
    /// Unix seconds by Logto's clock.
    pub(crate) issued_at: i64,
    /// Unix seconds by Logto's clock.
    pub(crate) expires_at: i64,
}

/// What is to end: one session at Logto where the token names one, else all of the user (section 2.4).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// By `sid`.
    Session(String),
    /// By `sub`.
    User(String),
}

/// Verifies a logout token.
pub(crate) async fn verify(
    logout_token: &str,
    keys: &Keys<'_>,
    expected: &Expected<'_>,
    now: SystemTime,
) -> Result<LogoutToken> {
    // 1. Decryption: the app has registered no key for it, and an encrypted token has five parts: `parse` refuses it.
    // 3. The algorithm is one of the asymmetric ones we accept, so never `none`: `parse` refuses the others before a key is asked for. And it
    //    is one of those that the settings take for ID tokens.
    let jws = Jws::parse(logout_token).map_err(jws_error)?;
    let jws = jws.admitted_by(expected.algorithms).map_err(jws_error)?;
    refuse_other_types(&jws, expected.requires_typ)?;

    // 2. The signature comes before the claims, with the keys of ID tokens.
    let payload = keys.verify(jws).await.map_err(jws_error)?;

    check(&payload, expected, unix_seconds(now))
}

/// Section 2.4 recommends the type `logout+jwt`, which Logto sends, so of Logto's tokens it is demanded (RFC 8725 section 3.11). Section 2.6
/// does not ask for it, and section 4.1 says that asking would break servers that are in use (the certification suite among them). So a token
/// of another server may have no type, or that of any JWT (RFC 7519 section 5.1); steps 6 and 7 still keep ID and access tokens out.
fn refuse_other_types(jws: &Jws<'_>, requires_typ: bool) -> Result<()> {
    if jws.is_typ("logout+jwt") || (!requires_typ && (jws.typ.is_none() || jws.is_typ("jwt"))) {
        return Ok(());
    }
    let found = jws.typ.as_deref().map_or_else(|| "has no type".into(), |typ| format!("is of type `{}`", excerpt(typ)));
    let or_others = if requires_typ { "" } else { ", `JWT` or none" };
    Err(Error::new(Code::LogoutTokenMalformed, format!("the logout token {found}, expected `logout+jwt`{or_others}")))
}

/// The claims that are validated. Others are ignored, as section 2.4 asks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Claims {
    iss: Claim<String>,
    aud: Claim<Audience>,
    iat: Claim<i64>,
    exp: Claim<i64>,
    sub: Claim<String>,
    sid: Claim<String>,
    events: Value,
    #[serde(deserialize_with = "is_present")]
    nonce: bool,
    jti: Claim<String>,
}

/// Checks the claims of a logout token whose signature has been verified.
fn check(payload: &[u8], expected: &Expected<'_>, now: i64) -> Result<LogoutToken> {
    let claims: Claims = serde_json::from_slice(payload).map_err(|error| {
        Error::new(Code::LogoutTokenMalformed, "the logout token's payload cannot be read").with_source(error)
    })?;
    let leeway = whole_seconds(expected.leeway);

    // 4. `iss`, `aud`, `iat` and `exp` as in an ID token: it is Logto's,
    let iss = required(claims.iss, "iss", Code::LogoutTokenIss)?;
    if !expected.issuers.contains(&iss.as_str()) {
        let message =
            format!("the logout token's iss is `{}`, expected `{}`", excerpt(&iss), expected.issuers.join("` or `"));
        return Err(Error::new(Code::LogoutTokenIss, message));
    }
    // and for us,
    let aud = required(claims.aud, "aud", Code::LogoutTokenAud)?;
    if !aud.contains(expected.client_id) {
        let found = aud.iter().collect::<Vec<_>>().join("`, `");
        let message =
            format!("the logout token's aud is `{}`, expected app id `{}`", excerpt(&found), expected.client_id);
        return Err(Error::new(Code::LogoutTokenAud, message));
    }
    // was not made in the future,
    let issued_at = required(claims.iat, "iat", Code::LogoutTokenIat)?;
    if now.saturating_add(leeway) < issued_at {
        let ahead = issued_at.saturating_sub(now);
        let message = format!("the logout token was issued {ahead} s in the future, with a leeway of {leeway} s");
        return Err(Error::new(Code::LogoutTokenIat, message));
    }
    // and has not expired.
    let expires_at = required(claims.exp, "exp", Code::LogoutTokenExpired)?;
    if now >= expires_at.saturating_add(leeway) {
        let ago = now.saturating_sub(expires_at);
        let message = format!("the logout token expired {ago} s ago, with a leeway of {leeway} s");
        return Err(Error::new(Code::LogoutTokenExpired, message));
    }
    check_life(issued_at, expires_at, now, leeway)?;

    // 5. It names a session, a user or both.
    let sid = optional(claims.sid, "sid", Code::LogoutTokenSubject)?;
    let sub = optional(claims.sub, "sub", Code::LogoutTokenSubject)?;
    if [&sid, &sub].into_iter().flatten().any(String::is_empty) {
        return Err(Error::new(Code::LogoutTokenSubject, "the logout token's sid or sub is empty"));
    }
    let names = match (sid, sub.clone()) {
        (Some(sid), _) => Named::Session(sid),
        (None, Some(sub)) => Named::User(sub),
        (None, None) => {
            return Err(Error::new(Code::LogoutTokenSubject, "the logout token has neither sid nor sub"));
        }
    };

    // 6. Its event is a logout. The member's value is an object (section 2.4), which says nothing.
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(Error::new(Code::LogoutTokenEvents, format!("the logout token's events have no object `{EVENT}`")));
    }

    // 7. It has no nonce: an ID token might.
    if claims.nonce {
        return Err(Error::new(Code::LogoutTokenNonce, "the logout token has a nonce"));
    }

    // 8. It has a name by which it is known when it comes again.
    let jti = required(claims.jti, "jti", Code::LogoutTokenJti)?;
    if jti.is_empty() {
        return Err(claim_error("jti", "is empty", Code::LogoutTokenJti));
    }

    // 9. to 11. (optional) Whether there is such a session shows when it is ended. That there is none is no error (section 2.7).
    Ok(LogoutToken { names, sub, jti, issued_at, expires_at })
}

/// A token that was copied serves until it expires, and is remembered for as long, so neither may be long ago or far off.
fn check_life(issued_at: i64, expires_at: i64, now: i64, leeway: i64) -> Result<()> {
    let age = now.saturating_sub(issued_at);
    if age > MAX_LIFE_SECONDS.saturating_add(leeway) {
        let message = format!(
            "the logout token was issued {age} s ago, expected at most {MAX_LIFE_SECONDS} s, with a leeway of {leeway} s"
        );
        return Err(Error::new(Code::LogoutTokenIat, message));
    }
    let life = expires_at.saturating_sub(issued_at);
    if life > MAX_LIFE_SECONDS {
        let message = format!("the logout token lives for {life} s, expected at most {MAX_LIFE_SECONDS} s");
        return Err(Error::new(Code::LogoutTokenExpired, message));
    }
    Ok(())
}

fn required<T>(claim: Claim<T>, name: &str, code: Code) -> Result<T> {
    claim.required().map_err(|problem| claim_error(name, problem, code))
}

fn optional<T>(claim: Claim<T>, name: &str, code: Code) -> Result<Option<T>> {
    claim.optional().map_err(|problem| claim_error(name, problem, code))
}

fn claim_error(name: &str, problem: &str, code: Code) -> Error {
    Error::new(code, format!("the logout token's {name} {problem}"))
}

fn jws_error(error: JwsError) -> Error {
    let code = match error {
        JwsError::Malformed(_) => Code::LogoutTokenMalformed,
        JwsError::Alg(_) | JwsError::NotAdmitted { .. } => Code::LogoutTokenAlg,
        JwsError::UnknownKey { .. } => Code::LogoutTokenKey,
        JwsError::BadSignature { .. } => Code::LogoutTokenSignature,
        JwsError::Keys(error) => return error,
    };
    Error::new(code, format!("the logout token {error}"))
}

#[cfg(test)]
mod tests;
