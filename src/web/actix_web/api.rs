//! The other side: an API that takes access tokens.

use std::pin::Pin;

use actix_web::{
    Error as ActixError, FromRequest, HttpMessage, HttpRequest, Responder,
    body::MessageBody,
    dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform},
    http::header::{AUTHORIZATION, HOST},
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};

use super::response::{answered, is_same, replaced};
use crate::{
    api::{ApiAuth, ApiPolicy, ApiRequest, ResourceServer},
    error::Error,
    response::AuthResponse,
};

/// Returns the middleware that sets the API for which [`ApiAuth`] validates tokens, for an app or a scope. The innermost one applies.
///
/// Around an app it answers requests for the API's [metadata](ResourceServer::protected_resource_metadata), too. Those are at the host's root, so a
/// scope does not see them: then [`api_metadata`] belongs into the app's configuration.
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
    if let Some(document) = api.protected_resource_metadata(&api_request(request.request())) {
        let response = document.respond_to(request.request());
        return Ok(request.into_response(response));
    }
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

/// Returns the routes of the API's metadata (RFC 9728): see [`ResourceServer::protected_resource_metadata`]. Their paths begin at the host's root, so
/// configure the app with them and no scope. No route, if the API has no metadata. actix-web decodes paths before it compares them: a resource with
/// `%` in its path takes [`api`](fn@api) around the app.
pub fn api_metadata(api: &ResourceServer) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
    let api = api.clone();
    move |config| {
        for path in api.protected_resource_metadata_paths() {
            let api = api.clone();
            let document =
                move |request: HttpRequest| std::future::ready(api.protected_resource_metadata(&api_request(&request)));
            config.service(web::resource(path).to(document));
        }
    }
}

impl<R: ApiPolicy + 'static> FromRequest for ApiAuth<R> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let api: Option<ResourceServer> = request.extensions().get().cloned();
            let api = api.ok_or_else(api_missing)?.addressed(&api_request(&request));
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

/// The request as the client sent it, also in a scope.
fn api_request(request: &HttpRequest) -> ApiRequest<'_> {
    let uri = request.uri();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let authority = uri.authority().map(actix_web::http::uri::Authority::as_str);
    let host = authority.or_else(|| request.headers().get(HOST).and_then(|host| host.to_str().ok()));
    ApiRequest::new(request.method().as_str(), target).host(host)
}

fn api_missing() -> Error {
    let error = Error::integration_missing(".wrap(logto::actix_web::api(api.clone()))");
    // An `Option` would hide it.
    tracing::error!(target: "logto", code = error.code().as_str(), hint = error.hint(), "{error}");
    error.logged()
}
