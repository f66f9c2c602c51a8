//! One small application in each framework, called in the process: the routes, and around them a middleware of the application that reads
//! the session before and after.

// Rocket gives guards by value.
#![allow(clippy::needless_pass_by_value)]

use ::http::{HeaderName, HeaderValue, Request, Response};
use actix_web::{
    App, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};
use axum::{
    Router,
    body::{Body, to_bytes as body_bytes},
    extract::Request as AxumRequest,
    middleware as axum_middleware,
    response::Response as AxumResponse,
    routing::get,
};
use logto::{
    Error, LogtoClient, LogtoContext, RequestSession, SignedIn, TokenOptions,
    integrate::AuthRequest,
    step_up::{MaxAge, RecentlyAuthenticated, StepUp},
};
use rocket::{
    Request as RocketRequest, Rocket,
    config::LogLevel,
    fairing::{Fairing, Info, Kind},
    http::{Header, Method},
    local::asynchronous::Client,
    request::{FromRequest, Outcome},
};
use tower_service::Service;

macro_rules! actix {
    ($request:expr, $app:expr) => {{
        let service = actix_web::test::init_service($app).await;
        let (parts, _) = $request.into_parts();
        let mut request = actix_web::test::TestRequest::default()
            .method(parts.method.as_str().parse().unwrap())
            .uri(&parts.uri.to_string());
        for (name, value) in &parts.headers {
            request = request.append_header((name.as_str(), value.as_bytes()));
        }
        let response = actix_web::test::call_service(&service, request.to_request()).await;
        let mut head = Response::builder().status(response.status().as_u16());
        for (name, value) in response.headers() {
            head = head.header(name.as_str(), value.as_bytes());
        }
        let body = actix_web::test::read_body(response).await;
        head.body(String::from_utf8(body.into()).unwrap()).unwrap()
    }};
}

/// How the application is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adapter {
    Axum,
    ActixWeb,
    Rocket,
    Serve,
    /// The same by `LogtoClient::with_session`.
    WithSession,
    /// Two layers of one client around each other, in axum.
    TwoLayers,
    /// The same in actix-web.
    TwoMiddlewares,
    /// A page of `serve` that calls `serve` once more.
    ServeInServe,
    /// Two layers in axum, the outer of another client, whose routes are below `/other`.
    TwoClients,
    TwoClientsOfActixWeb,
}

/// Those that differ in their framework.
pub const ADAPTERS: [Adapter; 5] =
    [Adapter::Axum, Adapter::ActixWeb, Adapter::Rocket, Adapter::Serve, Adapter::WithSession];

tokio::task_local! {
    /// The other client of an application with two.
    pub static OTHER: LogtoClient;
}

const ASSET: [(&str, &str); 3] = [
    ("cache-control", "public, max-age=31536000, immutable"),
    ("cdn-cache-control", "max-age=600"),
    ("vary", "accept-encoding"),
];
const FIVE_MINUTES: u64 = 300;

type Recent = RecentlyAuthenticated<MaxAge<FIVE_MINUTES>>;

impl Adapter {
    pub async fn call(self, logto: &LogtoClient, request: Request<String>) -> Response<String> {
        match self {
            Self::Axum => axum(app(logto).layer(logto::axum::layer(logto.clone())), request).await,
            Self::TwoLayers => {
                let layer = || logto::axum::layer(logto.clone());
                axum(app(logto).layer(layer()).layer(layer()), request).await
            }
            Self::TwoClients => {
                let other = OTHER.get();
                let app = app(logto).merge(logto::axum::routes(&other)).layer(axum_middleware::from_fn(look_at_other));
                axum(app.layer(logto::axum::layer(logto.clone())).layer(logto::axum::layer(other)), request).await
            }
            Self::ActixWeb => actix!(request, actix_app(logto).wrap(logto::actix_web::middleware(logto.clone()))),
            Self::TwoMiddlewares => {
                let app = actix_app(logto).wrap(logto::actix_web::middleware(logto.clone()));
                actix!(request, app.wrap(logto::actix_web::middleware(logto.clone())))
            }
            Self::TwoClientsOfActixWeb => {
                let other = OTHER.get();
                let app = actix_app(logto).wrap(from_fn(actix_look_at_other));
                let (inner, outer) = (logto::actix_web::middleware(logto.clone()), logto::actix_web::middleware(other));
                actix!(request, app.wrap(inner).wrap(outer))
            }
            Self::Rocket => rocket(logto, request).await,
            Self::WithSession if request.uri().path() != "/plain" => with_session(logto, request).await,
            Self::Serve | Self::WithSession | Self::ServeInServe => {
                serve(logto, request, self == Self::ServeInServe).await
            }
        }
    }
}

async fn who(session: &RequestSession) -> HeaderValue {
    let claims = session.get_id_token_claims().await.unwrap();
    HeaderValue::from_str(&claims.map_or_else(|| "nobody".to_owned(), |claims| claims.sub)).unwrap()
}

