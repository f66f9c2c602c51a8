//! What the ID token of a refresh must not change (OpenID Connect Core 12.2): it is of the login that was, and of no newer one.

use super::constant_time_eq;
use crate::{
    claims::{Audience, IdTokenClaims},
    clock::date_seconds,
    error::{Code, Error, Result, excerpt},
};

/// The login that a refresh continues.
#[derive(Debug, Clone)]
pub(crate) struct Original {
    /// The previous claims; those about the login are those of the sign-in.
    pub(crate) claims: IdTokenClaims,
    /// Unix seconds by Logto's clock: the `iat` of the sign-in's ID token.
    pub(crate) issued_at: i64,
}

/// What the refreshed ID token says.
pub(super) struct Found<'a> {
    pub(super) iss: &'a str,
    pub(super) sub: &'a str,
    pub(super) aud: &'a Audience,
    pub(super) azp: Option<&'a str>,
    pub(super) nonce: Option<&'a str>,
    pub(super) iat: i64,
    pub(super) auth_time: Option<i64>,
}

pub(super) fn check(found: &Found<'_>, original: &Original, leeway: i64) -> Result<()> {
    let before = &original.claims;
    let refuse = |code, what: String| Err(Error::new(code, format!("the refreshed ID token's {what}")));
    if found.sub != before.sub {
        return refuse(Code::IdTokenSub, format!("sub is `{}`, expected `{}`", excerpt(found.sub), before.sub));
    }
    if found.iss != before.iss {
        return refuse(Code::IdTokenIss, format!("iss is `{}`, expected `{}`", excerpt(found.iss), before.iss));
    }
    if !found.aud.iter().all(|one| before.aud.contains(one)) || !before.aud.iter().all(|one| found.aud.contains(one)) {
        let all = |aud: &Audience| aud.iter().collect::<Vec<_>>().join("`, `");
        let (found, before) = (all(found.aud), all(&before.aud));
        return refuse(Code::IdTokenAud, format!("aud is `{}`, expected `{}`", excerpt(&found), excerpt(&before)));
    }
    if found.azp != before.azp.as_deref() {
        let text = |azp: Option<&str>| azp.map_or_else(|| "missing".to_owned(), |azp| format!("`{}`", excerpt(azp)));
        let (found, before) = (text(found.azp), text(before.azp.as_deref()));
        return refuse(Code::IdTokenAzp, format!("azp is {found}, before it was {before}"));
    }
    // It says when this token was issued. Both times are by the server's clock; the leeway is for servers of several machines.
    if found.iat < original.issued_at.saturating_sub(leeway) {
        let earlier = original.issued_at.saturating_sub(found.iat);
        return refuse(
            Code::IdTokenIat,
            format!("iat is {earlier} s before the sign-in's, with a leeway of {leeway} s"),
        );
    }
    if let Some(nonce) = found.nonce
        && !before.nonce.as_deref().is_some_and(|before| constant_time_eq(nonce, before))
    {
        return refuse(Code::IdTokenNonce, "nonce is not the one of the sign-in".to_owned());
    }
    check_auth_time(found.auth_time, original, leeway)
}

/// It must be that of the login. Where the first ID token had none, all that is known is that the login came before that token; who asks for
/// a recent login is told nothing by such a time (`SessionData::claims`).
fn check_auth_time(found: Option<i64>, original: &Original, leeway: i64) -> Result<()> {
    let Some(found) = found else { return Ok(()) };
    let message = match original.claims.auth_time.map(date_seconds) {
        Some(before) if found == before => return Ok(()),
        Some(before) => {
            let (difference, word) = (found.saturating_sub(before), if found > before { "after" } else { "before" });
            format!("auth_time is {} s {word} the login", difference.saturating_abs())
        }
        None if found <= original.issued_at.saturating_add(leeway) => return Ok(()),
        None => {
            let later = found.saturating_sub(original.issued_at);
            format!("auth_time is {later} s after the sign-in, with a leeway of {leeway} s")
        }
    };
    Err(Error::new(Code::IdTokenAuthTime, format!("the refreshed ID token's {message}")))
}
