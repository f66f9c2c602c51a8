//! The settings that say how much an application trusts, and what it gives away: as they are in force.

use std::time::Duration;

use super::{LogtoConfig, LogtoConfigBuilder, problems::Problems, server::is_clear_text, strict};

/// What a browser may be told to forget (Clear Site Data section 3.1).
const SITE_DATA: [&str; 3] = ["cache", "cookies", "storage"];
/// How late a suspended user is noticed (ASVS 5.0, 7.4.2), at one request a day to the server.
const DEFAULT_CLAIMS_AGE: Duration = Duration::from_secs(24 * 60 * 60);
const MIN_CLAIMS_AGE: Duration = Duration::from_secs(60);
const MAX_CLAIMS_AGE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Each setting with the value that is in force.
#[derive(Debug, Clone)]
pub(crate) struct Security {
    pub(crate) strict: bool,
    pub(crate) claims_max_age: Option<Duration>,
    pub(crate) reauthenticate_after_timeout: bool,
    pub(crate) pushed_authorization_requests: bool,
    pub(crate) require_revocation_store: bool,
    pub(crate) max_sessions_per_user: Option<u32>,
    pub(crate) id_token_hint: bool,
    pub(crate) clear_site_data: Vec<String>,
    pub(crate) confirm_cross_site_sign_in: bool,
    pub(crate) user_route_claims: Option<Vec<String>>,
}

impl LogtoConfig {
    /// Returns the value of `Clear-Site-Data` after a sign-out (Clear Site Data section 3.1), for an application that answers by itself. `None` where
    /// [`clear_site_data`](LogtoConfigBuilder::clear_site_data) is not set, and where `base_url` is http on another machine, where browsers ignore
    /// it.
    #[must_use]
    pub fn clear_site_data_header(&self) -> Option<String> {
        let kinds = self.clear_site_data();
        let is_heeded = !kinds.is_empty() && !is_clear_text(&self.base_url);
        is_heeded.then(|| kinds.iter().map(|kind| format!("\"{kind}\"")).collect::<Vec<_>>().join(", "))
    }
}

impl LogtoConfigBuilder {
    /// What strict mode sets of the server, where it is not set.
    pub(super) fn make_server_strict(&mut self) {
        if self.strict == Some(true) {
            let agreed = self.id_token_signed_response_alg.clone();
            let only = || vec![agreed.unwrap_or_else(|| strict::ALGORITHM.to_owned())];
            self.server.accepted_algorithms.get_or_insert_with(only);
        }
    }

    pub(super) fn security(&self, problems: &mut Problems) -> Security {
        let is_strict = self.strict.unwrap_or_default();
        let security = Security {
            strict: is_strict,
            claims_max_age: match self.claims_max_age {
                Some(age) => age.0,
                None if is_strict => Some(strict::CLAIMS_MAX_AGE),
                None => Some(DEFAULT_CLAIMS_AGE),
            },
            reauthenticate_after_timeout: self.reauthenticate_after_timeout.unwrap_or(is_strict),
            // Not by strict mode: a server need not have the endpoint.
            pushed_authorization_requests: self.pushed_authorization_requests.unwrap_or_default(),
            require_revocation_store: self.require_revocation_store.unwrap_or(is_strict),
            max_sessions_per_user: self.max_sessions_per_user,
            id_token_hint: self.id_token_hint.unwrap_or(!is_strict && self.server.names_an_issuer()),
            clear_site_data: match &self.clear_site_data {
                Some(kinds) => kinds.clone(),
                None if is_strict => strict::SITE_DATA.map(str::to_owned).to_vec(),
                None => Vec::new(),
            },
            confirm_cross_site_sign_in: self.confirm_cross_site_sign_in.unwrap_or(is_strict),
            user_route_claims: self.user_route_claims.clone().or_else(|| is_strict.then(Vec::new)),
        };
        problems.unless(
            "claims_max_age",
            security.claims_max_age.is_none_or(|age| (MIN_CLAIMS_AGE..=MAX_CLAIMS_AGE).contains(&age)),
            || "claims_max_age is not between 60 seconds and 400 days, nor `off`".into(),
        );
        problems.unless("max_sessions_per_user", security.max_sessions_per_user != Some(0), || {
            "max_sessions_per_user is 0 (nobody could sign in: leave it out for any number)".into()
        });
        problems.unless("max_sessions_per_user", security.max_sessions_per_user.is_none() || self.lists_sessions(), || {
            "max_sessions_per_user is set and no session_store lists sessions (take MemoryStore, RedisStore, or one of your own with `list`)".into()
        });
        problems.unless(
            "clear_site_data",
            security.clear_site_data.iter().all(|kind| SITE_DATA.contains(&kind.as_str())),
            || format!("clear_site_data holds something else than {}", SITE_DATA.join(", ")),
        );
        security
    }

    fn lists_sessions(&self) -> bool {
        // Whether there is a list does not depend on the user.
        self.session_store.as_ref().is_some_and(|store| store.list("").is_some())
    }
}
