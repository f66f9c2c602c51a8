//! How an authorization response comes back.

use serde::{Deserialize, Serialize};

use super::words;

/// How Logto's answer comes to the callback (OAuth 2.0 Multiple Response Type Encoding Practices section 2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of the redirect URI: a GET. The default.
    #[default]
    Query,
    /// In a form that the browser posts to the redirect URI (OAuth 2.0 Form Post Response Mode): the code is in no address, and so in no history and
    /// no access log. The guide [security](crate::guide::security#a-callback-by-post) has the details.
    FormPost,
}

words! { ResponseMode is "response_mode":
    Query = "query",
    FormPost = "form_post",
}

impl ResponseMode {
    /// What the authorization request says of it. A code comes in the query unless something else is asked for.
    pub(crate) fn parameter(self) -> Option<&'static str> {
        match self {
            Self::Query => None,
            Self::FormPost => Some(self.as_str()),
        }
    }
}
