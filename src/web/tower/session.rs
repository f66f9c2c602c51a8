//! The session of each request.

use std::task::{Context, Poll};

use http::{Request, Response};
use http_body_util::Either;
use tower_layer::Layer;
use tower_service::Service;

use crate::{client::CurrentClient, routes::AuthRequest, types::BoxFuture};

/// Returns the layer that gives each request its session and appends the session's cookies to the response.
///
/// The body of a response is either a page of ours, as text, or that of the service.
#[must_use]
pub fn layer(logto: impl Into<CurrentClient>) -> SessionLayer {
    SessionLayer { logto: logto.into() }
}

/// See [`layer`].
#[derive(Debug, Clone)]
pub struct SessionLayer {
    logto: CurrentClient,
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService { logto: self.logto.clone(), inner }
    }
}

/// See [`layer`].
#[derive(Debug, Clone)]
pub struct SessionService<S> {
    logto: CurrentClient,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SessionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    ResBody: Send + 'static,
{
    type Response = Response<Either<String, ResBody>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let auth = AuthRequest::from_parts(&parts, &parts.uri);
        let session = auth.enter(self.logto.get().as_ref());
        parts.extensions.insert(session.clone());
        let inner = self.inner.call(Request::from_parts(parts, body));
        Box::pin(async move {
            let outcome = inner.await.map(|response| response.map(Either::Right));
            session.finish_response(&auth, outcome, Either::Left).await
        })
    }
}
