//! No cache keeps what belongs to one user, whatever the handler said.

use super::{A_DAY_LATER, ADAPTERS, ask, sites, text, texts};
use crate::support::Browser;

#[tokio::test]
async fn an_asset_for_users_is_private_although_its_handler_says_public() {
    for adapter in ADAPTERS {
        for (place, site) in sites().await {
            let mut browser = site.signed_in("ada").await;
            let response = ask(adapter, &site.logto, &mut browser, "GET", "/asset").await;
            let head = response.headers();
            assert_eq!(response.body(), "script", "{adapter:?}, {place}");
            assert_eq!(texts(head, "cache-control"), ["private, max-age=31536000, immutable"], "{adapter:?}, {place}");
            assert_eq!(texts(head, "vary"), ["accept-encoding, Cookie"], "{adapter:?}, {place}");
            assert!(texts(head, "cdn-cache-control").is_empty(), "{adapter:?}, {place}");
            assert!(texts(head, "set-cookie").is_empty(), "{adapter:?}, {place}");
        }
    }
}

#[tokio::test]
async fn an_asset_that_carries_a_session_cookie_is_not_stored() {
    for adapter in ADAPTERS {
        for (place, site) in sites().await {
            let mut browser = site.signed_in("ada").await;
            site.advance(A_DAY_LATER);
            let response = ask(adapter, &site.logto, &mut browser, "GET", "/asset").await;
            let head = response.headers();
            assert_eq!(texts(head, "set-cookie").len(), 1, "{adapter:?}, {place}: the session is written again");
            assert_eq!(texts(head, "cache-control"), ["private, no-store"], "{adapter:?}, {place}");
            assert!(texts(head, "cdn-cache-control").is_empty(), "{adapter:?}, {place}");
        }
    }
}

#[tokio::test]
async fn a_page_that_read_an_absent_session_is_private_with_vary_cookie() {
    for adapter in ADAPTERS {
        let [(_, site), _] = sites().await;
        let mut browser = Browser::default();
        let response = ask(adapter, &site.logto, &mut browser, "GET", "/").await;
        assert_eq!((response.body().as_str(), text(&response, "cache-control")), ("nobody", "private"), "{adapter:?}");
        assert_eq!(texts(response.headers(), "vary"), ["Cookie"], "{adapter:?}");
    }
}

#[tokio::test]
async fn a_page_of_a_user_is_not_stored_unless_its_handler_says_how() {
    for adapter in ADAPTERS {
        let [(_, site), _] = sites().await;
        let mut browser = site.signed_in("ada").await;
        let response = ask(adapter, &site.logto, &mut browser, "GET", "/").await;
        assert_eq!(text(&response, "cache-control"), "private, no-store", "{adapter:?}");
        assert_eq!(texts(response.headers(), "vary"), ["Cookie"], "{adapter:?}");
    }
}

#[tokio::test]
async fn a_page_that_does_not_read_the_session_keeps_the_headers_of_its_handler() {
    for adapter in ADAPTERS {
        let [(_, site), _] = sites().await;
        let mut browser = site.signed_in("ada").await;
        site.advance(A_DAY_LATER);
        let response = ask(adapter, &site.logto, &mut browser, "GET", "/plain").await;
        let head = response.headers();
        assert_eq!(texts(head, "cache-control"), ["public, max-age=31536000, immutable"], "{adapter:?}");
        assert_eq!(
            (texts(head, "vary"), texts(head, "cdn-cache-control")),
            (vec!["accept-encoding".to_owned()], vec!["max-age=600".to_owned()]),
            "{adapter:?}"
        );
        assert!(texts(head, "set-cookie").is_empty(), "{adapter:?}");
    }
}
