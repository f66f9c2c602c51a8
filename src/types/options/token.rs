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
    /// Creates options for the opaque access token for Logto's own endpoints, unless a [`resource`](Self::resource) or an
    /// [`organization`](Self::organization) is named.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a JWT access token for an API resource, named by its identifier. An identifier that is not an absolute URI, or has a fragment (RFC 8707
    /// section 2), causes `options.invalid` when the token is requested.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Sets an organization token; with a [`resource`](Self::resource), a token for that resource in the organization.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = Some(id.into());
        self
    }

    /// Creates options for a JWT access token for Logto's Management API, with the scope `all`. `tenant` is the tenant id of Logto Cloud;
    /// self-hosted, it is `default`. For a machine: it needs the role "Logto Management API access" (Logto Console › Roles).
    ///
    /// ```
    /// let token = logto::TokenOptions::management_api("my-tenant"); // for https://my-tenant.logto.app/api
    /// ```
    pub fn management_api(tenant: impl std::fmt::Display) -> Self {
        Self::new().resource(format!("https://{tenant}.logto.app/api")).scopes(["all"])
    }

    /// Sets the scopes of the token, in place of those that were set before. For a user's session: fewer than were granted. For a machine: all that
    /// the token is to have, since Logto gives a machine no scope that it does not ask for.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = word_list(scopes);
        // The order says nothing, and the cache must not see a difference.
        self.scopes.sort_unstable();
        self
    }

    /// Requests a new token even if there is a valid one. The new token lacks permissions that were removed. It does not contain a permission of an
    /// API resource that was assigned after the sign-in: that needs a new sign-in, see [`SignInOptions::silent`](crate::SignInOptions::silent).
    pub fn force_refresh(mut self, force: bool) -> Self {
        self.force_refresh = force;
        self
    }

    /// Sets how long the token must still be valid. Default: 60 seconds, or half its lifetime if that is shorter; the same applies if no token is
    /// valid for the requested time.
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
