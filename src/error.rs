//! One error type: what happened, who has to act, and how to fix it.

mod code;
mod config_problem;
#[cfg(any(
    all(feature = "rustls-no-provider", feature = "reqwest", not(any(feature = "native-tls", feature = "rustls"))),
    all(feature = "redis", not(feature = "rustls"))
))]
mod crypto_provider;
mod integration;
mod kind;
mod log;
mod oauth;
mod sign_in;
mod summary;
mod untrusted;

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

pub(crate) use self::{
    code::Code,
    sign_in::OwnPage,
    untrusted::{excerpt, excerpt_to, one_line},
};
pub use self::{code::ErrorCode, config_problem::ConfigProblem, kind::ErrorKind, oauth::OAuthError};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an [`Error`], as other libraries give it.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// The error type of this crate. It is one pointer in size and cheap to clone.
///
/// [`kind`](Self::kind) says who is to act, [`code`](Self::code) is stable and made for programs, [`hint`](Self::hint) says what to do. `Display` is
/// one line with the whole chain of causes, so [`source`](StdError::source) is `None`: code that prints an error with its sources (`{:#}` of
/// `anyhow`) then prints each cause once. [`get_ref`](Self::get_ref) gives the cause itself. No secret is ever in `Display` or `Debug`.
///
/// ```
/// let error = logto::LogtoConfig::builder().build().unwrap_err();
/// assert_eq!(error.kind(), logto::ErrorKind::Config);
/// assert_eq!(error.code(), logto::ErrorCode::CONFIG_INVALID);
/// assert!(error.to_string().contains("endpoint is missing"));
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: String,
    hint: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync + 'static>>,
    oauth: Option<OAuthError>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    challenge: Option<Challenge>,
    step_up: Option<Authentication>,
    return_to: Option<String>,
    config_problems: Vec<ConfigProblem>,
    /// The page that the application shows for it.
    page: Option<OwnPage>,
    /// Whether it passes by itself, although neither its kind nor the status says so.
    transient: bool,
    /// Whether the request that failed was never sent, as far as is known.
    unsent: bool,
    /// Whether the log has it.
    logged: bool,
    /// Whether a security event tells of it.
    is_event: bool,
    /// Whether somebody has seen to it, where a request's session handed it out.
    seen: Option<log::Seen>,
}

/// How the user has to authenticate before a request can be served (OpenID Connect Core 3.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authentication {
    /// Seconds.
    pub(crate) max_age: Option<u64>,
    /// Separated by spaces.
    pub(crate) acr_values: Option<String>,
}

