//! What a request must be allowed.

use std::time::Duration;

use super::facts::Facts;
use crate::{
    clock::{date_seconds, whole_seconds},
    error::{Code, Error, Result, excerpt},
    types::word_list,
};

/// What a route requires of a token that is valid for its API: scopes, an organization, a recent or a strong authentication.
///
/// ```
/// use std::time::Duration;
/// use logto::api::TokenRequirements;
///
/// let write = TokenRequirements::new().scopes(["write:books"]);
/// let delete = TokenRequirements::new().scopes(["delete:books"]).max_age(Duration::from_secs(300));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct TokenRequirements {
    pub(super) scopes: Vec<String>,
    organization: Option<String>,
    pub(super) max_age: Option<Duration>,
    pub(super) acr_values: Vec<String>,
}

impl TokenRequirements {
    /// Creates requirements that any valid token meets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the scopes, all of which the token must have, in place of those that were set before.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = word_list(scopes);
        self
    }

    /// Sets the organization that the token must be for.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = Some(id.into());
        self
    }

    /// Sets how long ago the user may have authenticated, in whole seconds (RFC 9470). The token must have `auth_time`.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Sets the authentication context classes, best first, one of which the token must have as its `acr` (RFC 9470), in place of those that were set
    /// before.
    pub fn acr_values<S: AsRef<str>>(mut self, classes: impl IntoIterator<Item = S>) -> Self {
        self.acr_values = word_list(classes);
        self
    }

    pub(super) fn check(&self, facts: &Facts, now: i64, leeway: i64) -> Result<()> {
        if let Some(expected) = &self.organization
            && facts.organization_id.as_ref() != Some(expected)
        {
            let found = facts.organization_id.as_deref().unwrap_or("none");
            let message = format!("the access token is for organization `{}`, expected `{expected}`", excerpt(found));
            return Err(Error::new(Code::BearerOrganization, message));
        }
        if let Some(missing) = self.scopes.iter().find(|scope| !facts.claims.scopes().any(|one| one == **scope)) {
            let message = format!("the access token lacks the scope `{missing}`");
            return Err(Error::new(Code::BearerScope, message));
        }
        if let Some(max_age) = self.max_age {
            check_age(facts.claims.auth_time.map(date_seconds), whole_seconds(max_age), now, leeway)?;
        }
        let acr = facts.claims.acr.as_deref();
        if !self.acr_values.is_empty() && !self.acr_values.iter().any(|value| acr == Some(value)) {
            let expected = self.acr_values.join("` or `");
            let found = acr.map_or_else(|| "missing".to_owned(), |acr| format!("`{}`", excerpt(acr)));
            let message = format!("the access token's acr is {found}, expected `{expected}`");
            return Err(Error::new(Code::BearerAuthentication, message));
        }
        Ok(())
    }
}

fn check_age(auth_time: Option<i64>, max_age: i64, now: i64, leeway: i64) -> Result<()> {
    let Some(auth_time) = auth_time else {
        return Err(Error::new(Code::BearerAuthentication, "the access token's auth_time is missing"));
    };
    let age = now.saturating_sub(auth_time);
    if age > max_age.saturating_add(leeway) {
        let message = format!("the user authenticated {age} s ago, expected at most {max_age} s");
        return Err(Error::new(Code::BearerAuthentication, message));
    }
    if age.saturating_add(leeway) < 0 {
        let message = format!("the user authenticated {} s in the future", age.saturating_neg());
        return Err(Error::new(Code::BearerAuthentication, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