/// A new access token, whatever the session holds.
async fn token(session: &RequestSession) -> Result<&'static str, Error> {
    session.get_access_token(TokenOptions::new().force_refresh(true)).await.map(|_| "token")
}

fn name(context: &LogtoContext) -> String {
    context.claims().map_or_else(|| "nobody".to_owned(), |claims| claims.sub.clone())
}

fn header(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

// axum

fn app(logto: &LogtoClient) -> Router {
    Router::new()
        .route("/", get(|context: LogtoContext| async move { name(&context) }))
        .route("/asset", get(|_: SignedIn| async { (ASSET, "script") }))
        .route("/recent", get(|_: Recent| async { "recent" }))
        .route("/token", get(|session: RequestSession| async move { token(&session).await }))
        .route("/nobody", get(|session: RequestSession| async move { session.require_user().await.map(|_| "user") }))
        .merge(logto::axum::routes(logto))
        .layer(axum_middleware::from_fn(observe))
        .route("/plain", get(|| async { (ASSET, "plain") }))
}

async fn observe(session: RequestSession, request: AxumRequest, next: axum_middleware::Next) -> AxumResponse {
    let before = who(&session).await;
    let mut response = next.run(request).await;
    response.headers_mut().insert(header("x-before"), before);
    response.headers_mut().insert(header("x-after"), who(&session).await);
    response
}

async fn look_at_other(session: RequestSession, request: AxumRequest, next: axum_middleware::Next) -> AxumResponse {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header("x-other"), who(&session.of(&OTHER.get()).unwrap()).await);
    response
}

async fn axum(mut app: Router, request: Request<String>) -> Response<String> {
    let response = app.call(request.map(Body::from)).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body_bytes(body, usize::MAX).await.unwrap();
    Response::from_parts(parts, String::from_utf8(body.into()).unwrap())
}

// actix-web

fn actix_app(
    logto: &LogtoClient,
) -> App<
    impl actix_web::dev::ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    let scope = web::scope("")
        .wrap(from_fn(actix_observe))
        .route("/", web::get().to(|context: LogtoContext| async move { name(&context) }))
        .route("/asset", web::get().to(|_: SignedIn| async { actix_asset("script") }))
        .route("/recent", web::get().to(|_: Recent| async { "recent" }))
        .route("/token", web::get().to(|session: RequestSession| async move { token(&session).await }))
        .route(
            "/nobody",
            web::get().to(|session: RequestSession| async move { session.require_user().await.map(|_| "user") }),
        )
        .configure(logto::actix_web::routes(logto));
    // Before the scope, which answers every path.
    let routes_of_other =
        |config: &mut ServiceConfig| _ = OTHER.try_with(|other| logto::actix_web::routes(other)(config));
    let plain = web::get().to(|| async { actix_asset("plain") });
    App::new().route("/plain", plain).configure(routes_of_other).service(scope)
}

fn actix_asset(body: &'static str) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    for header in ASSET {
        response.append_header(header);
    }
    response.body(body)
}

async fn actix_observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let session = request.extract::<RequestSession>().await?;
    let before = who(&session).await;
    let mut response = next.call(request).await?;
    let after = who(&session).await;
    for (name, value) in [("x-before", before), ("x-after", after)] {
        let (name, value) = (name.parse().unwrap(), value.to_str().unwrap().parse().unwrap());
        actix_web::http::header::HeaderMap::insert(response.headers_mut(), name, value);
    }
    Ok(response)
}

async fn actix_look_at_other(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let session = request.extract::<RequestSession>().await?.of(&OTHER.get()).unwrap();
    let mut response = next.call(request).await?;
    let other = who(&session).await.to_str().unwrap().parse().unwrap();
    response.headers_mut().insert("x-other".parse().unwrap(), other);
    Ok(response)
}

// Rocket

#[rocket::get("/")]
fn home(context: LogtoContext) -> String {
    name(&context)
}

#[derive(rocket::Responder)]
struct Asset {
    body: &'static str,
    cache_control: Header<'static>,
    cdn: Header<'static>,
    vary: Header<'static>,
}

fn rocket_asset(body: &'static str) -> Asset {
    let [cache_control, cdn, vary] = ASSET.map(|(name, value)| Header::new(name, value));
    Asset { body, cache_control, cdn, vary }
}

#[rocket::get("/asset")]
fn asset(_user: SignedIn) -> Asset {
    rocket_asset("script")
}

#[rocket::get("/plain")]
fn plain() -> Asset {
    rocket_asset("plain")
}

#[rocket::get("/recent")]
fn recent(_user: Recent) -> &'static str {
    "recent"
}

#[rocket::get("/token")]
async fn new_token(session: RequestSession) -> Result<&'static str, Error> {
    token(&session).await
}

#[rocket::get("/nobody")]
async fn nobody(session: RequestSession) -> Result<&'static str, Error> {
    session.require_user().await.map(|_| "user")
}