/// What an API answers to a request that it refuses (RFC 6750 section 3).
#[derive(Clone)]
pub(crate) struct Challenge {
    /// The value of `WWW-Authenticate`.
    pub(crate) header: String,
    /// What the client is told; our words alone, none of the token's.
    pub(crate) description: &'static str,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            code,
            message: one_line(&message.into()),
            hint: None,
            source: None,
            oauth: None,
            status: None,
            retry_after: None,
            challenge: None,
            step_up: None,
            return_to: None,
            config_problems: Vec::new(),
            page: None,
            transient: false,
            unsent: false,
            logged: false,
            is_event: false,
            seen: None,
        }))
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.inner_mut().source = Some(Arc::from(source.into()));
        self
    }

    /// Another of our errors as the cause; what Logto answered is ours to tell, too.
    pub(crate) fn caused_by(mut self, cause: Self) -> Self {
        let Inner { oauth, status, retry_after, transient, seen, .. } = &*cause.0;
        let inner = self.inner_mut();
        (inner.oauth, inner.status, inner.retry_after) = (oauth.clone(), *status, *retry_after);
        (inner.transient, inner.seen) = (*transient, seen.clone());
        self.with_source(cause)
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.inner_mut().hint = Some(one_line(&hint.into()));
        self
    }

    pub(crate) fn with_oauth(mut self, oauth: OAuthError) -> Self {
        self.inner_mut().oauth = Some(oauth);
        self
    }

    pub(crate) fn with_response(mut self, status: u16, retry_after: Option<Duration>) -> Self {
        let inner = self.inner_mut();
        (inner.status, inner.retry_after) = (Some(status), retry_after);
        self
    }

    pub(crate) fn with_retry_after(mut self, time: Duration) -> Self {
        self.inner_mut().retry_after = Some(time);
        self
    }

    /// Marks an answer that is wrong for now, whatever its status says.
    pub(crate) fn for_now(mut self) -> Self {
        self.inner_mut().transient = true;
        self
    }

    pub(crate) fn with_challenge(mut self, challenge: Challenge) -> Self {
        self.inner_mut().challenge = Some(challenge);
        self
    }

    pub(crate) fn challenge(&self) -> Option<&Challenge> {
        self.0.challenge.as_ref()
    }

    pub(crate) fn with_step_up(mut self, step_up: Authentication) -> Self {
        self.inner_mut().step_up = Some(step_up);
        self
    }

    /// The page that the user wanted before it failed. Where it may lead was checked.
    pub(crate) fn with_return_to(mut self, return_to: impl Into<String>) -> Self {
        self.inner_mut().return_to = Some(return_to.into());
        self
    }

    pub(crate) fn with_config_problems(mut self, problems: Vec<ConfigProblem>) -> Self {
        self.inner_mut().config_problems = problems;
        self
    }

    pub(crate) fn return_to(&self) -> Option<&str> {
        self.0.return_to.as_deref()
    }

    pub(crate) fn step_up(&self) -> Option<&Authentication> {
        self.0.step_up.as_ref()
    }

    pub(crate) fn code_of(&self) -> Code {
        self.0.code
    }

    fn inner_mut(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    pub(crate) fn is(&self, code: Code) -> bool {
        self.0.code == code
    }

    /// Returns the kind of the error: who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// Returns a stable name for programs, such as [`ErrorCode::SESSION_ENDED`]. If Logto's own SDKs have the same error, the name is theirs.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code.name()
    }

    /// Returns how to fix it, in a sentence for the person named by [`kind`](Self::kind).
    #[must_use]
    pub fn hint(&self) -> &str {
        self.0.hint.as_deref().unwrap_or(self.0.code.hint())
    }

    /// Returns whether the same call may succeed later: Logto was unreachable, busy or failing. The session is kept.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), ErrorKind::Network | ErrorKind::Store)
            || self.0.transient
            || self.0.status.is_some_and(is_transient_status)
    }

    /// Returns whether the user has to sign in (again) before the call can succeed.
    #[must_use]
    pub fn requires_sign_in(&self) -> bool {
        self.kind() == ErrorKind::NotAuthenticated
    }

    /// Returns the error that caused this one, to be looked at with [`downcast_ref`](StdError#method.downcast_ref). `Display` has told it already.
    #[must_use]
    pub fn get_ref(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// Returns the error that Logto answered with (RFC 6749 section 5.2), if it answered with one.
    #[must_use]
    pub fn oauth_error(&self) -> Option<&OAuthError> {
        self.0.oauth.as_ref()
    }

    /// Returns the status of Logto's response, if the response is the cause.
    #[must_use]
    pub fn provider_status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the time to wait that Logto requested (`Retry-After`, RFC 9110 section 10.2.3), counted from its answer: at most a day. A date that is
    /// over is no wait. Where Logto was not asked again because of such an answer, this is the rest of the time, of which at most five minutes are
    /// waited for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the value of the response's `WWW-Authenticate` header, where an API refused a request (RFC 6750 section 3). That of a 401 about a
    /// session is no error's own: [`AuthResponse`](crate::integrate::AuthResponse) has it.
    #[must_use]
    pub fn www_authenticate(&self) -> Option<&str> {
        self.challenge().map(|challenge| challenge.header.as_str())
    }

    /// Returns the problems of a configuration, each with the name of its setting: the content of the message of `config.invalid`. Other errors have
    /// none, nor has an error of serde while it reads a [`LogtoConfig`](crate::LogtoConfig): in that case read a
    /// [`LogtoConfigBuilder`](crate::LogtoConfigBuilder) and call [`build`](crate::LogtoConfigBuilder::build).
    #[must_use]
    pub fn config_problems(&self) -> &[ConfigProblem] {
        &self.0.config_problems
    }

    /// Returns the HTTP status of the response to this error, as a type of `http` 1. See [`http_status`](Self::http_status).
    #[must_use]
    pub fn status(&self) -> http::StatusCode {
        http::StatusCode::from_u16(self.http_status()).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Returns the HTTP status of the response to this error, as a number.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        let of_page = self.page().map(|page| page.status);
        of_page.or(self.0.code.status()).unwrap_or(match self.kind() {
            ErrorKind::NotAuthenticated => 401,
            ErrorKind::Cancelled | ErrorKind::Forbidden => 403,
            ErrorKind::InvalidRequest => 400,
            _ if self.is_transient() => 503,
            ErrorKind::Provider | ErrorKind::InvalidToken => 502,
            ErrorKind::Network | ErrorKind::Store => 503,
            ErrorKind::Config | ErrorKind::Usage | ErrorKind::Application | ErrorKind::SessionTooLarge => 500,
        })
    }
}

/// RFC 9110 section 15: the request timed out, was too many, or the server is at fault.
pub(crate) fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match self.get_ref() {
            Some(cause) => write!(f, ": {}", WithCauses(cause)),
            None => Ok(()),
        }
    }
}

/// What a cause is cut to: some libraries quote what they could not read.
const MAX_CAUSE_CHARS: usize = 1000;

/// An error of another library in one line with the whole chain of its causes: what it says itself is often the least of it.
pub(crate) struct WithCauses<'a>(pub(crate) &'a (dyn StdError + 'static));

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |error: &dyn StdError| untrusted::cut(&one_line(&error.to_string()), MAX_CAUSE_CHARS).into_owned();
        let mut told = line(self.0);
        f.write_str(&told)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = line(error);
            // Some libraries tell a cause and give it as the source, too.
            if !told.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            told = text;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.code().as_str())
            .field("kind", &self.kind())
            .field("message", &self.to_string())
            .field("hint", &self.hint())
            .field("oauth", &self.0.oauth)
            .field("status", &self.0.status)
            .finish_non_exhaustive()
    }
}

/// Without `source`: an error gives its cause to `Display` or to `source`, and not to both.
impl StdError for Error {}

#[cfg(test)]
mod tests;
