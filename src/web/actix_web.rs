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
//! // A browser without a session is redirected to sign-in and back; `fetch` gets 401.
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
//! # Requiring sign-in
//!
//! | The handler takes | Nobody is signed in | The session cannot be read |
//! |---|---|---|
//! | [`SignedIn`] | is not called: a browser is redirected to sign-in and back, an API client gets 401 | is not called: 503 |
//! | `Option<SignedIn>` | `None` | `None`, and 503 in place of its response |
//! | `Result<SignedIn, logto::Error>` | `Err`; [`requires_sign_in`](crate::Error::requires_sign_in) is true | `Err`, and 503 in place of its response |
//!
//! actix-web turns every failed extractor into `None`. An unavailable session store would look like a user who is not signed in, so the middleware
//! replaces the response to such a request by the failure, whatever the handler returned. The handler has run by then: if it must not run, or has to
//! handle failures itself, call [`RequestSession::user`]. If the handler returns the error of the last row, the response is that of the first row.
//! [`RecentlyAuthenticated`](crate::step_up::RecentlyAuthenticated) can be taken in the same three forms.
//!
//! Without the [`middleware()`] an extractor fails with `integration.missing`, which is 500. With `Option` it is `None`, because no middleware of
//! this crate can replace the response: the log has the error each time.
//!
//! For a scope that requires sign-in, a guard by role and your own error type that keeps the redirect to sign-in see [guards](crate::guide::guards).
//! The response to an error keeps the headers that other middleware set, for example CORS headers.
//!
//! Without the middleware, use the extractor [`HeaderCookies`](crate::HeaderCookies) with the operations of [`LogtoClient`].
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
//!             .wrap(logto::actix_web::api(api.clone()))
//!     };
//!     HttpServer::new(app).bind(("127.0.0.1", 3000))?.run().await
//! }
//! ```
//!
//! The middleware also serves the API's metadata (RFC 9728). Around a scope it does not receive these requests: add [`api_metadata`] to the app's
//! configuration.
//!
//! `Option<ApiAuth>` is `None` for a request without credentials. An invalid token is rejected, but as above after the handler has run; a handler
//! that must not run takes `Result<ApiAuth, logto::Error>` and [`ApiAuth::optional`](crate::api::ApiAuth::optional).
//!
//! [`SignedIn`]: crate::SignedIn

mod api;
mod extractors;
#[cfg(feature = "protected-app")]
mod protected_app;
mod recent_auth;
mod request;
mod response;
#[cfg(feature = "webhooks")]
mod webhooks;

use actix_web::{
    Error as ActixError, HttpMessage, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
    http::header::{self, HeaderName, HeaderValue},
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};

pub use self::api::{api, api_metadata};
use self::{
    request::{auth_request, joined},
    response::{answered, logged_with, replaced},
};
use crate::{
    client::{CurrentClient, LogtoClient, RequestSession, SessionHeaders},
    error::Error,
    response::AuthResponse,
    routes::AuthRequest,
};

/// Returns the authentication routes: sign-in, sign-up, callback, sign-out, user, back-channel logout; login initiation, if it is on. See
/// [`LogtoClient::handle_auth_routes`].
///
/// Configure the app with them, or a scope at the path of the configured base URL. In another scope they answer `integration.nested`, which says how to
/// mount them.
pub fn routes<C: Into<CurrentClient>>(logto: C) -> impl FnOnce(&mut ServiceConfig) + Clone + use<C> {
    let logto = logto.into();
    move |config| {
        let resource = web::resource(logto.route_paths());
        config.service(resource.to(move |request, body| handle_auth_route(logto.clone(), request, body)));
    }
}

async fn handle_auth_route(logto: CurrentClient, request: HttpRequest, body: web::Payload) -> Option<AuthResponse> {
    let read = async { body.to_bytes_limited(AuthRequest::MAX_BODY_BYTES).await.map_err(drop)?.map_err(drop) };
    let auth = auth_request(&request).read_body(logto.get().as_ref(), read).await;
    logto.handle_mounted_routes(&auth, ".configure(logto::actix_web::routes(&logto))").await
}

/// Returns the middleware that gives each request its session and appends the session's cookies to the response.
#[must_use]
pub fn middleware<S, B>(
    logto: impl Into<CurrentClient>,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse, Error = ActixError, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError> + 'static,
    B: MessageBody + 'static,
{
    let logto = logto.into();
    from_fn(move |request, next| with_session(logto.get(), request, next))
}

async fn with_session<B: MessageBody + 'static>(
    logto: Option<LogtoClient>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, ActixError> {
    let auth = auth_request(request.request());
    let outer = request.extensions_mut().remove::<RequestSession>();
    let session = auth.enter(logto.as_ref());
    request.extensions_mut().insert(session.clone());
    let result = next.call(request).await;
    if let (Ok(response), Some(outer)) = (&result, outer) {
        response.request().extensions_mut().insert(outer);
    }
    let remembered = result.as_ref().ok().and_then(|response| response.request().extensions_mut().remove());
    let (failure, headers) = match session.commit().await {
        Ok(headers) => (remembered, headers),
        Err(error) => (Some(error), SessionHeaders::default()),
    };
    let ending = Ending { session, auth, failure, headers };
    match result {
        Ok(response) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            if let Some(answered) = answered(&response) {
                api::forget_refusal(&request, &answered);
            }
            Ok(ServiceResponse::new(request, ending.of(response)))
        }
        // Another middleware failed. Its error becomes a response further out.
        Err(mut error) => {
            error.add_response_mapper(move |response| ending.of(response));
            Err(error)
        }
    }
}

/// What the middleware does to a response.
struct Ending {
    session: RequestSession,
    auth: AuthRequest,
    /// What failed beside the response, which need not tell of it.
    failure: Option<Error>,
    headers: SessionHeaders,
}

impl Ending {
    /// The response itself, or the answer to an error of ours, with the session's cookies.
    fn of(&self, response: HttpResponse) -> HttpResponse {
        let answered = answered(&response);
        let error = match &self.failure {
            Some(failure) => Some(logged_with(failure.clone(), answered.as_ref())),
            None => answered,
        };
        let mut response = match error {
            Some(error) => replaced(&response, self.session.error_response(&self.auth, &error)),
            None => response,
        };
        let replacements = self.headers.replacements(|name| joined(response.headers(), name, ", "));
        let head = response.headers_mut();
        for (name, value) in replacements {
            head.remove(name);
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                head.insert(HeaderName::from_static(name), value);
            }
        }
        for cookie in self.headers.set_cookies().iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
            head.append(header::SET_COOKIE, cookie);
        }
        response
    }
}
