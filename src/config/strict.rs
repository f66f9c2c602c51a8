//! The strict profile: which settings have a safer end, and whether they are there.

use std::time::Duration;

use super::LogtoConfig;

/// The algorithm that Logto signs with unless another was chosen in its Console.
pub(super) const ALGORITHM: &str = "ES384";
/// As long as an access token of Logto lives.
pub(super) const CLAIMS_MAX_AGE: Duration = Duration::from_secs(60 * 60);
/// Not the cookies: those of other applications of the site would go, too.
pub(super) const SITE_DATA: [&str; 2] = ["cache", "storage"];

/// A setting with a safer end.
pub(crate) struct StrictSetting {
    pub(crate) name: &'static str,
    /// As it is in force.
    pub(crate) value: String,
    /// Whether it is at its safer end, or beyond.
    pub(crate) is_strict: bool,
}

impl LogtoConfig {
    /// Each setting that [`strict`](super::LogtoConfigBuilder::strict) puts at its safer end, as it is in force.
    pub(crate) fn strict_settings(&self) -> [StrictSetting; 8] {
        let security = &self.security;
        let is = |name, value: bool, safer: bool| StrictSetting {
            name,
            value: value.to_string(),
            is_strict: value == safer,
        };
        let list = |values: &[String]| if values.is_empty() { "none".to_owned() } else { values.join(" ") };
        let algorithms = self.accepted_algorithms();
        let claims = security.user_route_claims.as_deref();
        let age = security.claims_max_age;
        [
            StrictSetting {
                name: "accepted_algorithms",
                value: algorithms.map_or_else(|| "all".to_owned(), list),
                is_strict: algorithms
                    .is_some_and(|given| *given == [self.id_token_alg.as_deref().unwrap_or(ALGORITHM)]),
            },
            StrictSetting {
                name: "claims_max_age",
                value: age.map_or_else(|| "off".to_owned(), |age| format!("{} s", age.as_secs())),
                is_strict: age.is_some_and(|age| age <= CLAIMS_MAX_AGE),
            },
            StrictSetting {
                name: "clear_site_data",
                value: list(&security.clear_site_data),
                is_strict: SITE_DATA.iter().all(|kind| security.clear_site_data.iter().any(|given| given == kind)),
            },
            is("confirm_cross_site_sign_in", security.confirm_cross_site_sign_in, true),
            is("id_token_hint", security.id_token_hint, false),
            is("reauthenticate_after_timeout", security.reauthenticate_after_timeout, true),
            is("require_revocation_store", security.require_revocation_store, true),
            StrictSetting {
                name: "user_route_claims",
                value: claims.map_or_else(|| "all".to_owned(), list),
                is_strict: claims.is_some_and(<[String]>::is_empty),
            },
        ]
    }
}
