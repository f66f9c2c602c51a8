//! `logto::tower`: the layers without a framework.

use std::convert::Infallible;

use ::tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, StatusCode, header},
    routing::get,
};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::body::Bytes;
use logto::{
    Error, LogtoClient, RequestSession,
    api::{ApiAudience, ApiAuth, ResourceServer, TokenRequirements},
    integrate::AuthRequest,
    testing::{Endpoint, Fault},
};
use tower_http::{compression::CompressionLayer, cors::CorsLayer, trace::TraceLayer};

use super::{Answer, ask, passes, stack};
use crate::support::{BOOKS, Browser, Site};

/// A body that is neither text nor `Sync`.
type Boxed = UnsyncBoxBody<Bytes, Infallible>;

async fn page(logto: LogtoClient, request: Request<Body>) -> Result<Response<Boxed>, Infallible> {
    let (parts, _) = request.into_parts();
    let auth = AuthRequest::from_parts(&parts, &parts.uri);
    let page = async move |session: RequestSession| {
        Ok(Response::new(session.require_user().await?.sub().to_owned().boxed_unsync()))
    };
    Ok(logto.handle_request_with(&auth, BodyExt::boxed_unsync, page).await)
}

#[tokio::test]
async fn a_service_with_a_body_of_its_own_signs_in() {
    let site = Site::start().await;
    let logto = site.logto.clone();
    passes(&site, stack(service_fn(move |request| page(logto.clone(), request)))).await;
}

#[tokio::test]
async fn a_service_with_a_body_of_its_own_signs_in_inside_of_a_middleware() {
    let site = Site::start().await;
    let logto = site.logto.clone();
    let service = service_fn(move |request: Request<Body>| {
        let logto = logto.clone();
        async move {
            let (mut parts, body) = request.into_parts();
            let auth = AuthRequest::from_parts(&parts, &parts.uri);
            let middleware = async |_, session: RequestSession| {
                parts.extensions.insert(session);
                let Ok(response) = page(logto.clone(), Request::from_parts(parts, body)).await;
                response
            };
            Ok::<_, Infallible>(logto.with_session_with(auth, BodyExt::boxed_unsync, middleware).await)
        }
    });
    passes(&site, stack(service)).await;
}

#[tokio::test]
async fn the_layer_for_sessions_passes_among_others() {
    let site = Site::start().await;
    let logto = site.logto.clone();
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(logto::tower::layer(site.logto.clone()))
        .layer(CompressionLayer::new())
        .service(service_fn(move |request| page(logto.clone(), request)));
    passes(&site, stack(service)).await;
}

/// A service says by an extension what failed, and knows nothing of redirects.
#[tokio::test]
async fn an_error_among_the_extensions_is_answered_by_the_layer() {
    async fn me(request: Request<Body>) -> Result<Response<String>, Infallible> {
        let session = request.extensions().get::<RequestSession>().unwrap();
        let mut response = Response::new("nobody should read this".to_owned());
        match session.require_user().await {
            Ok(user) => user.sub().clone_into(response.body_mut()),
            Err(error) => drop(response.extensions_mut().insert(error)),
        }
        Ok(response)
    }
    let site = Site::start().await;
    let mut stack = stack(logto_layered(&site, service_fn(me)));
    assert_eq!(ask(&mut stack, &mut site.signed_in("ada").await, "/me").await.text(), "user-ada");
    let nobody = ask(&mut stack, &mut Browser::default(), "/me").await;
    assert_eq!((nobody.status, nobody.text()), (StatusCode::FOUND, ""));
    assert!(nobody.location().ends_with("/logto/sign-in?return_to=%2Fme"), "{}", nobody.location());
    let program = super::send(&mut stack, Request::get("/me").body(Body::empty()).unwrap()).await;
    assert_eq!(program.status, StatusCode::UNAUTHORIZED);
    assert!(program.text().contains("not_authenticated"), "{}", program.text());
}

fn logto_layered<S>(site: &Site, service: S) -> logto::tower::SessionService<S> {
    ServiceBuilder::new().layer(logto::tower::layer(site.logto.clone())).service(service)
}

// The other side.

