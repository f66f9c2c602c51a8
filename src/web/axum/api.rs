//! The other side: an API that takes access tokens.

use std::task::{Context, Poll};

use axum::{
    BoxError, Router,
    body::{Body, Bytes, HttpBody},
    extract::{FromRequestParts, OptionalFromRequestParts, OriginalUri, Request},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
    routing::any,
};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    api::{ApiAuth, ApiPolicy, ApiRequest, ResourceServer},
    error::Error,
    types::BoxFuture,
};

/// Returns the layer that sets the API for which [`ApiAuth`] validates tokens, and that handles requests for the API's
/// [metadata](ResourceServer::protected_resource_metadata).
///
/// The metadata is at the host's root, so the layer answers them around the outermost [`Router`] alone: after its routes, and after whatever is
/// merged into it. A router that is nested or merged into another has an API of its own by this layer, or by an
/// [`Extension`](axum::Extension) of the [`ResourceServer`]; then [`api_metadata`] belongs into the outermost.
#[must_use]
pub fn api(api: ResourceServer) -> ApiLayer {
    ApiLayer { api }
}

/// See [`api`].
#[derive(Debug, Clone)]
pub struct ApiLayer {
    api: ResourceServer,
}

impl<S> Layer<S> for ApiLayer {
    type Service = ApiService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ApiService { api: self.api.clone(), inner }
    }
}

/// See [`api`].
#[derive(Debug, Clone)]
pub struct ApiService<S> {
    api: ResourceServer,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ApiService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    ResBody: HttpBody<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        if let Some(document) = self.api.protected_resource_metadata(&api_request(&parts)) {
            return Box::pin(async { Ok(document.into_response()) });
        }
        parts.extensions.insert(self.api.clone());
        let inner = self.inner.call(Request::from_parts(parts, body));
        Box::pin(async { Ok(inner.await?.map(Body::new)) })
    }
}

/// Returns the routes of the API's metadata (RFC 9728): see [`ResourceServer::protected_resource_metadata`]. Merge them into the outermost router,
/// for their paths begin at the host's root. No route, if the API has no metadata. Several APIs whose resources have one path on several hosts are
/// [`one_of`](ResourceServer::one_of) here: a router has one route of a path.
///
/// # Panics
/// If a segment of a resource's path begins with `:` or `*`: axum has no such routes.
pub fn api_metadata<S: Clone + Send + Sync + 'static>(api: &ResourceServer) -> Router<S> {
    api.protected_resource_metadata_paths().fold(Router::new(), |router, path| {
        let api = api.clone();
        let document = move |request: Request| async move {
            let (parts, _) = request.into_parts();
            api.protected_resource_metadata(&api_request(&parts))
                .map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
        };
        router.route(path, any(document))
    })
}

impl<S: Send + Sync, R: ApiPolicy> FromRequestParts<S> for ApiAuth<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::authorize(&api_of(parts)?, parts.headers.get_all(AUTHORIZATION)).await
    }
}

impl<S: Send + Sync, R: ApiPolicy> OptionalFromRequestParts<S> for ApiAuth<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Error> {
        Self::authorize_optional(&api_of(parts)?, parts.headers.get_all(AUTHORIZATION)).await
    }
}

fn api_of(parts: &Parts) -> Result<ResourceServer, Error> {
    let api: Option<&ResourceServer> = parts.extensions.get();
    let api = api.ok_or_else(|| Error::integration_missing(".layer(logto::axum::api(api))"))?;
    Ok(api.addressed(&api_request(parts)))
}

/// The request as the client sent it, also below a nested router.
fn api_request(parts: &Parts) -> ApiRequest<'_> {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    ApiRequest::from_parts(parts, uri)
}
