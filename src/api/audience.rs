//! Which tokens an API takes, by their audience and organization.

use crate::{claims::Audience, config::problems::Problems, organizations::ORGANIZATION_URN_PREFIX};

/// Which audience (and organization) a token must have to be accepted by an API.
///
/// Logto issues three kinds of JWTs, and a scope has another meaning in each of them, so an API states which it accepts:
///
/// | Kind | `aud` | `organization_id` | Scopes come from |
/// |---|---|---|---|
/// | [`resource`](Self::resource) | the API's identifier | | the user's roles |
/// | [`resource`](Self::resource)`(…).`[`in_organization`](Self::in_organization)`(…)` | the API's identifier | the organization | the user's roles in the organization |
/// | [`organization`](Self::organization) | `urn:logto:organization:<id>` | | the user's roles in the organization |
///
/// ```
/// use logto::api::ApiAudience;
///
/// let everyone = ApiAudience::resource("https://api.example.com");
/// let members = ApiAudience::resource("https://api.example.com").resource_in_any_organization();
/// let acme = ApiAudience::organization("org-acme");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ApiAudience(Kind);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    Resource {
        identifier: String,
        organization: Membership,
    },
    /// The organization's id; any, if there is none.
    Organization(Option<String>),
}

/// The organization of a token for a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Membership {
    None,
    One(String),
    Any,
    Optional,
}

/// The reason for which a token is not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// It is for another audience.
    Audience,
    /// It is for this API, but in another organization, or in one at all, or in none.
    Organization,
}

impl ApiAudience {
    /// Creates the audience of an API resource, by its identifier in Logto Console › API resources.
    ///
    /// Tokens for the resource *in an organization* are refused, unless one of the `in_…` methods says otherwise: a role in an
    /// organization, which its members may give each other, would otherwise open what belongs to no organization.
    #[must_use]
    pub fn resource(identifier: impl Into<String>) -> Self {
        Self(Kind::Resource { identifier: identifier.into(), organization: Membership::None })
    }

    /// Creates the audience of an organization: organization tokens, with the organization's own permissions.
    #[must_use]
    pub fn organization(id: impl Into<String>) -> Self {
        Self(Kind::Organization(Some(id.into())))
    }

    /// Creates the audience of organization tokens of any organization: see [`AuthInfo::organization_id`](super::AuthInfo::organization_id) for
    /// which.
    #[must_use]
    pub fn any_organization_token() -> Self {
        Self(Kind::Organization(None))
    }

    /// Accepts tokens for the resource within one organization.
    #[must_use]
    pub fn in_organization(self, id: impl Into<String>) -> Self {
        self.with(Membership::One(id.into()))
    }

    /// Accepts tokens for the resource within any organization: see [`AuthInfo::organization_id`](super::AuthInfo::organization_id).
    #[must_use]
    pub fn resource_in_any_organization(self) -> Self {
        self.with(Membership::Any)
    }

    /// Accepts tokens for the resource, within an organization or not: the handler must check
    /// [`AuthInfo::organization_id`](super::AuthInfo::organization_id) before it shows anything.
    #[must_use]
    pub fn with_or_without_organization(self) -> Self {
        self.with(Membership::Optional)
    }

    fn with(self, membership: Membership) -> Self {
        Self(match self.0 {
            Kind::Resource { identifier, .. } => Kind::Resource { identifier, organization: membership },
            // An organization token is in its organization already; which one is not widened here.
            organization @ Kind::Organization(Some(_)) => organization,
            Kind::Organization(None) => Kind::Organization(match membership {
                Membership::One(id) => Some(id),
                _ => None,
            }),
        })
    }

    /// The API resource, if it is one.
    pub(super) fn identifier(&self) -> Option<&str> {
        match &self.0 {
            Kind::Resource { identifier, .. } => Some(identifier),
            Kind::Organization(_) => None,
        }
    }

    /// The organization that a token with these claims is for, if it is taken.
    pub(super) fn admit(&self, aud: &Audience, claimed: Option<&str>) -> Result<Option<String>, Mismatch> {
        let mut named = aud.iter().filter_map(|one| one.strip_prefix(ORGANIZATION_URN_PREFIX));
        match &self.0 {
            Kind::Resource { identifier, organization } => {
                // One that `aud` names beside the resource is no other than the one that is claimed.
                if !aud.contains(identifier) || named.any(|id| Some(id) != claimed) {
                    return Err(Mismatch::Audience);
                }
                let right = match organization {
                    Membership::None => claimed.is_none(),
                    Membership::One(id) => claimed == Some(id),
                    Membership::Any => claimed.is_some(),
                    Membership::Optional => true,
                };
                if right { Ok(claimed.map(str::to_owned)) } else { Err(Mismatch::Organization) }
            }
            Kind::Organization(expected) => {
                let is_right = |id: &str| {
                    !id.is_empty() && [expected.as_deref(), claimed].into_iter().flatten().all(|wanted| wanted == id)
                };
                match (named.next(), named.next()) {
                    (Some(id), None) if is_right(id) => Ok(Some(id.to_owned())),
                    // None, another, or several, of which nobody could say in whose name the request is made.
                    _ => Err(Mismatch::Audience),
                }
            }
        }
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if let Some(identifier) = self.identifier() {
            problems.resource("audience", identifier);
        }
        let id = match &self.0 {
            Kind::Resource { organization: Membership::One(id), .. } | Kind::Organization(Some(id)) => id.as_str(),
            _ => return,
        };
        problems.unless("audience", !id.trim().is_empty(), || {
            "audience names an organization with an empty id (copy it from Logto Console › Organizations)".into()
        });
    }
}

impl std::fmt::Display for ApiAudience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Kind::Resource { identifier, .. } => f.write_str(identifier),
            Kind::Organization(Some(id)) => write!(f, "{ORGANIZATION_URN_PREFIX}{id}"),
            Kind::Organization(None) => write!(f, "{ORGANIZATION_URN_PREFIX}*"),
        }
    }
}

#[cfg(test)]
mod tests;
