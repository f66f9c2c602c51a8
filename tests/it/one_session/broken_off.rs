//! A sign-out whose request breaks off: the browser goes away before Logto has answered, and the server drops the handler.

use std::time::Duration;

use logto::{
    RequestSession, SignOutOptions,
    testing::{Endpoint, Fault},
};

use super::sites;

#[tokio::test]
async fn a_sign_out_whose_handler_is_dropped_ends_the_session() {
    for (place, site) in sites().await {
        let browser = site.signed_in("ada").await;
        site.mock.inject_fault(Endpoint::Revocation, Fault::delay(Duration::from_millis(200)).times(1));
        let session = RequestSession::new(site.logto.clone(), browser.header());
        let handler = tokio::spawn(async move { session.sign_out(SignOutOptions::new()).await.map(drop) });
        while site.mock.request_count(Endpoint::Revocation) == 0 {
            tokio::task::yield_now().await;
        }
        handler.abort();
        assert!(handler.await.unwrap_err().is_cancelled());
        assert!(!site.is_signed_in(&browser).await, "{place}: the browser has its cookie still");
    }
}
