//! Where the authentication routes may be mounted in axum, and what is said where they cannot be.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
    routing::get,
};
use logto::{LogtoClient, Routes};

use super::{Stack, ask, me, passes_at, send, stack};
use crate::support::{BASE_URL, Browser, Site};

fn routes(logto: &LogtoClient) -> Router {
    logto::axum::routes(logto)
}

fn around(logto: &LogtoClient, router: Router) -> Stack {
    stack(router.route("/me", get(me)).layer(logto::axum::layer(logto.clone())))
}

#[tokio::test]
async fn routes_that_are_merged_or_the_fallback_sign_in() {
    let site = Site::start().await;
    let merged = Router::new().merge(routes(&site.logto));
    passes_at(&site, around(&site.logto, merged), "/me").await;
    let fallback = Router::new().fallback_service(routes(&site.logto));
    passes_at(&site, around(&site.logto, fallback), "/me").await;
}

#[tokio::test]
async fn routes_below_a_prefix_are_merged() {
    let site = Site::build_with(|app| app.redirect_uri(format!("{BASE_URL}/auth/callback"))).await;
    let logto = site.redeployed(|config| config.routes(Routes::below("/auth")));
    assert_eq!(logto.config().routes().callback_path(), "/auth/callback");
    assert_eq!(logto.config().routes().sign_out_path(), "/auth/logto/sign-out");
    assert_eq!(logto.config().routes(), &Routes::below("/auth/"), "a slash at the end makes no difference");
    passes_at(&site, around(&logto, routes(&logto)), "/me").await;
}

#[tokio::test]
async fn routes_nested_below_the_path_of_the_base_url_sign_in() {
    let site = Site::build_with(|app| app.redirect_uri(format!("{BASE_URL}/shop/callback"))).await;
    let logto = site.redeployed(|config| config.base_url(format!("{BASE_URL}/shop")));
    let pages = Router::new().route("/me", get(me)).merge(routes(&logto)).layer(logto::axum::layer(logto.clone()));
    passes_at(&site, stack(Router::new().nest("/shop", pages.clone())), "/shop/me").await;
    passes_at(&site, stack(Router::new().nest_service("/shop", pages)), "/shop/me").await;
}

#[tokio::test]
async fn nested_routes_say_how_they_are_mounted_instead() {
    let site = Site::start().await;
    let nested = Router::new().nest("/auth", routes(&site.logto));
    let service = Router::new().nest_service("/auth", routes(&site.logto));
    let deeper = Router::new().nest("/auth", Router::new().nest("/user", routes(&site.logto)));
    for (router, prefix) in [(nested, "/auth"), (service, "/auth"), (deeper, "/auth/user")] {
        let mut stack = around(&site.logto, router);
        for path in site.logto.config().routes().paths() {
            for method in [Method::GET, Method::POST] {
                let request = Request::builder().method(method).uri(format!("{prefix}{path}"));
                let request = request.header("sec-fetch-mode", "cors").body(Body::empty()).unwrap();
                let answer = send(&mut stack, request).await;
                assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
                let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                assert_eq!(body["code"], "integration.nested", "{path}");
                let hint = body["hint"].as_str().unwrap();
                assert!(hint.contains(".merge(logto::axum::routes(&logto))"), "{hint}");
                assert!(hint.contains(&format!("Routes::below(\"{prefix}\")")), "{hint}");
            }
        }
        // A person sees a page with the same words, on a developer's machine.
        let page = ask(&mut stack, &mut Browser::default(), &format!("{prefix}/callback?code=x&state=y")).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(page.text().contains("integration.nested") && page.text().contains(".merge("), "{}", page.text());
    }
}
