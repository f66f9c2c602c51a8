//! A refresh is no login (OpenID Connect Core 12.2): what guards read of the login is what the sign-in's ID token said.

use std::time::Duration;

use logto::{
    Error, IdTokenClaims, LogtoClient, LogtoConfigBuilder, SessionFormat, SignInOptions, TokenOptions,
    step_up::StepUp,
    store::MemoryStore,
    testing::{Endpoint, MockLogtoBuilder, MockUser},
};
use serde_json::{Value, json};

use crate::{
    coordinator::Coordinator,
    support::{Browser, Site},
};

const TWO_HOURS: u64 = 7200;

type Settings = fn(LogtoConfigBuilder) -> LogtoConfigBuilder;

/// Each place where a session is kept.
const KEPT: [(&str, Settings); 3] = [
    ("a cookie", |config| config),
    ("a store", |config| config.session_store(MemoryStore::new())),
    ("the cookie of Next.js", |config| config.session_format(SessionFormat::Next)),
];

fn world(mock: MockLogtoBuilder) -> MockLogtoBuilder {
    mock.step_up().user(MockUser::new("ada").password("a"))
}

/// A browser that has just signed in, with the claims that `options` bring.
async fn sign_in(site: &Site, options: SignInOptions) -> Browser {
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, options).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    browser
}

async fn refresh_at(logto: &LogtoClient, browser: &mut Browser) -> Result<(), Error> {
    let mut cookies = browser.request();
    let result = logto.get_access_token(&mut cookies, TokenOptions::new().force_refresh(true)).await;
    browser.receive(&cookies.set_cookie_headers());
    result.map(drop)
}

async fn refresh(site: &Site, browser: &mut Browser) -> Result<(), Error> {
    refresh_at(&site.logto, browser).await
}

async fn claims(logto: &LogtoClient, browser: &Browser) -> IdTokenClaims {
    logto.get_id_token_claims(&browser.request()).await.unwrap().unwrap()
}

/// The code of the refusal, if the guard refuses a user who has to have authenticated within five minutes.
async fn refusal(logto: &LogtoClient, browser: &Browser, step_up: &StepUp) -> Option<&'static str> {
    let session = logto.load_session(&browser.request()).await.unwrap();
    session.require_recent_auth(step_up).err().map(|error| error.code().as_str())
}

fn recent() -> StepUp {
    StepUp::new().max_age(Duration::from_secs(300))
}

