//! Redirect URIs that are given per call (RFC 6749 section 3.1.2) are judged as those of the configuration are.

use logto::{HeaderCookies, SignInOptions, SignOutOptions, testing::Endpoint};

use crate::support::{BASE_URL, Browser, Site};

/// What no base URL may be, with what is said of it.
const WRONG: [(&str, &str); 10] = [
    ("http://localhost:3000/callback#frag", "has a fragment"),
    ("http://localhost:3000/callback#", "has a fragment"),
    ("javascript://localhost/", "has the scheme javascript"),
    ("com.example.app://callback", "has the scheme com.example.app"),
    ("ftp://localhost/callback", "has the scheme ftp"),
    ("http://ada:SENTINEL@localhost:3000/callback", "holds a user name or a password"),
    ("http://ada@localhost:3000/callback", "holds a user name or a password"),
    ("data:text/html,x", "is not an absolute URL"),
    ("localhost:3000/callback", "is not an absolute URL"),
    ("callback", "is not an absolute URL"),
];

#[tokio::test]
async fn a_sign_in_with_a_wrong_redirect_uri_is_refused_and_begins_nothing() {
    let site = Site::start().await;
    for (uri, why) in WRONG {
        let mut cookies = HeaderCookies::default();
        let error = site.logto.sign_in(&mut cookies, SignInOptions::new().redirect_uri(uri)).await.unwrap_err();
        assert_eq!(error.code(), "options.invalid", "{uri}");
        assert!(error.to_string().starts_with(&format!("redirect_uri {why}")), "{uri}: {error}");
        assert!(!error.to_string().contains("SENTINEL"), "{error}");
        assert_eq!(cookies.set_cookie_headers(), [""; 0], "{uri}");
    }
    assert_eq!(site.mock.requests_total(), 0, "nobody was asked");
}

#[tokio::test]
async fn a_sign_out_to_a_wrong_address_is_refused_and_ends_nothing() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    for (uri, why) in WRONG {
        let mut cookies = browser.request();
        let options = SignOutOptions::new().post_logout_redirect_uri(uri);
        let error = site.logto.sign_out(&mut cookies, options).await.unwrap_err();
        assert_eq!(error.code(), "options.invalid", "{uri}");
        assert!(error.to_string().starts_with(&format!("post_logout_redirect_uri {why}")), "{uri}: {error}");
        assert_eq!(cookies.set_cookie_headers(), [""; 0], "{uri}");
        assert!(site.is_signed_in(&browser).await, "{uri}");
    }
    assert_eq!(site.mock.request_count(Endpoint::Revocation), 0);
}

/// Logto compares letter by letter, so what is right is sent as it was given.
#[tokio::test]
async fn a_redirect_uri_that_is_right_is_sent_to_the_letter() {
    let site = Site::start().await;
    let sent = |location: &str, name: &str| {
        let url: url::Url = location.parse().unwrap();
        url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
    };
    for uri in [
        "http://LOCALHOST:3000/callback",
        "https://x.example:443/cb?tenant=a%20b",
        "https://x.example",
        "http://[::1]:80/",
    ] {
        let url = site.begin(&mut Browser::default(), SignInOptions::new().redirect_uri(uri)).await;
        assert_eq!(sent(&url, "redirect_uri"), uri);
        let options = SignOutOptions::new().post_logout_redirect_uri(uri);
        let redirect = site.logto.sign_out(&mut HeaderCookies::default(), options).await.unwrap();
        assert_eq!(sent(redirect.location(), "post_logout_redirect_uri"), uri);
    }
    // A path is below the base URL.
    let options = SignOutOptions::new().post_logout_redirect_uri("/bye#end");
    let redirect = site.logto.sign_out(&mut HeaderCookies::default(), options).await.unwrap();
    assert_eq!(sent(redirect.location(), "post_logout_redirect_uri"), format!("{BASE_URL}/bye#end"));
}