/// The middleware of a Rocket application: a fairing. `/plain` is left alone, as it is outside of the middleware elsewhere.
struct Observer;

struct Before(Option<HeaderValue>);

#[rocket::async_trait]
impl Fairing for Observer {
    fn info(&self) -> Info {
        Info { name: "observer", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut RocketRequest<'_>, _: &mut rocket::Data<'_>) {
        let before = match request.uri().path() == "/plain" {
            true => None,
            false => Some(who(&session_of(request).await).await),
        };
        request.local_cache(|| Before(before));
    }

    async fn on_response<'r>(&self, request: &'r RocketRequest<'_>, response: &mut rocket::Response<'r>) {
        if let Before(Some(before)) = request.local_cache(|| Before(None)) {
            response.set_raw_header("x-before", before.to_str().unwrap().to_owned());
            let after = who(&session_of(request).await).await;
            response.set_raw_header("x-after", after.to_str().unwrap().to_owned());
        }
    }
}

async fn session_of(request: &RocketRequest<'_>) -> RequestSession {
    match RequestSession::from_request(request).await {
        Outcome::Success(session) => session,
        _ => panic!("the fairing is attached"),
    }
}

async fn rocket(logto: &LogtoClient, request: Request<String>) -> Response<String> {
    let config = rocket::Config { log_level: LogLevel::Off, ..rocket::Config::debug_default() };
    let app = Rocket::custom(config)
        .mount("/", rocket::routes![home, asset, plain, recent, new_token, nobody])
        .mount("/", logto::rocket::routes(logto))
        .attach(Observer)
        .attach(logto::rocket::fairing(logto.clone()));
    let client = Client::untracked(app).await.unwrap();
    let (parts, _) = request.into_parts();
    let mut request = client.req(parts.method.as_str().parse::<Method>().unwrap(), parts.uri.to_string());
    for (name, value) in &parts.headers {
        request.add_header(Header::new(name.to_string(), value.to_str().unwrap().to_owned()));
    }
    let response = request.dispatch().await;
    let mut head = Response::builder().status(response.status().code);
    for header in response.headers().iter() {
        head = head.header(header.name().as_str(), header.value());
    }
    head.body(response.into_string().await.unwrap_or_default()).unwrap()
}

// `LogtoClient::handle_request`, with a middleware by hand

async fn serve(logto: &LogtoClient, request: Request<String>, twice: bool) -> Response<String> {
    let (mut parts, _) = request.into_parts();
    if parts.uri.path() == "/plain" {
        let auth = AuthRequest::from_parts(&parts, &parts.uri);
        return logto.handle_request(&auth, |_| async { Ok(served_asset("plain")) }).await;
    }
    let cookies = AuthRequest::from_parts(&parts, &parts.uri).cookie_header().to_owned();
    let session = RequestSession::enter(logto, None, &cookies);
    parts.extensions.insert(session.clone());
    let auth = AuthRequest::from_parts(&parts, &parts.uri);
    let before = who(&session).await;
    let path = parts.uri.path();
    let mut response = if twice {
        let inner = |session| async {
            let auth = auth.clone().session(Some(session));
            Ok(logto.handle_request(&auth, |session| page(session, path)).await)
        };
        logto.handle_request(&auth, inner).await
    } else {
        logto.handle_request(&auth, |session| page(session, path)).await
    };
    response.headers_mut().insert(header("x-before"), before);
    response.headers_mut().insert(header("x-after"), who(&session).await);
    let headers = session.commit().await.unwrap();
    headers.append_to(response.headers_mut());
    response
}

async fn with_session(logto: &LogtoClient, request: Request<String>) -> Response<String> {
    let (parts, _) = request.into_parts();
    let middleware = async |auth: AuthRequest, session: RequestSession| {
        let before = who(&session).await;
        let mut response = logto.handle_request(&auth, |session| page(session, parts.uri.path())).await;
        response.headers_mut().insert(header("x-before"), before);
        response.headers_mut().insert(header("x-after"), who(&session).await);
        response
    };
    logto.with_session(AuthRequest::from_parts(&parts, &parts.uri), middleware).await
}

async fn page(session: RequestSession, path: &str) -> logto::Result<Response<String>> {
    Ok(match path {
        "/asset" => {
            session.require_user().await?;
            served_asset("script")
        }
        "/recent" => {
            let step_up = StepUp::new().max_age(std::time::Duration::from_secs(FIVE_MINUTES));
            session.require_recent_auth(&step_up).await?;
            Response::new("recent".to_owned())
        }
        "/token" => Response::new(token(&session).await?.to_owned()),
        "/nobody" => {
            session.require_user().await?;
            Response::new("user".to_owned())
        }
        _ => Response::new(name(&session.get_context(logto::ContextOptions::new()).await?)),
    })
}

fn served_asset(body: &str) -> Response<String> {
    let mut response = Response::new(body.to_owned());
    response.headers_mut().extend(ASSET.map(|(name, value)| (header(name), HeaderValue::from_static(value))));
    response
}
