//! Answers to errors: what they keep of the response, and how often they are logged.

use actix_web::{
    App, HttpResponse,
    http::StatusCode,
    middleware::DefaultHeaders,
    test::{TestRequest, call_service, init_service, read_body},
    web,
};
use logto::{
    Error, LogtoClient, RequestSession, SignedIn, TokenOptions,
    api::{ApiAudience, ApiAuth, ResourceServer},
};

use crate::{
    frameworks::pages::maybe,
    logs,
    support::{BOOKS, Site},
};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

/// As a middleware for CORS inside of ours does, that lets any origin read.
fn cors() -> DefaultHeaders {
    DefaultHeaders::new().add((ALLOW_ORIGIN, "*")).add(("vary", "Origin"))
}

fn api(site: &Site) -> ResourceServer {
    let api = ResourceServer::builder().endpoint(site.mock.endpoint());
    api.audience(ApiAudience::resource(BOOKS)).clock(site.clock.clone()).build().unwrap()
}

async fn books(auth: ApiAuth) -> Result<String, Error> {
    auth.require_scopes(["burn:books"])?;
    Ok("books".into())
}

async fn optional(auth: Option<ApiAuth>) -> HttpResponse {
    HttpResponse::Ok()
        .append_header(("etag", "\"1\""))
        .append_header(("x-shelf", "7"))
        .body(format!("{}", auth.is_some()))
}

async fn me(user: SignedIn) -> String {
    user.sub().to_owned()
}

async fn failing(_session: RequestSession) -> Result<String, Error> {
    Err(Error::integration_missing("something"))
}

/// An application with both kinds of guards, in either order.
macro_rules! both {
    ($site:expr, $logto:expr) => {{
        let (logto, api): (LogtoClient, ResourceServer) = ($logto, api(&$site));
        let pages = |config: &mut web::ServiceConfig| {
            config
                .route("/books", web::get().to(books))
                .route("/optional", web::get().to(optional))
                .route("/me", web::get().to(me))
                .route("/failing", web::get().to(failing));
        };
        let outside = web::scope("/outside")
            .configure(pages)
            .wrap(cors())
            .wrap(logto::actix_web::middleware(logto.clone()))
            .wrap(logto::actix_web::api(api.clone()));
        let inside = web::scope("/inside")
            .configure(pages)
            .wrap(cors())
            .wrap(logto::actix_web::api(api))
            .wrap(logto::actix_web::middleware(logto));
        init_service(App::new().service(outside).service(inside)).await
    }};
}

