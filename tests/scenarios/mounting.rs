//! Where the application stands: under a path, behind a proxy, under another name.

use reqwest::Method;

use crate::{
    app::App,
    browser::{Browser, Tab},
    example::Example,
    proxy::{Proxy, Rules},
};

const SHOP: &str = "https://shop.example";

pub async fn the_routes_may_be_nested(example: Example) {
    let app = App::with(example, |setup| setup.mount("/app").prefix("/app")).await;
    let mut tab = app.visit().await;
    everything_is_below(&app, &mut tab).await;
    // Beside the mounted routes there is nothing.
    let origin = app.base.trim_end_matches("/app");
    for target in ["/", "/callback", "/logto/sign-in", "/protected"] {
        tab.open(&format!("{origin}{target}")).await;
        // salvo says 405 where a route of another path has another method.
        assert!(matches!(tab.page.status.as_u16(), 404 | 405), "{target}: {}", tab.page.status);
    }
}

pub async fn a_proxy_may_take_the_prefix_off(example: Example) {
    let app = App::with(example, |setup| setup.origin(SHOP).prefix("/app")).await;
    let proxy = Proxy::start(&app, Rules { strip: "/app", ..Rules::default() }).await;
    let mut tab = Browser::new().wired(SHOP, &proxy.address).tab();
    tab.open(&app.home()).await;
    everything_is_below(&app, &mut tab).await;
}

/// Every page, link, form and redirect is at the base URL.
async fn everything_is_below(app: &App, tab: &mut Tab) {
    tab.open(&app.url("/protected?tab=2")).await;
    tab.passed("/app/logto/sign-in?return_to=%2Fapp%2Fprotected%3Ftab%3D2");
    tab.sign_in("ada", "lovelace").await;
    tab.is_at(&app.url("/protected?tab=2"));
    tab.click("Start page").await;
    tab.shows("Hello, Ada Lovelace");
    for link in ["Protected page", "Fetch user info", "Access token", "Organization org-acme"] {
        tab.click(link).await;
        assert_eq!(tab.page.status, 200, "{link}");
        assert!(tab.page.url().as_str().starts_with(&app.url("/")), "{link}: {}", tab.page.url());
        tab.click("Start page").await;
    }
    tab.sign_out().await;
    tab.shows("Create account");
    tab.is_at(&app.home());
    tab.click("Continue with Kakao").await;
    tab.submit(&[]).await;
    tab.shows("Hello, Kakao User");
    // An error's page leads back, too.
    tab.open(&app.url("/logto/sign-out")).await;
    tab.click("Back to the start page").await;
    tab.shows("Hello, Kakao User");
}

/// TLS ends at the proxy, and the application is asked over http under another name.
pub async fn a_proxy_may_have_another_host_and_scheme(example: Example) {
    let app = App::with(example, |setup| setup.origin(SHOP)).await;
    let proxy = Proxy::start(&app, Rules::default()).await;
    let mut tab = Browser::new().wired(SHOP, &proxy.address).tab();
    tab.open(&app.url("/protected?tab=2")).await;
    let cookies = tab.cookies(SHOP);
    assert!(cookies.iter().all(|name| name.starts_with("__Host-logto_app_txn_")) && cookies.len() == 1, "{cookies:?}");
    tab.passed("redirect_uri=https%3A%2F%2Fshop.example%2Fcallback");
    tab.sign_in("ada", "lovelace").await;
    tab.is_at("https://shop.example/protected?tab=2");
    assert_eq!(tab.cookies(SHOP), ["__Host-logto_app"]);
    assert!(tab.cookies("http://shop.example/").is_empty(), "never without TLS");
    assert!(tab.cookies("https://www.shop.example/").is_empty(), "not for a sister");

    // A sister site may not sign the user out, though its cookies would be sent.
    let form = format!(r#"<form method="post" action="{SHOP}/logto/sign-out"></form>"#);
    let mut sister = tab.browser.page_of("https://blog.shop.example/", &form);
    sister.submit(&[]).await;
    assert_eq!(sister.page.status, 403);
    // In production a page tells nothing of the inside.
    assert!(!sister.page.body.contains("For developers"), "{}", sister.page.body);

    tab.click("Start page").await;
    tab.sign_out().await;
    tab.is_at(&app.home());
    tab.shows("Create account");
    assert!(tab.cookies(SHOP).is_empty());
}

/// Where the site is was said at the start; a header that anyone can send does not say otherwise.
pub async fn forwarded_headers_do_not_change_the_address_of_the_site(example: Example) {
    let app = App::with(example, |setup| setup.origin(SHOP)).await;
    let says = vec![
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "8080"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-url", "/evil"),
        ("forwarded", "for=192.0.2.1;host=evil.example;proto=http"),
    ];
    let proxy = Proxy::start(&app, Rules { says, ..Rules::default() }).await;
    let mut tab = Browser::new().wired(SHOP, &proxy.address).tab();
    tab.open(&app.home()).await;
    assert!(!tab.page.body.contains("evil"), "{}", tab.page.body);
    for target in ["/protected", "/logto/sign-in", "/logto/sign-up", "/callback?code=a&state=b", "/logto/sign-out"] {
        let answer = tab.ask(Method::GET, target).await;
        assert!(!format!("{answer:?}").contains("evil"), "{target}: {answer:#?}");
        assert!(answer.set_cookies().iter().all(|cookie| cookie.starts_with("__Host-")), "{answer:#?}");
    }
    tab.click("Sign in").await;
    tab.sign_in("ada", "lovelace").await;
    tab.is_at(&app.home());
    tab.shows("Hello, Ada Lovelace");
    tab.sign_out().await;
    tab.is_at(&app.home());
}
