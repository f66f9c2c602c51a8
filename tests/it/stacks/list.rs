//! The list. Each stack is compiled, and a user signs in through it.

use std::{convert::Infallible, time::Duration};

use ::tower::{Layer, Service, ServiceBuilder, ServiceExt, steer::Steer, util::option_layer};
use axum::{
    BoxError, Router,
    body::Body,
    error_handling::HandleErrorLayer,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, Request, StatusCode, header},
    middleware::{Next, from_fn, map_response},
    response::Response,
    routing::get,
};
use http_body_util::BodyExt;
use logto::{LogtoClient, Routes, testing::MockLogto};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::CorsLayer,
    limit::RequestBodyLimitLayer,
    map_response_body::MapResponseBodyLayer,
    normalize_path::NormalizePathLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    sensitive_headers::SetSensitiveHeadersLayer,
    services::ServeDir,
    set_header::{SetRequestHeaderLayer, SetResponseHeaderLayer},
    timeout::{RequestBodyTimeoutLayer, ResponseBodyTimeoutLayer, TimeoutLayer},
    trace::TraceLayer,
};

use super::{ask, me, pages, passes, passes_at, sign_in, stack};
use crate::support::{APP_SECRET, BASE_URL, Browser, Site, app, settings};

/// A test for each stack, and how many they are.
macro_rules! stacks {
    ($($(#[$meta:meta])* $name:ident: |$logto:ident| $stack:expr;)+) => {
        $(
            $(#[$meta])*
            #[tokio::test]
            async fn $name() {
                let site = Site::start().await;
                let $logto = site.logto.clone();
                passes(&site, $stack).await;
            }
        )+

        const STACKS: usize = [$(stringify!($name)),+].len();
    };
}

// The promise is twenty at least. The tests below the list are more.
const _: () = assert!(STACKS >= 20);

const LONG: Duration = Duration::from_secs(30);

fn layer(logto: &LogtoClient) -> logto::axum::LogtoLayer {
    logto::axum::layer(logto.clone())
}

async fn failed(error: BoxError) -> (StatusCode, String) {
    (StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}

stacks! {
    the_layer_around_a_router_passes: |logto| stack(pages(&logto).layer(layer(&logto)));
    compression_inside_passes: |logto| {
        stack(pages(&logto).layer(ServiceBuilder::new().layer(layer(&logto)).layer(CompressionLayer::new())))
    };
    compression_outside_passes: |logto| {
        stack(pages(&logto).layer(ServiceBuilder::new().layer(CompressionLayer::new()).layer(layer(&logto))))
    };
    tracing_inside_passes: |logto| {
        stack(pages(&logto).layer(ServiceBuilder::new().layer(layer(&logto)).layer(TraceLayer::new_for_http())))
    };
    tracing_outside_passes: |logto| stack(pages(&logto).layer(layer(&logto)).layer(TraceLayer::new_for_http()));
    catch_panic_inside_passes: |logto| {
        stack(pages(&logto).layer(ServiceBuilder::new().layer(layer(&logto)).layer(CatchPanicLayer::new())))
    };
    catch_panic_outside_passes: |logto| stack(pages(&logto).layer(layer(&logto)).layer(CatchPanicLayer::new()));
    a_timeout_of_tower_http_inside_passes: |logto| {
        let timeout = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LONG);
        stack(pages(&logto).layer(ServiceBuilder::new().layer(layer(&logto)).layer(timeout)))
    };
    a_timeout_of_tower_inside_passes: |logto| {
        let timeout = ServiceBuilder::new().layer(HandleErrorLayer::new(failed)).layer(layer(&logto)).timeout(LONG);
        stack(pages(&logto).layer(timeout))
    };
    timeouts_of_bodies_around_pass: |logto| {
        let bodies = ServiceBuilder::new().layer(RequestBodyTimeoutLayer::new(LONG)).layer(layer(&logto));
        stack(pages(&logto).layer(bodies.layer(ResponseBodyTimeoutLayer::new(LONG))))
    };
    a_limit_of_the_request_body_outside_passes: |logto| {
        let limit = ServiceBuilder::new().layer(RequestBodyLimitLayer::new(1024));
        stack(pages(&logto).layer(limit.layer(layer(&logto))))
    };
    a_limit_of_the_request_body_inside_passes: |logto| {
        let limit = RequestBodyLimitLayer::new(1024);
        stack(pages(&logto).layer(ServiceBuilder::new().layer(layer(&logto)).layer(limit)))
    };
    the_default_body_limit_of_axum_passes: |logto| {
        stack(pages(&logto).layer(DefaultBodyLimit::disable()).layer(layer(&logto)))
    };
    cors_inside_passes: |logto| {
        stack(pages(&logto).layer(ServiceBuilder::new().layer(layer(&logto)).layer(CorsLayer::permissive())))
    };
    cors_outside_passes: |logto| stack(pages(&logto).layer(layer(&logto)).layer(CorsLayer::permissive()));
    headers_that_are_set_inside_pass: |logto| {
        // A page that calls itself public is still a user's own.
        let public = HeaderValue::from_static("public, max-age=600");
        let set = SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, public);
        let hidden = SetRequestHeaderLayer::if_not_present(header::REFERER, HeaderValue::from_static("/"));
        stack(pages(&logto).layer(ServiceBuilder::new().layer(layer(&logto)).layer(set).layer(hidden)))
    };
    request_ids_with_sensitive_headers_pass: |logto| {
        let id = HeaderName::from_static("x-request-id");
        let around = ServiceBuilder::new()
            .layer(SetSensitiveHeadersLayer::new([header::COOKIE, header::SET_COOKIE]))
            .layer(SetRequestIdLayer::new(id.clone(), MakeRequestUuid))
            .layer(layer(&logto))
            .layer(PropagateRequestIdLayer::new(id));
        stack(pages(&logto).layer(around))
    };
    a_path_that_is_normalized_outside_passes: |logto| {
        stack(NormalizePathLayer::trim_trailing_slash().layer(pages(&logto).layer(layer(&logto))))
    };
    a_path_that_is_normalized_inside_passes: |logto| {
        let inside = NormalizePathLayer::trim_trailing_slash().layer(pages(&logto));
        stack(layer(&logto).layer(inside))
    };
    files_as_the_fallback_pass: |logto| {
        stack(pages(&logto).fallback_service(ServeDir::new("docs")).layer(layer(&logto)))
    };
    another_body_inside_passes: |logto| {
        let boxed = MapResponseBodyLayer::new(|body: Body| body.boxed_unsync());
        stack(pages(&logto).layer(ServiceBuilder::new().layer(layer(&logto)).layer(boxed)))
    };
    functions_around_the_layer_pass: |logto| {
        let inside = from_fn(async |request: Request<Body>, next: Next| next.run(request).await);
        let outside = map_response(async |response: Response| response);
        stack(pages(&logto).layer(inside).layer(layer(&logto)).layer(outside))
    };
    errors_of_load_shedding_outside_are_handled: |logto| {
        let around = ServiceBuilder::new()
            .layer(HandleErrorLayer::new(failed))
            .load_shed()
            .concurrency_limit(8)
            .buffer(8)
            .layer(layer(&logto));
        stack(pages(&logto).layer(around))
    };
    errors_of_a_buffer_with_a_rate_limit_inside_are_handled: |logto| {
        let around = ServiceBuilder::new()
            .layer(layer(&logto))
            .layer(HandleErrorLayer::new(failed))
            .buffer(8)
            .rate_limit(1_000, Duration::from_secs(1));
        stack(pages(&logto).layer(around))
    };
    errors_of_a_rate_limit_right_inside_pass_through: |logto| {
        // A rate limit is not `Clone`: a layer that asked for it would not compile here.
        let around = ServiceBuilder::new()
            .layer(HandleErrorLayer::new(failed))
            .buffer(8)
            .layer(layer(&logto))
            .rate_limit(1_000, Duration::from_secs(1))
            .timeout(LONG);
        stack(pages(&logto).layer(around))
    };
    the_layer_as_a_route_layer_passes: |logto| {
        let pages = Router::new().route("/me", get(me)).route_layer(layer(&logto));
        stack(pages.merge(logto::axum::routes(&logto)))
    };
    the_layer_on_a_method_router_passes: |logto| {
        let pages = Router::new().route("/me", get(me).layer(layer(&logto)));
        stack(pages.merge(logto::axum::routes(&logto)))
    };
    an_optional_layer_passes: |logto| {
        stack(pages(&logto).layer(option_layer(Some(layer(&logto)))))
    };
    the_layer_twice_passes: |logto| stack(pages(&logto).layer(layer(&logto)).layer(layer(&logto)));
    a_steered_service_passes: |logto| {
        let site = layer(&logto).layer(pages(&logto)).boxed_clone();
        let files = Router::new().fallback_service(ServeDir::new("docs")).boxed_clone();
        let choose = |request: &Request<Body>, _: &[_]| usize::from(request.uri().path().starts_with("/docs/"));
        stack(Steer::new([site, files], choose))
    };
    all_of_them_together_pass: |logto| {
        let around = ServiceBuilder::new()
            .layer(TraceLayer::new_for_http())
            .layer(CompressionLayer::new())
            .layer(RequestBodyLimitLayer::new(1024))
            .layer(layer(&logto))
            .layer(CatchPanicLayer::new())
            .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LONG))
            .layer(CorsLayer::permissive());
        stack(pages(&logto).layer(around))
    };
}

