//! Attacks on the way back from Logto.

use std::sync::{Arc, Mutex};

use http::{Request, Response};
use logto::{
    LogtoClient, ResponseMode, SignInOptions,
    integrate::{BoxError, BoxFuture, HttpClient},
    testing::{Endpoint, MockLogto},
};
use url::Url;

use crate::{
    encoded, post,
    support::{APP_SECRET, BASE_URL, Browser, Site, app, settings},
};

fn parameter(url: &str, name: &str) -> String {
    let url: Url = url.parse().unwrap();
    url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned()
}

/// The callback with another code.
fn with_code(callback: &str, code: &str) -> String {
    callback.replace(&format!("code={}", parameter(callback, "code")), &format!("code={code}"))
}

/// Code injection: a code that was stolen from the victim (a log, a referrer, an open window) is brought into a sign-in of the attacker's.
///
/// Without PKCE, or with a verifier that does not depend on the browser, the attacker is signed in as the victim.
#[tokio::test]
async fn a_stolen_code_opens_nothing_in_another_browser() {
    let site = Site::start().await;
    let (mut victim, mut attacker) = (Browser::default(), Browser::default());
    let url = site.begin(&mut victim, SignInOptions::new()).await;
    let stolen = parameter(&site.mock.sign_in(&url, "ada").await, "code");

    let url = site.begin(&mut attacker, SignInOptions::new()).await;
    site.mock.clear_browser_session();
    let callback = site.mock.sign_in(&url, "bob").await;
    let error = site.end(&mut attacker, &with_code(&callback, &stolen)).await.unwrap_err();
    assert_eq!(error.code(), "sign_in.invalid_code");
    assert!(!site.is_signed_in(&attacker).await);
}

/// Passes requests on, and can keep one back or send one in place of another.
#[derive(Clone, Default)]
struct Hands {
    http: reqwest::Client,
    kept: Arc<Mutex<Option<Vec<u8>>>>,
    keep: Arc<Mutex<bool>>,
}

impl HttpClient for Hands {
    fn send(
        &self,
        mut request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        if request.uri().path() == "/oidc/token" {
            if *self.keep.lock().unwrap() {
                *self.kept.lock().unwrap() = Some(request.into_body());
                return Box::pin(std::future::ready(Err("kept back".into())));
            }
            if let Some(kept) = self.kept.lock().unwrap().take() {
                *request.body_mut() = kept;
            }
        }
        self.http.send(request, max_body_bytes)
    }
}

