//! The other side: an API that takes access tokens.

use std::pin::Pin;

use actix_web::{
    Error as ActixError, FromRequest, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform},
    http::header::AUTHORIZATION,
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};

use super::response::{answered, is_same, replaced};
use crate::{
    api::{ApiAuth, ApiPolicy, ResourceServer},
    error::Error,
    response::AuthResponse,
};

/// The middleware that gives each request the API to which [`ApiAuth`] is to be good, for an app or a scope. The innermost one counts.
#[must_use]
pub fn api<S, B>(
    api: ResourceServer,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse, Error = ActixError, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |request, next| with_api(api.clone(), request, next))
}

/// What [`ApiAuth`] failed with, but for a request without credentials.
struct Refusal(Error);

async fn with_api<B: MessageBody + 'static>(
    api: ResourceServer,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, ActixError> {
    request.extensions_mut().insert(api);
    let response = next.call(request).await?;
    let refused = response.request().extensions_mut().remove::<Refusal>();
    let answered = answered(response.response());
    match refused {
        // A handler with an `Option` knows nothing of it.
        Some(Refusal(error)) if !is_same(&error, answered.as_ref()) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            Ok(ServiceResponse::new(request, replaced(&response, AuthResponse::from(&error))))
        }
        _ => Ok(response.map_into_boxed_body()),
    }
}

/// For a middleware further in that has answered with this error.
pub(super) fn forget_refusal(request: &HttpRequest, answered: &Error) {
    let mut extensions = request.extensions_mut();
    if extensions.get::<Refusal>().is_some_and(|Refusal(error)| is_same(error, Some(answered))) {
        extensions.remove::<Refusal>();
    }
}

/// The route of the API's metadata (RFC 9728): see [`ResourceServer::protected_resource_metadata`]. Its path begins at the host's root, so
/// configure the app with it and no scope. No route, if the API has no metadata. actix-web decodes paths before it compares them, so a
/// resource with `%` in its path needs a route of your own.
pub fn api_metadata(api: &ResourceServer) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
    let api = api.clone();
    move |config| {
        if let Some(path) = api.protected_resource_metadata_path() {
            let resource = web::resource(path);
            config.service(resource.to(move || std::future::ready(api.protected_resource_metadata())));
        }
    }
}

impl<R: ApiPolicy + 'static> FromRequest for ApiAuth<R> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let api = request.extensions().get().cloned().ok_or_else(api_missing)?;
            let authorization = || request.headers().get_all(AUTHORIZATION);
            let remember = |error: &Error| _ = request.extensions_mut().insert(Refusal(error.clone()));
            match Self::authorize_optional(&api, authorization()).await.inspect_err(remember)? {
                Some(auth) => Ok(auth),
                // There are no credentials. This says so, and an `Option` may forget it.
                None => Self::authorize(&api, authorization()).await,
            }
        })
    }
}

fn api_missing() -> Error {
    let error = Error::integration_missing(".wrap(logto::actix_web::api(api.clone()))");
    // An `Option` would hide it.
    tracing::error!(target: "logto", code = error.code().as_str(), hint = error.hint(), "{error}");
    error.logged()
}
