//! How recently and how strongly a user must have authenticated.

mod challenge;
mod recent_auth;

use std::time::Duration;

pub use self::recent_auth::{MaxAge, RecentlyAuthenticated, StepUpPolicy};
use crate::{
    error::Authentication,
    types::{SignInOptions, word_list},
};

/// How recently (`max_age`) and how strongly (`acr_values`) a user must have authenticated (OpenID Connect Core 3.1.2.1, RFC 9470).
///
/// ```
/// use std::time::Duration;
/// use logto::{SignInOptions, step_up::StepUp};
///
/// let payment = StepUp::new().max_age(Duration::from_secs(300)).acr_values(["urn:logto:acr:mfa"]);
/// let options = SignInOptions::new().step_up(&payment).post_redirect_uri("/pay");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct StepUp {
    max_age: Option<Duration>,
    acr_values: Vec<String>,
}

impl StepUp {
    /// Creates a requirement that any signed-in user meets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long ago the user may have authenticated, in whole seconds.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets the authentication context classes, best first, one of which is required. List every class that is sufficient. They replace those that
    /// were set before.
    pub fn acr_values<S: AsRef<str>>(mut self, classes: impl IntoIterator<Item = S>) -> Self {
        self.acr_values = word_list(classes);
        self
    }

    /// Parses the requirements of an API that rejected the user's access token: the `WWW-Authenticate` of its 401, several of them joined with `",
    /// "`.
    ///
    /// `None` unless a `Bearer` challenge says `error="insufficient_user_authentication"` (RFC 9470 section 3). Where that says neither
    /// `max_age` nor `acr_values`, the user is to authenticate now. A header over 8 KiB, or one that cannot be read, asks for nothing.
    ///
    /// ```
    /// use std::time::Duration;
    /// use logto::step_up::StepUp;
    ///
    /// let header = r#"Bearer realm="books", error="insufficient_user_authentication", max_age="300""#;
    /// assert_eq!(StepUp::from_www_authenticate(header), Some(StepUp::new().max_age(Duration::from_secs(300))));
    /// assert_eq!(StepUp::from_www_authenticate(r#"Bearer error="invalid_token""#), None);
    /// ```
    #[must_use]
    pub fn from_www_authenticate(header: &str) -> Option<Self> {
        challenge::step_up(header)
    }

    /// Seconds.
    pub(crate) fn max_age_seconds(&self) -> Option<u64> {
        self.max_age.map(|age| age.as_secs())
    }

    /// Separated by spaces.
    pub(crate) fn classes(&self) -> Option<String> {
        (!self.acr_values.is_empty()).then(|| self.acr_values.join(" "))
    }

    pub(crate) fn admits(&self, acr: Option<&str>) -> bool {
        self.acr_values.is_empty() || self.acr_values.iter().any(|class| acr == Some(class))
    }

    /// As an error carries it.
    pub(crate) fn authentication(&self) -> Authentication {
        Authentication { max_age: self.max_age_seconds(), acr_values: self.classes() }
    }
}

impl SignInOptions {
    /// Asks for what `step_up` asks for: [`max_age`](Self::max_age) and [`acr_values`](Self::acr_values).
    pub fn step_up(mut self, step_up: &StepUp) -> Self {
        self.max_age = step_up.max_age.or(self.max_age);
        self.acr_values = step_up.classes().or(self.acr_values);
        self
    }
}

#[cfg(test)]
mod tests;