/// In the order in which the layers are: the application of the outer one sees what the inner one's pages do.
#[tokio::test]
async fn two_layers_of_two_applications_pass() {
    let site = Site::start().await;
    let registered = app("admin").redirect_uri(format!("{BASE_URL}/admin/callback"));
    let mock = MockLogto::builder().app(registered).clock(site.clock.clone()).start().await.unwrap();
    let config = settings(&mock, &site.clock).app_id("admin").app_secret(APP_SECRET).routes(Routes::below("/admin"));
    let admin = LogtoClient::new(config.build().unwrap()).unwrap();
    let back_office = Router::new().route("/admin/me", get(me)).merge(logto::axum::routes(&admin)).layer(layer(&admin));
    let site_of_both = pages(&site.logto).merge(back_office).layer(layer(&site.logto));
    let stack = passes(&site, stack(site_of_both)).await;
    let mut stack = stack;
    let mut browser = Browser::default();
    sign_in(&mut stack, &mock, &mut browser, "/admin/me").await;
    assert_eq!(ask(&mut stack, &mut browser, "/admin/me").await.text(), "user-ada");
    assert_eq!(
        ask(&mut stack, &mut browser, "/me").await.status,
        StatusCode::FOUND,
        "signed in to the back office alone"
    );
}

#[tokio::test]
async fn the_layer_around_a_nested_router_passes() {
    let site = Site::start().await;
    let nested = Router::new().route("/me", get(me)).layer(layer(&site.logto));
    let router = Router::new().nest("/inside", nested).merge(logto::axum::routes(&site.logto));
    passes_at(&site, stack(router), "/inside/me").await;
}

