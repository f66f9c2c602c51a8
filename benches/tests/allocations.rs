//! How often a request asks for memory. Exact, so a copy more is noticed.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use axum::{Router, body::Body, http::Request, routing::get};
use logto::{HeaderCookies, LogtoClient, LogtoConfig};
use logto_benches::{User, World, header};
use tower::Service;

#[tokio::test]
async fn a_remembered_token_costs_no_allocation() {
    let world = World::start().await;
    let header = header(&world.token(0));
    world.authorize(&header);
    let counted = measure(|| drop(world.authorize(&header)));
    assert_eq!((counted.count_total, counted.count_current), (0, 0), "{counted:?}");
}

#[test]
fn a_request_without_a_session_costs_no_allocation() {
    let user = User::recorded();
    let mut cookies = HeaderCookies::parse("theme=dark; lang=ko");
    let counted = measure(|| drop(user.get_context_of(&mut cookies)));
    assert_eq!((counted.count_total, counted.count_current), (0, 0), "{counted:?}");
}

/// How often a request through this router asks for memory. Nothing in it waits.
fn counted(router: &mut Router) -> u64 {
    let mut count = || {
        let request = Request::get("/").header("cookie", "theme=dark").body(Body::empty()).unwrap();
        let mut status = None;
        let counted = measure(|| {
            let answer = pin!(router.call(request)).poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(Ok(response)) = answer {
                status = Some(response.status());
            }
        });
        assert_eq!(status, Some(axum::http::StatusCode::OK));
        counted.count_total
    };
    count();
    count()
}

#[tokio::test]
async fn the_layer_costs_a_request_without_questions_about_its_session_few_allocations() {
    let config = LogtoConfig::builder().endpoint("http://localhost:3001").app_id("app").app_secret("an app's secret");
    let config = config.base_url("http://localhost:3000").cookie_secret("a secret of more than thirty-two letters");
    let logto = LogtoClient::new(config.build().unwrap()).unwrap();
    let bare = || Router::new().route("/", get(async || "hello"));
    let without = counted(&mut bare());
    let with = counted(&mut bare().layer(logto::axum::layer(logto)));
    // The headers that are asked for, the session, and the future in its box.
    assert_eq!(with - without, 15, "{with} with the layer, {without} without");
}
