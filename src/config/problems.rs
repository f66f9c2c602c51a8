//! What is wrong with the settings, all of it, each with what to do.

use std::time::{Duration, SystemTime};

use url::{Host, Url};

use super::Routes;
use crate::{
    error::{Code, ConfigProblem, Error},
    oidc::{alg::Alg, algorithms::Algorithms},
    organizations::ORGANIZATIONS_RESOURCE,
    scopes,
    secret::Secret,
    session::{SIGN_IN_TIMEOUT_SECONDS, SessionFormat, SessionLifetime},
    types::is_resource,
};

/// As many as the key that is derived from it has (RFC 5869 adds no entropy).
const MIN_SECRET_BYTES: usize = 32;
/// How long Logto may take to answer, where nothing is set.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The least that a server may be given to answer.
const MIN_TIMEOUT: Duration = Duration::from_millis(100);
/// Seconds: 400 days, the longest that browsers keep a cookie (RFC 6265bis section 5.5).
const MAX_LIFETIME_SECONDS: u64 = 400 * 24 * 60 * 60;

/// Everything that is wrong, each as "what (what to do)".
#[derive(Default)]
pub(crate) struct Problems(pub(crate) Vec<ConfigProblem>);

impl Problems {
    pub(crate) fn unless(&mut self, setting: &'static str, right: bool, problem: impl FnOnce() -> String) {
        if !right {
            self.add(setting, problem());
        }
    }

    pub(crate) fn add(&mut self, setting: &'static str, problem: String) {
        self.0.push(ConfigProblem::new(setting, problem));
    }

    pub(crate) fn into_error(self) -> Error {
        let count = if self.0.len() == 1 {
            "a setting is wrong".to_owned()
        } else {
            format!("{} settings are wrong", self.0.len())
        };
        let all: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        Error::new(Code::ConfigInvalid, format!("{count}: {}", all.join("; "))).with_config_problems(self.0)
    }

