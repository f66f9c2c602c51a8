//! Which requests are sent once more when their connection breaks.

use std::time::Duration;

use ::http::Method;

use super::failure::{BodyTooLarge, RedirectFollowed};
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

/// Whether a request failed before anything of it was sent: there was no connection. Only reqwest tells it; of another client it is not known.
pub(super) fn has_no_connection(error: &BoxError) -> bool {
    #[cfg(feature = "reqwest")]
    return error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect);
    #[cfg(not(feature = "reqwest"))]
    {
        _ = error;
        false
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_connection_is_followed_by_another_request_only_within_the_time() {
        let (second, less) = (Duration::from_secs(1), Duration::from_nanos(999_999_999));
        let broke: BoxError = "reset by peer".into();
        assert!(Repeat::Within(second).allows(&broke, less));
        assert!(!Repeat::Within(second).allows(&broke, second));
        for other in [BoxError::from(BodyTooLarge), RedirectFollowed("https://x.test".into()).into()] {
            assert!(!Repeat::Within(second).allows(&other, Duration::ZERO) && !Repeat::Always.allows(&other, second));
        }
    }

    /// Of these, no server has seen the request, or it may still be at work.
    #[cfg(feature = "reqwest")]
    #[tokio::test]
    async fn a_request_without_a_connection_or_without_an_answer_in_time_is_not_repeated() {
        let client = reqwest::Client::builder().timeout(Duration::from_millis(50)).tls_certs_only([]).build().unwrap();
        // A port that is held, where nobody listens.
        let held = tokio::net::TcpSocket::new_v4().unwrap();
        held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let refused = client.get(format!("http://{}/", held.local_addr().unwrap())).send().await.unwrap_err();
        assert!(refused.is_connect(), "{refused:?}");
        let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let late = client.get(format!("http://{}/", mute.local_addr().unwrap())).send().await.unwrap_err();
        assert!(late.is_timeout() && !late.is_connect(), "{late:?}");
        let impossible = client.get("no address").build().unwrap_err();
        assert!(impossible.is_builder(), "{impossible:?}");
        for error in [refused, late, impossible].map(BoxError::from) {
            assert!(!is_broken_connection(&error) && !Repeat::Always.allows(&error, Duration::ZERO), "{error}");
        }
    }
}
