//! actix-web 4: the routes, the middleware and the extractors.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use logto::{LogtoClient, LogtoContext, SignedIn};
//!
//! async fn home(context: LogtoContext) -> String {
//!     match context.claims() {
//!         Some(claims) => format!("hello, {}", claims.sub),
//!         None => "please sign in".into(),
//!     }
//! }
//!
//! // A browser without a session goes to sign in and comes back here; `fetch` gets 401.
//! async fn me(user: SignedIn) -> String {
//!     user.sub().to_owned()
//! }
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let logto = LogtoClient::from_env()?;
//!     let app = move || {
//!         App::new()
//!             .route("/", web::get().to(home))
//!             .route("/me", web::get().to(me))
//!             .configure(logto::actix_web::routes(&logto))
//!             .wrap(logto::actix_web::middleware(logto.clone()))
//!     };
//!     Ok(HttpServer::new(app).bind(("127.0.0.1", 3000))?.run().await?)
//! }
//! ```
//!
//! # Who may come
//!
//! | The handler takes | Nobody is signed in | The session cannot be read |
//! |---|---|---|
//! | [`SignedIn`] | is not asked: a browser goes to sign in and comes back, a program gets 401 | is not asked: 503 |
//! | `Option<SignedIn>` | `None` | `None`, and 503 in place of what it answers |
//! | `Result<SignedIn, logto::Error>` | `Err`; [`requires_sign_in`](crate::Error::requires_sign_in) is true | `Err`, and 503 in place of what it answers |
//!
//! actix-web makes `None` of every extractor that fails. A session store that is away would look like a user who is not signed in, so the
//! middleware answers such a request with the failure, whatever the handler said. The handler has run by then: if it must not, or is to
//! treat failures itself, let it ask [`RequestSession::user`]. Returned from the handler, the error of the last row is answered as in
//! the first. [`RecentlyAuthenticated`](crate::step_up::RecentlyAuthenticated) is taken in the same three forms.
//!
//! # An API
//!
//! [`ApiAuth`](crate::api::ApiAuth) is an extractor, for the [`ResourceServer`](crate::api::ResourceServer) of the nearest [`api`]:
//!
//! ```
//! use actix_web::{App, HttpServer, web};
//! use logto::api::{ApiAuth, ResourceServer};
//!
//! async fn books(auth: ApiAuth) -> Result<String, logto::Error> {
//!     auth.require_scopes(["read:books"])?; // or by type: see `ApiAuth`
//!     Ok(format!("the books of {}", auth.sub()))
//! }
//!
//! async fn serve(api: ResourceServer) -> std::io::Result<()> {
//!     let app = move || {
//!         App::new()
//!             .route("/books", web::get().to(books))
//!             .configure(logto::actix_web::api_metadata(&api))
//!             .wrap(logto::actix_web::api(api.clone()))
//!     };
//!     HttpServer::new(app).bind(("127.0.0.1", 3000))?.run().await
//! }
//! ```
//!
//! `Option<ApiAuth>` is `None` for those who send no credentials. A bad token is refused, as above after the handler has run; one that must
//! not run takes `Result<ApiAuth, logto::Error>` and [`ApiAuth::optional`](crate::api::ApiAuth::optional).

mod api;
mod recent_auth;
mod response;

use std::{future, pin::Pin};

use actix_web::{
    Error as ActixError, FromRequest, HttpMessage, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform},
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};

pub use self::api::{api, api_metadata};
use self::response::http_response;
use crate::{
    client::{LogtoClient, LogtoContext, RequestSession, SessionHeaders, SignedIn},
    error::Error,
    response::AuthResponse,
    routes::AuthRequest,
    types::ContextOptions,
};

/// The authentication routes: sign-in, sign-up, callback, sign-out, user, back-channel logout; login initiation, if it is on. See
/// [`LogtoClient::handle_auth_routes`].
pub fn routes(logto: &LogtoClient) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
    let logto = logto.clone();
    move |config| {
        let resource = web::resource(logto.config().routes().paths());
        config.service(resource.to(move |request, body| handle_auth_route(logto.clone(), request, body)));
    }
}

