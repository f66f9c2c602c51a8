//! The validation of an ID token: the checks of OpenID Connect Core 3.1.3.7, in its numbering.

use std::time::{Duration, SystemTime};

use base64_simd::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use self::refreshed::Found;
pub(crate) use self::refreshed::Original;
use super::{
    alg::Alg,
    algorithms::Algorithms,
    jwks::Keys,
    jws::{Jws, JwsError},
};
use crate::{
    claims::{Claim, IdTokenClaims, Registered},
    clock::{unix_seconds, whole_seconds},
    error::{Code, Error, Result, excerpt},
};

/// What the ID token has to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) client_id: &'a str,
    /// The algorithms that it may be signed with.
    pub(crate) algorithms: Algorithms,
    /// The issuer, and those that are accepted beside it.
    pub(crate) issuers: &'a [&'a str],
    /// Audiences that it may have beside us.
    pub(crate) trusted_audiences: &'a [String],
    /// The nonce of the sign-in. A refresh has none to compare with.
    pub(crate) nonce: Option<&'a str>,
    /// The access token that came in the same response.
    pub(crate) access_token: Option<&'a str>,
    /// The `max_age` that the sign-in asked for.
    pub(crate) max_age: Option<Duration>,
    /// The `acr_values` that the sign-in asked for, separated by spaces.
    pub(crate) acr_values: Option<&'a str>,
    /// The login that a refresh continues.
    pub(crate) refreshed: Option<&'a Original>,
    /// By how much the clocks of Logto and this machine may differ.
    pub(crate) leeway: Duration,
}

/// Verifies an ID token.
pub(crate) async fn verify(
    id_token: &str,
    keys: &Keys<'_>,
    expected: &Expected<'_>,
    now: SystemTime,
) -> Result<IdTokenClaims> {
    // 1. Decryption: the app has registered no key for it, and an encrypted token has five parts: `parse` refuses it.
    // 7. and 8. The algorithm is one of the asymmetric ones we accept: `parse` refuses the others before a key is asked for.
    let jws = Jws::parse(id_token).map_err(jws_error)?;
    // And it is one of those that the settings take.
    let jws = jws.admitted_by(expected.algorithms).map_err(jws_error)?;
    refuse_other_types(&jws)?;
    let alg = jws.alg;

    // 6. The signature comes before the claims: nothing is read that nobody has signed. It is also checked where the standard would let
    //    TLS stand in for it.
    let payload = keys.verify(jws).await.map_err(jws_error)?;

    check(&payload, alg, expected, unix_seconds(now))
}

/// An explicit type must be this one (RFC 8725 section 3.11): a logout token has the same issuer, audience and key.
fn refuse_other_types(jws: &Jws<'_>) -> Result<()> {
    match &jws.typ {
        Some(typ) if !jws.is_typ("jwt") => Err(Error::new(
            Code::IdTokenMalformed,
            format!("the ID token is of type `{}`, expected `JWT` or none", excerpt(typ)),
        )),
        _ => Ok(()),
    }
}

