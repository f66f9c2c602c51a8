//! Addresses to return to whose scheme is neither `http` nor `https`. The origin of some of them is that of an address inside
//! (WHATWG URL, "origin"), so whoever compares origins alone lets `blob:http://localhost:3000/x` through.

use logto::{HeaderCookies, SignInOptions, SignOutOptions};

use crate::support::{BASE_URL, Site};

const SCHEMES: &[&str] = &[
    "about",
    "blob",
    "data",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "jar",
    "javascript",
    "mailto",
    "vbscript",
    "view-source",
    "ws",
    "wss",
    "wyciwyg",
];
/// Another origin that users may be sent to.
const ALLOWED: &str = "https://admin.example.test";

/// Each scheme around an address that is right by itself, in lower case, in upper case, and behind what browsers drop.
fn addresses() -> Vec<String> {
    let inside =
        [BASE_URL, ALLOWED].map(|origin| [origin.to_owned(), format!("{origin}/x"), origin.replace("http", "HTTP")]);
    let rest = inside.concat().into_iter().chain(["blank".to_owned(), "//localhost:3000/".to_owned(), "/".to_owned()]);
    let mut addresses = Vec::new();
    for rest in rest {
        for scheme in SCHEMES {
            for scheme in [(*scheme).to_owned(), scheme.to_uppercase()] {
                for before in ["", " ", "\t", "\n", "\u{0}", "\u{1f}", "\u{a0}", "\u{feff}"] {
                    addresses.push(format!("{before}{scheme}:{rest}"));
                }
            }
        }
    }
    addresses
}

#[tokio::test]
async fn a_return_address_of_a_scheme_other_than_http_or_https_is_refused() {
    let site = Site::with(|mock| mock, |config| config.allowed_return_origins([ALLOWED])).await;
    for wanted in addresses() {
        let options = SignInOptions::new().post_redirect_uri(&wanted);
        let begun = site.logto.sign_in(&mut HeaderCookies::default(), options).await;
        let options = SignOutOptions::new().local_only(true).post_logout_redirect_uri(&wanted);
        let ended = site.logto.sign_out(&mut HeaderCookies::default(), options).await;
        for error in [begun.unwrap_err(), ended.unwrap_err()] {
            assert_eq!(error.code(), "sign_in.return_to_refused", "{wanted:?}");
        }
    }
}

/// The check of the scheme takes nothing away that was allowed.
#[tokio::test]
async fn an_address_of_an_allowed_origin_is_let_through_in_any_case_of_its_scheme() {
    let site = Site::with(|mock| mock, |config| config.allowed_return_origins([ALLOWED])).await;
    for wanted in [BASE_URL, "HTTP://localhost:3000/x", "/x", ALLOWED, "HTTPS://ADMIN.example.test/x"] {
        let options = SignOutOptions::new().local_only(true).post_logout_redirect_uri(wanted);
        let redirect = site.logto.sign_out(&mut HeaderCookies::default(), options).await.unwrap();
        let location = redirect.location();
        assert!(
            [BASE_URL, ALLOWED].iter().any(|origin| location.starts_with(&format!("{origin}/"))),
            "{wanted}: {location}"
        );
    }
}
