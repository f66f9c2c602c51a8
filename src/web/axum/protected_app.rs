//! A user whom Logto's edge has signed in.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};

use crate::{
    error::Error,
    protected_app::{ProtectedApp, ProtectedUser},
};

/// Of the [`ProtectedApp`] of the nearest [`Extension`](axum::Extension).
impl<S: Send + Sync> FromRequestParts<S> for ProtectedUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let app: Option<&ProtectedApp> = parts.extensions.get();
        let app = app.ok_or_else(|| Error::integration_missing(".layer(Extension(protected_app))"))?;
        app.verify(parts.headers.get_all(ProtectedApp::ID_TOKEN_HEADER)).await
    }
}

/// `None` without the header. A token that is not good is refused.
impl<S: Send + Sync> OptionalFromRequestParts<S> for ProtectedUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Error> {
        Self::optional(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await)
    }
}
