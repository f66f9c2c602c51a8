//! The guard of a recent authentication as an extractor.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};

use crate::{
    client::RequestSession,
    error::Error,
    step_up::{RecentlyAuthenticated, StepUpPolicy},
};

/// The layer answers the rejection: a browser is redirected to sign-in again, an API client gets 401.
impl<R: StepUpPolicy, S: Send + Sync> FromRequestParts<S> for RecentlyAuthenticated<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let session = RequestSession::from_request_parts(parts, state).await?;
        Self::extract(&session).await
    }
}

impl<R: StepUpPolicy, S: Send + Sync> OptionalFromRequestParts<S> for RecentlyAuthenticated<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Error> {
        let session = RequestSession::from_request_parts(parts, state).await?;
        Self::extract_optional(&session).await
    }
}
