//! One session per request: the routes, the layers, the application's own middleware and the handlers share it, in every integration.

mod adapters;
mod broken_off;
mod caching;
mod changing_hands;
mod events;
mod logged;
mod reading;
mod refused;
mod stored;

use std::collections::BTreeSet;

use ::http::{HeaderMap, Request, Response};
use logto::{
    LogtoClient, Routes,
    store::{MemoryRevocations, MemoryStore},
};

use self::adapters::{ADAPTERS, Adapter};
use crate::support::{Browser, Site, settings};

/// A day and an hour: a session is written again by then to say that it is in use.
const A_DAY_LATER: u64 = 25 * 3600;

/// The two places where sessions are kept.
async fn sites() -> [(&'static str, Site); 2] {
    let revocations = MemoryRevocations::new();
    let in_cookies = Site::with(|mock| mock, |config| config.revocation_store(revocations.clone())).await;
    let store = MemoryStore::new();
    [("cookies", in_cookies), ("a store", Site::with(|mock| mock, |config| config.session_store(store.clone())).await)]
}

/// What a browser sends and how it takes the answer. Fails on two `Set-Cookie` of one name, and on one that a cache may keep.
async fn ask(
    adapter: Adapter,
    logto: &LogtoClient,
    browser: &mut Browser,
    method: &str,
    target: &str,
) -> Response<String> {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("cookie", browser.header())
        .header("accept", "text/html")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-site", "same-origin")
        .body(String::new())
        .unwrap();
    let response = adapter.call(logto, request).await;
    let set_cookies = texts(response.headers(), "set-cookie");
    let names: BTreeSet<_> = set_cookies.iter().map(|cookie| cookie.split('=').next().unwrap()).collect();
    assert_eq!(
        names.len(),
        set_cookies.len(),
        "{adapter:?} {method} {target}: two cookies of one name: {set_cookies:#?}"
    );
    if !set_cookies.is_empty() {
        assert_eq!(texts(response.headers(), "cache-control"), ["private, no-store"], "{adapter:?} {method} {target}");
    }
    browser.receive(&set_cookies);
    response
}

fn texts(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn text<'r>(response: &'r Response<String>, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// What the middleware around the routes and pages found before and after them.
fn observed(response: &Response<String>) -> (&str, &str) {
    (text(response, "x-before"), text(response, "x-after"))
}

/// Follows a redirect to the sign-in, signs in at Logto and comes back; returns the response of the callback.
async fn sign_in(adapter: Adapter, site: &Site, browser: &mut Browser, target: &str, user: &str) -> Response<String> {
    let to_logto = ask(adapter, &site.logto, browser, "GET", target).await;
    let callback = site.mock.sign_in(text(&to_logto, "location"), user).await;
    let callback = callback.split_once("/callback").unwrap().1;
    ask(adapter, &site.logto, browser, "GET", &format!("/callback{callback}")).await
}

#[tokio::test]
async fn a_sign_out_behind_a_middleware_that_reads_the_session_is_final() {
    for adapter in ADAPTERS {
        for (place, site) in sites().await {
            let mut browser = site.signed_in("ada").await;
            let before = browser.clone();
            site.advance(A_DAY_LATER);
            let response = ask(adapter, &site.logto, &mut browser, "POST", "/logto/sign-out").await;
            assert_eq!(observed(&response), ("user-ada", "nobody"), "{adapter:?}, {place}");
            assert!(text(&response, "location").contains("/session/end"), "{adapter:?}, {place}");
            for left in [&browser, &before] {
                assert!(!site.is_signed_in(left).await, "{adapter:?}, {place}");
            }
            // Another instance knows nothing of this one's sign-outs but what the browser was told.
            let elsewhere = site.redeployed(|config| config);
            assert!(!elsewhere.is_authenticated(&browser.request()).await.unwrap(), "{adapter:?}, {place}");
        }
    }
}

#[tokio::test]
async fn a_sign_in_as_another_user_behind_a_middleware_is_that_users() {
    for adapter in ADAPTERS {
        for (place, site) in sites().await {
            let mut browser = site.signed_in("ada").await;
            site.advance(A_DAY_LATER);
            let response = sign_in(adapter, &site, &mut browser, "/logto/sign-in", "bob").await;
            assert_eq!(observed(&response), ("user-ada", "user-bob"), "{adapter:?}, {place}: {}", response.body());
            let home = ask(adapter, &site.logto, &mut browser, "GET", "/").await;
            assert_eq!(home.body(), "user-bob", "{adapter:?}, {place}");
        }
    }
}

#[tokio::test]
async fn a_step_up_behind_a_middleware_succeeds_at_once() {
    for adapter in ADAPTERS {
        for (place, site) in sites().await {
            let mut browser = site.signed_in("ada").await;
            site.advance(A_DAY_LATER);
            let refused = ask(adapter, &site.logto, &mut browser, "GET", "/recent").await;
            let to = text(&refused, "location").to_owned();
            assert!(to.starts_with("/logto/sign-in?max_age=300"), "{adapter:?}, {place}: {to}");
            sign_in(adapter, &site, &mut browser, &to, "ada").await;
            let response = ask(adapter, &site.logto, &mut browser, "GET", "/recent").await;
            assert_eq!((response.status().as_u16(), response.body().as_str()), (200, "recent"), "{adapter:?}, {place}");
        }
    }
}

#[tokio::test]
async fn layers_of_one_client_share_its_session() {
    for adapter in [Adapter::TwoLayers, Adapter::TwoMiddlewares, Adapter::ServeInServe] {
        for (place, site) in sites().await {
            let mut browser = site.signed_in("ada").await;
            site.advance(A_DAY_LATER);
            let response = ask(adapter, &site.logto, &mut browser, "GET", "/").await;
            assert_eq!((response.body().as_str(), observed(&response)), ("user-ada", ("user-ada", "user-ada")));
            assert_eq!(texts(response.headers(), "set-cookie").len(), 1, "{adapter:?}, {place}");
            let response = ask(adapter, &site.logto, &mut browser, "POST", "/logto/sign-out").await;
            assert_eq!(observed(&response), ("user-ada", "nobody"), "{adapter:?}, {place}");
            assert!(!site.is_signed_in(&browser).await, "{adapter:?}, {place}");
        }
    }
}

#[tokio::test]
async fn clients_of_two_applications_stay_apart_in_one_request() {
    for adapter in [Adapter::TwoClients, Adapter::TwoClientsOfActixWeb] {
        let site = Site::start().await;
        let other = Site::rotating().await;
        let settings = settings(&other.mock, &other.clock).app_id("spa").routes(other_routes());
        let client = LogtoClient::new(settings.build().unwrap()).unwrap();
        adapters::OTHER
            .scope(client, async {
                let mut browser = site.signed_in("ada").await;
                browser.cookies.extend(other.signed_in("bob").await.cookies);
                for here in [&site, &other] {
                    here.advance(A_DAY_LATER);
                }
                // The inner layer is the first client's.
                let response = ask(adapter, &site.logto, &mut browser, "GET", "/").await;
                assert_eq!((response.body().as_str(), observed(&response)), ("user-ada", ("user-ada", "user-ada")));
                assert_eq!(text(&response, "x-other"), "user-bob");
                assert_eq!(texts(response.headers(), "set-cookie").len(), 2, "each client has written its own");
                // The routes of a client work with its session, wherever its layer is.
                let response = ask(adapter, &site.logto, &mut browser, "POST", "/other/sign-out").await;
                assert_eq!(text(&response, "x-other"), "nobody");
                assert!(site.is_signed_in(&browser).await && !other.is_signed_in(&browser).await);
            })
            .await;
    }
}

/// Paths beside those of the first client.
fn other_routes() -> Routes {
    Routes::new()
        .sign_in("/other/sign-in")
        .sign_up("/other/sign-up")
        .callback("/other/callback")
        .sign_out("/other/sign-out")
        .user("/other/user")
        .back_channel_logout("/other/back-channel-logout")
}