#[tokio::test]
async fn an_answer_to_an_error_keeps_the_headers_of_inner_middleware() {
    let site = Site::start().await;
    let app = both!(site, site.logto.clone());
    let mut cookies = site.signed_in("ada").await.request();
    let token = site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
    let good = format!("Bearer {}", token.token());
    for order in ["inside", "outside"] {
        for (page, authorization, accept, status) in [
            ("books", "", "*/*", 401),
            ("books", "Bearer forged", "*/*", 401),
            ("books", good.as_str(), "*/*", 403),
            ("optional", "Bearer forged", "*/*", 401),
            ("optional", "", "*/*", 200),
            ("me", "", "*/*", 401),
            ("me", "", "text/html", 302),
            ("failing", "", "text/html", 500),
        ] {
            let request = TestRequest::get().uri(&format!("/{order}/{page}")).insert_header(("accept", accept));
            let request = if authorization.is_empty() {
                request
            } else {
                request.insert_header(("authorization", authorization))
            };
            let response = call_service(&app, request.to_request()).await;
            let what = format!("{order} {page} {authorization}");
            assert_eq!(response.status(), StatusCode::from_u16(status).unwrap(), "{what}");
            let values =
                |name| response.headers().get_all(name).map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
            assert_eq!(values(ALLOW_ORIGIN), ["*"], "{what}");
            assert!(values("vary").concat().contains("Origin"), "{what}");
            assert_eq!(values("content-type").len(), usize::from(!matches!(status, 200 | 302)), "{what}");
            if page == "optional" {
                // Another header of the handler's stays, and what it said of its body goes.
                assert_eq!((values("x-shelf").len(), values("etag").len()), (1, usize::from(status == 200)), "{what}");
            }
            if status == 401 || status == 403 {
                let scheme = if page == "me" { "Cookie" } else { "Bearer" };
                let challenges = values("www-authenticate");
                assert!(matches!(challenges[..], [one] if one.starts_with(scheme)), "{what}: {challenges:?}");
                assert!(read_body(response).await.starts_with(b"{\"code\""), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_is_logged_once() {
    let (log, _guard) = logs::listen("logto=debug");
    let site = Site::start().await;
    let app = both!(site, site.logto.clone());
    let mut seen = log.text().matches("answered with an error").count();
    for order in ["inside", "outside"] {
        for (page, authorization, logged) in [
            ("books", "", 1),
            ("books", "Bearer forged", 1),
            ("optional", "Bearer forged", 1),
            ("optional", "", 0),
            ("me", "", 1),
            ("failing", "", 1),
        ] {
            let request = TestRequest::get().uri(&format!("/{order}/{page}"));
            let request = if authorization.is_empty() {
                request
            } else {
                request.insert_header(("authorization", authorization))
            };
            call_service(&app, request.to_request()).await;
            let told = log.text().matches("answered with an error").count();
            assert_eq!(told - seen, logged, "{order} {page} {authorization}\n{}", log.text());
            seen = told;
        }
    }
}

/// actix-web makes `None` of it. Nothing of ours is around the handler.
#[tokio::test]
async fn an_optional_user_without_the_middleware_is_an_error_in_the_log_each_time() {
    let (log, _guard) = logs::listen("logto=error");
    let app = init_service(
        App::new()
            .route("/maybe", web::get().to(maybe))
            .route("/me", web::get().to(me))
            .route("/optional", web::get().to(optional)),
    )
    .await;
    for times in 1..=3 {
        call_service(&app, TestRequest::get().uri("/maybe").to_request()).await;
        assert_eq!(log.text().matches("integration.missing").count(), times, "{}", log.text());
    }
    assert!(log.text().contains(".wrap(logto::actix_web::middleware(logto.clone()))"));
    // An extractor that is not optional says it once, too, and is 500.
    let response = call_service(&app, TestRequest::get().uri("/me").to_request()).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(log.text().matches("integration.missing").count(), 4, "{}", log.text());
    call_service(&app, TestRequest::get().uri("/optional").to_request()).await;
    assert_eq!(log.text().matches("integration.missing").count(), 5);
    assert!(log.text().contains(".wrap(logto::actix_web::api(api.clone()))"));
}

#[tokio::test]
async fn routes_in_a_scope_that_the_base_url_lacks_say_how_they_are_mounted_instead() {
    let site = Site::start().await;
    let app = init_service(
        App::new()
            .service(web::scope("/auth").configure(logto::actix_web::routes(&site.logto)))
            .service(web::scope("/later").configure(logto::actix_web::routes(None::<LogtoClient>))),
    )
    .await;
    for path in site.logto.config().routes().paths() {
        let request = TestRequest::get().uri(&format!("/auth{path}?state=1")).to_request();
        let response = call_service(&app, request).await;
        assert_eq!(response.status(), 500, "{path}");
        let body: serde_json::Value = serde_json::from_slice(&read_body(response).await).unwrap();
        assert_eq!(body["code"], "integration.nested", "{path}");
        let hint = body["hint"].as_str().unwrap();
        assert!(hint.contains(".configure(logto::actix_web::routes(&logto))"), "{hint}");
        assert!(hint.contains("Routes::below(\"/auth\")"), "{hint}");
        // Without a client nobody knows whether the scope is right.
        let response = call_service(&app, TestRequest::get().uri(&format!("/later{path}")).to_request()).await;
        // A back channel is told 400 and nothing else (OpenID Connect Back-Channel Logout 1.0 section 2.8).
        let status = if path.contains("back-channel") { 400 } else { 403 };
        assert_eq!(response.status(), status, "{path}");
    }
}

/// actix-web decodes a path before it looks for the route.
#[tokio::test]
async fn another_spelling_of_a_route_is_no_route() {
    let site = Site::start().await;
    let app = init_service(App::new().configure(logto::actix_web::routes(&site.logto))).await;
    let response = call_service(&app, TestRequest::get().uri("/logto/%73ign-in").to_request()).await;
    assert_eq!(response.status(), 404);
}
