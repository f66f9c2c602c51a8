//! Pushed authorization requests (RFC 9126): what a sign-in asks for goes to Logto before the browser does.

use std::time::Duration;

use logto::{
    DirectSignIn, ErrorKind, FirstScreen, Identifier, LogtoClient, LogtoConfigBuilder, Prompt, SignInOptions,
    integrate::{AuthRequest, AuthResponse},
    testing::{Endpoint, Fault, MockLogto, TestClock},
};
use url::Url;

use crate::{
    diagnose::{check, diagnose},
    support::{APP_SECRET, BASE_URL, Browser, Site, app, settings},
};

type Pairs = Vec<(String, String)>;

fn pushing(config: LogtoConfigBuilder) -> LogtoConfigBuilder {
    config.pushed_authorization_requests(true)
}

async fn site() -> Site {
    Site::with(|mock| mock, pushing).await
}

/// What the browser carries.
fn query(url: &str) -> Pairs {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

/// What went to Logto.
fn pushed(mock: &MockLogto) -> Pairs {
    let request = mock.last_request(Endpoint::PushedAuthorization).unwrap();
    request.form().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn value<'a>(pairs: &'a Pairs, wanted: &str) -> Option<&'a str> {
    pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

fn pushes(site: &Site) -> usize {
    site.mock.request_count(Endpoint::PushedAuthorization)
}

#[track_caller]
fn assert_carries_a_reference_alone(url: &str) {
    let carried = query(url);
    let names: Vec<_> = carried.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["client_id", "request_uri"], "{url}");
    assert!(carried[1].1.starts_with("urn:ietf:params:oauth:request_uri:"), "{url}");
}

#[tokio::test]
async fn the_browser_carries_the_app_id_and_a_reference_alone() {
    let site = site().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    assert_carries_a_reference_alone(&url);
    assert_eq!(pushes(&site), 1);
    let request = site.mock.last_request(Endpoint::PushedAuthorization).unwrap();
    assert!(request.header("authorization").unwrap().starts_with("Basic "));
    let sent = pushed(&site.mock);
    assert!(value(&sent, "client_secret").is_none() && !format!("{sent:?}").contains(APP_SECRET));

    let callback = site.mock.sign_in(&url, "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/"));
    assert!(site.is_signed_in(&browser).await);
    // Used once: whoever opens the address again gets Logto's own refusal, and the session stays.
    let again = reqwest::get(&url).await.unwrap();
    assert_eq!(again.status(), 400);
    assert!(again.text().await.unwrap().contains("invalid_request_uri"));
    assert_eq!(pushes(&site), 1);
}

#[tokio::test]
async fn what_is_pushed_is_what_the_address_would_have_said() {
    let kakao = DirectSignIn::social("kakao");
    for options in [
        SignInOptions::new(),
        SignInOptions::new().first_screen(FirstScreen::Register),
        SignInOptions::new().first_screen(FirstScreen::IdentifierSignIn).identifiers([Identifier::Email]),
        SignInOptions::new().direct_sign_in(kakao.clone()),
        SignInOptions::new().prompt([Prompt::Login]).max_age(Duration::from_secs(300)).acr_values(["urn:mfa"]),
        SignInOptions::new().login_hint("김 & co=1").ui_locales("ko en").organization_id("org-acme"),
        SignInOptions::new().extra_param("my_param", "1").one_time_token("SENTINEL"),
        SignInOptions::new().silent(true),
    ] {
        let (site, plain) = (site().await, Site::start().await);
        let url = site.begin(&mut Browser::default(), options.clone()).await;
        assert_carries_a_reference_alone(&url);
        let expected = query(&plain.begin(&mut Browser::default(), options).await);
        let without_random = |pairs: Pairs| {
            let random = ["state", "nonce", "code_challenge"];
            pairs.into_iter().filter(|(name, _)| !random.contains(&name.as_str())).collect::<Pairs>()
        };
        let sent = pushed(&site.mock);
        assert_eq!(sent.len(), expected.len());
        for name in ["state", "nonce", "code_challenge"] {
            assert_eq!(value(&sent, name).unwrap().len(), 43, "{name}");
        }
        assert_eq!(without_random(sent), without_random(expected));
        assert_eq!(plain.mock.request_count(Endpoint::PushedAuthorization), 0);
    }
}

#[tokio::test]
async fn a_user_signs_in_by_kakao_signs_up_and_a_public_client_pushes_without_a_secret() {
    let site = site().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new().direct_sign_in(DirectSignIn::social("kakao"))).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    assert!(site.is_signed_in(&browser).await);

    let public = Site::rotating_with(pushing).await;
    let mut browser = Browser::default();
    let url = public.begin(&mut browser, SignInOptions::new()).await;
    let request = public.mock.last_request(Endpoint::PushedAuthorization).unwrap();
    assert!(request.header("authorization").is_none());
    assert_eq!(pushed(&public.mock).iter().filter(|(name, _)| name == "client_id").count(), 1);
    let callback = public.mock.sign_in(&url, "ada").await;
    public.end(&mut browser, &callback).await.unwrap();
    assert!(public.is_signed_in(&browser).await);
}

