//! What a request is for: a name that is safe to print, and one of few.

/// An endpoint that the crate asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Logto's Account API.
    #[cfg_attr(not(feature = "account"), allow(dead_code))]
    Account,
    /// An application's API, which is not Logto.
    Api,
    Authorization,
    #[cfg_attr(not(feature = "cli"), allow(dead_code))]
    DeviceAuthorization,
    Discovery,
    EndSession,
    Introspection,
    KeySet,
    PushedAuthorization,
    Revocation,
    Token,
    UserInfo,
}

impl Endpoint {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Api => "api",
            Self::Authorization => "authorization",
            Self::DeviceAuthorization => "device_authorization",
            Self::Discovery => "discovery",
            Self::EndSession => "end_session",
            Self::Introspection => "introspection",
            Self::KeySet => "jwks",
            Self::PushedAuthorization => "pushed_authorization",
            Self::Revocation => "revocation",
            Self::Token => "token",
            Self::UserInfo => "userinfo",
        }
    }
}
