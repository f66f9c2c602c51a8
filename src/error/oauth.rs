//! An error that Logto answered with.

use std::{error::Error as StdError, fmt};

use super::{excerpt, excerpt_to};

/// What a description is cut to in a message.
const MAX_DESCRIPTION_CHARS: usize = 300;

/// An OAuth 2.0 error (RFC 6749 sections 4.1.2.1 and 5.2) with the two members that Logto adds.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
pub struct OAuthError {
    #[serde(default)]
    pub(crate) error: String,
    #[serde(default)]
    pub(crate) error_description: Option<String>,
    #[serde(default)]
    pub(crate) error_uri: Option<String>,
    #[serde(default)]
    pub(crate) scope: Option<String>,
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) message: Option<String>,
}

impl OAuthError {
    /// The `error` member: `invalid_grant`, `access_denied`, ….
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
    }

    /// The `error_description` member. Text from the network: escape it before it reaches a page.
    #[must_use]
    pub fn error_description(&self) -> Option<&str> {
        self.error_description.as_deref()
    }

    /// The `error_uri` member.
    #[must_use]
    pub fn error_uri(&self) -> Option<&str> {
        self.error_uri.as_deref()
    }

    /// The `scope` member: which scope is missing or refused, where Logto says so. Text from the network, like the description.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Logto's own code, such as `oidc.invalid_grant`.
    #[must_use]
    pub fn logto_code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Logto's own message, in the language of the request.
    #[must_use]
    pub fn logto_message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.error.is_empty() { self.code.as_deref().unwrap_or("unnamed error") } else { &self.error };
        f.write_str(&excerpt(name))?;
        let description = self.error_description.as_deref().or(self.message.as_deref());
        let description = description.map(|text| excerpt_to(text, MAX_DESCRIPTION_CHARS).into_owned());
        let scope = self.scope.as_deref().map(|scope| format!("scope `{}`", excerpt(scope)));
        match [description, scope].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
        {
            detail if detail.is_empty() => Ok(()),
            detail => write!(f, " ({detail})"),
        }
    }
}

impl StdError for OAuthError {}
