//! Answers are asked for as they are (`Accept-Encoding: identity`); one that is compressed all the same is an error that says so.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use logto::{
    AccessToken, ContextOptions, SignInOptions, TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    api_client::ApiClient,
    machine::MachineClient,
};

use crate::{
    altered::{Altered, answer},
    support::{APP_SECRET, BOOKS, Browser, Site},
};

async fn site() -> (Site, Altered) {
    let http = Altered::new();
    let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
    (site, http)
}

/// The path answers with a body that is compressed.
fn compress(http: &Altered, compressed: &'static str, encoding: &'static str) {
    http.change(move |path, answer| {
        if path == compressed {
            answer.headers_mut().insert("content-encoding", encoding.parse().unwrap());
            *answer.body_mut() = b"\x1f\x8b\x08\x00SENTINEL".to_vec();
        }
    });
}

#[tokio::test]
async fn every_request_to_logto_asks_for_an_answer_as_it_is() {
    let (site, http) = site().await;
    let mut browser = site.signed_in("ada").await;
    site.context(&mut browser, ContextOptions::new().fetch_user_info(true)).await.unwrap();
    browser.get_token(&site.logto).await.unwrap();
    site.logto.get_access_token(&mut browser.request(), TokenOptions::new().force_refresh(true)).await.unwrap();
    let machine = MachineClient::builder().config(site.logto.config()).app_id("app").app_secret(APP_SECRET);
    _ = machine.build().unwrap().get_access_token(TokenOptions::new().resource(BOOKS)).await;
    let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
    let api = api.introspection("app", APP_SECRET).build().unwrap();
    _ = api.authorize(["Bearer opaque"], &TokenRequirements::new()).await;
    _ = site.logto.diagnose().await;
    _ = site.logto.sign_out(&mut browser.request(), logto::SignOutOptions::new()).await.unwrap();
    let requests = http.take_requests();
    let paths: BTreeSet<_> = requests.iter().map(|request| request.uri().path()).collect();
    for path in [
        "/.well-known/openid-configuration",
        "/jwks",
        "/token",
        "/me",
        "/token/introspection",
        "/token/revocation",
        "/auth",
    ] {
        assert!(paths.contains(format!("/oidc{path}").as_str()), "{path}: {paths:?}");
    }
    for request in requests {
        let accepted: Vec<_> = request.headers().get_all("accept-encoding").iter().collect();
        assert_eq!(accepted, ["identity"], "{} {}", request.method(), request.uri().path());
    }
}

#[tokio::test]
async fn a_proxy_that_compresses_unasked_is_named_and_costs_no_session() {
    let (site, http) = site().await;
    let browser = site.signed_in("ada").await;
    let refresh = async || {
        let options = TokenOptions::new().force_refresh(true);
        site.logto.get_access_token(&mut browser.request(), options).await.map(drop)
    };
    let user_info = async || site.logto.fetch_user_info(&mut browser.request()).await.map(drop);
    let instance = || site.another_instance();
    for encoding in ["gzip", "br", "zstd", "x-gzip", "identity, gzip"] {
        compress(&http, "/oidc/token", encoding);
        let token = refresh().await.unwrap_err();
        compress(&http, "/oidc/me", encoding);
        let user_info = user_info().await.unwrap_err();
        compress(&http, "/oidc/.well-known/openid-configuration", encoding);
        let mut cookies = Browser::default().request();
        let discovery = instance().sign_in(&mut cookies, SignInOptions::new()).await.unwrap_err();
        compress(&http, "/oidc/jwks", encoding);
        let keys = instance().warm_up().await.unwrap_err();
        for error in [token, user_info, discovery, keys] {
            assert_eq!((error.code().as_str(), error.http_status()), ("network.encoded", 502), "{encoding}: {error}");
            assert!(error.to_string().contains("`Content-Encoding: ") && error.hint().contains("proxy"), "{error}");
            assert!(!format!("{error:?} {error}").contains("SENTINEL"), "{error}");
        }
        assert!(site.is_signed_in(&browser).await);
    }
    http.change(|_, _| {});
    refresh().await.unwrap();
    user_info().await.unwrap();
}

/// Without this the code would be lost, and with it the user could not sign in; they are told why.
#[tokio::test]
async fn a_refusal_that_is_compressed_ends_no_session() {
    let (site, http) = site().await;
    let browser = site.signed_in("ada").await;
    for status in [400, 401, 429, 503] {
        http.change(move |path, answer| {
            if path == "/oidc/token" {
                *answer.status_mut() = status.try_into().unwrap();
                answer.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
            }
        });
        let options = TokenOptions::new().force_refresh(true);
        let error = site.logto.get_access_token(&mut browser.request(), options).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.provider_status()), ("network.encoded", Some(status)));
        assert_eq!(error.is_transient(), status >= 429, "{status}");
        assert!(site.is_signed_in(&browser).await);
    }
}

/// `reqwest` takes the header away when it has decoded the body; another client may leave a header that says nothing.
#[tokio::test]
async fn a_client_that_decodes_by_itself_serves() {
    let (site, http) = site().await;
    http.change(|_, answer| _ = answer.headers_mut().insert("content-encoding", "identity".parse().unwrap()));
    let browser = site.signed_in("ada").await;
    assert!(site.is_signed_in(&browser).await);
    assert!(http.take_requests().len() > 2);
}

/// An API that an application calls may compress: its body is the application's to read.
#[tokio::test]
async fn an_api_of_the_applications_own_may_compress() {
    const API: &str = "https://api.example.test";
    let (http, body) = (Altered::new(), b"\x1f\x8b".to_vec());
    let compressed = body.clone();
    http.answer(|path| (path == "/books").then(|| answer(200, &[("content-encoding", "gzip")])));
    http.change(move |_, answer| *answer.body_mut() = compressed.clone());
    let api = ApiClient::builder().base_url(API).token_options(TokenOptions::new().resource(BOOKS));
    let api = api.http_client(http.clone()).build().unwrap();
    let request = http::Request::get("/books").header("accept-encoding", "gzip").body(Vec::new()).unwrap();
    let response = api
        .send(&AccessToken::new("opaque", ["all"], SystemTime::now() + Duration::from_secs(3600)), request)
        .await
        .unwrap();
    assert_eq!((response.headers()["content-encoding"].as_bytes(), response.body()), (b"gzip".as_slice(), &body));
    assert_eq!(http.take_requests()[0].headers()["accept-encoding"], "gzip");
}