struct Guarded {
    site: Site,
    api: ResourceServer,
    token: String,
}

impl Guarded {
    async fn start() -> Self {
        let site = Site::start().await;
        let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
        let token = site.signed_in("ada").await.get_token(&site.logto).await.unwrap();
        Self { site, api: api.build().unwrap(), token }
    }

    fn request(&self, authorization: Option<&str>) -> Request<Body> {
        let authorization = authorization.map(|value| value.replace("{token}", &self.token));
        let request = authorization
            .iter()
            .fold(Request::post("/books"), |request, value| request.header(header::AUTHORIZATION, value));
        request.body(Body::empty()).unwrap()
    }
}

async fn who(request: Request<Body>) -> Result<Response<String>, Infallible> {
    let auth = request.extensions().get::<ApiAuth>();
    Ok(Response::new(auth.map_or("nobody".to_owned(), |auth| auth.sub().to_owned())))
}

async fn answer<S, B>(service: S, request: Request<Body>) -> Answer
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: axum::body::HttpBody<Data = Bytes, Error: std::fmt::Debug>,
{
    let Ok(response) = service.oneshot(request).await;
    let (head, body) = response.into_parts();
    Answer { status: head.status, headers: head.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
}

fn challenge(answer: &Answer) -> &str {
    answer.headers.get(header::WWW_AUTHENTICATE).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_request_with_a_good_token_alone_reaches_the_service() {
    let world = Guarded::start().await;
    let guarded = || ServiceBuilder::new().layer(logto::tower::api(world.api.clone())).service(service_fn(who));
    let good = answer(guarded(), world.request(Some("Bearer {token}"))).await;
    assert_eq!((good.status, good.text()), (StatusCode::OK, "user-ada"));
    for (authorization, status, error) in [
        (None, 401, "Bearer realm="),
        (Some("Basic YWRhOmxvdmVsYWNl"), 401, "Bearer realm="),
        (Some("Bearer {token}x"), 401, "error=\"invalid_token\""),
        (Some("Bearer one.two.three"), 401, "error=\"invalid_token\""),
        (Some("Bearer"), 400, "error=\"invalid_request\""),
        (Some("Bearer two words"), 400, "error=\"invalid_request\""),
    ] {
        let refused = answer(guarded(), world.request(authorization)).await;
        assert_eq!(refused.status.as_u16(), status, "{authorization:?}");
        assert!(challenge(&refused).contains(error), "{authorization:?}: {}", challenge(&refused));
    }
    let mut twice = world.request(Some("Bearer {token}"));
    twice.headers_mut().append(header::AUTHORIZATION, "Bearer other".parse().unwrap());
    assert_eq!(answer(guarded(), twice).await.status, StatusCode::BAD_REQUEST);
    // Once the token has ended.
    world.site.advance(2 * 60 * 60);
    assert_eq!(answer(guarded(), world.request(Some("Bearer {token}"))).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_without_what_the_layer_requires_is_refused_with_what_is_missing() {
    let world = Guarded::start().await;
    let guarded = |scope: &str| {
        let required = TokenRequirements::new().scopes([scope]);
        ServiceBuilder::new().layer(logto::tower::api(world.api.clone()).require(required)).service(service_fn(who))
    };
    assert_eq!(answer(guarded("read:books"), world.request(Some("Bearer {token}"))).await.text(), "user-ada");
    let refused = answer(guarded("burn:books"), world.request(Some("Bearer {token}"))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(challenge(&refused).contains("error=\"insufficient_scope\""), "{}", challenge(&refused));
    assert!(challenge(&refused).contains("scope=\"burn:books\""), "{}", challenge(&refused));
    let missing = answer(guarded("read:books"), world.request(None)).await;
    assert!(challenge(&missing).contains("scope=\"read:books\""), "{}", challenge(&missing));
}

#[tokio::test]
async fn an_optional_layer_lets_nobody_through_without_the_identity_of_an_outer_layer() {
    let world = Guarded::start().await;
    let optional = || logto::tower::api(world.api.clone()).optional();
    let open = || ServiceBuilder::new().layer(optional()).service(service_fn(who));
    assert_eq!(answer(open(), world.request(Some("Bearer {token}"))).await.text(), "user-ada");
    assert_eq!(answer(open(), world.request(None)).await.text(), "nobody");
    assert_eq!(answer(open(), world.request(Some("Bearer one.two.three"))).await.status, StatusCode::UNAUTHORIZED);
    let take_away = |mut request: Request<Body>| {
        request.headers_mut().remove(header::AUTHORIZATION);
        request
    };
    let outer = ServiceBuilder::new().layer(logto::tower::api(world.api.clone())).map_request(take_away);
    let both = outer.layer(optional()).service(service_fn(who));
    assert_eq!(answer(both, world.request(Some("Bearer {token}"))).await.text(), "nobody");
}

#[tokio::test]
async fn the_layer_lets_the_extractors_of_axum_work_inside() {
    async fn books(auth: ApiAuth) -> Result<String, Error> {
        auth.require_scopes(["read:books"])?;
        Ok(auth.sub().to_owned())
    }
    let world = Guarded::start().await;
    let app = Router::new().route("/books", get(books).post(books)).layer(logto::tower::api(world.api.clone()));
    assert_eq!(answer(app.clone(), world.request(Some("Bearer {token}"))).await.text(), "user-ada");
    assert_eq!(answer(app.clone(), world.request(None)).await.status, StatusCode::UNAUTHORIZED);
    // A browser's question before the request has no token; CORS answers it outside.
    let app = app.layer(CorsLayer::permissive());
    let preflight = Request::builder().method(Method::OPTIONS).uri("/books").header("origin", "https://spa.example");
    let preflight = preflight.header("access-control-request-method", "POST").body(Body::empty()).unwrap();
    assert_eq!(answer(app.clone(), preflight).await.status, StatusCode::OK);
    let mut refused = world.request(None);
    refused.headers_mut().insert("origin", "https://spa.example".parse().unwrap());
    let refused = answer(app, refused).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn a_call_of_grpc_is_refused_with_a_status_of_grpc() {
    let world = Guarded::start().await;
    let required = TokenRequirements::new().scopes(["burn:books"]);
    let guarded = || {
        let layer = logto::tower::api(world.api.clone()).require(required.clone());
        ServiceBuilder::new().layer(layer).service(service_fn(who))
    };
    for (authorization, media_type, status) in [
        (None, "application/grpc", "16"),
        (Some("Bearer"), "application/grpc+proto", "16"),
        (Some("Bearer one.two.three"), "application/grpc-web+proto", "16"),
        (Some("Bearer {token}"), "application/grpc", "7"),
    ] {
        let mut request = world.request(authorization);
        request.headers_mut().insert(header::CONTENT_TYPE, media_type.parse().unwrap());
        let refused = answer(guarded(), request).await;
        assert_eq!(refused.status, StatusCode::OK, "{media_type}");
        assert_eq!(refused.headers[header::CONTENT_TYPE], "application/grpc");
        assert_eq!(refused.headers["grpc-status"], status, "{authorization:?}");
        assert!(!refused.headers["grpc-message"].is_empty() && refused.text().is_empty());
        assert!(challenge(&refused).starts_with("Bearer realm="));
    }
}

/// Nobody is told that a token is bad while nobody can know.
#[tokio::test]
async fn a_logto_that_is_away_refuses_no_token() {
    let world = Guarded::start().await;
    let api = ResourceServer::builder().config(world.site.another_instance().config());
    let api = api.audience(ApiAudience::resource(BOOKS)).build().unwrap();
    world.site.mock.inject_fault(Endpoint::Jwks, Fault::status(503));
    let guarded = || ServiceBuilder::new().layer(logto::tower::api(api.clone())).service(service_fn(who));
    let away = answer(guarded(), world.request(Some("Bearer {token}"))).await;
    assert_eq!((away.status, challenge(&away)), (StatusCode::SERVICE_UNAVAILABLE, ""));
    let mut call = world.request(Some("Bearer {token}"));
    call.headers_mut().insert(header::CONTENT_TYPE, "application/grpc".parse().unwrap());
    assert_eq!(answer(guarded(), call).await.headers["grpc-status"], "14");
}
