//! The configuration from the environment.

use std::{collections::BTreeMap, env, time::Duration};

use super::LogtoConfigBuilder;
use crate::{error::ConfigProblem, session::SessionLifetime};

impl LogtoConfigBuilder {
    /// Takes what the environment holds (`LOGTO_…`, see `docs/configuration.md`); the rest can be set by the builder's methods.
    pub fn from_env() -> Self {
        Self::from_vars(
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    pub(super) fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let vars: BTreeMap<String, String> =
            vars.into_iter().filter(|(name, value)| name.starts_with("LOGTO_") && !value.trim().is_empty()).collect();
        super::unknown::warn(vars.keys().map(String::as_str));
        let text = |name: &str| vars.get(name).map(|value| value.trim().to_owned());
        let list = |name: &str, separator: fn(char) -> bool| -> Option<Vec<String>> {
            let words = text(name)?;
            Some(words.split(separator).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect())
        };
        let words = |name: &str| list(name, |c| c.is_whitespace() || c == ',');

        let mut builder = Self::default();
        builder.server.endpoint = text("LOGTO_ENDPOINT");
        builder.server.issuer = text("LOGTO_ISSUER");
        builder.server.internal_endpoint = text("LOGTO_INTERNAL_ENDPOINT");
        builder.server.accepted_issuers = words("LOGTO_ACCEPTED_ISSUERS");
        builder.app_id = text("LOGTO_APP_ID");
        builder.app_secret = text("LOGTO_APP_SECRET").map(Into::into);
        builder.id_token_signed_response_alg = text("LOGTO_ID_TOKEN_SIGNED_RESPONSE_ALG");
        builder.base_url = text("LOGTO_BASE_URL");
        builder.further_base_urls = words("LOGTO_FURTHER_BASE_URLS").unwrap_or_default();
        builder.host_header = text("LOGTO_HOST_HEADER");
        builder.cookie_secret = text("LOGTO_COOKIE_SECRET").map(Into::into);
        builder.cookie_domain = text("LOGTO_COOKIE_DOMAIN");
        builder.cookie_name = text("LOGTO_COOKIE_NAME");
        builder.cookie_path = text("LOGTO_COOKIE_PATH");
        builder.previous_cookie_names = words("LOGTO_PREVIOUS_COOKIE_NAMES").unwrap_or_default();
        builder.previous_cookie_secrets = list("LOGTO_PREVIOUS_COOKIE_SECRETS", |c| c == ',')
            .map(|secrets| secrets.into_iter().map(Into::into).collect())
            .unwrap_or_default();
        builder.trusted_audiences = words("LOGTO_TRUSTED_AUDIENCES").unwrap_or_default();
        builder.scopes = words("LOGTO_SCOPES").unwrap_or_default();
        builder.resources = words("LOGTO_RESOURCES").unwrap_or_default();
        builder.after_sign_in = text("LOGTO_AFTER_SIGN_IN");
        builder.after_sign_out = text("LOGTO_AFTER_SIGN_OUT");
        builder.sign_in_page = text("LOGTO_SIGN_IN_PAGE");
        builder.allowed_return_origins = words("LOGTO_ALLOWED_RETURN_ORIGINS").unwrap_or_default();

        // What does not parse is told by `build()`, with everything else that is wrong.
        let mut unreadable = Vec::new();
        let mut unread = |setting, problem| unreadable.push(ConfigProblem::new(setting, problem));
        let mut seconds = |setting, name: &str| -> Option<u64> {
            let value = text(name)?;
            value.parse().map_err(|_| unread(setting, format!("{name} is not a whole number of seconds"))).ok()
        };
        builder.server.leeway = seconds("leeway", "LOGTO_LEEWAY");
        builder.server.timeout = seconds("timeout", "LOGTO_TIMEOUT").map(Duration::from_secs);
        builder.sign_in_timeout = seconds("sign_in_timeout", "LOGTO_SIGN_IN_TIMEOUT");
        builder.store_timeout = seconds("store_timeout", "LOGTO_STORE_TIMEOUT").map(Duration::from_secs);
        let lifetime = SessionLifetime::default();
        let mut of_session = |name| seconds("session_lifetime", name);
        builder.session_lifetime = match (of_session("LOGTO_SESSION_IDLE"), of_session("LOGTO_SESSION_ABSOLUTE")) {
            (None, None) => None,
            (idle, absolute) => Some(
                lifetime
                    .idle(idle.map_or(lifetime.idle, Duration::from_secs))
                    .absolute(absolute.map_or(lifetime.absolute, Duration::from_secs)),
            ),
        };
        let mut switch = |setting, name: &str| -> Option<bool> {
            match text(name)?.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => {
                    unread(setting, format!("{name} is neither true nor false"));
                    None
                }
            }
        };
        builder.cookie_secure = switch("cookie_secure", "LOGTO_COOKIE_SECURE");
        builder.cookie_partitioned = switch("cookie_partitioned", "LOGTO_COOKIE_PARTITIONED");
        builder.cookie_session_only = switch("cookie_session_only", "LOGTO_COOKIE_SESSION_ONLY");
        builder.server.allow_insecure_endpoint = switch("allow_insecure_endpoint", "LOGTO_ALLOW_INSECURE_ENDPOINT");
        builder.include_reserved_scopes = switch("include_reserved_scopes", "LOGTO_INCLUDE_RESERVED_SCOPES");
        builder.prompt = words("LOGTO_PROMPT").map(|prompts| {
            let known = prompts.iter().filter_map(|prompt| {
                prompt.parse().map_err(|error| unread("prompt", format!("LOGTO_PROMPT: {error}"))).ok()
            });
            known.collect()
        });
        let same_site = text("LOGTO_COOKIE_SAME_SITE").and_then(|word| {
            word.parse().map_err(|error| unread("cookie_same_site", format!("LOGTO_COOKIE_SAME_SITE: {error}"))).ok()
        });
        builder.cookie_same_site = same_site.unwrap_or_default();
        let mode = text("LOGTO_RESPONSE_MODE").and_then(|mode| {
            mode.parse().map_err(|error| unread("response_mode", format!("LOGTO_RESPONSE_MODE: {error}"))).ok()
        });
        builder.response_mode = mode.unwrap_or_default();
        let format = text("LOGTO_SESSION_FORMAT").and_then(|format| {
            format.parse().map_err(|error| unread("session_format", format!("LOGTO_SESSION_FORMAT: {error}"))).ok()
        });
        builder.session_format = format.unwrap_or_default();
        builder.from_next_until = text("LOGTO_FROM_NEXT_UNTIL").and_then(|date| {
            let parsed = super::date::parse(&date);
            if parsed.is_none() {
                unread("from_next_until", "LOGTO_FROM_NEXT_UNTIL is not a date like 2027-01-31".to_owned());
            }
            parsed
        });
        builder.server.unreadable = unreadable;
        builder
    }
}