/// Checks the claims of an ID token whose signature has been verified.
fn check(payload: &[u8], alg: Alg, expected: &Expected<'_>, now: i64) -> Result<IdTokenClaims> {
    let claims: Registered = serde_json::from_slice(payload).map_err(payload_error)?;
    let leeway = whole_seconds(expected.leeway);

    // 2. `iss` is exactly the issuer.
    let iss = required(claims.iss, "iss", Code::IdTokenIss)?;
    check_iss(&iss, expected)?;

    // 3. `aud` contains us, and nobody else who was not named as trusted.
    // 4. and 5. `azp`, if it is there, is us. It does not stand in for the trust in the others: the server wrote both.
    let aud = required(claims.aud, "aud", Code::IdTokenAud)?;
    let azp = optional(claims.azp, "azp", Code::IdTokenAzp)?;
    if !aud.contains(expected.client_id) {
        let found = aud.iter().collect::<Vec<_>>().join("`, `");
        let message = format!("the ID token's aud is `{}`, expected app id `{}`", excerpt(&found), expected.client_id);
        return Err(Error::new(Code::IdTokenAud, message));
    }
    match azp.as_deref() {
        Some(azp) if azp != expected.client_id => {
            let message = format!("the ID token's azp is `{}`, expected app id `{}`", excerpt(azp), expected.client_id);
            return Err(Error::new(Code::IdTokenAzp, message));
        }
        _ => {}
    }
    if let Some(other) = aud.untrusted(expected.client_id, expected.trusted_audiences) {
        let message = format!("the ID token is for `{}`, too, which is none of trusted_audiences", excerpt(other));
        return Err(Error::new(Code::IdTokenAud, message));
    }

    // 9. Now is before `exp`; and not before `nbf` (RFC 7519 section 4.1.5).
    let exp = required(claims.exp, "exp", Code::IdTokenExpired)?;
    if now >= exp.saturating_add(leeway) {
        let message = format!("the ID token expired {} s ago, with a leeway of {leeway} s", now.saturating_sub(exp));
        return Err(Error::new(Code::IdTokenExpired, message));
    }
    if let Some(nbf) = optional(claims.nbf, "nbf", Code::IdTokenNotYet)?
        && now.saturating_add(leeway) < nbf
    {
        let message =
            format!("the ID token is valid in {} s only, with a leeway of {leeway} s", nbf.saturating_sub(now));
        return Err(Error::new(Code::IdTokenNotYet, message));
    }

    // 10. `iat` is not in the future. How long ago it was is not checked: `exp` says how long a token is good for, and a clock that is
    //     some minutes fast should not keep anyone out before that.
    let iat = required(claims.iat, "iat", Code::IdTokenIat)?;
    if now.saturating_add(leeway) < iat {
        let message =
            format!("the ID token was issued {} s in the future, with a leeway of {leeway} s", iat.saturating_sub(now));
        return Err(Error::new(Code::IdTokenIat, message));
    }

    // 11. `nonce` is the one this sign-in sent.
    let nonce = optional(claims.nonce, "nonce", Code::IdTokenNonce)?;
    if let Some(expected) = expected.nonce {
        let nonce = nonce.as_deref().ok_or_else(|| claim_error("nonce", "is missing", Code::IdTokenNonce))?;
        if !constant_time_eq(nonce, expected) {
            return Err(Error::new(Code::IdTokenNonce, "the ID token's nonce is not the one this sign-in sent"));
        }
    }

    // 12. `acr` is one of those we asked for. A server may leave the claim out or give another (section 5.5.1.1: it is voluntary), so the
    //     token is not wrong; but we SHOULD check, and who asked for a class did so to rely on it. Those whom a weaker one suffices name it.
    let acr = optional(claims.acr, "acr", Code::IdTokenAcr)?;
    if let Some(asked) = expected.acr_values {
        check_acr(acr.as_deref(), asked)?;
    }

    // 13. `auth_time` is recent enough, if we asked for that.
    let auth_time = optional(claims.auth_time, "auth_time", Code::IdTokenAuthTime)?;
    if let Some(max_age) = expected.max_age {
        check_auth_time(auth_time, whole_seconds(max_age), now, leeway)?;
    }

    // Section 3.1.3.8: `at_hash`, if it is there, is that of the access token. Logto stopped sending it with 1.42.
    let at_hash = optional(claims.at_hash, "at_hash", Code::IdTokenAtHash)?;
    if let (Some(at_hash), Some(access_token)) = (at_hash, expected.access_token)
        && !constant_time_eq(&at_hash, &half_hash(alg, access_token))
    {
        return Err(Error::new(Code::IdTokenAtHash, "the ID token's at_hash is not that of the access token"));
    }

    // Section 2: `sub` names somebody, in at most 255 ASCII characters.
    let sub = required(claims.sub, "sub", Code::IdTokenSub)?;
    if sub.is_empty() || sub.len() > 255 || !sub.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(claim_error("sub", "is not 1 to 255 printable ASCII characters", Code::IdTokenSub));
    }

    // Back-Channel Logout 1.0 section 2.1: `sid`, if it is there, names the session at Logto. A logout will name it by the same text, so one
    // that cannot be used is refused now, and not passed over until then.
    let sid = optional(claims.sid, "sid", Code::IdTokenSid)?;
    if sid.is_some_and(|sid| sid.is_empty() || sid.len() > 255) {
        return Err(claim_error("sid", "is not 1 to 255 bytes", Code::IdTokenSid));
    }

    // Section 12.2: a refresh is no login.
    if let Some(original) = expected.refreshed {
        let found =
            Found { iss: &iss, sub: &sub, aud: &aud, azp: azp.as_deref(), nonce: nonce.as_deref(), iat, auth_time };
        refreshed::check(&found, original, leeway)?;
    }

    // The same bytes by the same rules (`Loose`): the returned claims are the validated ones.
    serde_json::from_slice(payload).map_err(payload_error)
}

