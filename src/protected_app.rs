//! Protected App: Logto's edge in front of an application signs users in, and sends the user's ID token in a header.
//!
//! The edge forwards each request with the user's ID token in `Logto-ID-Token`. A client that reaches the application directly can send such a
//! header, too, so it must be verified. [`ProtectedApp`] does that; it keeps no session and sets no cookie.
//!
//! ```
//! # async fn example(header: Option<&str>) -> Result<(), logto::Error> {
//! use logto::protected_app::ProtectedApp;
//!
//! let app = ProtectedApp::builder().endpoint("https://my-tenant.logto.app").app_id("id-of-the-protected-app").build()?;
//! match app.verify(header).await {
//!     Ok(user) => println!("{}", user.sub()),
//!     Err(error) => println!("{} {error}", error.http_status()),
//! }
//! # Ok(()) }
//! ```
//!
//! With the features `axum`, `actix-web` and `rocket` a [`ProtectedUser`] is an extractor.

mod builder;
mod user;

use std::{fmt, sync::Arc, time::Duration};

use tracing::Level;

pub use self::{builder::ProtectedAppBuilder, user::ProtectedUser};
use crate::{
    clock::Clock,
    error::{Code, Error, Result},
    oidc::{
        algorithms::Algorithms,
        id_token::{self, Expected},
        provider::Provider,
    },
    telemetry::in_operation,
};

/// Bytes of a token that are looked at. Custom claims make them long; headers of all together are hardly allowed as much.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// An application behind Logto's Protected App. It is cheap to clone: create one and share it.
///
/// It needs no [`LogtoConfig`](crate::LogtoConfig): the edge signs users in.
#[derive(Clone)]
pub struct ProtectedApp(Arc<Inner>);

struct Inner {
    provider: Arc<Provider>,
    app_id: String,
    algorithms: Algorithms,
    leeway: Duration,
    clock: Arc<dyn Clock>,
}

impl ProtectedApp {
    /// The header that the edge has the ID token in.
    pub const ID_TOKEN_HEADER: &'static str = "logto-id-token";

    /// Starts the configuration.
    pub fn builder() -> ProtectedAppBuilder {
        ProtectedAppBuilder::default()
    }

    /// Fetches discovery and the key set ahead of the first request, for a health check or a warm start.
    ///
    /// # Errors
    /// What keeps the first request from being served: `network.…`, `discovery.…` or `jwks.failed`.
    pub async fn warm_up(&self) -> Result<()> {
        self.0.provider.warm_up().await
    }

    /// Verifies the token and returns the user. `headers` are all values of the request's header [`ID_TOKEN_HEADER`](Self::ID_TOKEN_HEADER), of which
    /// there is to be one: an `Option<&str>`, or what a framework gives.
    ///
    /// The token is an ID token of this server for this app: signature, issuer, audience, expiry (OpenID Connect Core 3.1.3.7). There is no nonce to
    /// compare: the sign-in was the edge's.
    ///
    /// # Errors
    /// `protected_app.token_missing`, and for a token that is not good `protected_app.token_repeated`, `….invalid_token`, `….invalid_signature`,
    /// `….invalid_iss`, `….invalid_aud`, `….expired`, `….not_yet_valid`: 401. If Logto's keys are not available: `network.…`, `discovery.…` or
    /// `jwks.failed`.
    pub async fn verify<V: AsRef<[u8]>>(&self, headers: impl IntoIterator<Item = V>) -> Result<ProtectedUser> {
        let mut headers = headers.into_iter();
        let Some(header) = headers.next() else {
            let message = format!("the request has no header `{}`", Self::ID_TOKEN_HEADER);
            return Err(Error::new(Code::ProtectedMissing, message));
        };
        if headers.next().is_some() {
            let message = format!("the request has several headers `{}`", Self::ID_TOKEN_HEADER);
            return Err(Error::new(Code::ProtectedRepeated, message));
        }
        in_operation!(Level::DEBUG, "verify_protected_user", self.verify_token(header.as_ref()).await)
    }

    async fn verify_token(&self, header: &[u8]) -> Result<ProtectedUser> {
        let Inner { provider, app_id, algorithms, leeway, clock } = &*self.0;
        let token =
            std::str::from_utf8(header).map(str::trim_ascii).ok().filter(|token| token.len() <= MAX_TOKEN_BYTES);
        let token = token.ok_or_else(|| {
            Error::new(Code::ProtectedMalformed, "the ID token of the header is no text, or over 16 KiB")
        })?;
        let metadata = provider.metadata().await?;
        let issuers = provider.issuers(&metadata);
        let expected = Expected {
            client_id: app_id,
            algorithms: *algorithms,
            issuers: &issuers,
            trusted_audiences: &[],
            nonce: None,
            access_token: None,
            max_age: None,
            acr_values: None,
            refreshed: None,
            leeway: *leeway,
        };
        // Anybody may send one, so a key that is not known is asked for within bounds.
        let verified = id_token::verify(token, &provider.keys(&metadata), &expected, clock.now()).await;
        verified.map(ProtectedUser::new).map_err(of_the_header)
    }
}

/// The error of a token that came with a request, and not from Logto.
fn of_the_header(error: Error) -> Error {
    let code = match error.code_of() {
        Code::IdTokenMalformed | Code::IdTokenAlg | Code::IdTokenSub | Code::IdTokenSid => Code::ProtectedMalformed,
        Code::IdTokenKey | Code::IdTokenSignature => Code::ProtectedSignature,
        Code::IdTokenIss => Code::ProtectedIss,
        Code::IdTokenAud | Code::IdTokenAzp => Code::ProtectedAud,
        Code::IdTokenExpired => Code::ProtectedExpired,
        Code::IdTokenNotYet | Code::IdTokenIat => Code::ProtectedNotYet,
        // What a token says wrongly of a login. In the other cases the keys were not available.
        Code::IdTokenNonce | Code::IdTokenAtHash | Code::IdTokenAuthTime | Code::IdTokenAcr => Code::ProtectedMalformed,
        _ => return error,
    };
    Error::new(code, format!("the header `{}` is refused", ProtectedApp::ID_TOKEN_HEADER)).caused_by(error)
}

impl fmt::Debug for ProtectedApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedApp")
            .field("endpoint", &self.0.provider.addresses().endpoint.as_str())
            .field("app_id", &self.0.app_id)
            .finish_non_exhaustive()
    }
}
