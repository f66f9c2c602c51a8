//! RFC 9110 section 15.5.2: each 401 has a challenge.

use reqwest::{Method, Response};

use super::served::{Adapter, Served};

/// What programs send: `fetch`, a client of JSON, none of both, htmx, and an event source.
const PROGRAMS: [&[(&str, &str)]; 5] = [
    &[("sec-fetch-mode", "cors"), ("accept", "text/html")],
    &[("accept", "application/json")],
    &[],
    &[("hx-request", "true"), ("sec-fetch-mode", "cors")],
    &[("accept", "text/event-stream"), ("sec-fetch-mode", "cors")],
];

/// Whether it is a 401, which then has one challenge, for no browser's dialog; any other answer has none.
fn is_challenge(response: &Response, request: &str) -> bool {
    let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    let expected: &[&str] = if response.status() == 401 { &[r#"Cookie realm="Logto""#] } else { &[] };
    assert_eq!(challenges, expected, "{request}: {}", response.status());
    !expected.is_empty()
}

pub async fn each_401_has_one_challenge_without_a_browsers_dialog(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    let mut refused = 0;
    for headers in PROGRAMS {
        for (method, path) in [
            (Method::GET, "/me"),
            (Method::POST, "/me"),
            (Method::GET, "/result"),
            (Method::GET, "/books"),
            (Method::GET, "/maybe"),
            (Method::GET, "/logto/user"),
            (Method::GET, "/callback?code=c&state=s"),
        ] {
            let request = format!("{method} {path} {headers:?}");
            refused += usize::from(is_challenge(&served.ask(method, path, headers).await, &request));
        }
    }
    // Each of the four guarded ones, but for the event source, which gets an event.
    assert!(refused >= 4 * 4, "{refused}");
    // A browser is sent on: what a handler's 401 asked for is not in the redirect that takes its place.
    for path in ["/me", "/result", "/books"] {
        let response = served.navigate(path).await;
        assert_eq!(response.status(), 302, "{path}");
        assert!(!is_challenge(&response, path));
    }

    // A session that Logto has ended.
    served.sign_in("/logto/sign-in").await;
    served.mock.revoke_all_grants();
    let response = served.ask(Method::GET, "/books", &[]).await;
    assert_eq!(response.status(), 401);
    assert!(is_challenge(&response, "an ended session"));
}
