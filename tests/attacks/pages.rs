//! Reflected XSS: every page that the crate renders, with a script in everything that it could show.

use logto::{
    HeaderCookies, LogtoClient, LogtoConfigBuilder, ResponseMode, Routes, SignInOptions,
    testing::{MockLogto, MockUser},
};

use crate::{
    encoded, header, open,
    plain_http::plain_http,
    post,
    support::{Browser, Site, app, settings},
};

const SCRIPTS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{body}<script>alert(1)</script>",
];

/// None of the payload is markup, and none is an address that runs.
fn harmless(what: &str, html: &str) {
    for markup in [
        "<script>alert",
        "<img",
        "<svg",
        "onmouseover=\"",
        "onerror=alert(1)>",
        "href=\"javascript:",
        "action=\"javascript:",
    ] {
        assert!(!html.contains(markup), "{what}: {html}");
    }
}

/// The error page, on a developer's own machine, where it shows most.
///
/// A naive implementation writes `error_description` into its page as it came, or escapes text and forgets attributes.
#[tokio::test]
async fn the_error_page_shows_scripts_as_text() {
    let site = Site::start().await;
    let mut cases = 0;
    for script in SCRIPTS {
        let value = encoded(script);
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        let (_, query) = callback.split_once('?').unwrap();
        for name in ["code", "state", "iss", "error", "error_description", "error_uri"] {
            let others: Vec<_> = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
            let target = format!("/callback?{}&{name}={value}", others.join("&"));
            // Each time the same sign-in: the cookie is not taken back, as by an attacker's copy.
            let reply = open(&site.logto, "GET", &target, &browser, &[]).await;
            if reply.status() == 302 {
                continue;
            }
            harmless(&target, reply.body());
            let policy = header(&reply, "content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
            assert_eq!(header(&reply, "x-content-type-options").as_deref(), Some("nosniff"));
            cases += 1;
        }
        for name in ["return_to", "direct_sign_in", "first_screen"] {
            let target = format!("/logto/sign-in?{name}={value}");
            let reply = open(&site.logto, "GET", &target, &Browser::default(), &[]).await;
            harmless(&target, reply.body());
            cases += 1;
        }
        for method in ["GET", script] {
            let reply = open(&site.logto, method, "/logto/sign-out", &Browser::default(), &[("origin", script)]).await;
            harmless("/logto/sign-out", reply.body());
            cases += 1;
        }
    }
    println!("{cases} error pages");
    assert_eq!(cases, SCRIPTS.len() * 9);
}

/// The page that posts a callback once more, which holds whatever was posted; and the one for a sign-in that another site wanted.
///
/// A naive implementation escapes the values of a form and not its names, or lets every script run on the page that needs one.
#[tokio::test]
async fn the_pages_for_other_sites_show_scripts_as_text() {
    let config = |config: LogtoConfigBuilder| {
        config.response_mode(ResponseMode::FormPost).routes(Routes::new().initiate_login("/initiate"))
    };
    let site = Site::with(|mock| mock, config).await;
    for script in SCRIPTS {
        let value = encoded(script);
        let form = format!("state={value}&code={value}&{value}={value}&{value}=%00");
        let reply = post(&site.logto, "/callback", &Browser::default(), &form).await;
        assert_eq!(reply.status(), 200);
        assert!(reply.body().contains("alert(1)"), "it is posted again: {}", reply.body());
        harmless(script, reply.body());
        let policy = header(&reply, "content-security-policy").unwrap();
        let (_, scripts) = policy.split_once("script-src ").unwrap();
        assert!(policy.starts_with("default-src 'none'") && scripts.starts_with("'sha256-"), "{policy}");
        assert!(!scripts.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");

        for name in ["iss", "login_hint", "target_link_uri"] {
            let reply = open(&site.logto, "GET", &format!("/initiate?{name}={value}"), &Browser::default(), &[]).await;
            assert_eq!(reply.status(), 400);
            harmless(name, reply.body());
            harmless(
                name,
                post(&site.logto, "/initiate", &Browser::default(), &format!("{name}={value}")).await.body(),
            );
        }
    }
}

/// `error_uri` is not shown, so it is no error page either: the callback is right but for it.
#[tokio::test]
async fn an_error_uri_without_an_error_does_not_stop_the_sign_in() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    assert!(site.end(&mut browser, &format!("{callback}&error_uri=javascript:alert(1)")).await.is_ok());
}

/// The pages of the Logto inside, which developers' browsers see.
#[tokio::test]
async fn the_pages_of_the_mock_show_scripts_as_text() {
    let http = plain_http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut cases = 0;
    for script in SCRIPTS {
        let hostile = app(script).third_party();
        let mock = MockLogto::builder()
            .app(hostile)
            .user(MockUser::new(*script).password(*script).name(*script))
            .start()
            .await
            .unwrap();
        let clock = logto::testing::TestClock::new();
        let config =
            settings(&mock, &clock).app_id(*script).scopes(["email"]).resources(Vec::<String>::new()).build().unwrap();
        let logto = LogtoClient::new(config).unwrap();
        for path in ["sign-in", "register", "identifier-sign-in", "reset-password", "direct/social/kakao", "consent"] {
            let options = SignInOptions::new().login_hint(*script).ui_locales(*script).one_time_token(*script);
            let redirect = logto.sign_in(&mut HeaderCookies::default(), options).await.unwrap();
            let begun = http.get(redirect.location()).send().await.unwrap();
            let location = begun.headers()["location"].to_str().unwrap().to_owned();
            assert!(location.starts_with("/sign-in?"), "{location}");
            let (_, query) = location.split_once('?').unwrap();
            let page = format!("{}/{path}?{query}", mock.endpoint());
            let shown = http.get(&page).send().await.unwrap().text().await.unwrap();
            assert!(shown.contains("MockLogto"), "{path}: {shown}");
            assert!(!matches!(path, "sign-in" | "consent") || shown.contains("alert(1)"), "it is shown: {shown}");
            harmless(path, &shown);
            let form = [("username", *script), ("password", "wrong")];
            let answered = http.post(&page).form(&form).send().await.unwrap().text().await.unwrap();
            harmless(path, &answered);
            cases += 2;
        }
        // Errors are JSON, which no browser takes for a page.
        for name in ["client_id", "redirect_uri", "scope", "resource", "prompt", "response_type"] {
            let url = format!("{}/auth?{name}={}", mock.issuer(), encoded(script));
            let response = http.get(url).send().await.unwrap();
            let media = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
            assert!(media.is_none_or(|media| media.starts_with("application/json")), "{name}");
            cases += 1;
        }
        let out = format!("{}/session/end?state={}", mock.issuer(), encoded(script));
        harmless("end session", &http.get(out).send().await.unwrap().text().await.unwrap());
        cases += 1;
    }
    println!("{cases} pages of the mock");
    assert_eq!(cases, SCRIPTS.len() * 19);
}
