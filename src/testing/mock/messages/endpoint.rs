//! Which part of the server a request is for.

/// A part of the server: requests are counted and faults are set for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/oidc/.well-known/openid-configuration` and `/oidc/.well-known/oauth-authorization-server`.
    Discovery,
    /// `/oidc/jwks`.
    Jwks,
    /// `/oidc/auth`, where the browser begins and comes back to after each page.
    Authorization,
    /// `/oidc/token`.
    Token,
    /// `/oidc/request` (RFC 9126).
    PushedAuthorization,
    /// `/oidc/device/auth` (RFC 8628).
    DeviceAuthorization,
    /// `/oidc/me`.
    UserInfo,
    /// `/oidc/token/introspection`.
    Introspection,
    /// `/oidc/token/revocation`.
    Revocation,
    /// `/oidc/session/end`, and the confirmation that its page posts.
    EndSession,
    /// The pages: sign-in, registration, Kakao, consent, and those of the device flow.
    Pages,
    /// `/api/my-account`, and what is below; `/api/.well-known/account-center`.
    Account,
    /// `/api/verifications`, by which users show that it is they.
    Verification,
    /// `/api` and what is below, but for the two before: the Management API, with its webhooks.
    Management,
    /// Anything else.
    Other,
}

impl Endpoint {
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/oidc/.well-known/openid-configuration" | "/oidc/.well-known/oauth-authorization-server" => {
                Self::Discovery
            }
            "/oidc/jwks" => Self::Jwks,
            "/oidc/token" => Self::Token,
            "/oidc/request" => Self::PushedAuthorization,
            "/oidc/device/auth" => Self::DeviceAuthorization,
            "/oidc/me" => Self::UserInfo,
            "/oidc/token/introspection" => Self::Introspection,
            "/oidc/token/revocation" => Self::Revocation,
            "/oidc/auth" => Self::Authorization,
            "/sign-in"
            | "/identifier-sign-in"
            | "/register"
            | "/identifier-register"
            | "/reset-password"
            | "/single-sign-on"
            | "/consent"
            | "/device"
            | "/device/success"
            | "/oidc/device" => Self::Pages,
            _ if path.starts_with("/oidc/auth/") => Self::Authorization,
            _ if path.starts_with("/oidc/session/end") => Self::EndSession,
            _ if path.starts_with("/direct/") || path.starts_with("/oidc/device/") => Self::Pages,
            "/api/.well-known/account-center" => Self::Account,
            _ if path.starts_with("/api/my-account") => Self::Account,
            _ if path.starts_with("/api/verifications/") => Self::Verification,
            _ if path.starts_with("/api/") => Self::Management,
            _ => Self::Other,
        }
    }
}
