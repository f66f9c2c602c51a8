//! A handler that fails because nobody is signed in: a navigation goes to sign in and comes back, in every integration.

use ::http::Request;
use logto::testing::{Endpoint, Fault};

use super::{ADAPTERS, ask, sites, text};
use crate::support::Browser;

#[tokio::test]
async fn a_not_authenticated_error_redirects_a_navigation_to_sign_in_with_return_to() {
    for adapter in ADAPTERS {
        let [(_, site), _] = sites().await;
        let mut browser = Browser::default();
        let response = ask(adapter, &site.logto, &mut browser, "GET", "/nobody?page=2").await;
        assert_eq!(response.status(), 302, "{adapter:?}: {}", response.body());
        assert_eq!(text(&response, "location"), "/logto/sign-in?return_to=%2Fnobody%3Fpage%3D2", "{adapter:?}");
    }
}

#[tokio::test]
async fn a_session_ended_by_logto_redirects_a_navigation_to_sign_in_with_return_to() {
    for adapter in ADAPTERS {
        for (place, site) in sites().await {
            let mut browser = site.signed_in("ada").await;
            site.mock.revoke_all_grants();
            let response = ask(adapter, &site.logto, &mut browser, "GET", "/token").await;
            assert_eq!(response.status(), 302, "{adapter:?}, {place}: {}", response.body());
            assert_eq!(text(&response, "location"), "/logto/sign-in?return_to=%2Ftoken", "{adapter:?}, {place}");
            assert!(!site.is_signed_in(&browser).await, "{adapter:?}, {place}");
        }
    }
}

#[tokio::test]
async fn a_program_is_told_the_code_of_a_failure_in_a_handler() {
    for adapter in ADAPTERS {
        let [(_, site), _] = sites().await;
        let browser = site.signed_in("ada").await;
        site.mock.revoke_all_grants();
        for (target, cookies, code) in
            [("/token", browser.header(), "session.ended"), ("/nobody", String::new(), "not_authenticated")]
        {
            let request = Request::get(target).header("cookie", cookies).header("sec-fetch-mode", "cors");
            let response = adapter.call(&site.logto, request.body(String::new()).unwrap()).await;
            assert_eq!(response.status(), 401, "{adapter:?} {target}");
            assert!(response.body().contains(code), "{adapter:?} {target}: {}", response.body());
        }
    }
}

#[tokio::test]
async fn other_failures_of_a_handler_stay_error_pages() {
    for adapter in ADAPTERS {
        let [(_, site), _] = sites().await;
        let mut browser = site.signed_in("ada").await;
        site.mock.inject_fault(Endpoint::Token, Fault::status(500));
        let response = ask(adapter, &site.logto, &mut browser, "GET", "/token").await;
        assert_eq!((response.status().as_u16(), text(&response, "location")), (503, ""), "{adapter:?}");
        assert!(text(&response, "content-type").starts_with("text/html"), "{adapter:?}");
        assert!(site.is_signed_in(&browser).await, "{adapter:?}");
    }
}
