//! Which access token is asked for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Code, Error, Result},
    types::{is_resource, word_list},
};

/// Which access token: for an API resource, an organization, both, or (neither) for Logto's userinfo endpoint.
///
/// ```
/// use logto::TokenOptions;
///
/// let books = TokenOptions::new().resource("https://api.example.com").organization("org-1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct TokenOptions {
    pub(crate) resource: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) force_refresh: bool,
    pub(crate) min_validity: Option<Duration>,
}

impl TokenOptions {
    /// The opaque access token for Logto's own endpoints, unless a [`resource`](Self::resource) or an
    /// [`organization`](Self::organization) is named.
    pub fn new() -> Self {
        Self::default()
    }

    /// A JWT access token for an API resource, named by its identifier. One that is no absolute URI, or has a fragment (RFC 8707 section 2), is
    /// refused with `options.invalid` when the token is asked for.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// An organization token; with a [`resource`](Self::resource), a token for that resource in the organization.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = Some(id.into());
        self
    }

    /// A JWT access token for Logto's Management API, with the scope `all`. `tenant` is the tenant id of Logto Cloud; self-hosted, it is
    /// `default`. For a machine: it needs the role "Logto Management API access" (Logto Console › Roles).
    ///
    /// ```
    /// let token = logto::TokenOptions::management_api("my-tenant"); // for https://my-tenant.logto.app/api
    /// ```
    pub fn management_api(tenant: impl std::fmt::Display) -> Self {
        Self::new().resource(format!("https://{tenant}.logto.app/api")).scopes(["all"])
    }

    /// The scopes of the token, in place of those that were set before. For a user's session: fewer than were granted. For a machine: all that
    /// the token is to have, since Logto gives a machine no scope that it does not ask for.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = word_list(scopes);
        // The order says nothing, and the cache must not see a difference.
        self.scopes.sort_unstable();
        self
    }

    /// Asks Logto even if a valid token is at hand. What was taken from the user is gone from the new one; a permission of an API resource that
    /// came after the sign-in is not in it: that takes a new sign-in, see [`SignInOptions::silent`](crate::SignInOptions::silent).
    pub fn force_refresh(mut self, force: bool) -> Self {
        self.force_refresh = force;
        self
    }

    /// The token must live at least this long. Default: 60 seconds, or half its life where that is shorter; so, too, where no token lives as
    /// long as is asked for.
    pub fn min_validity(mut self, validity: Duration) -> Self {
        self.min_validity = Some(validity);
        self
    }
}

/// What an access token is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(crate) struct TokenKey {
    pub(crate) resource: Option<String>,
    pub(crate) organization: Option<String>,
    /// The narrower scopes asked for, sorted; empty for all.
    pub(crate) scopes: Vec<String>,
}

impl TokenKey {
    /// Refuses what no server can know, before one is asked: a resource that the configuration would refuse, and a blank organization.
    pub(crate) fn check(&self) -> Result<()> {
        if self.resource.as_deref().is_some_and(|resource| !is_resource(resource)) {
            return Err(Error::new(
                Code::InvalidOption,
                "resource is not an absolute URI without fragment (copy the API identifier from Logto Console › API resources)",
            ));
        }
        if self.organization.as_deref().is_some_and(|id| id.trim().is_empty()) {
            return Err(Error::new(
                Code::InvalidOption,
                "organization is blank (leave it out for a token of no organization)",
            ));
        }
        Ok(())
    }

    /// Whether no such token is given out again after Logto refused the user another: of an organization none, else that very one.
    pub(crate) fn is_refused_with(&self, refused: &Self) -> bool {
        match &refused.organization {
            Some(organization) => self.organization.as_ref() == Some(organization),
            None => self == refused,
        }
    }
}

impl TokenOptions {
    pub(crate) fn key(&self) -> TokenKey {
        TokenKey {
            resource: self.resource.clone(),
            organization: self.organization.clone(),
            scopes: self.scopes.clone(),
        }
    }
}
