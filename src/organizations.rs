//! What Logto calls an organization in tokens and requests.

/// The resource indicator that lets a refresh token ask for organization tokens.
pub const ORGANIZATIONS_RESOURCE: &str = "urn:logto:resource:organizations";

/// What begins the audience of an organization token: `urn:logto:organization:<id>`.
pub const ORGANIZATION_URN_PREFIX: &str = "urn:logto:organization:";
