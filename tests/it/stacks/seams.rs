//! What becomes of a session where a layer inside or outside ends the request.

use std::{sync::atomic::Ordering, time::Duration};

use ::tower::{ServiceBuilder, ServiceExt, service_fn};
use axum::{
    BoxError, Router,
    body::Body,
    error_handling::HandleErrorLayer,
    http::{HeaderValue, Request, Response, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use logto::{LogtoClient, RequestSession, testing::TestClock};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, cors::CorsLayer, set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
};

use super::{ask, books, content, navigation, pages, renews, send, stack};
use crate::{
    counted_store::Counted,
    logs::listen,
    support::{BOOKS, Browser, Site},
};

const SHORT: Duration = Duration::from_millis(50);

fn layer(logto: &LogtoClient) -> logto::axum::LogtoLayer {
    logto::axum::layer(logto.clone())
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, SHORT)
}

async fn failed(error: BoxError) -> (StatusCode, String) {
    (StatusCode::GATEWAY_TIMEOUT, error.to_string())
}

#[tokio::test]
async fn a_renewed_session_survives_compression_on_either_side() {
    let site = Site::start().await;
    let inside = ServiceBuilder::new().layer(layer(&site.logto)).layer(CompressionLayer::new());
    renews(&mut stack(pages(&site.logto).layer(inside)), &site, "/books", StatusCode::OK).await;
    let outside = pages(&site.logto).layer(layer(&site.logto)).layer(CompressionLayer::new());
    renews(&mut stack(outside), &site, "/books", StatusCode::OK).await;
}

#[tokio::test]
async fn a_session_that_changed_before_a_panic_is_kept_where_the_panic_is_caught_inside() {
    let site = Site::start().await;
    let inside = ServiceBuilder::new().layer(layer(&site.logto)).layer(CatchPanicLayer::new());
    renews(&mut stack(pages(&site.logto).layer(inside)), &site, "/panic", StatusCode::INTERNAL_SERVER_ERROR).await;
}

/// The cookie is lost with the request. The token is asked for again, and nobody is signed out, whatever Logto did with the refresh token.
#[tokio::test]
async fn a_panic_that_is_caught_outside_signs_nobody_out() {
    let site = Site::rotating().await;
    let mut stack = stack(pages(&site.logto).layer(layer(&site.logto)).layer(CatchPanicLayer::new()));
    let mut browser = site.signed_in("ada").await;
    let answer = ask(&mut stack, &mut browser, "/panic").await;
    assert_eq!((answer.status, answer.set_cookies().len()), (StatusCode::INTERNAL_SERVER_ERROR, 0));
    let answer = ask(&mut stack, &mut browser, "/books").await;
    assert_eq!((answer.status, content(&answer).as_str()), (StatusCode::OK, "read:books write:books"));
    browser.get_token(&site.logto).await.unwrap();
}

#[tokio::test]
async fn a_session_that_changed_before_a_timeout_is_kept_where_the_timeout_is_inside() {
    let site = Site::start().await;
    let inside = ServiceBuilder::new().layer(layer(&site.logto)).layer(timeout());
    renews(&mut stack(pages(&site.logto).layer(inside)), &site, "/slow", StatusCode::GATEWAY_TIMEOUT).await;
}

#[tokio::test]
async fn a_timeout_outside_signs_nobody_out() {
    let site = Site::rotating().await;
    let mut stack = stack(pages(&site.logto).layer(layer(&site.logto)).layer(timeout()));
    let mut browser = site.signed_in("ada").await;
    let answer = ask(&mut stack, &mut browser, "/slow").await;
    assert_eq!((answer.status, answer.set_cookies().len()), (StatusCode::GATEWAY_TIMEOUT, 0));
    let answer = ask(&mut stack, &mut browser, "/books").await;
    assert_eq!((answer.status, content(&answer).as_str()), (StatusCode::OK, "read:books write:books"));
}