#[tokio::test]
async fn two_tabs_and_a_slow_user_sign_in_each_by_their_own_request() {
    let site = site().await;
    let mut browser = Browser::default();
    let first = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/first")).await;
    let second = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/second")).await;
    assert_ne!(first, second);
    assert_eq!(pushes(&site), 2);
    for (url, page) in [(&second, "/second"), (&first, "/first")] {
        let callback = site.mock.sign_in(url, "ada").await;
        assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}{page}"));
    }
    // A browser that comes after a minute is refused by Logto. The next sign-in has a request of its own.
    let late = site.begin(&mut browser, SignInOptions::new()).await;
    site.advance(60);
    assert_eq!(reqwest::get(&late).await.unwrap().status(), 400);
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
}

fn headers(reply: &AuthResponse, wanted: &str) -> Vec<String> {
    reply.headers().filter(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned()).collect()
}

async fn visit(logto: &LogtoClient, method: &str, target: &str, more: &[(&str, &str)]) -> AuthResponse {
    let header = |name: &str| match name {
        "accept" => Some("text/html".to_owned()),
        _ => more.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
    };
    logto.handle_auth_routes(&AuthRequest::new(method, target, header)).await.unwrap()
}

#[tokio::test]
async fn only_a_sign_in_that_begins_pushes() {
    let site = site().await;
    let sign_in = "/logto/sign-in";
    for (method, target, more) in [
        ("HEAD", sign_in, &[][..]),
        ("GET", sign_in, &[("sec-purpose", "prefetch;prerender")]),
        ("GET", sign_in, &[("sec-fetch-dest", "image"), ("sec-fetch-site", "cross-site")]),
        ("GET", "/logto/user", &[]),
        ("POST", "/logto/sign-out", &[]),
        ("GET", "/callback?error=access_denied", &[]),
        ("GET", "/logto/sign-in?return_to=https%3A%2F%2Fevil.example", &[]),
    ] {
        let _ = visit(&site.logto, method, target, more).await;
        assert_eq!(pushes(&site), 0, "{method} {target} {more:?}");
    }
    // A guarded page leads to the route, and the route pushes.
    let reply = visit(&site.logto, "GET", sign_in, &[]).await;
    assert_carries_a_reference_alone(&headers(&reply, "location")[0]);
    assert_eq!((reply.status(), pushes(&site)), (302, 1));
    assert!(headers(&reply, "cache-control")[0].contains("no-store"));
    // Both requests of a silent sign-in are pushed.
    let mut browser = site.signed_in("ada").await;
    let url = site.begin(&mut browser, SignInOptions::new().silent(true)).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let second = site.end(&mut browser, &callback).await.unwrap();
    assert_carries_a_reference_alone(&second);
    assert_eq!((pushes(&site), value(&pushed(&site.mock), "prompt")), (2, Some("consent")));
    let callback = site.mock.sign_in(&second, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
}

#[tokio::test]
async fn a_logto_that_does_not_answer_the_push_leaves_nothing_of_the_sign_in() {
    let config = |config: LogtoConfigBuilder| pushing(config).timeout(Duration::from_secs(2));
    let site = Site::with(|mock| mock, config).await;
    let browser = site.signed_in("ada").await;
    for fault in [
        Fault::hang(),
        Fault::html(502),
        Fault::html(503).retry_after(Duration::from_secs(7)),
        Fault::body(429, "application/json", "{}"),
        Fault::drop_connection(),
    ] {
        site.mock.clear_faults();
        site.mock.inject_fault(Endpoint::PushedAuthorization, fault);
        let mut cookies = browser.request();
        let options = SignInOptions::new().clear_tokens(true);
        let error = site.logto.sign_in(&mut cookies, options).await.unwrap_err();
        assert!(error.is_transient() && error.http_status() == 503, "{error}");
        assert!(cookies.set_cookie_headers().is_empty(), "the session is what it was, and no sign-in waits");
        let reply = visit(&site.logto, "GET", "/logto/sign-in", &[]).await;
        assert_eq!(reply.status(), 503);
        assert!(reply.body().contains("try again"), "{}", reply.body());
        assert!(headers(&reply, "set-cookie").is_empty() && headers(&reply, "location").is_empty());
    }
    site.mock.clear_faults();
    let mut browser = browser;
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
}

#[tokio::test]
async fn a_push_that_is_refused_says_which_setting_is_wrong() {
    let site = site().await;
    let wrong_secret: fn(LogtoConfigBuilder) -> LogtoConfigBuilder = |config| config.app_secret("wrong");
    for (change, code) in [
        (wrong_secret, "client.invalid_credentials"),
        (|config| config.app_id("nosuch"), "client.invalid_credentials"),
        (|config| config.resources(["https://nosuch.example.test"]), "sign_in.request_refused"),
    ] {
        let logto = site.redeployed(|config| change(pushing(config)));
        let mut cookies = Browser::default().request();
        let error = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap_err();
        assert_eq!(
            (error.code().as_str(), error.kind(), error.http_status()),
            (code, ErrorKind::Config, 500),
            "{error}"
        );
        assert!(error.oauth_error().is_some() && cookies.set_cookie_headers().is_empty());
    }
    // As recorded: a redirect URI that is not registered is told here, and not on a page of Logto's.
    let mut cookies = Browser::default().request();
    let options = SignInOptions::new().redirect_uri("http://localhost:3000/elsewhere");
    let error = site.logto.sign_in(&mut cookies, options).await.unwrap_err();
    assert_eq!(error.code(), "sign_in.request_refused");
    assert!(error.to_string().contains("redirect_uri did not match"), "{error}");
    // An answer that is none.
    for (status, body) in
        [(201, "{}"), (201, r#"{"request_uri":"","expires_in":60}"#), (201, "[]"), (200, "<html>"), (404, "Not found")]
    {
        site.mock.clear_faults();
        site.mock.inject_fault(Endpoint::PushedAuthorization, Fault::body(status, "application/json", body));
        let error = site.logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.http_status()), ("unexpected_response_error", 502), "{body}");
    }
}

async fn without_endpoint(pushes: bool) -> Site {
    let site = Site::with(|mock| mock, |config| config.pushed_authorization_requests(pushes)).await;
    site.mock.tamper_discovery(|document| {
        document.as_object_mut().unwrap().remove("pushed_authorization_request_endpoint");
    });
    site
}

#[tokio::test]
async fn a_server_without_the_endpoint_is_told_by_the_first_sign_in_and_by_diagnose() {
    let site = without_endpoint(true).await;
    let mut cookies = Browser::default().request();
    let error = site.logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.kind()), ("sign_in.no_pushed_requests", ErrorKind::Config));
    assert!(error.hint().contains("LOGTO_PUSHED_AUTHORIZATION_REQUESTS"));
    assert!(cookies.set_cookie_headers().is_empty());
    let diagnosis = diagnose(&site).await;
    let endpoints = check(&diagnosis, "endpoints");
    assert!(endpoints.finding.contains("pushed_authorization_request_endpoint"), "{diagnosis}");
    assert!(!diagnosis.is_ok());
    // Without the setting nobody misses it.
    assert!(diagnose(&without_endpoint(false).await).await.is_ok());

    let with = self::site().await;
    let diagnosis = diagnose(&with).await;
    assert!(
        diagnosis.is_ok() && check(&diagnosis, "endpoints").finding.contains("pushed_authorization_request_endpoint")
    );
    // A server that takes nothing else.
    let plain = Site::start().await;
    plain.mock.tamper_discovery(|document| document["require_pushed_authorization_requests"] = true.into());
    let diagnosis = diagnose(&plain).await;
    assert!(check(&diagnosis, "endpoints").hint.as_ref().unwrap().contains("LOGTO_PUSHED_AUTHORIZATION_REQUESTS"));
}

