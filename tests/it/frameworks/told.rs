//! What browsers are told, over HTTP, by every framework: headers that a framework may drop or say twice.

use reqwest::{Method, Response};
use serde_json::Value;

use super::served::{Adapter, Served, Setup};
use crate::http_browser::{location, set_cookies};

fn all<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    response.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

pub async fn each_reply_of_ours_tells_the_browser_what_it_is(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    let page = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
    let script = [("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")];
    let mut of_pages = 0;
    for target in [
        "/logto/sign-in",
        "/logto/sign-up",
        "/callback?code=c&state=s",
        "/logto/sign-out",
        "/logto/user",
        "/logto/back-channel-logout",
        "/me",
    ] {
        for method in [Method::GET, Method::POST] {
            for headers in [&page, &script] {
                let response = served.ask(method.clone(), target, headers).await;
                let what = format!("{method} {target} {headers:?} {}", response.status());
                assert_eq!(all(&response, "x-content-type-options"), ["nosniff"], "{what}");
                match all(&response, "content-type").as_slice() {
                    ["application/json"] => {
                        assert_eq!(all(&response, "cross-origin-resource-policy"), ["same-origin"], "{what}");
                    }
                    [] => {}
                    html => {
                        of_pages += 1;
                        assert_eq!(html, ["text/html; charset=utf-8"], "{what}");
                        assert_eq!(all(&response, "referrer-policy"), ["same-origin"], "{what}");
                        assert_eq!(all(&response, "cross-origin-opener-policy"), ["same-origin"], "{what}");
                        let policy = all(&response, "content-security-policy");
                        assert!(policy.len() == 1 && policy[0].contains("base-uri 'none'"), "{what}: {policy:?}");
                    }
                }
            }
        }
    }
    assert!(of_pages >= 3, "{of_pages} pages");
}

pub async fn an_image_of_another_site_begins_no_sign_in(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    let begun = served.navigate("/logto/sign-in?return_to=/me").await;
    let image = [("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")];
    for target in ["/logto/sign-in", "/logto/sign-up", "/logto/sign-in?return_to=/me", "/logto/sign-in"] {
        let response = served.ask(Method::GET, target, &image).await;
        assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (403, 0), "{target}");
    }
    let callback = served.mock.sign_in(location(&begun), "ada").await;
    assert_eq!(served.navigate(&callback).await.status(), 302);
    assert_eq!(served.navigate("/me").await.text().await.unwrap(), "ada");
}

/// The way of a browser from another site's link through a guard: each step says where it began.
pub async fn a_strict_application_asks_gives_no_claims_and_has_the_browser_forget(framework: impl Adapter) {
    let mut served = Served::with(framework, Setup::strict()).await;
    let from = |site| {
        [
            ("accept", "text/html"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-site", site),
        ]
    };
    let guarded = served.ask(Method::GET, "/me", &from("cross-site")).await;
    assert_eq!(guarded.status(), 302);
    let sign_in = location(&guarded).to_owned();
    let question = served.ask(Method::GET, &sign_in, &from("cross-site")).await;
    assert_eq!((question.status().as_u16(), set_cookies(&question).len()), (403, 0));
    let body = question.text().await.unwrap();
    assert!(body.contains(&format!(r#"class="button" href="{sign_in}">Continue to sign in</a>"#)), "{body}");
    assert_eq!(served.sign_in(&sign_in).await, format!("{}/me", served.origin));

    let user: Value = served.navigate("/logto/user").await.json().await.unwrap();
    assert_eq!(user, serde_json::json!({ "isAuthenticated": true }));
    let response = served.ask(Method::POST, "/logto/sign-out", &from("same-origin")).await;
    assert_eq!(all(&response, "clear-site-data"), [r#""cache", "storage""#]);
    assert!(!location(&response).contains("id_token_hint"), "{}", location(&response));
}