async fn handle_auth_route(logto: LogtoClient, request: HttpRequest, body: web::Payload) -> Option<AuthResponse> {
    let read = async { body.to_bytes_limited(AuthRequest::MAX_BODY_BYTES).await.map_err(drop)?.map_err(drop) };
    logto.handle_auth_routes(&auth_request(&request).read_body(&logto, read).await).await
}

/// The middleware that gives each request its session and appends the session's cookies to the response.
#[must_use]
pub fn middleware<S, B>(
    logto: LogtoClient,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse, Error = ActixError, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |request, next| with_session(logto.clone(), request, next))
}

async fn with_session<B: MessageBody + 'static>(
    logto: LogtoClient,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, ActixError> {
    let auth = auth_request(request.request());
    let outer = request.extensions_mut().remove::<RequestSession>();
    let session = auth.enter(&logto);
    request.extensions_mut().insert(session.clone());
    let result = next.call(request).await;
    if let (Ok(response), Some(outer)) = (&result, outer) {
        response.request().extensions_mut().insert(outer);
    }
    let (failure, headers) = match session.commit().await {
        Ok(headers) => (failure(&result), headers),
        Err(error) => (Some(error), SessionHeaders::default()),
    };
    let replacement = failure.map(|error| logto.error_response(&auth, &error));
    match result {
        Ok(response) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            Ok(ServiceResponse::new(request, finish(response, replacement, &headers)))
        }
        // Another middleware failed. Its error becomes a response further out.
        Err(mut error) => {
            error.add_response_mapper(move |response| finish(response, replacement.clone(), &headers));
            Err(error)
        }
    }
}

/// What the handler, an extractor or another middleware failed with, if it is an error of ours.
fn failure<B>(result: &Result<ServiceResponse<B>, ActixError>) -> Option<Error> {
    let (remembered, error) = match result {
        Ok(response) => (response.request().extensions_mut().remove(), response.response().error()),
        Err(error) => (None, Some(error)),
    };
    match (remembered, error.and_then(ActixError::as_error)) {
        (Some(remembered), answered) => Some(response::logged_with(remembered, answered)),
        (None, answered) => answered.cloned().map(Error::logged),
    }
}

/// The response itself, or the replacement, with the session's cookies.
fn finish(response: HttpResponse, replacement: Option<AuthResponse>, headers: &SessionHeaders) -> HttpResponse {
    let mut response = replacement.map_or(response, http_response);
    let replacements = headers.replacements(|name| joined(response.headers(), name, ", "));
    let head = response.headers_mut();
    for (name, value) in replacements {
        head.remove(name);
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            head.insert(HeaderName::from_static(name), value);
        }
    }
    for cookie in headers.set_cookies().iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        head.append(header::SET_COOKIE, cookie);
    }
    response
}

impl FromRequest for RequestSession {
    type Error = Error;
    type Future = future::Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let missing = || Error::integration_missing(".wrap(logto::actix_web::middleware(logto.clone()))");
        future::ready(request.extensions().get::<Self>().cloned().ok_or_else(missing))
    }
}

impl FromRequest for LogtoContext {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let session = RequestSession::extract(&request).await?;
            session.get_context(ContextOptions::new()).await.inspect_err(|error| remember(&request, error))
        })
    }
}

/// The middleware answers the error, unless the handler takes a `Result` and answers it: a browser goes to sign in, a program gets 401.
impl FromRequest for SignedIn {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let session = RequestSession::extract(&request).await?;
            session.require_user().await.inspect_err(|error| remember(&request, error))
        })
    }
}

/// For the middleware: actix-web makes `None` of the error where the handler takes an `Option` of the extractor. That is right for a user who
/// would have to sign in, and wrong for a session that could not be read: the middleware answers with the failure then.
fn remember(request: &HttpRequest, error: &Error) {
    if !error.requires_sign_in() {
        request.extensions_mut().insert(error.clone());
    }
}

/// The request as the browser sent it, also in a scope.
fn auth_request(request: &HttpRequest) -> AuthRequest {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let session = request.extensions().get::<RequestSession>().cloned();
    AuthRequest::new(request.method().as_str(), target, |name| joined(request.headers(), name, "; ")).session(session)
}

/// What the headers of one name say. Cookies of others may have any bytes; the session beside them counts.
fn joined(headers: &HeaderMap, name: &str, separator: &str) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(separator))
}