fn check_iss(iss: &str, expected: &Expected<'_>) -> Result<()> {
    if expected.issuers.contains(&iss) {
        return Ok(());
    }
    let without_slash = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
    let only_a_slash = expected.issuers.iter().any(|issuer| without_slash(issuer) == without_slash(iss));
    let message = format!(
        "the ID token's iss is `{}`, expected `{}`{}",
        excerpt(iss),
        expected.issuers.join("` or `"),
        if only_a_slash { " (they differ only by a trailing slash)" } else { "" },
    );
    Err(Error::new(Code::IdTokenIss, message))
}

fn check_auth_time(auth_time: Option<i64>, max_age: i64, now: i64, leeway: i64) -> Result<()> {
    let auth_time = auth_time.ok_or_else(|| claim_error("auth_time", "is missing", Code::IdTokenAuthTime))?;
    let age = now.saturating_sub(auth_time);
    if age > max_age.saturating_add(leeway) {
        let message =
            format!("the user authenticated {age} s ago, expected at most {max_age} s, with a leeway of {leeway} s");
        return Err(Error::new(Code::IdTokenAuthTime, message));
    }
    if age.saturating_add(leeway) < 0 {
        let ahead = age.saturating_neg();
        let message = format!("the user authenticated {ahead} s in the future, with a leeway of {leeway} s");
        return Err(Error::new(Code::IdTokenAuthTime, message));
    }
    Ok(())
}

fn check_acr(acr: Option<&str>, asked: &str) -> Result<()> {
    let mut classes = asked.split_ascii_whitespace();
    if acr.is_some_and(|acr| classes.any(|class| class == acr)) {
        return Ok(());
    }
    let found = acr.map_or_else(|| "missing".to_owned(), |acr| format!("`{}`", excerpt(acr)));
    let expected = asked.split_ascii_whitespace().collect::<Vec<_>>().join("` or `");
    Err(Error::new(Code::IdTokenAcr, format!("the ID token's acr is {found}, expected `{expected}`")))
}

/// Section 3.1.3.6: the left half of the access token's hash, with the hash of the signature's algorithm.
fn half_hash(alg: Alg, access_token: &str) -> String {
    match alg {
        Alg::Es256 | Alg::Rs256 | Alg::Ps256 => left_half(&Sha256::digest(access_token)),
        Alg::Es384 => left_half(&Sha384::digest(access_token)),
        Alg::Es512 => left_half(&Sha512::digest(access_token)),
    }
}

fn left_half(hash: &[u8]) -> String {
    let (left, _) = hash.split_at(hash.len() / 2);
    URL_SAFE_NO_PAD.encode_to_string(left)
}

/// Constant time, as far as the length allows: an attacker who forges a token learns nothing from the duration of a rejection.
fn constant_time_eq(found: &str, expected: &str) -> bool {
    found.as_bytes().ct_eq(expected.as_bytes()).into()
}

fn required<T>(claim: Claim<T>, name: &str, code: Code) -> Result<T> {
    claim.required().map_err(|problem| claim_error(name, problem, code))
}

fn optional<T>(claim: Claim<T>, name: &str, code: Code) -> Result<Option<T>> {
    claim.optional().map_err(|problem| claim_error(name, problem, code))
}

fn claim_error(name: &str, problem: &str, code: Code) -> Error {
    Error::new(code, format!("the ID token's {name} {problem}"))
}

fn payload_error(error: serde_json::Error) -> Error {
    Error::new(Code::IdTokenMalformed, "the ID token's payload cannot be read").with_source(error)
}

fn jws_error(error: JwsError) -> Error {
    let code = match error {
        JwsError::Malformed(_) => Code::IdTokenMalformed,
        JwsError::Alg(_) | JwsError::NotAdmitted { .. } => Code::IdTokenAlg,
        JwsError::UnknownKey { .. } => Code::IdTokenKey,
        JwsError::BadSignature { .. } => Code::IdTokenSignature,
        JwsError::Keys(error) => return error,
    };
    Error::new(code, format!("the ID token {error}"))
}

mod refreshed;

#[cfg(test)]
mod tests;