/// The same at a server that does not check PKCE: the ID token's nonce is of the victim's sign-in.
///
/// Without a nonce, or with one that is compared with nothing, the attacker is signed in as the victim.
#[tokio::test]
async fn a_stolen_code_is_refused_by_its_nonce_where_the_server_ignores_pkce() {
    let mut site = Site::start().await;
    let hands = Hands::default();
    let config = settings(&site.mock, &site.clock).app_secret(APP_SECRET).http_client(hands.clone());
    site.logto = LogtoClient::new(config.build().unwrap()).unwrap();
    let (mut victim, mut attacker) = (Browser::default(), Browser::default());
    let url = site.begin(&mut victim, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    *hands.keep.lock().unwrap() = true;
    site.end(&mut victim, &callback).await.unwrap_err();
    *hands.keep.lock().unwrap() = false;

    // Logto is content with the victim's code and verifier, as if it had not looked at the verifier.
    let url = site.begin(&mut attacker, SignInOptions::new()).await;
    let own = site.mock.sign_in(&url, "ada").await;
    let injected = with_code(&own, &parameter(&callback, "code"));
    let error = site.end(&mut attacker, &injected).await.unwrap_err();
    assert_eq!(error.code(), "id_token.invalid_nonce");
    assert!(!site.is_signed_in(&attacker).await);
}

/// Mix-up (RFC 9207 section 1): the user begins at a server of the attacker's, which sends the browser on to the honest one; the honest
/// server's answer comes to the callback as if it were the attacker's.
///
/// Without the check of `iss`, the honest server's code is sent to the attacker's token endpoint.
#[tokio::test]
async fn the_code_of_one_server_is_not_sent_to_another() {
    let honest = Site::start().await;
    for promises_iss in [true, false] {
        let theirs = MockLogto::builder().app(app("app")).clock(honest.clock.clone()).start().await.unwrap();
        theirs.tamper_discovery(move |document| {
            document["authorization_response_iss_parameter_supported"] = promises_iss.into();
        });
        let config = settings(&theirs, &honest.clock).app_secret(APP_SECRET).build().unwrap();
        let attackers = LogtoClient::new(config).unwrap();

        let mut browser = Browser::default();
        let mut cookies = browser.request();
        let redirect = attackers.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        // The attacker's server sends the browser on, with the state and the challenge of this sign-in.
        let sent_on = redirect.location().replace(&theirs.endpoint(), &honest.mock.endpoint());
        let callback = honest.mock.sign_in(&sent_on, "ada").await;
        assert!(callback.starts_with(&format!("{BASE_URL}/callback?code=")));

        let error = attackers.handle_sign_in(&mut browser.request(), &callback).await.unwrap_err();
        assert_eq!(error.code(), "callback_uri_verification.iss_mismatched", "iss is promised: {promises_iss}");
        if promises_iss {
            let (without_iss, _) = callback.split_once("&iss=").unwrap();
            let error = attackers.handle_sign_in(&mut browser.request(), without_iss).await.unwrap_err();
            assert_eq!(error.code(), "callback_uri_verification.iss_missing");
        }
        assert_eq!(theirs.request_count(Endpoint::Token), 0, "the attacker never sees the code");
    }
}

/// Two servers, one application each, one site: their cookies have names of their own, and neither takes the other's callback.
///
/// One cookie `state` for the whole site would take it.
#[tokio::test]
async fn two_servers_of_one_site_are_kept_apart() {
    let (one, other) = (Site::start().await, Site::rotating().await);
    let mut browser = Browser::default();
    let url = one.begin(&mut browser, SignInOptions::new()).await;
    other.begin(&mut browser, SignInOptions::new()).await;
    let callback = one.mock.sign_in(&url, "ada").await;
    let error = other.end(&mut browser, &callback).await.unwrap_err();
    assert_eq!(error.code(), "callback_uri_verification.state_mismatched");
    assert_eq!(other.mock.request_count(Endpoint::Token), 0);
    one.end(&mut browser, &callback).await.unwrap();
    assert!(one.is_signed_in(&browser).await && !other.is_signed_in(&browser).await);
}

/// A callback whose parameters come twice, in any order: one part of a system may read the first and another the last.
///
/// A map of the query takes the last, or the first, and says nothing.
#[tokio::test]
async fn a_parameter_that_comes_twice_is_not_chosen_from() {
    let site = Site::start().await;
    for name in ["code", "state", "iss", "error", "error_description", "error_uri"] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        for (first, last) in [("x", "y"), ("x", "x"), ("", "")] {
            let twice = format!("{callback}&{name}={first}&{name}={last}");
            let error = site.end(&mut browser, &twice).await.unwrap_err();
            assert_eq!(error.code(), "callback_uri_verification.repeated_parameter", "{name}");
        }
        // Nothing was used up: the right one still works.
        site.end(&mut browser, &callback).await.unwrap();
    }
}

/// Login CSRF by a form: the attacker's page posts the attacker's callback in the victim's browser, where a posted callback is allowed.
///
/// Whoever takes a posted callback without its cookie, because `SameSite=Lax` keeps it back, signs the victim in as the attacker.
#[tokio::test]
async fn a_posted_callback_of_the_attacker_signs_nobody_in() {
    let site = Site::with(|mock| mock, |config| config.response_mode(ResponseMode::FormPost)).await;
    let mut attacker = Browser::default();
    let url = site.begin(&mut attacker, SignInOptions::new()).await;
    let state = parameter(&url, "state");
    let form = format!("code=of-the-attacker&state={state}&iss={}", encoded(&site.mock.issuer()));

    let mut victim = Browser::default();
    site.begin(&mut victim, SignInOptions::new()).await;
    let pending = victim.clone();
    // The first comes without cookies and is posted again, by a page of this site and so with them.
    for again in [format!("{form}&logto_posted_again=1"), format!("{form}&logto_posted_again=0")] {
        assert_eq!(post(&site.logto, "/callback", &Browser::default(), &form).await.status(), 200);
        for browser in [&pending, &Browser::default()] {
            let reply = post(&site.logto, "/callback", browser, &again).await;
            assert_eq!(reply.status(), 400, "{}", reply.body());
            assert!(reply.headers().all(|(name, _)| name != "set-cookie"), "nothing was used up");
        }
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 0);

    // Where no form is expected, none is taken.
    let site = Site::start().await;
    let reply = post(&site.logto, "/callback", &attacker, &form).await;
    assert_eq!((reply.status(), crate::header(&reply, "location")), (405, None));
}