    pub(crate) fn url(&mut self, name: &'static str, value: Option<&str>, missing: &str) -> Option<Url> {
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
            self.add(name, format!("{name} is missing ({missing})"));
            return None;
        };
        let url = match Url::parse(value) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => {
                self.add(name, format!("{name} is not a URL (it begins with https:// or http://)"));
                return None;
            }
        };
        self.unless(name, url.query().is_none() && url.fragment().is_none(), || {
            format!("{name} has a query or a fragment (leave it out)")
        });
        self.unless(name, url.username().is_empty() && url.password().is_none(), || {
            format!("{name} has a user name or a password (leave it out)")
        });
        Some(url)
    }

    /// The algorithms that tokens may be signed with.
    pub(super) fn accepted_algorithms(&mut self, names: Option<&[String]>) -> Algorithms {
        let problem = match names.map_or_else(|| Ok(Algorithms::default()), Algorithms::accepted) {
            Ok(algorithms) => return algorithms,
            Err("") => "accepted_algorithms is empty or holds an empty text (no token could be verified: leave it out to accept them all)".into(),
            Err(_) => {
                let all = Alg::ALL.map(Alg::as_str).join(", ");
                format!("accepted_algorithms holds something else than {all}")
            }
        };
        self.add("accepted_algorithms", problem);
        Algorithms::default()
    }

    pub(super) fn signing_alg(&mut self, alg: Option<&str>, accepted: Option<Algorithms>) {
        const SETTING: &str = "id_token_signed_response_alg";
        let Some(name) = alg else { return };
        match Alg::from_name(name) {
            None => self.add(
                SETTING,
                format!(
                    "{SETTING} is none of {} (leave it out to accept them all)",
                    Alg::ALL.map(Alg::as_str).join(", ")
                ),
            ),
            Some(alg) => self.unless(SETTING, accepted.is_none_or(|accepted| accepted.admit(alg)), || {
                format!("{SETTING} is {name}, which accepted_algorithms leaves out (add it there)")
            }),
        }
    }

    pub(super) fn trusted_audiences(&mut self, audiences: &[String]) {
        self.unless("trusted_audiences", audiences.iter().all(|audience| !audience.trim().is_empty()), || {
            "trusted_audiences holds an empty text (leave it out)".into()
        });
    }

    pub(crate) fn app_id(&mut self, id: Option<&str>) -> String {
        let id = id.map(str::trim).unwrap_or_default();
        self.unless("app_id", !id.is_empty(), || {
            "app_id is missing (set LOGTO_APP_ID to the app id of Logto Console › Applications)".into()
        });
        id.to_owned()
    }

    /// A secret that everybody knows protects nobody but the developer on a machine of their own.
    pub(super) fn secrets(&mut self, current: Option<&Secret>, previous: &[Secret], base_url: Option<&Url>) {
        let is_public = base_url.is_some_and(|url| !is_loopback(url));
        self.unless("cookie_secret", current.is_some(), || {
            "cookie_secret is missing (set LOGTO_COOKIE_SECRET to the output of `openssl rand -base64 32`)".into()
        });
        let current = current.into_iter().map(|secret| ("cookie_secret", secret));
        for (name, secret) in current.chain(previous.iter().map(|secret| ("previous_cookie_secrets", secret))) {
            let length = secret.expose().len();
            self.unless(name, length >= MIN_SECRET_BYTES, || {
                format!("{name} has {length} bytes (it needs {MIN_SECRET_BYTES}: `openssl rand -base64 32`)")
            });
            if let Some(known) = super::printed::known(secret).filter(|_| is_public) {
                self.add(
                    name,
                    format!("{name} {known}, so anyone can sign in as anyone (use `openssl rand -base64 32`)"),
                );
            }
        }
    }

    pub(super) fn lifetime(&mut self, lifetime: SessionLifetime) {
        let (idle, absolute) = (lifetime.idle.as_secs(), lifetime.absolute.as_secs());
        self.unless("session_lifetime", 1 <= idle && idle <= absolute && absolute <= MAX_LIFETIME_SECONDS, || {
            format!("session_lifetime is not 1 <= idle <= absolute <= {MAX_LIFETIME_SECONDS} seconds (400 days; browsers keep no cookie longer)")
        });
    }

    pub(super) fn times(&mut self, leeway: u64, timeout: Duration) {
        self.unless("leeway", leeway <= 600, || "leeway is over 600 seconds (set the clock by NTP instead)".into());
        self.timeout(timeout);
    }

    pub(crate) fn timeout(&mut self, timeout: Duration) {
        self.unless("timeout", (MIN_TIMEOUT..=Duration::from_secs(120)).contains(&timeout), || {
            "timeout is not between 0.1 and 120 seconds".into()
        });
    }

    pub(super) fn store_timeout(&mut self, timeout: Duration) {
        self.unless("store_timeout", (MIN_TIMEOUT..=Duration::from_secs(30)).contains(&timeout), || {
            "store_timeout is not between 0.1 and 30 seconds".into()
        });
    }

    pub(super) fn secure(&mut self, base_url: &Url, asked: Option<bool>) -> bool {
        let https = base_url.scheme() == "https";
        let secure = asked.unwrap_or(https);
        self.unless("cookie_secure", https || !secure, || "cookie_secure is true and base_url is http (browsers would drop the cookies: leave cookie_secure out, or use https)".into());
        self.unless("cookie_secure", !https || secure, || {
            "cookie_secure is false and base_url is https (leave cookie_secure out)".into()
        });
        secure
    }

    /// The domain as browsers compare it: in lower case, and in ASCII (RFC 6265 section 5.2.3, RFC 5891 section 5).
    pub(super) fn cookie_domain(&mut self, base_url: &Url, domain: &str) -> Option<String> {
        let domain = match Host::parse(domain.trim().trim_start_matches('.')) {
            Ok(Host::Domain(domain)) if domain.contains('.') => Some(domain),
            _ => None,
        };
        let covering = domain.filter(|domain| match base_url.host() {
            Some(Host::Domain(host)) => {
                host == domain || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'))
            }
            _ => false,
        });
        self.unless("cookie_domain", covering.is_some(), || {
            "cookie_domain does not cover the host of base_url (browsers would drop the cookies)".into()
        });
        covering
    }

    pub(super) fn session_format(&mut self, format: SessionFormat, store: bool, domain: bool, app_id: &str) {
        let name = match format {
            SessionFormat::Logto => return,
            SessionFormat::Next => "next",
            SessionFormat::FromNext => "from-next",
        };
        self.unless("session_format", !store || format != SessionFormat::Next, || {
            "session_format is next and there is a session_store (Next.js cannot read it: leave it out, or use `from-next`)".into()
        });
        self.unless("session_format", !domain, || {
            format!("session_format is {name} and there is a cookie_domain (@logto/next writes its cookie for one host: leave cookie_domain out)")
        });
        let token = app_id.len() <= 64
            && app_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        self.unless("session_format", token, || {
            format!("session_format is {name} and app_id cannot be part of a cookie's name (copy it from Logto Console › Applications)")
        });
    }

    pub(super) fn end_of_move(&mut self, format: SessionFormat, until: Option<SystemTime>) {
        self.unless("from_next_until", format != SessionFormat::FromNext || until.is_some(), || {
            "session_format is from-next and from_next_until is missing (a subdomain can plant the cookie that is taken over: set LOGTO_FROM_NEXT_UNTIL to the date on which that ends, two weeks after the last route has moved)".into()
        });
    }

    /// In seconds. More than a day serves nobody: Logto's pages work for an hour.
    pub(super) fn sign_in_timeout(&mut self, timeout: Option<u64>) -> i64 {
        let timeout = timeout.map_or(SIGN_IN_TIMEOUT_SECONDS, |timeout| timeout.try_into().unwrap_or(i64::MAX));
        self.unless("sign_in_timeout", (60..=86_400).contains(&timeout), || {
            "sign_in_timeout is not between 60 and 86,400 seconds".into()
        });
        timeout
    }

    pub(crate) fn scopes(&mut self, asked: &[String], reserved: bool) -> Vec<String> {
        let reserved: &[&str] = if reserved { &[scopes::OPENID, scopes::OFFLINE_ACCESS, scopes::PROFILE] } else { &[] };
        let mut all: Vec<String> = Vec::new();
        for scope in reserved.iter().copied().chain(asked.iter().flat_map(|scope| scope.split_whitespace())) {
            if !all.iter().any(|known| known == scope) {
                all.push(scope.to_owned());
            }
        }
        let has = |scope: &str| all.iter().any(|known| known == scope);
        self.unless("scopes", has(scopes::OPENID), || {
            "scopes lacks `openid` (add it, or leave include_reserved_scopes on)".into()
        });
        self.unless("scopes", !has(scopes::ORGANIZATION_ROLES) || has(scopes::ORGANIZATIONS), || {
            format!("scope {} needs {} (add it to scopes)", scopes::ORGANIZATION_ROLES, scopes::ORGANIZATIONS)
        });
        all
    }

    /// Those that were set, and the one that stands for organizations where the scopes ask for them.
    pub(crate) fn resources(&mut self, mut resources: Vec<String>, scopes: &[String]) -> Vec<String> {
        for resource in &resources {
            self.resource("resources", resource);
        }
        if scopes.iter().any(|scope| scope == scopes::ORGANIZATIONS)
            && !resources.iter().any(|resource| resource == ORGANIZATIONS_RESOURCE)
        {
            resources.push(ORGANIZATIONS_RESOURCE.to_owned());
        }
        resources
    }

    pub(crate) fn resource(&mut self, setting: &'static str, resource: &str) {
        self.unless(setting, is_resource(resource), || "a resource is not an absolute URI without fragment (copy the API identifier from Logto Console › API resources)".into());
    }

    pub(super) fn origins(&mut self, origins: &[String]) -> Vec<url::Origin> {
        let parsed: Vec<_> = origins
            .iter()
            .filter_map(|origin| Url::parse(origin).ok())
            .map(|url| url.origin())
            .filter(url::Origin::is_tuple)
            .collect();
        self.unless("allowed_return_origins", parsed.len() == origins.len(), || {
            "allowed_return_origins holds something that is not an origin (like https://admin.example.com)".into()
        });
        parsed
    }

    pub(super) fn routes(&mut self, routes: &Routes) {
        let all = routes.all();
        for (index, (name, path)) in all.iter().enumerate() {
            self.unless(
                name,
                path.starts_with('/') && path.len() > 1 && !path.contains(['?', '#', '{', '}', ' ']),
                || format!("{name} is not a plain path (like /logto/sign-in)"),
            );
            if let Some((other, _)) = all.iter().take(index).find(|(_, other)| other == path) {
                self.add(name, format!("{name} is the same path as {other}"));
            }
        }
    }
}

/// `localhost` and its subdomains (RFC 6761 section 6.3), 127.0.0.0/8 and `::1`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
