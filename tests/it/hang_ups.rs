//! Callers that hang up: whatever was begun for one of them goes on for all.
//!
//! Each test drops the first caller at every moment at which something happens at the network, and then comes as another.

mod key_rotation;
mod milestones;
mod opaque;

use logto::{
    LogtoClient, SignInOptions, TokenOptions,
    api::{ApiAudience, ResourceServer},
    machine::MachineClient,
    testing::{Endpoint, MockApp, MockLogto, SigningAlg},
};
use serde_json::json;

use self::milestones::Milestones;
use crate::{
    coordinator::Coordinator,
    support::{APP_SECRET, BOOKS, Browser, Site},
};

/// Makes the case anew for each moment, until its caller stays to the end. Says how many moments there were.
async fn at_every_moment(case: impl AsyncFn(usize) -> bool) -> usize {
    for moment in 0..100 {
        if case(moment).await {
            return moment;
        }
    }
    panic!("the caller never stays");
}

#[tokio::test]
async fn cancelled_callers_cause_a_single_fetch_of_discovery_with_jwks() {
    let moments = at_every_moment(async |moment| {
        let http = Milestones::new();
        let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
        let stays = http.leaves_at(moment, site.logto.warm_up()).await;
        site.logto.warm_up().await.unwrap();
        let asked = [Endpoint::Discovery, Endpoint::Jwks].map(|endpoint| site.mock.request_count(endpoint));
        assert_eq!(asked, [1, 1], "{moment}");
        stays
    });
    assert!(moments.await >= 4);
}

#[tokio::test]
async fn callers_that_hang_up_cause_one_fetch_of_changed_keys() {
    let moments = at_every_moment(async |moment| {
        let http = Milestones::new();
        let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
        let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
        let api = api.build().unwrap();
        api.warm_up().await.unwrap();
        site.mock.rotate_keys(SigningAlg::Es256);
        site.mock.reset_counts();
        let claims = json!({
            "iss": format!("{}/oidc", site.mock.endpoint()), "aud": BOOKS, "sub": "ada", "client_id": "app", "iat": 1, "exp": 9_999_999_999_u64,
        });
        let made_up = site.mock.sign_jwt(json!({ "typ": "at+jwt", "kid": "made up" }), &claims);
        let good = site.mock.sign_jwt(json!({ "typ": "at+jwt" }), &claims);
        let stays = http.leaves_at(moment, api.verify(&made_up)).await;
        api.verify(&good).await.unwrap();
        assert_eq!(site.mock.request_count(Endpoint::Jwks), 1, "{moment}");
        stays
    });
    assert!(moments.await >= 2);
}

#[tokio::test]
async fn callers_that_hang_up_cause_one_use_of_a_refresh_token() {
    let moments = at_every_moment(async |moment| {
        let http = Milestones::new();
        let site = Site::rotating_with(|config| config.http_client(http.clone())).await;
        let browser = site.signed_in("ada").await;
        let get = async |logto: &LogtoClient, mut browser: Browser| {
            let mut cookies = browser.request();
            logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
            browser.receive(&cookies.set_cookie_headers());
            browser
        };
        let stays = http.leaves_at(moment, get(&site.logto, browser.clone())).await;
        let later = get(&site.logto, browser.clone()).await;
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{moment}");
        site.advance(4000);
        get(&site.logto, later).await;
        stays
    });
    assert!(moments.await >= 2);
}

#[tokio::test]
async fn callers_that_hang_up_at_two_instances_cause_one_use_of_a_refresh_token() {
    let moments = at_every_moment(async |moment| {
        let (http, coordinator) = (Milestones::new(), Coordinator::default());
        let site =
            Site::rotating_with(|config| config.http_client(http.clone()).refresh_coordinator(coordinator.clone()));
        let site = site.await;
        let other = site.another_instance();
        other.warm_up().await.unwrap();
        let browser = site.signed_in("ada").await;
        let get = async |logto: &LogtoClient| {
            logto.get_access_token(&mut browser.request(), TokenOptions::new().resource(BOOKS)).await.unwrap();
        };
        let stays = http.leaves_at(moment, get(&site.logto)).await;
        get(&other).await;
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{moment}");
        stays
    });
    assert!(moments.await >= 2);
}

#[tokio::test]
async fn callers_that_hang_up_cause_one_exchange_of_a_code() {
    let moments = at_every_moment(async |moment| {
        let http = Milestones::new();
        let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        site.mock.reset_counts();
        let first = async { site.logto.handle_sign_in(&mut browser.request(), &callback).await.map(drop) };
        let stays = http.leaves_at(moment, first).await;
        site.end(&mut browser, &callback).await.unwrap();
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{moment}");
        assert!(site.is_signed_in(&browser).await, "{moment}");
        stays
    });
    assert!(moments.await >= 4);
}

#[tokio::test]
async fn callers_that_hang_up_cause_one_request_of_a_machine() {
    let moments = at_every_moment(async |moment| {
        let http = Milestones::new();
        let mock = MockLogto::builder()
            .machine_to_machine_app(MockApp::new("machine", APP_SECRET).organization("org-acme", &["admin"]))
            .start();
        let mock = mock.await.unwrap();
        let machine = MachineClient::builder().endpoint(mock.endpoint()).app_id("machine").app_secret(APP_SECRET);
        let machine = machine.http_client(http.clone()).build().unwrap();
        let get = || machine.get_access_token(TokenOptions::new().organization("org-acme"));
        let stays = http.leaves_at(moment, get()).await;
        get().await.unwrap();
        assert_eq!(mock.request_count(Endpoint::Token), 1, "{moment}");
        stays
    });
    assert!(moments.await >= 4);
}
