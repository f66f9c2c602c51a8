//! The other side: an API that takes access tokens.

use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{
    Request, Response,
    header::{AUTHORIZATION, CONTENT_TYPE},
    request::Parts,
};
use http_body_util::Either;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    api::{ApiAuth, ApiRequest, ResourceServer, TokenRequirements},
    error::Error,
    response::AuthResponse,
    types::BoxFuture,
};

/// Returns the layer that passes requests with a valid access token on, with their [`ApiAuth`] in the extensions, and rejects all others.
///
/// It answers requests for the API's [metadata](ResourceServer::protected_resource_metadata), where it sees them: around the whole service of a host.
/// A browser's preflight request to other addresses has no token: a `CorsLayer` belongs around this layer.
#[must_use]
pub fn api(api: ResourceServer) -> ApiLayer {
    ApiLayer { guard: Arc::new(Guard { api, requirements: TokenRequirements::new(), is_optional: false }) }
}

/// See [`api`].
#[derive(Debug, Clone)]
pub struct ApiLayer {
    guard: Arc<Guard>,
}

#[derive(Debug, Clone)]
struct Guard {
    api: ResourceServer,
    requirements: TokenRequirements,
    is_optional: bool,
}

impl ApiLayer {
    /// Sets the requirements for a token. Default: any valid token.
    #[must_use]
    pub fn require(mut self, requirements: TokenRequirements) -> Self {
        Arc::make_mut(&mut self.guard).requirements = requirements;
        self
    }

    /// Accepts requests without credentials, too; they have no [`ApiAuth`]. Invalid credentials are rejected.
    #[must_use]
    pub fn optional(mut self) -> Self {
        Arc::make_mut(&mut self.guard).is_optional = true;
        self
    }
}

impl<S> Layer<S> for ApiLayer {
    type Service = ApiService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ApiService { guard: Arc::clone(&self.guard), inner }
    }
}

/// See [`api`].
#[derive(Debug, Clone)]
pub struct ApiService<S> {
    guard: Arc<Guard>,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ApiService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Send + 'static,
{
    type Response = Response<Either<String, ResBody>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // The clone may not be ready; the one that was polled is.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let api = {
                let asked = asked(&parts);
                if let Some(document) = guard.api.protected_resource_metadata(&asked) {
                    return Ok(Response::<String>::from(document).map(Either::Left));
                }
                guard.api.addressed(&asked)
            };
            match guard.authorize(&api, &parts).await {
                Ok(auth) => {
                    // A token that an outer layer took is for another API.
                    parts.extensions.remove::<ApiAuth>();
                    // The API beside the token: so the extractors of axum work in there.
                    parts.extensions.insert(guard.api.clone());
                    auth.map(|auth| parts.extensions.insert(auth));
                    inner.call(Request::from_parts(parts, body)).await.map(|response| response.map(Either::Right))
                }
                Err(error) => Ok(Response::<String>::from(refusal(&parts, &error)).map(Either::Left)),
            }
        })
    }
}

impl Guard {
    async fn authorize(&self, api: &ResourceServer, parts: &Parts) -> Result<Option<ApiAuth>, Error> {
        let authorization = parts.headers.get_all(AUTHORIZATION);
        let auth = if self.is_optional {
            api.authorize_optional(authorization, &self.requirements).await?
        } else {
            Some(api.authorize(authorization, &self.requirements).await?)
        };
        Ok(auth.map(ApiAuth::from))
    }
}

/// The request as the client sent it, also below a nested router of axum.
fn asked(parts: &Parts) -> ApiRequest<'_> {
    #[cfg(feature = "axum")]
    if let Some(original) = parts.extensions.get::<axum::extract::OriginalUri>() {
        return ApiRequest::from_parts(parts, &original.0);
    }
    ApiRequest::from_parts(parts, &parts.uri)
}

/// A client of gRPC reads a status of HTTP as the fault of something on the way.
fn refusal(parts: &Parts, error: &Error) -> AuthResponse {
    let media_type = parts.headers.get(CONTENT_TYPE).map_or(&[][..], |value| value.as_bytes());
    if media_type.starts_with(b"application/grpc") { AuthResponse::grpc(error) } else { AuthResponse::from(error) }
}
