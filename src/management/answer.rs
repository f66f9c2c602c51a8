//! The answer to a request, read.

use http::Response;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Map, Value};

use super::refused;
use crate::{
    error::{Code, Error, Result},
    logto_api::{Refusal, has_type, is_page},
};

/// The number of all items, of which a page has some.
const TOTAL: &str = "total-number";

const OTHER_SHAPE: &str = "JSON of another shape";

/// An answer of which nothing is read: any, and none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nothing;

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// An answer that is a success.
pub(super) struct Answer {
    /// `GET /api/users/…`, for messages.
    line: String,
    response: Response<Vec<u8>>,
}

impl Answer {
    /// # Errors
    /// `management.…` for every status but 2xx, and for a page.
    pub(super) fn of(line: String, response: Response<Vec<u8>>) -> Result<Self> {
        // A page is the answer of something between.
        match response.status().is_success() && !is_page(&response) {
            true => Ok(Self { line, response }),
            false => Err(refused::error(&line, Refusal::by(&response))),
        }
    }

    /// How many items there are in all, if the answer says so.
    pub(super) fn total(&self) -> Option<u64> {
        self.response.headers().get(TOTAL)?.to_str().ok()?.trim().parse().ok()
    }

    /// Reads the JSON of the answer. An empty body, and Logto's `Created` as plain text, is read as `null`.
    ///
    /// # Errors
    /// `management.failed` for what is not JSON of this shape.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let says_nothing = self.response.body().is_empty() || has_type(&self.response, "text/plain");
        let body = if says_nothing { b"null".as_slice() } else { self.response.body() };
        serde_json::from_slice(body).map_err(|source| match source.classify() {
            serde_json::error::Category::Data if says_nothing => self.unread("no JSON"),
            serde_json::error::Category::Data => self.unread(OTHER_SHAPE),
            _ => self.unread("something that is not JSON"),
        })
    }

    /// Reads a member of the JSON object that the answer is.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn read_member<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let mut members: Map<String, Value> = self.read()?;
        let member = members.remove(name).unwrap_or_default();
        serde_json::from_value(member).map_err(|_| self.unread(OTHER_SHAPE))
    }

    /// serde's own error quotes text that stands in the place of something else.
    fn unread(&self, what: &str) -> Error {
        Error::new(Code::ManagementFailed, format!("{} was answered with {what}", self.line))
            .with_response(self.response.status().as_u16(), None)
    }
}
