//! The configuration from the environment.

use std::{collections::BTreeMap, env, fmt::Display, str::FromStr, time::Duration};

use super::{LogtoConfigBuilder, max_age::MaxAge};
use crate::{error::ConfigProblem, session::SessionLifetime};

impl LogtoConfigBuilder {
    /// Reads the settings from the environment (`LOGTO_…`, see the [guide](crate::guide::configuration)); the rest can be set by the builder's
    /// methods.
    pub fn from_env() -> Self {
        Self::from_vars(
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    pub(super) fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut vars = Vars::of(vars);
        super::unknown::warn(vars.given.keys().map(String::as_str));

        let mut builder = Self::default();
        builder.read_server(&mut vars);
        builder.read_cookies(&mut vars);
        builder.read_sign_in(&mut vars);
        builder.read_sessions(&mut vars);
        builder.read_security(&mut vars);
        builder.server.unreadable = vars.unreadable;
        builder
    }

    fn read_server(&mut self, vars: &mut Vars) {
        self.server.endpoint = vars.text("LOGTO_ENDPOINT");
        self.server.issuer = vars.text("LOGTO_ISSUER");
        self.server.internal_endpoint = vars.text("LOGTO_INTERNAL_ENDPOINT");
        self.server.accepted_issuers = vars.words("LOGTO_ACCEPTED_ISSUERS");
        self.server.accepted_algorithms = vars.words("LOGTO_ACCEPTED_ALGORITHMS");
        self.server.leeway = vars.seconds("leeway", "LOGTO_LEEWAY");
        self.server.timeout = vars.seconds("timeout", "LOGTO_TIMEOUT").map(Duration::from_secs);
        self.server.allow_insecure_endpoint = vars.switch("allow_insecure_endpoint", "LOGTO_ALLOW_INSECURE_ENDPOINT");
        self.app_id = vars.text("LOGTO_APP_ID");
        self.app_secret = vars.text("LOGTO_APP_SECRET").map(Into::into);
        self.id_token_signed_response_alg = vars.text("LOGTO_ID_TOKEN_SIGNED_RESPONSE_ALG");
        self.trusted_audiences = vars.words("LOGTO_TRUSTED_AUDIENCES").unwrap_or_default();
    }

    fn read_cookies(&mut self, vars: &mut Vars) {
        self.cookie_secret = vars.text("LOGTO_COOKIE_SECRET").map(Into::into);
        let previous = vars.list("LOGTO_PREVIOUS_COOKIE_SECRETS", |c| c == ',').unwrap_or_default();
        self.previous_cookie_secrets = previous.into_iter().map(Into::into).collect();
        self.cookie_domain = vars.text("LOGTO_COOKIE_DOMAIN");
        self.cookie_name = vars.text("LOGTO_COOKIE_NAME");
        self.cookie_path = vars.text("LOGTO_COOKIE_PATH");
        self.previous_cookie_names = vars.words("LOGTO_PREVIOUS_COOKIE_NAMES").unwrap_or_default();
        self.cookie_secure = vars.switch("cookie_secure", "LOGTO_COOKIE_SECURE");
        self.cookie_partitioned = vars.switch("cookie_partitioned", "LOGTO_COOKIE_PARTITIONED");
        self.cookie_session_only = vars.switch("cookie_session_only", "LOGTO_COOKIE_SESSION_ONLY");
        self.cookie_same_site = vars.parsed("cookie_same_site", "LOGTO_COOKIE_SAME_SITE").unwrap_or_default();
    }

    fn read_sign_in(&mut self, vars: &mut Vars) {
        self.base_url = vars.text("LOGTO_BASE_URL");
        self.further_base_urls = vars.words("LOGTO_FURTHER_BASE_URLS").unwrap_or_default();
        self.host_header = vars.text("LOGTO_HOST_HEADER");
        self.scopes = vars.words("LOGTO_SCOPES").unwrap_or_default();
        self.include_reserved_scopes = vars.switch("include_reserved_scopes", "LOGTO_INCLUDE_RESERVED_SCOPES");
        self.resources = vars.words("LOGTO_RESOURCES").unwrap_or_default();
        self.prompt = vars
            .words("LOGTO_PROMPT")
            .map(|prompts| prompts.iter().filter_map(|prompt| vars.parse("prompt", "LOGTO_PROMPT", prompt)).collect());
        self.pushed_authorization_requests =
            vars.switch("pushed_authorization_requests", "LOGTO_PUSHED_AUTHORIZATION_REQUESTS");
        self.response_mode = vars.parsed("response_mode", "LOGTO_RESPONSE_MODE").unwrap_or_default();
        self.allowed_return_origins = vars.words("LOGTO_ALLOWED_RETURN_ORIGINS").unwrap_or_default();
        self.after_sign_in = vars.text("LOGTO_AFTER_SIGN_IN");
        self.after_sign_out = vars.text("LOGTO_AFTER_SIGN_OUT");
        self.sign_in_page = vars.text("LOGTO_SIGN_IN_PAGE");
        self.sign_in_timeout = vars.seconds("sign_in_timeout", "LOGTO_SIGN_IN_TIMEOUT");
    }

    fn read_sessions(&mut self, vars: &mut Vars) {
        self.store_timeout = vars.seconds("store_timeout", "LOGTO_STORE_TIMEOUT").map(Duration::from_secs);
        let lifetime = SessionLifetime::default();
        let mut of_session = |name| vars.seconds("session_lifetime", name);
        self.session_lifetime = match (of_session("LOGTO_SESSION_IDLE"), of_session("LOGTO_SESSION_ABSOLUTE")) {
            (None, None) => None,
            (idle, absolute) => Some(
                lifetime
                    .idle(idle.map_or(lifetime.idle, Duration::from_secs))
                    .absolute(absolute.map_or(lifetime.absolute, Duration::from_secs)),
            ),
        };
        self.session_format = vars.parsed("session_format", "LOGTO_SESSION_FORMAT").unwrap_or_default();
        self.from_next_until = vars.text("LOGTO_FROM_NEXT_UNTIL").and_then(|date| {
            let parsed = super::date::parse(&date);
            if parsed.is_none() {
                vars.unread("from_next_until", "LOGTO_FROM_NEXT_UNTIL is not a date like 2027-01-31".to_owned());
            }
            parsed
        });
    }

    fn read_security(&mut self, vars: &mut Vars) {
        self.strict = vars.switch("strict", "LOGTO_STRICT");
        self.claims_max_age = match vars.text("LOGTO_CLAIMS_MAX_AGE") {
            Some(word) if word == "off" => Some(MaxAge(None)),
            Some(_) => {
                vars.seconds("claims_max_age", "LOGTO_CLAIMS_MAX_AGE").map(|age| MaxAge(Some(Duration::from_secs(age))))
            }
            None => None,
        };
        self.reauthenticate_after_timeout =
            vars.switch("reauthenticate_after_timeout", "LOGTO_REAUTHENTICATE_AFTER_TIMEOUT");
        self.require_revocation_store = vars.switch("require_revocation_store", "LOGTO_REQUIRE_REVOCATION_STORE");
        self.max_sessions_per_user = vars.text("LOGTO_MAX_SESSIONS_PER_USER").and_then(|number| {
            let parsed = number.parse().ok();
            if parsed.is_none() {
                vars.unread("max_sessions_per_user", "LOGTO_MAX_SESSIONS_PER_USER is not a whole number".to_owned());
            }
            parsed
        });
        self.id_token_hint = vars.switch("id_token_hint", "LOGTO_ID_TOKEN_HINT");
        self.clear_site_data = vars.words("LOGTO_CLEAR_SITE_DATA");
        self.confirm_cross_site_sign_in = vars.switch("confirm_cross_site_sign_in", "LOGTO_CONFIRM_CROSS_SITE_SIGN_IN");
        self.user_route_claims = vars.words("LOGTO_USER_ROUTE_CLAIMS");
    }
}

/// The variables of the crate that hold something.
struct Vars {
    given: BTreeMap<String, String>,
    /// What does not parse is told by `build()`, with everything else that is wrong.
    unreadable: Vec<ConfigProblem>,
}

impl Vars {
    fn of(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_given = |(name, value): &(String, String)| name.starts_with("LOGTO_") && !value.trim().is_empty();
        Self { given: vars.into_iter().filter(is_given).collect(), unreadable: Vec::new() }
    }