#[tokio::test]
async fn errors_that_are_handled_inside_of_the_layer_keep_the_session() {
    let site = Site::start().await;
    let handled = ServiceBuilder::new().layer(layer(&site.logto)).layer(HandleErrorLayer::new(failed)).timeout(SHORT);
    renews(&mut stack(pages(&site.logto).layer(handled)), &site, "/slow", StatusCode::GATEWAY_TIMEOUT).await;
}

#[tokio::test]
async fn an_error_of_the_inner_service_passes_through_with_a_warning_that_a_cookie_was_lost() {
    let (log, _guard) = listen("logto=warn");
    let site = Site::rotating().await;
    let around = ServiceBuilder::new().layer(HandleErrorLayer::new(failed)).layer(layer(&site.logto));
    let mut stack = stack(pages(&site.logto).layer(around.timeout(SHORT)));
    let mut browser = site.signed_in("ada").await;
    let answer = ask(&mut stack, &mut browser, "/slow").await;
    assert_eq!((answer.status, answer.set_cookies().len()), (StatusCode::GATEWAY_TIMEOUT, 0));
    assert_eq!(content(&answer), "request timed out");
    let lost = |log: &str| log.matches("without a response to carry its cookie").count();
    assert_eq!(lost(&log.text()), 1, "{}", log.text());
    // Nothing is lost where nothing changed.
    let nobody = ask(&mut stack, &mut Browser::default(), "/slow").await;
    assert_eq!((nobody.status, lost(&log.text())), (StatusCode::FOUND, 1));
    assert_eq!(ask(&mut stack, &mut browser, "/books").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_error_of_a_service_comes_out_as_it_is() {
    #[derive(Debug, PartialEq)]
    struct Own(u8);
    let site = Site::start().await;
    let fails = service_fn(async |_: Request<Body>| Err::<Response<Body>, _>(Own(7)));
    let axum = ServiceBuilder::new().layer(layer(&site.logto)).service(fails);
    assert_eq!(axum.oneshot(Request::new(Body::empty())).await.unwrap_err(), Own(7));
    let neutral = ServiceBuilder::new().layer(logto::tower::layer(site.logto.clone())).service(fails);
    assert_eq!(neutral.oneshot(Request::new(Body::empty())).await.unwrap_err(), Own(7));
}

/// What an answer to an error keeps of the response whose place it takes.
#[tokio::test]
async fn an_answer_to_an_error_keeps_the_headers_of_inner_layers() {
    async fn fails(session: RequestSession) -> impl IntoResponse {
        let cookies = AppendHeaders([(header::SET_COOKIE, "a=1"), (header::SET_COOKIE, "b=2")]);
        let of_the_body = AppendHeaders([(header::ETAG, "\"1\""), (header::CONTENT_LENGTH, "2000")]);
        (cookies, of_the_body, session.require_user().await.unwrap_err())
    }
    let store = Counted::new(&TestClock::new());
    let site = Site::with(|mock| mock, |config| config.session_store(store.clone())).await;
    let pages = || {
        let pages = pages(&site.logto).route("/fails", axum::routing::get(fails));
        let pages = pages.layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, "max-age=60".parse().ok()));
        pages.layer(CompressionLayer::new()).layer(CorsLayer::permissive())
    };
    let neutral = ServiceBuilder::new().layer(logto::tower::layer(site.logto.clone())).service(pages());
    let signed_in = site.signed_in("ada").await;
    for mut stack in [stack(pages().layer(layer(&site.logto))), stack(neutral)] {
        for (page, accept, browser, status) in [
            ("/fails", "application/json", None, StatusCode::UNAUTHORIZED),
            ("/fails", "text/html", None, StatusCode::FOUND),
            // The session cannot be read.
            ("/me", "application/json", Some(&signed_in), StatusCode::SERVICE_UNAVAILABLE),
            ("/me", "text/html", Some(&signed_in), StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let request = Request::get(page).header("accept", accept).header("origin", "https://spa.example");
            let request = request.header("accept-encoding", "gzip");
            let request = request.header("cookie", browser.map(Browser::header).unwrap_or_default());
            store.down.store(browser.is_some(), Ordering::SeqCst);
            let answer = send(&mut stack, request.body(Body::empty()).unwrap()).await;
            store.down.store(false, Ordering::SeqCst);
            assert_eq!(answer.status, status, "{page} {accept}");
            let values = |name: header::HeaderName| {
                let values = answer.headers.get_all(name).iter();
                values.map(|value| value.to_str().unwrap()).collect::<Vec<_>>()
            };
            assert_eq!(values(header::ACCESS_CONTROL_ALLOW_ORIGIN), ["*"], "{page} {accept}");
            let cookies: &[&str] = if browser.is_none() { &["a=1", "b=2"] } else { &[] };
            assert_eq!(values(header::SET_COOKIE), cookies, "{page} {accept}");
            for gone in [header::ETAG, header::CONTENT_ENCODING, header::TRANSFER_ENCODING] {
                assert!(values(gone).is_empty(), "{page} {accept}");
            }
            let length = answer.body.len().to_string();
            assert!(values(header::CONTENT_LENGTH).iter().all(|said| *said == length), "{page} {accept}");
            assert!(values(header::CACHE_CONTROL).concat().contains("no-store"), "{page} {accept}");
            let kind: &[&str] = match (status, accept) {
                (StatusCode::FOUND, _) => &[],
                (_, "text/html") => &["text/html; charset=utf-8"],
                _ => &["application/json"],
            };
            assert_eq!(values(header::CONTENT_TYPE), kind, "{page} {accept}");
        }
    }
}

/// A store is told all the same: what it holds needs no response.
#[tokio::test]
async fn a_stored_session_is_kept_without_a_response() {
    let store = logto::store::MemoryStore::new();
    let site = Site::with(|mock| mock, |config| config.session_store(store)).await;
    let around = ServiceBuilder::new().layer(HandleErrorLayer::new(failed)).layer(layer(&site.logto)).timeout(SHORT);
    let mut stack = stack(pages(&site.logto).layer(around));
    let mut browser = site.signed_in("ada").await;
    assert_eq!(ask(&mut stack, &mut browser, "/slow").await.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(site.mock.requests(logto::testing::Endpoint::Token).len(), 1);
    // Another instance remembers nothing, and finds the token in the store.
    let token = logto::TokenOptions::new().resource(BOOKS);
    site.another_instance().get_access_token(&mut browser.request(), token).await.unwrap();
    assert_eq!(site.mock.requests(logto::testing::Endpoint::Token).len(), 1);
}

/// Whoever leaves takes nothing along: the same stack goes on for the next.
#[tokio::test]
async fn a_request_that_is_cancelled_inside_of_the_layer_leaves_the_stack_usable() {
    let site = Site::start().await;
    let mut stack = stack(Router::new().route("/books", axum::routing::get(books)).layer(layer(&site.logto)));
    let mut browser = site.signed_in("ada").await;
    let cancelled = tokio::time::timeout(Duration::ZERO, stack.clone().oneshot(navigation(&browser, "/books"))).await;
    assert!(cancelled.is_err());
    let answer = ask(&mut stack, &mut browser, "/books").await;
    assert_eq!(answer.text(), "read:books write:books");
}

/// Without them no script of another origin could read why it was refused.
#[tokio::test]
async fn a_refusal_keeps_the_headers_that_layers_inside_have_set() {
    let site = Site::start().await;
    let cors = CorsLayer::new().allow_origin(HeaderValue::from_static("tauri://localhost"));
    let inside = ServiceBuilder::new().layer(layer(&site.logto)).layer(cors).layer(CompressionLayer::new());
    let mut stack = stack(pages(&site.logto).layer(inside));
    let request = Request::get("/me").header("origin", "tauri://localhost").header("accept-encoding", "gzip");
    let answer = send(&mut stack, request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers["access-control-allow-origin"], "tauri://localhost");
    assert!(answer.text().contains("not_authenticated") && !answer.headers.contains_key("content-encoding"));
    let types: Vec<_> = answer.headers.get_all("content-type").iter().collect();
    assert_eq!(types, ["application/json"], "one body, one type");
}
