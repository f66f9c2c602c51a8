//! Sessions that end while a request with them is under way, and what a response says of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::{HeaderMap, Request, Response, header};
use logto::{
    LogtoClient, LogtoConfig, RequestSession, SignInOptions, SignOutOptions, TokenOptions,
    integrate::{BoxError, BoxFuture, HttpClient},
    store::{MemoryRevocations, MemoryStore, SessionSelector},
};
use tokio::sync::Notify;

use crate::support::{BASE_URL, BOOKS, Site};

/// Holds an answer of the token endpoint back, once it is closed.
#[derive(Default)]
struct Gate {
    client: reqwest::Client,
    is_closed: AtomicBool,
    arrived: Notify,
    opened: Notify,
}

impl HttpClient for Gate {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        let is_held = request.uri().path().ends_with("/token") && self.is_closed.load(Ordering::Acquire);
        Box::pin(async move {
            let response = HttpClient::send(&self.client, request, max_body_bytes).await;
            if is_held {
                self.arrived.notify_one();
                self.opened.notified().await;
            }
            response
        })
    }
}

#[tokio::test]
async fn a_refresh_that_is_under_way_while_the_user_signs_out_hands_out_no_tokens() {
    let gate = Arc::new(Gate::default());
    let site = Site::with(|mock| mock, |config| config.http_client(Arc::clone(&gate))).await;
    let browser = site.signed_in("ada").await;
    gate.is_closed.store(true, Ordering::Release);
    let under_way = tokio::spawn({
        let (logto, mut cookies) = (site.logto.clone(), browser.request());
        async move { logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await }
    });
    // Logto has answered with tokens, and the answer is on its way.
    gate.arrived.notified().await;
    let here_alone = SignOutOptions::new().local_only(true).revoke_refresh_token(false);
    _ = site.logto.sign_out(&mut browser.request(), here_alone).await.unwrap();
    gate.opened.notify_one();
    let error = under_way.await.unwrap().unwrap_err();
    assert_eq!(error.code(), "session.ended");
    assert!(error.requires_sign_in());
}

/// A session in cookies that was revoked after a request had read it, and before that request moves it into a store.
#[tokio::test]
async fn a_session_that_was_revoked_meanwhile_does_not_move_from_cookies_into_a_store() {
    let revocations = MemoryRevocations::new();
    let site = Site::with(|mock| mock, |config| config.revocation_store(revocations.clone())).await;
    for is_revoked in [true, false] {
        let mut browser = site.signed_in("ada").await;
        let with_a_store =
            site.redeployed(|config| config.revocation_store(revocations.clone()).session_store(MemoryStore::new()));
        let mut session = with_a_store.load_session(&browser.request()).await.unwrap();
        session.get_access_token(TokenOptions::new().resource(BOOKS)).await.unwrap();
        if is_revoked {
            let here_alone = SignOutOptions::new().local_only(true).revoke_refresh_token(false);
            _ = site.logto.sign_out(&mut browser.request(), here_alone).await.unwrap();
        }
        let mut response = browser.request();
        session.commit(&mut response).await.unwrap();
        browser.receive(&response.set_cookie_headers());
        let is_signed_in = with_a_store.is_authenticated(&browser.request()).await.unwrap();
        assert_eq!(is_signed_in, !is_revoked);
    }
}

/// A response that sets cookies is one user's, also where nobody is signed in by the end of it.
#[tokio::test]
async fn a_response_that_sets_cookies_is_private_though_nobody_is_signed_in() {
    let site = Site::start().await;
    let signed_in = site.signed_in("ada").await;
    let signing_out = RequestSession::new(site.logto.clone(), signed_in.header());
    _ = signing_out.sign_out(SignOutOptions::new().local_only(true)).await.unwrap();
    let signing_in = RequestSession::new(site.logto.clone(), "");
    _ = signing_in.sign_in(SignInOptions::new()).await.unwrap();
    for request in [signing_out, signing_in] {
        let headers = request.commit().await.unwrap();
        assert!(!headers.set_cookies().is_empty());
        assert!(headers.is_private());
        let mut response = HeaderMap::new();
        headers.append_to(&mut response);
        assert_eq!(response[header::CACHE_CONTROL], "private, no-store");
    }
    // And one that neither sets cookies nor was asked for a user is anybody's.
    let unasked = RequestSession::new(site.logto.clone(), "");
    assert!(!unasked.commit().await.unwrap().is_private());
}

#[tokio::test]
async fn a_session_that_changed_hands_is_not_ended_with_those_of_its_former_owner() {
    use crate::redis::{id, next, session, store};
    use logto::store::{SaveOutcome, SessionStore};
    let Some((_server, store)) = store().await else { return };
    let before = session("ada", Some("s1"));
    store.create(&id(1), &before).await.unwrap();
    let mut after = next(&before, "sealed");
    (after.sub, after.sid) = ("bob".to_owned(), Some("s2".to_owned()));
    assert_eq!(store.save(&id(1), &after, before.revision).await.unwrap(), SaveOutcome::Saved);
    // The sets of the former owner still name it.
    for former in [SessionSelector::User("ada".to_owned()), SessionSelector::LogtoSession("s1".to_owned())] {
        assert_eq!(store.revoke(&former).await.unwrap(), 0);
        assert!(store.load(&id(1)).await.unwrap().is_some());
    }
    assert_eq!(store.revoke(&SessionSelector::User("bob".to_owned())).await.unwrap(), 1);
    assert!(store.load(&id(1)).await.unwrap().is_none());
}

#[test]
fn a_cookie_secret_of_32_bytes_is_the_shortest_that_is_accepted() {
    let build = |secret: &str, previous: &str| {
        let config = LogtoConfig::builder().endpoint("https://logto.example.test").app_id("app").base_url(BASE_URL);
        config.cookie_secret(secret).previous_cookie_secrets([previous]).build()
    };
    let (short, enough, long) = ("x".repeat(31), "y".repeat(32), "z".repeat(33));
    // Bytes and not letters: 16 of two bytes each are enough.
    let letters = "é".repeat(16);
    for secret in [&enough, &long, &letters] {
        assert!(LogtoClient::new(build(secret, &enough).unwrap()).is_ok());
        assert!(build(&enough, secret).is_ok());
        assert!(build(&short, secret).unwrap_err().to_string().contains("cookie_secret has 31 bytes"));
        assert!(build(secret, &short).unwrap_err().to_string().contains("previous_cookie_secrets has 31 bytes"));
    }
}