    fn unread(&mut self, setting: &'static str, problem: String) {
        self.unreadable.push(ConfigProblem::new(setting, problem));
    }

    fn text(&self, name: &str) -> Option<String> {
        self.given.get(name).map(|value| value.trim().to_owned())
    }

    fn list(&self, name: &str, separator: fn(char) -> bool) -> Option<Vec<String>> {
        let text = self.given.get(name)?;
        Some(text.split(separator).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    fn words(&self, name: &str) -> Option<Vec<String>> {
        self.list(name, |c| c.is_whitespace() || c == ',')
    }

    fn seconds(&mut self, setting: &'static str, name: &str) -> Option<u64> {
        let seconds = self.text(name)?.parse().ok();
        if seconds.is_none() {
            self.unread(setting, format!("{name} is not a whole number of seconds"));
        }
        seconds
    }

    fn switch(&mut self, setting: &'static str, name: &str) -> Option<bool> {
        match self.text(name)?.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => {
                self.unread(setting, format!("{name} is neither true nor false"));
                None
            }
        }
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, setting: &'static str, name: &str) -> Option<T> {
        let text = self.text(name)?;
        self.parse(setting, name, &text)
    }

    fn parse<T: FromStr<Err: Display>>(&mut self, setting: &'static str, name: &str, text: &str) -> Option<T> {
        text.parse().map_err(|error| self.unread(setting, format!("{name}: {error}"))).ok()
    }
}
