//! Logto changes its signing key while others hang up.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use http::{Request, Response};
use logto::{
    SignInOptions,
    api::{ApiAudience, ResourceServer},
    integrate::{BoxError, BoxFuture, Clock, HttpClient},
    testing::{Endpoint, MockLogto, SigningAlg},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::Milestones;
use crate::plain_http::plain_http;
use crate::support::{BOOKS, Browser, Site};

/// The time of the runtime, which a test can stop.
struct Paused(SystemTime, Instant);

impl Clock for Paused {
    fn now(&self) -> SystemTime {
        self.0 + self.1.elapsed()
    }
}

/// A server that answers with what it was given, after 150 ms.
#[derive(Clone)]
struct Away(Arc<Inner>);

struct Inner {
    discovery: Value,
    keys: Mutex<Value>,
    asked_for_keys: AtomicUsize,
}

impl HttpClient for Away {
    fn send(&self, request: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            sleep(Duration::from_millis(150)).await;
            let document = if request.uri().path().ends_with("/jwks") {
                self.0.asked_for_keys.fetch_add(1, Ordering::Relaxed);
                self.0.keys.lock().unwrap().clone()
            } else {
                self.0.discovery.clone()
            };
            Ok(Response::new(document.to_string().into_bytes()))
        })
    }
}

