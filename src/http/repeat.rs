//! Which requests are sent once more when their connection breaks.

use std::time::Duration;

use ::http::Method;

use super::{BodyTooLarge, RedirectFollowed};
use crate::error::BoxError;

/// When a request whose connection broke is sent once more, on a connection of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    Never,
    /// Twice does what once does (RFC 9110 section 9.2.2).
    Always,
    /// Before a response has begun: what the request used up is lost otherwise.
    Unanswered,
    /// Not later than this after it was sent.
    Within(Duration),
}

impl Repeat {
    /// RFC 9110 section 9.2.2: of an idempotent method always.
    pub(crate) fn of(method: &Method) -> Self {
        if method.is_idempotent() { Self::Always } else { Self::Never }
    }

    pub(super) fn allows(self, error: &BoxError, passed: Duration) -> bool {
        let broke = Broke::by(error);
        match self {
            Self::Never => false,
            Self::Always => broke != Broke::No,
            Self::Unanswered => broke == Broke::Unanswered,
            Self::Within(time) => broke != Broke::No && passed < time,
        }
    }
}

/// Whether a request failed because its connection broke.
#[cfg(feature = "reqwest")]
pub(super) fn is_broken_connection(error: &BoxError) -> bool {
    Broke::by(error) != Broke::No
}

#[derive(PartialEq, Eq)]
enum Broke {
    /// There was no connection, or something else is wrong.
    No,
    /// As far as is known: only reqwest says more.
    Unanswered,
    #[cfg_attr(not(feature = "reqwest"), expect(dead_code, reason = "only reqwest tells it"))]
    InAnswer,
}

impl Broke {
    fn by(error: &BoxError) -> Self {
        if error.is::<BodyTooLarge>() || error.is::<RedirectFollowed>() || error.is::<crate::error::Error>() {
            return Self::No;
        }
        #[cfg(feature = "reqwest")]
        if let Some(error) = error.downcast_ref::<reqwest::Error>() {
            return match error {
                error if error.is_timeout() || error.is_connect() || error.is_builder() => Self::No,
                error if error.is_request() => Self::Unanswered,
                _ => Self::InAnswer,
            };
        }
        Self::Unanswered
    }
}