/// Files are no handlers: the guard is a function around them.
#[tokio::test]
async fn files_for_users_alone_pass_behind_a_guard() {
    async fn users_alone(_user: logto::SignedIn, request: Request<Body>, next: Next) -> Response {
        next.run(request).await
    }
    let site = Site::start().await;
    let files = ServiceBuilder::new().layer(from_fn(users_alone)).service(ServeDir::new("docs"));
    let router = pages(&site.logto).nest_service("/docs", files).layer(layer(&site.logto));
    let mut stack = stack(router);
    let mut browser = Browser::default();
    sign_in(&mut stack, &site.mock, &mut browser, "/docs/errors.md").await;
    let answer = ask(&mut stack, &mut browser, "/docs/errors.md").await;
    assert_eq!(answer.text(), std::fs::read_to_string("docs/errors.md").unwrap());
}

/// The body of files right inside of the layer is neither axum's nor text.
#[tokio::test]
async fn files_right_inside_of_the_layer_are_served() {
    let site = Site::start().await;
    let mut files = stack(ServiceBuilder::new().layer(layer(&site.logto)).service(ServeDir::new("docs")));
    let answer = ask(&mut files, &mut site.signed_in("ada").await, "/errors.md").await;
    assert_eq!(answer.text(), std::fs::read_to_string("docs/errors.md").unwrap());
    assert_eq!(answer.set_cookies().len(), 0);
    let missing = ask(&mut files, &mut Browser::default(), "/nothing").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

/// The same over a port. The site's own address stays that of its settings.
async fn passes_over(site: &Site, origin: String) {
    use crate::http_browser::{location, request, without_redirects};
    let (http, mut browser) = (without_redirects(), Browser::default());
    let headers = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
    let mut target = "/me".to_owned();
    for step in ["to the sign-in", "to Logto", "back to the page"] {
        let response = browser.send(request(&http, reqwest::Method::GET, &origin, &target, &headers)).await;
        assert_eq!(response.status(), 302, "{step}");
        target = location(&response).to_owned();
        if target.starts_with(&site.mock.endpoint()) {
            target = site.mock.sign_in(&target, "ada").await;
        }
        target = target.strip_prefix(BASE_URL).unwrap_or(&target).to_owned();
    }
    let response = browser.send(request(&http, reqwest::Method::GET, &origin, &target, &headers)).await;
    assert_eq!(crate::http_browser::text(response).await, (200, "user-ada".to_owned()));
}

async fn listener() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (listener, origin)
}

#[tokio::test]
async fn a_make_service_around_a_normalized_path_passes() {
    let site = Site::start().await;
    let app = NormalizePathLayer::trim_trailing_slash().layer(pages(&site.logto).layer(layer(&site.logto)));
    let (listener, origin) = listener().await;
    let make = axum::ServiceExt::<Request<Body>>::into_make_service(app);
    tokio::spawn(async move { axum::serve(listener, make).await.unwrap() });
    passes_over(&site, origin).await;
}

/// The request's body is hyper's own here, and there is no axum around the layer.
#[tokio::test]
async fn a_service_of_hyper_passes() {
    let site = Site::start().await;
    let app = ServiceBuilder::new().layer(layer(&site.logto)).service(pages(&site.logto));
    let (listener, origin) = listener().await;
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = hyper_util::service::TowerToHyperService::new(app.clone());
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service);
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    passes_over(&site, origin).await;
}

/// What a response of ours needs from its stack: nothing. The stack's type can be named.
#[test]
fn a_stack_is_a_service_for_any_body() {
    fn is_service<B, S: Service<Request<B>, Error = Infallible>>(_: &S) {}
    let router: Router = Router::new();
    let config = logto::LogtoConfig::builder().endpoint("https://logto.example").app_id("app").app_secret("secret");
    let config = config.base_url(BASE_URL).cookie_secret("a secret of more than thirty-two letters");
    let logto = LogtoClient::new(config.build().unwrap()).unwrap();
    let service = layer(&logto).layer(router);
    is_service::<Body, _>(&service);
    is_service::<String, _>(&service);
    is_service::<hyper::body::Incoming, _>(&service);
}
