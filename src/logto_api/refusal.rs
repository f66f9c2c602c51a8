//! What Logto's API says where it refuses a request.

use std::{error::Error as StdError, fmt, time::Duration};

use http::{Response, header};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::{Error, excerpt},
    http::retry_after,
};

/// What Logto said when it refused a request: the cause of an [`Error`] of `logto::account` and `logto::management`.
///
/// `Display` and `Debug` have the status and Logto's code alone: the other members may hold what a user entered.
///
/// ```
/// # fn example(error: &logto::Error) {
/// use logto::account::Refusal;
///
/// if let Some(refusal) = Refusal::of(error) {
///     println!("{:?} {:?}", refusal.code(), refusal.reasons());
/// }
/// # }
/// ```
#[derive(Clone, PartialEq)]
pub struct Refusal {
    status: u16,
    code: Option<String>,
    message: Option<String>,
    data: Option<Value>,
    details: Option<String>,
    retry_after: Option<Duration>,
}

/// The body of an error. A member of another type is as good as absent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    code: Value,
    message: Value,
    data: Option<Value>,
    details: Value,
}

impl Refusal {
    /// What Logto said, if that is what the error came of.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    pub(crate) fn by(response: &Response<Vec<u8>>) -> Self {
        let is_object = response.body().trim_ascii_start().first() == Some(&b'{');
        let body = serde_json::from_slice::<Body>(response.body()).ok().filter(|_| is_object).unwrap_or_default();
        let text = |value: Value| match value {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => None,
        };
        let plain = || has_type(response, "text/plain").then(|| String::from_utf8_lossy(response.body()).into_owned());
        Self {
            status: response.status().as_u16(),
            code: text(body.code),
            message: text(body.message).or_else(plain),
            data: body.data,
            details: text(body.details),
            retry_after: retry_after(response.headers()),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Logto's code, such as `user.username_already_in_use`. An answer that is not Logto's has none.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Logto's message, in English. Text from the network: escape it before it reaches a page.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What Logto added for programs.
    #[must_use]
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }

    /// What Logto added for people, of a body with a wrong member.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    /// Why a password is too weak, as Logto's codes: `password_rejected.too_short`, `password_rejected.restricted.sequence`. Empty where Logto gives no
    /// such list.
    #[must_use]
    pub fn reasons(&self) -> Vec<&str> {
        let listed = self.data.as_ref().and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(|reason| reason.get("code")?.as_str()).collect()
    }

    /// Which members of the body Logto could not take, as paths such as `address.country`. Empty where it gives no such list.
    #[must_use]
    pub fn members(&self) -> Vec<String> {
        let issues = self.data.as_ref().and_then(|data| data.get("issues")?.as_array());
        let path = |issue: &Value| {
            let parts = issue.get("path")?.as_array()?.iter().filter_map(Value::as_str);
            Some(parts.collect::<Vec<_>>().join("."))
        };
        issues.into_iter().flatten().filter_map(path).collect()
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The status that Logto means, where it puts it into the body: some answers with 400 say 404 there.
    #[cfg(feature = "account")]
    pub(crate) fn meant_status(&self) -> u16 {
        let said = self.data.as_ref().and_then(|data| data.get("status")?.as_u64());
        said.and_then(|status| u16::try_from(status).ok()).unwrap_or(self.status)
    }
}

/// Whether the answer is of this media type.
pub(crate) fn has_type(response: &Response<Vec<u8>>, media_type: &str) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let said = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    said.trim().eq_ignore_ascii_case(media_type)
}

/// Whether the answer is a page for people: Logto's API gives none.
pub(crate) fn is_page(response: &Response<Vec<u8>>) -> bool {
    has_type(response, "text/html")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "Logto answered {} `{}`", self.status, excerpt(code)),
            None => write!(f, "Logto answered {}", self.status),
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal").field("status", &self.status).field("code", &self.code).finish_non_exhaustive()
    }
}

impl StdError for Refusal {}