#[tokio::test]
async fn strict_leaves_it_to_the_application() {
    let strict = Site::with(|mock| mock, |config| config.strict(true)).await;
    assert!(!strict.logto.config().pushed_authorization_requests());
    let url = strict.begin(&mut Browser::default(), SignInOptions::new()).await;
    assert!(value(&query(&url), "state").is_some());
    let both = Site::with(|mock| mock, |config| pushing(config).strict(true)).await;
    assert_carries_a_reference_alone(&both.begin(&mut Browser::default(), SignInOptions::new()).await);
}

#[tokio::test]
async fn each_host_pushes_its_own_callback() {
    let clock = TestClock::new();
    let registered = app("app").redirect_uri("http://127.0.0.1:3000/callback");
    let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
    let config = pushing(settings(&mock, &clock).app_secret(APP_SECRET)).further_base_urls(["http://127.0.0.1:3000"]);
    let site = Site { logto: LogtoClient::new(config.build().unwrap()).unwrap(), mock, clock };
    for host in ["localhost:3000", "127.0.0.1:3000"] {
        let reply = visit(&site.logto, "GET", "/logto/sign-in", &[("host", host)]).await;
        assert_eq!(reply.status(), 302, "{}", reply.body());
        assert_eq!(value(&pushed(&site.mock), "redirect_uri"), Some(format!("http://{host}/callback").as_str()));
    }
}
