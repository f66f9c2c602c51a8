//! `Clear-Site-Data` at the sign-out, and what `/logto/user` gives away.

use logto::{
    LogtoClient, LogtoConfigBuilder, RequestSession, SignOutOptions,
    integrate::AuthRequest,
    testing::{MockApp, MockLogto, TestClock},
};
use serde_json::{Value, json};

use crate::{
    asked::{NAVIGATION, header, request, route},
    support::{APP_SECRET, Browser, Site, app, settings},
};

const HEADER: &str = "clear-site-data";

async fn at(base_url: &str, config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Site {
    let clock = TestClock::new();
    let registered: MockApp = app("app").redirect_uri(format!("{base_url}/callback"));
    let registered = registered.post_logout_redirect_uri(base_url);
    let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
    let config = config(settings(&mock, &clock).app_secret(APP_SECRET).base_url(base_url));
    let logto = LogtoClient::new(config.build().unwrap()).unwrap();
    Site { mock, logto, clock }
}

fn sign_out(browser: &Browser) -> AuthRequest {
    request(browser, "POST", "/logto/sign-out", &[NAVIGATION, &[("sec-fetch-site", "same-origin")]].concat())
}

#[tokio::test]
async fn a_sign_out_says_what_the_browser_forgets_where_that_is_set_and_heeded() {
    for (base_url, kinds, said) in [
        ("https://www.example.com", &["cache", "storage"][..], Some(r#""cache", "storage""#)),
        ("http://localhost:3000", &["cookies"], Some(r#""cookies""#)),
        ("https://www.example.com", &[], None),
        // Browsers ignore it there (Clear Site Data section 4.1).
        ("http://www.example.com", &["cache"], None),
    ] {
        let site = at(base_url, |config| config.clear_site_data(kinds.iter().copied())).await;
        assert_eq!(site.logto.config().clear_site_data_header().as_deref(), said, "{base_url}");
        // With a session, and with one that is over already: what is kept in the browser is still there.
        for mut browser in [site.signed_in("ada").await, Browser::default()] {
            let asked = sign_out(&browser);
            let answer = route(&site.logto, &mut browser, &asked).await;
            assert_eq!((answer.status(), header(&answer, HEADER)), (303, said), "{base_url}");
        }
        // A page of the application's own.
        let session = RequestSession::new(site.logto.clone(), site.signed_in("ada").await.header());
        session.sign_out_locally().await.unwrap();
        let mut response = http::Response::new(());
        session.commit().await.unwrap().append_to(response.headers_mut());
        assert_eq!(response.headers().get(HEADER).map(|value| value.to_str().unwrap()), said, "{base_url}");
    }
}

#[tokio::test]
async fn nothing_but_a_sign_out_says_it_and_what_the_handler_said_stands() {
    let site = at("https://www.example.com", |config| config.clear_site_data(["storage"])).await;
    let mut browser = site.signed_in("ada").await;
    // A refused sign-out, the user route, a sign-in.
    let refused = request(&browser, "POST", "/logto/sign-out", &[("sec-fetch-site", "cross-site")]);
    let others = [
        refused,
        request(&browser, "GET", "/logto/user", NAVIGATION),
        request(&browser, "GET", "/logto/sign-in", NAVIGATION),
    ];
    for other in others {
        assert_eq!(header(&route(&site.logto, &mut browser, &other).await, HEADER), None, "{other:?}");
    }
    let session = RequestSession::new(site.logto.clone(), browser.header());
    assert!(session.is_authenticated().await.unwrap());
    assert!(session.commit().await.unwrap().replacements(|_| None).iter().all(|(name, _)| *name != HEADER));

    let session = RequestSession::new(site.logto.clone(), browser.header());
    _ = session.sign_out(SignOutOptions::new()).await.unwrap();
    let mut response = http::Response::builder().header(HEADER, r#""cache""#).body(()).unwrap();
    session.commit().await.unwrap().append_to(response.headers_mut());
    let said: Vec<_> = response.headers().get_all(HEADER).iter().collect();
    assert_eq!(said, [r#""cache""#]);
}

#[tokio::test]
async fn the_user_route_gives_the_claims_that_are_chosen_and_none_of_an_empty_list() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let chosen = |names: &'static [&'static str]| {
        settings(&site.mock, &site.clock).app_secret(APP_SECRET).user_route_claims(names.iter().copied())
    };
    for (settings, claims) in [
        (chosen(&["username", "roles", "no_such_claim"]), Some(json!({ "username": "ada", "roles": ["librarian"] }))),
        (chosen(&["no_such_claim"]), Some(json!({}))),
        (chosen(&[]), None),
        (settings(&site.mock, &site.clock).app_secret(APP_SECRET).strict(true), None),
        (chosen(&["username"]).strict(true), Some(json!({ "username": "ada" }))),
    ] {
        let logto = LogtoClient::new(settings.build().unwrap()).unwrap();
        for (browser, is_signed_in) in [(&browser, true), (&Browser::default(), false)] {
            let mut browser = browser.clone();
            let asked = request(&browser, "GET", "/logto/user", &[]);
            let answer = route(&logto, &mut browser, &asked).await;
            let mut expected = json!({ "isAuthenticated": is_signed_in });
            if let Some(claims) = claims.as_ref().filter(|_| is_signed_in) {
                expected["claims"] = claims.clone();
            }
            assert_eq!(
                serde_json::from_str::<Value>(answer.body()).unwrap(),
                expected,
                "{:?}",
                logto.config().user_route_claims()
            );
        }
    }
}
