//! How a request says who sends it.

use utoipa::{
    Modify,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

use crate::client::LogtoClient;

/// Adds security schemes to a document, for the attribute `security` of its paths.
///
/// | Method | Name of the scheme | For routes that take |
/// |---|---|---|
/// | [`bearer_token`](Self::bearer_token) | `logto_bearer_token` | [`ApiAuth`](crate::api::ApiAuth) |
/// | [`session_cookie`](Self::session_cookie) | `logto_session` | [`SignedIn`](crate::SignedIn) and the other guards of a session |
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct SecuritySchemes {
    bearer_token: bool,
    session_cookie: Option<String>,
}

impl SecuritySchemes {
    /// Creates a list without a scheme.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the scheme of the access token in the `Authorization` header.
    pub fn bearer_token(self) -> Self {
        Self { bearer_token: true, ..self }
    }

    /// Adds the scheme of the session's cookie.
    pub fn session_cookie(self, logto: &LogtoClient) -> Self {
        Self { session_cookie: Some(logto.config().cookies.own.session_name().to_owned()), ..self }
    }
}

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        if self.bearer_token {
            let mut bearer = Http::new(HttpAuthScheme::Bearer);
            bearer.bearer_format = Some("JWT".to_owned());
            bearer.description = Some("An access token that Logto issued for this API.".to_owned());
            components.add_security_scheme("logto_bearer_token", SecurityScheme::Http(bearer));
        }
        if let Some(name) = &self.session_cookie {
            let description =
                "The session of a user who has signed in. A large one is in further cookies, `<name>.1` and so on.";
            let cookie = ApiKeyValue::with_description(name.as_str(), description);
            components.add_security_scheme("logto_session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        }
    }
}
