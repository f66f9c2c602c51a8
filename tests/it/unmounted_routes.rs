//! Guards that send users to a route that is not there: the log says so, and names the call.

use axum::Router;
use logto::SignedIn;
use tower_service::Service;

use crate::{
    asked::{NAVIGATION, header, request, route},
    logs::{Log, listen},
    support::{Browser, Site},
};

fn sends(site: &Site) {
    let redirect = site.logto.sign_in_redirect(&request(&Browser::default(), "GET", "/me", NAVIGATION));
    assert_eq!(header(&redirect, "location"), Some("/logto/sign-in?return_to=%2Fme"));
}

fn warnings(log: &Log) -> usize {
    log.text().matches("the sign-in route").count()
}

#[tokio::test]
async fn a_route_that_is_not_mounted_is_said_at_the_first_redirect() {
    let (log, _guard) = listen("logto=warn");
    let site = Site::start().await;
    sends(&site);
    assert_eq!(warnings(&log), 1, "{}", log.text());
    for call in [
        "logto::axum::routes(&logto)",
        "logto::actix_web::routes(&logto)",
        "logto::rocket::routes(&logto)",
        "sign_in_page",
    ] {
        assert!(log.text().contains(call), "{}", log.text());
    }
    sends(&site);
    assert_eq!(warnings(&log), 1, "once");
}

#[tokio::test]
async fn a_layer_without_the_routes_is_said_at_the_first_redirect() {
    async fn me(user: SignedIn) -> String {
        user.sub().to_owned()
    }
    let (log, _guard) = listen("logto=warn");
    let site = Site::start().await;
    let ask = async |mut app: Router| {
        let request = http::Request::get("/me").header("accept", "text/html").body(axum::body::Body::empty());
        app.call(request.unwrap()).await.unwrap().status().as_u16()
    };
    let pages = || Router::new().route("/me", axum::routing::get(me));
    let layer = || logto::axum::layer(site.logto.clone());
    assert_eq!(ask(pages().merge(logto::axum::routes(&site.logto)).layer(layer())).await, 302);
    assert_eq!(warnings(&log), 0, "{}", log.text());

    let other = site.another_instance();
    assert_eq!(ask(pages().layer(logto::axum::layer(other))).await, 302);
    assert_eq!(warnings(&log), 1, "{}", log.text());
}

#[tokio::test]
async fn routes_that_nobody_comes_to_are_said_after_five_redirects() {
    let (log, _guard) = listen("logto=warn");
    let site = Site::start().await;
    assert_eq!(site.logto.route_paths(), site.logto.config().routes().paths());
    for _ in 0..4 {
        sends(&site);
    }
    assert_eq!(warnings(&log), 0, "they are mounted, and four users may have changed their minds");
    for _ in 0..4 {
        sends(&site);
    }
    assert_eq!(warnings(&log), 1, "{}", log.text());
    assert!(log.text().contains("5 requests were sent to the sign-in route, and none came"), "{}", log.text());
}

#[tokio::test]
async fn routes_that_are_served_are_not_warned_of() {
    let (log, _guard) = listen("logto=warn");
    let site = Site::start().await;
    // The bare contract asks for each request whether it is one.
    let nobody = Browser::default();
    assert!(site.logto.handle_auth_routes(&request(&nobody, "GET", "/me", NAVIGATION)).await.is_none());
    sends(&site);
    let begun =
        route(&site.logto, &mut Browser::default(), &request(&nobody, "GET", "/logto/sign-in", NAVIGATION)).await;
    assert_eq!(begun.status(), 302);
    for _ in 0..10 {
        sends(&site);
    }
    assert_eq!(warnings(&log), 0, "{}", log.text());
    // Nor are they where the sign-in is a page of the application.
    let own = site.redeployed(|config| config.sign_in_page("/login"));
    _ = own.sign_in_redirect(&request(&nobody, "GET", "/me", NAVIGATION));
    assert_eq!(warnings(&log), 0, "{}", log.text());
}
