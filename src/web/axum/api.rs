//! The other side: an API that takes access tokens.

use axum::{
    Router,
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{
        HeaderValue,
        header::{AUTHORIZATION, GetAll},
        request::Parts,
    },
    routing::get,
};

use crate::{
    api::{ApiAuth, ApiPolicy, ResourceServer},
    error::Error,
};

/// The route of the API's metadata (RFC 9728): see [`ResourceServer::protected_resource_metadata`]. Merge it into the outermost router,
/// for its path begins at the host's root. No route, if the API has no metadata.
///
/// # Panics
/// If a segment of the resource's path begins with `:` or `*`: axum has no such routes.
pub fn api_metadata<S: Clone + Send + Sync + 'static>(api: &ResourceServer) -> Router<S> {
    match (api.protected_resource_metadata_path(), api.protected_resource_metadata()) {
        (Some(path), Some(document)) => Router::new().route(path, get(document)),
        _ => Router::new(),
    }
}

impl<S: Send + Sync, R: ApiPolicy> FromRequestParts<S> for ApiAuth<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let (api, authorization) = api_and_authorization(parts)?;
        Self::authorize(api, authorization).await
    }
}

impl<S: Send + Sync, R: ApiPolicy> OptionalFromRequestParts<S> for ApiAuth<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Error> {
        let (api, authorization) = api_and_authorization(parts)?;
        Self::authorize_optional(api, authorization).await
    }
}

fn api_and_authorization(parts: &Parts) -> Result<(&ResourceServer, GetAll<'_, HeaderValue>), Error> {
    let api = parts.extensions.get().ok_or_else(|| Error::integration_missing(".layer(Extension(api))"))?;
    Ok((api, parts.headers.get_all(AUTHORIZATION)))
}
