//! A task of a request asks Logto while another one signs somebody else in.

use std::time::Duration;

use logto::{
    ContextOptions, RequestSession, SignInOptions, TokenOptions,
    testing::{Endpoint, Fault},
};

use crate::support::{BOOKS, Site};

#[tokio::test]
async fn a_refresh_overtaken_by_another_users_sign_in_requests_no_further_tokens() {
    // A public client: one token is asked for after another.
    let site = Site::rotating().await;
    let mut browser = site.signed_in("ada").await;
    let books = ContextOptions::new().access_token(TokenOptions::new().resource(BOOKS));
    site.context(&mut browser, books).await.unwrap();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    site.mock.clear_browser_session();
    let callback = site.mock.sign_in(&url, "bob").await;
    site.mock.reset_counts();

    let session = RequestSession::new(site.logto.clone(), browser.header());
    let ada = session.get_id_token_claims().await.unwrap().unwrap().sub;
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(300)).times(1));
    let refresh = tokio::spawn({
        let session = session.clone();
        async move { session.refresh_session().await }
    });
    while site.mock.request_count(Endpoint::Token) == 0 {
        tokio::task::yield_now().await;
    }
    _ = session.handle_sign_in(&callback).await.unwrap();
    assert_eq!(refresh.await.unwrap().unwrap_err().code(), "not_authenticated");
    assert_eq!(site.mock.request_count(Endpoint::Token), 2, "a refresh of the one user, the code of the other");

    browser.receive(session.commit().await.unwrap().set_cookies());
    let after = site.context(&mut browser, ContextOptions::new()).await.unwrap();
    assert_ne!(after.claims().unwrap().sub, ada);
}