async fn document(mock: &MockLogto, path: &str) -> Value {
    plain_http()
        .build()
        .unwrap()
        .get(format!("{}/oidc/{path}", mock.endpoint()))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

/// A token that ends in an hour, of which each number has its own.
fn token(mock: &MockLogto, header: Value, now: SystemTime, number: usize) -> String {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let iss = format!("{}/oidc", mock.endpoint());
    let claims = json!({
        "iss": iss, "aud": BOOKS, "sub": "ada", "client_id": "app", "iat": now, "exp": now + 3600, "jti": number.to_string(),
    });
    mock.sign_jwt(header, &claims)
}

/// One request with a made-up `kid` every ten seconds, closed after 20 ms: what a stranger can send. Ten minutes.
#[tokio::test]
async fn sixty_of_sixty_good_tokens_are_served_beside_callers_that_hang_up() {
    let mock = MockLogto::start().await;
    let keys = document(&mock, "jwks").await;
    let discovery = document(&mock, ".well-known/openid-configuration").await;
    let away = Away(Arc::new(Inner { discovery, keys: Mutex::new(keys), asked_for_keys: AtomicUsize::new(0) }));
    mock.rotate_keys(SigningAlg::Es256);
    mock.remove_old_keys();
    let rotated = document(&mock, "jwks").await;

    tokio::time::pause();
    let began = SystemTime::now();
    let api = ResourceServer::builder().endpoint(mock.endpoint()).audience(ApiAudience::resource(BOOKS));
    let api = api.http_client(away.clone()).clock(Paused(began, Instant::now())).build().unwrap();
    api.warm_up().await.unwrap();
    *away.0.keys.lock().unwrap() = rotated;

    let mut served = 0;
    let mut closed = 0;
    for number in 0..60 {
        let made_up = token(&mock, json!({ "typ": "at+jwt", "kid": format!("made up {number}") }), began, number);
        closed += usize::from(timeout(Duration::from_millis(20), api.verify(&made_up)).await.is_err());
        let good = token(&mock, json!({ "typ": "at+jwt" }), began, number);
        served += usize::from(api.verify(&good).await.is_ok());
        sleep(Duration::from_secs(10)).await;
    }
    assert_eq!((served, closed), (60, 60));
    assert!(away.0.asked_for_keys.load(Ordering::Relaxed) <= 62, "the cooldown holds");
}

/// As above, with the callback of a user in place of a token.
#[tokio::test]
async fn a_user_signs_in_beside_callers_that_hang_up() {
    let http = Milestones::new();
    let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
    site.logto.warm_up().await.unwrap();
    for moment in 1..=2 {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        site.mock.rotate_keys(SigningAlg::Es256);
        let made_up = site.mock.sign_jwt(json!({ "typ": "logout+jwt", "kid": "made up" }), &json!({}));
        let body = format!("logout_token={made_up}");
        assert!(!http.leaves_at(moment, site.logto.back_channel_logout(&body)).await);
        site.end(&mut browser, &callback).await.unwrap();
        assert!(site.is_signed_in(&browser).await, "{moment}");
        site.advance(11);
    }
}

/// The cooldown is for those who can make up tokens. An ID token comes from Logto itself.
#[tokio::test]
async fn sign_ins_work_after_each_of_many_rotations_within_ten_seconds() {
    let site = Site::start().await;
    for number in 0..5 {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        site.mock.rotate_keys(if number % 2 == 0 { SigningAlg::Es256 } else { SigningAlg::Es384 });
        site.mock.reset_counts();
        site.end(&mut browser, &callback).await.unwrap();
        assert_eq!(site.mock.request_count(Endpoint::Jwks), 1, "{number}");
        site.advance(1);
    }
    // A stranger's token is not worth a request in the meantime.
    let made_up = site.mock.sign_jwt(json!({ "typ": "logout+jwt", "kid": "made up" }), &json!({}));
    let error = site.logto.back_channel_logout(&format!("logout_token={made_up}")).await.unwrap_err();
    assert_eq!((error.code().as_str(), site.mock.request_count(Endpoint::Jwks)), ("logout_token.unknown_key", 1));
}

/// However many strangers ask while Logto hangs, none of them is told that the key is unknown.
#[tokio::test]
async fn while_no_fetch_has_ended_an_unknown_key_is_no_verdict() {
    let site = Site::start().await;
    let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
    let api = api.build().unwrap();
    api.warm_up().await.unwrap();
    site.mock.rotate_keys(SigningAlg::Es256);
    let now = logto::integrate::Clock::now(&site.clock);
    site.mock.inject_fault(Endpoint::Jwks, logto::testing::Fault::drop_connection());
    let error = api.verify(&token(&site.mock, json!({ "typ": "at+jwt" }), now, 0)).await.unwrap_err();
    assert_eq!((error.http_status(), error.is_transient()), (503, true));
    // One broken connection is not remembered for the whole cooldown.
    site.mock.clear_faults();
    let error = api.verify(&token(&site.mock, json!({ "typ": "at+jwt" }), now, 1)).await.unwrap_err();
    assert_eq!((error.http_status(), error.is_transient()), (503, true));
    site.advance(1);
    api.verify(&token(&site.mock, json!({ "typ": "at+jwt" }), now, 2)).await.unwrap();
}

/// Key sets that would lock everybody out.
#[tokio::test]
async fn an_answer_without_a_key_that_can_serve_replaces_no_keys() {
    let useless: [fn(&mut Value); 3] = [
        |set| set["keys"] = json!([]),
        |set| set["keys"].as_array_mut().unwrap().iter_mut().for_each(|key| key["use"] = json!("enc")),
        |set| set["keys"] = json!([{ "kty": "OKP", "crv": "Ed25519", "x": "AA" }, { "kty": "oct", "k": "AA" }, null]),
    ];
    for change in useless {
        let site = Site::start().await;
        let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
        let api = api.token_cache_capacity(0).build().unwrap();
        api.warm_up().await.unwrap();
        site.mock.tamper_jwks(change);
        let verify = async |header: Value| {
            let now = logto::integrate::Clock::now(&site.clock);
            api.verify(&token(&site.mock, header, now, 0)).await.map(drop)
        };
        let hour = 3600;
        for seconds in [11, hour, hour, 22 * hour] {
            // The hourly fetch, and one that a stranger asks for.
            site.advance(seconds);
            verify(json!({ "typ": "at+jwt" })).await.unwrap_or_else(|error| panic!("{seconds}: {error}"));
            let error = verify(json!({ "typ": "at+jwt", "kid": "made up" })).await.unwrap_err();
            assert_eq!((error.http_status(), error.code().as_str()), (503, "jwks.failed"), "{seconds}");
        }
        // A day after their hour they are no longer believed.
        site.advance(2 * hour);
        let error = verify(json!({ "typ": "at+jwt" })).await.unwrap_err();
        assert_eq!((error.http_status(), error.is_transient()), (503, true));
        site.mock.clear_tampering();
        site.advance(11);
        verify(json!({ "typ": "at+jwt" })).await.unwrap();
    }
}

/// A client that knows no keys yet fares the same.
#[tokio::test]
async fn a_sign_in_with_a_key_set_without_keys_may_be_tried_again() {
    let site = Site::start().await;
    let logto = site.another_instance();
    site.mock.tamper_jwks(|set| set["keys"] = json!([]));
    let error = logto.warm_up().await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status(), error.is_transient()), ("jwks.failed", 503, true));
    site.mock.clear_tampering();
    site.advance(1);
    logto.warm_up().await.unwrap();
}
