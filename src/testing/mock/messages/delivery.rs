//! A delivery of a webhook as a plain value: what is sent, and what came of it.

use std::time::SystemTime;

use http::HeaderMap;
use serde_json::Value;

/// A delivery that [`MockLogto`](crate::testing::MockLogto) sent to a webhook's address, and what the receiver answered.
#[derive(Debug, Clone)]
pub struct MockDelivery {
    pub(crate) event: String,
    pub(crate) hook_id: String,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) happened_at: SystemTime,
    pub(crate) outcome: Outcome,
}

/// How far a delivery is.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Waiting,
    UnderWay,
    Answered { status: u16, body: String },
    Failed(String),
}

impl MockDelivery {
    /// What happened: `User.Created`.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// The webhook's id.
    #[must_use]
    pub fn hook_id(&self) -> &str {
        &self.hook_id
    }

    /// Where it was sent.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The header fields that Logto sends, in its order, without `host` and `content-length`.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of the first header field of this name, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, byte for byte.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The body, read.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The status that the receiver answered with. `None`: there was no answer, or there is none yet.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.outcome {
            Outcome::Answered { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the receiver answered with a status of 200 to 299. Else Logto Console › Webhooks shows a failed delivery, and there is no second one.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }

    /// What the receiver answered, up to 64 KiB.
    #[must_use]
    pub fn answer(&self) -> &str {
        match &self.outcome {
            Outcome::Answered { body, .. } => body,
            _ => "",
        }
    }

    /// Why there was no answer.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Whether an answer may still come.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.outcome, Outcome::Waiting | Outcome::UnderWay)
    }
}
