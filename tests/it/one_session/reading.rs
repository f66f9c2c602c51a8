//! What is known of the session can be read while another task asks Logto, and after the response has begun.

use std::time::Duration;

use logto::{
    AccessToken, ContextOptions, RequestSession, SignInOptions, SignOutOptions, TokenOptions,
    testing::{Endpoint, Fault},
};
use tokio::task::JoinHandle;

use crate::support::{BOOKS, Browser, Site};

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS)
}

fn session(site: &Site, browser: &Browser) -> RequestSession {
    RequestSession::new(site.logto.clone(), browser.header())
}

/// A task that refreshes the session; its request has come to Logto, which answers after `delay`.
async fn refresh_under_way(
    site: &Site,
    session: &RequestSession,
    delay: Duration,
) -> JoinHandle<logto::Result<AccessToken>> {
    site.mock.inject_fault(Endpoint::Token, Fault::delay(delay).times(1));
    let session = session.clone();
    let refresh = tokio::spawn(async move { session.get_access_token(books()).await });
    while site.mock.request_count(Endpoint::Token) == 0 {
        tokio::task::yield_now().await;
    }
    refresh
}

#[tokio::test]
async fn reading_the_session_never_waits_for_the_refresh_of_another_task() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let session = session(&site, &browser);
    let refresh = refresh_under_way(&site, &session, Duration::from_secs(60)).await;
    assert!(session.is_authenticated().await.unwrap());
    assert!(session.user().await.unwrap().is_some());
    assert!(session.get_context(ContextOptions::new()).await.unwrap().is_authenticated());
    assert!(session.get_access_token(TokenOptions::new()).await.is_ok(), "a token at hand");
    assert!(session.get_refresh_token().await.unwrap().is_some());
    assert!(session.commit().await.unwrap().set_cookies().is_empty(), "nothing has changed so far");
    assert!(!refresh.is_finished());
    refresh.abort();
}

#[tokio::test]
async fn a_sign_out_is_not_undone_by_a_refresh_under_way_in_another_task() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let session = session(&site, &browser);
    let refresh = refresh_under_way(&site, &session, Duration::from_millis(300)).await;
    _ = session.sign_out(SignOutOptions::new()).await.unwrap();
    let refused = refresh.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), "session.ended");
    assert!(!session.is_authenticated().await.unwrap());
    browser.receive(session.commit().await.unwrap().set_cookies());
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn two_refreshes_of_one_request_make_one_exchange() {
    let site = Site::rotating().await;
    let mut browser = site.signed_in("ada").await;
    let session = session(&site, &browser);
    let (one, other) = tokio::join!(session.get_access_token(books()), session.get_access_token(books()));
    assert_eq!(one.unwrap().token(), other.unwrap().token());
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    // Tokens for two resources at once are two exchanges, one after the other, and both are kept.
    let other = books().organization("org-acme");
    let (one, two) =
        tokio::join!(session.get_access_token(books().force_refresh(true)), session.get_access_token(other.clone()));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(site.mock.request_count(Endpoint::Token), 3);
    browser.receive(session.commit().await.unwrap().set_cookies());
    let next = self::session(&site, &browser);
    assert_eq!(next.get_access_token(books()).await.unwrap(), one);
    assert_eq!(next.get_access_token(other).await.unwrap(), two);
    assert_eq!(site.mock.request_count(Endpoint::Token), 3);
    site.advance(3600);
    assert!(next.get_access_token(books()).await.is_ok(), "the refresh token is the newest");
}

#[tokio::test]
async fn a_session_write_after_the_response_has_begun_is_an_error() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    // Once for a session that the handler read, once for one that is first asked for in the body of a stream.
    for read_before in [true, false] {
        let session = session(&site, &browser);
        if read_before {
            assert!(session.is_authenticated().await.unwrap());
        }
        assert!(session.commit().await.unwrap().set_cookies().is_empty());
        let context = session.get_context(ContextOptions::new()).await.unwrap();
        assert_eq!(context.claims().unwrap().sub, "user-ada");
        assert!(session.get_access_token(TokenOptions::new()).await.is_ok(), "a token at hand");
        assert!(session.get_id_token().await.unwrap().is_some());
        let writes = [
            session.get_access_token(books()).await.err(),
            session.get_access_token(TokenOptions::new().force_refresh(true)).await.err(),
            session.refresh_session().await.err(),
            session.sign_in(SignInOptions::new()).await.err(),
            session.handle_sign_in("code=a&state=b").await.err(),
            session.sign_out(SignOutOptions::new()).await.err(),
            session.clear_access_token().await.err(),
            session.clear_all_tokens().await.err(),
        ];
        for (number, error) in writes.iter().enumerate() {
            assert_eq!(
                error.as_ref().map(|error| error.code().as_str()),
                Some("session.already_committed"),
                "write {number}"
            );
        }
        assert!(session.is_authenticated().await.unwrap());
        assert_eq!(site.mock.request_count(Endpoint::Token), 0, "nothing was asked for in vain");
    }
    assert!(site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
}

#[tokio::test]
async fn a_refresh_that_outlives_its_response_loses_no_session() {
    let site = Site::rotating().await;
    let mut browser = site.signed_in("ada").await;
    let session = session(&site, &browser);
    let refresh = refresh_under_way(&site, &session, Duration::from_millis(300)).await;
    browser.receive(session.commit().await.unwrap().set_cookies());
    assert!(!refresh.is_finished());
    assert!(refresh.await.unwrap().is_ok(), "the task has its token");
    // The browser has a refresh token that is spent.
    site.advance(1800);
    assert!(site.context(&mut browser, ContextOptions::new().access_token(books().force_refresh(true))).await.is_ok());
    assert!(site.is_signed_in(&browser).await);
}
