//! The scopes that Logto defines. An application's own scopes belong to its API resources and organizations.

/// Always needed: makes it a sign-in (OpenID Connect Core 3.1.2.1).
pub const OPENID: &str = "openid";
/// Gives a refresh token, provided that `prompt` holds `consent`.
pub const OFFLINE_ACCESS: &str = "offline_access";
/// Name, username, picture and similar claims.
pub const PROFILE: &str = "profile";
/// Email address.
pub const EMAIL: &str = "email";
/// Phone number.
pub const PHONE: &str = "phone";
/// Postal address.
pub const ADDRESS: &str = "address";
/// Custom data, at the userinfo endpoint.
pub const CUSTOM_DATA: &str = "custom_data";
/// Linked social and enterprise identities, at the userinfo endpoint.
pub const IDENTITIES: &str = "identities";
/// Global roles.
pub const ROLES: &str = "roles";
/// The user's organizations, and organization tokens.
pub const ORGANIZATIONS: &str = "urn:logto:scope:organizations";
/// The user's roles in each organization. Needs [`ORGANIZATIONS`].
pub const ORGANIZATION_ROLES: &str = "urn:logto:scope:organization_roles";
/// The user's own sessions, for the Account API.
pub const SESSIONS: &str = "urn:logto:scope:sessions";