fn seconds(site: &Site) -> i64 {
    let now = logto::integrate::Clock::now(&site.clock);
    i64::try_from(now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

#[tokio::test]
async fn a_refresh_that_claims_another_login_is_refused_and_the_session_goes_on() {
    type Change = fn(&mut Value, i64);
    let changes: [(&str, Change); 6] = [
        ("id_token.invalid_auth_time", |claims, now| claims["auth_time"] = now.into()),
        ("id_token.invalid_auth_time", |claims, _| claims["auth_time"] = 1.into()),
        ("id_token.invalid_nonce", |claims, _| claims["nonce"] = "another".into()),
        ("id_token.invalid_azp", |claims, _| claims["azp"] = "app".into()),
        ("id_token.invalid_iat", |claims, _| claims["iat"] = 1.into()),
        ("id_token.invalid_aud", |claims, _| claims["aud"] = json!(["app", "trusted"])),
    ];
    for (place, settings) in KEPT {
        for (code, change) in changes {
            let config = |config: LogtoConfigBuilder| settings(config).trusted_audiences(["trusted"]);
            let site = Site::with(world, config).await;
            let mut browser = sign_in(&site, SignInOptions::new().max_age(Duration::from_secs(3600))).await;
            let (before, id_token) = (claims(&site.logto, &browser).await, id_token_of(&site, &browser).await);
            site.advance(TWO_HOURS);
            let now = seconds(&site);
            site.mock.tamper_id_token(move |_, claims| change(claims, now));
            let error = refresh(&site, &mut browser).await.unwrap_err();
            assert_eq!(error.code(), code, "{place}");
            assert_eq!(claims(&site.logto, &browser).await, before, "{place}, {code}: the session has what it had");
            assert_eq!(id_token_of(&site, &browser).await, id_token);
            assert_eq!(refusal(&site.logto, &browser, &recent()).await, Some("step_up.required"), "{place}, {code}");
            site.mock.clear_tampering();
            refresh(&site, &mut browser).await.unwrap();
            assert_eq!(refusal(&site.logto, &browser, &recent()).await, Some("step_up.required"), "{place}, {code}");
        }
    }
}

async fn id_token_of(site: &Site, browser: &Browser) -> String {
    site.logto.get_id_token(&browser.request()).await.unwrap().unwrap().expose().to_owned()
}

#[tokio::test]
async fn a_login_that_a_refresh_says_nothing_of_is_the_one_of_the_sign_in() {
    for (place, settings) in KEPT {
        let site = Site::with(world, settings).await;
        let mut browser = sign_in(&site, SignInOptions::new().max_age(Duration::from_secs(3600))).await;
        let before = claims(&site.logto, &browser).await;
        assert!(before.auth_time.is_some() && before.acr.is_some() && !before.amr.is_empty());
        site.advance(60);
        site.mock.tamper_id_token(|_, claims| {
            for name in ["auth_time", "acr", "amr", "nonce"] {
                claims.as_object_mut().unwrap().remove(name);
            }
        });
        for _ in 0..2 {
            site.advance(60);
            refresh(&site, &mut browser).await.unwrap();
            let after = claims(&site.logto, &browser).await;
            assert_ne!(after.iat, before.iat, "{place}: the claims are new");
            assert_eq!((after.auth_time, &after.acr, &after.amr), (before.auth_time, &before.acr, &before.amr));
            assert_eq!(refusal(&site.logto, &browser, &recent()).await, None, "{place}");
        }
        // What the sign-in said is still known, and is what the next refresh is compared with.
        for name in ["auth_time", "nonce"] {
            let now = seconds(&site);
            site.mock.tamper_id_token(move |_, claims| {
                claims[name] = if name == "nonce" { "another".into() } else { now.into() };
            });
            let code = format!("id_token.invalid_{name}");
            assert_eq!(refresh(&site, &mut browser).await.unwrap_err().code().as_str(), code, "{place}");
        }
    }
}

#[tokio::test]
async fn a_refresh_that_says_more_of_the_login_opens_no_guard() {
    for (place, settings) in KEPT {
        let site = Site::with(|mock| mock.user(MockUser::new("ada").password("a")), settings).await;
        let mut browser = sign_in(&site, SignInOptions::new()).await;
        assert_eq!(claims(&site.logto, &browser).await.auth_time, None);
        let login = seconds(&site);
        site.mock.tamper_id_token(move |_, claims| {
            claims["auth_time"] = login.into();
            claims["acr"] = "urn:mfa".into();
            claims["amr"] = json!(["otp"]);
        });
        refresh(&site, &mut browser).await.unwrap();
        let strong = StepUp::new().acr_values(["urn:mfa"]);
        for step_up in [&recent(), &strong] {
            assert_eq!(refusal(&site.logto, &browser, step_up).await, Some("step_up.required"), "{place}");
        }
        let after = claims(&site.logto, &browser).await;
        assert_eq!((after.auth_time, after.acr, after.amr), (None, None, vec![]), "{place}");
        // A sign-in is a login.
        let mut browser = sign_in(&site, SignInOptions::new()).await;
        assert_eq!(refusal(&site.logto, &browser, &strong).await, None, "{place}");
        site.mock.clear_tampering();
        refresh(&site, &mut browser).await.unwrap();
        assert_eq!(refusal(&site.logto, &browser, &strong).await, None, "{place}: a refresh takes nothing away");
    }
}

#[tokio::test]
async fn an_instance_that_takes_the_refresh_of_another_keeps_the_login() {
    let coordinator = Coordinator::default();
    let site = Site::with(world, |config| config.refresh_coordinator(coordinator)).await;
    let browser = sign_in(&site, SignInOptions::new().max_age(Duration::from_secs(3600))).await;
    let before = claims(&site.logto, &browser).await;
    let other = site.another_instance();
    site.mock.tamper_id_token(|_, claims| {
        claims.as_object_mut().unwrap().retain(|name, _| !["auth_time", "acr", "amr"].contains(&name.as_str()));
    });
    site.mock.reset_counts();
    site.advance(3600);
    for logto in [&site.logto, &other] {
        let mut browser = browser.clone();
        let mut cookies = browser.request();
        logto.get_access_token(&mut cookies, TokenOptions::new()).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        let after = claims(logto, &browser).await;
        assert_ne!(after.iat, before.iat);
        assert_eq!((after.auth_time, &after.acr, &after.amr), (before.auth_time, &before.acr, &before.amr));
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 1, "the second took the result of the first");
}
