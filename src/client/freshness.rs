//! How fresh an access token has to be, and whether one that a session holds is.

use serde::Deserialize;

use crate::{oidc::jws, session::StoredAccessToken};

/// How fresh a token has to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FreshnessPolicy {
    /// Not a previous one.
    pub(super) force: bool,
    /// Not the one that the session holds: one that came a moment ago, to another request, or a new one.
    pub(super) renew: bool,
    /// Seconds it must live yet; `None` for what its lifetime calls for.
    pub(super) validity: Option<i64>,
}

impl FreshnessPolicy {
    /// Whether a token that a session holds is handed out again.
    pub(super) fn is_met_by(&self, token: &StoredAccessToken, now: i64) -> bool {
        !self.force && !self.renew && is_fresh(token, now, self.validity)
    }
}

/// The claims that say how long a token lives.
#[derive(Deserialize)]
struct Lifetime {
    iat: i64,
    exp: i64,
}

/// Whether a token lives long enough yet: `validity` seconds, or what its lifetime calls for.
///
/// When it was asked for is not kept. But a JWT says how long it lives in all. One that seems to live for longer yet was asked for by a
/// clock that was ahead: it is due. And where it never lived for `validity` seconds no other would, so it is as fresh as by default.
fn is_fresh(token: &StoredAccessToken, now: i64, validity: Option<i64>) -> bool {
    // By the difference of its own claims, since Logto's clock and this one may differ. Opaque tokens do not say.
    let claims = jws::decode_unverified::<Lifetime>(token.token.expose()).ok().flatten();
    let Some(lifetime) = claims.map(|claims| claims.exp.saturating_sub(claims.iat)) else {
        return token.is_fresh_for(now, validity);
    };
    let is_of_the_past = token.expires_at.saturating_sub(now) <= lifetime;
    is_of_the_past && token.is_fresh_for(now, validity.filter(|validity| *validity < lifetime))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::{StoredAccessToken, is_fresh};
    use crate::types::TokenKey;

    const NOON: i64 = 1_795_385_584;

    /// A JWT for an hour that was asked for at noon, by a clock of which Logto's differs by some minutes.
    fn token(claims: &str) -> StoredAccessToken {
        let jwt = format!("e30.{}.AAAA", URL_SAFE_NO_PAD.encode(claims));
        StoredAccessToken::new(TokenKey::default(), jwt.into(), String::new(), NOON, 3600)
    }

    fn hour() -> StoredAccessToken {
        token(&format!(r#"{{"iat":{},"exp":{}}}"#, NOON + 300, NOON + 3900))
    }

    #[test]
    fn a_token_issued_later_than_now_is_not_fresh_after_a_clock_correction() {
        for (now, serving) in [(-7200, false), (-1, false), (0, true), (3539, true), (3540, false), (3600, false)] {
            assert_eq!(is_fresh(&hour(), NOON + now, None), serving, "{now}");
        }
    }

    #[test]
    fn a_validity_that_no_token_has_is_none() {
        for validity in [3600, 7200, i64::MAX] {
            for (now, serving) in [(0, true), (3539, true), (3540, false)] {
                assert_eq!(is_fresh(&hour(), NOON + now, Some(validity)), serving, "{validity} {now}");
            }
        }
        for (validity, now, serving) in [(3599, 0, true), (3599, 1, false), (0, 3599, true)] {
            assert_eq!(is_fresh(&hour(), NOON + now, Some(validity)), serving, "{validity} {now}");
        }
    }

    #[test]
    fn a_token_without_a_usable_lifetime_is_fresh_by_its_expiry() {
        for claims in ["{}", r#"{"iat":"a","exp":1}"#, r#"{"exp":1}"#] {
            assert!(
                is_fresh(&token(claims), NOON - 7200, None) && !is_fresh(&token(claims), NOON, Some(3600)),
                "{claims}"
            );
        }
        let lying = token(&format!(r#"{{"iat":{},"exp":{}}}"#, i64::MAX, i64::MIN));
        assert!(!is_fresh(&lying, NOON, None), "it is over before it begins");
    }
}
