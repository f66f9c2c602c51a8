//! A base URL whose path begins as the paths of the routes do.

use logto::{
    SignInOptions, SignOutOptions,
    integrate::{AuthRequest, AuthResponse},
};

use crate::support::{BASE_URL, Browser, Site, app};

fn request(target: &str) -> AuthRequest {
    AuthRequest::new("GET", target, |name| (name == "accept").then(|| "text/html".to_owned()))
}

fn location(reply: &AuthResponse) -> &str {
    reply.headers().find(|(name, _)| *name == "location").map_or("", |(_, value)| value)
}

/// Each route is asked for as the browser knows it, and as it is behind a proxy that takes the path of the base URL off.
#[tokio::test]
async fn routes_below_the_path_of_the_base_url_are_served_with_or_without_that_path() {
    let site = Site::with(|mock| mock, |config| config.base_url(format!("{BASE_URL}/logto"))).await;
    for target in ["/logto/logto/sign-in", "/logto/sign-in"] {
        let reply = site.logto.handle_auth_routes(&request(target)).await.unwrap();
        assert!(location(&reply).starts_with(&site.mock.issuer()), "{target}");
        let asked = site.logto.handle_auth_routes(&request(&format!("{target}?one_time_token=t"))).await.unwrap();
        assert!(asked.body().contains("href=\"/logto/logto/sign-in?one_time_token=t\""), "{target}: {}", asked.body());
    }
    for target in ["/logto/callback", "/callback", "/logto/logto/user", "/logto/user"] {
        assert!(site.logto.handle_auth_routes(&request(target)).await.is_some(), "{target}");
    }
    assert!(site.logto.handle_auth_routes(&request("/logto/me")).await.is_none());
    let reply = site.logto.sign_in_redirect(&request("/logto/me"));
    assert_eq!(location(&reply), "/logto/logto/sign-in?return_to=%2Flogto%2Fme");
}

const SHOP: &str = "http://localhost:3000/shop";

async fn shop() -> Site {
    let registered =
        app("shop").redirect_uri(format!("{SHOP}/callback")).post_logout_redirect_uri(format!("{SHOP}/bye"));
    Site::with(|mock| mock.app(registered), |config| config.base_url(SHOP).app_id("shop")).await
}

#[tokio::test]
async fn a_path_to_return_to_is_below_the_base_url_with_or_without_its_path() {
    let site = shop().await;
    for (wanted, reached) in [
        ("/me", "/shop/me"),
        ("/shop/me", "/shop/me"),
        ("/", "/shop/"),
        ("/shop", "/shop"),
        ("/shopping?a=1#b", "/shop/shopping?a=1#b"),
        ("/a/../me", "/shop/me"),
        ("http://localhost:3000/shop/me?a=1", "/shop/me?a=1"),
    ] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri(wanted)).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        assert_eq!(
            site.end(&mut browser, &callback).await.unwrap(),
            format!("http://localhost:3000{reached}"),
            "{wanted}"
        );
    }
    // The page that a guard was asked for, behind a proxy that takes the path off, and behind one that does not.
    for page in ["/me?tab=2", "/shop/me?tab=2"] {
        let reply = site.logto.sign_in_redirect(&request(page));
        assert_eq!(location(&reply), "/shop/logto/sign-in?return_to=%2Fshop%2Fme%3Ftab%3D2", "{page}");
    }
}

#[tokio::test]
async fn an_address_to_return_to_outside_of_the_application_is_refused() {
    let site = shop().await;
    let allowing = site.redeployed(|config| config.base_url(SHOP).allowed_return_origins(["http://localhost:3000"]));
    for outside in [
        "http://localhost:3000/me",
        "http://localhost:3000/",
        "http://localhost:3000/shopping",
        "http://localhost:3000/shop/../me",
        "/../me",
        "/shop/../me",
        "/%2e%2e/me",
        "/a/../../me",
    ] {
        let begin = async |logto: &logto::LogtoClient| {
            let mut cookies = logto::HeaderCookies::parse("");
            logto.sign_in(&mut cookies, SignInOptions::new().post_redirect_uri(outside)).await
        };
        let error = begin(&site.logto).await.unwrap_err();
        assert_eq!(error.code(), "sign_in.return_to_refused", "{outside}");
        let why = "the address to return to leads out of the application, which is below /shop";
        assert_eq!(error.to_string(), why, "{outside}");
        _ = begin(&allowing).await.unwrap();
        let mut cookies = logto::HeaderCookies::parse("");
        let local = SignOutOptions::new().local_only(true).post_logout_redirect_uri(outside);
        let error = site.logto.sign_out(&mut cookies, local).await.unwrap_err();
        assert_eq!(error.code(), "sign_in.return_to_refused", "{outside}");
    }
    // Two slashes are another host to a browser, whatever the path of the base URL is.
    let mut cookies = logto::HeaderCookies::parse("");
    let elsewhere = SignInOptions::new().post_redirect_uri("//evil.example/shop");
    let error = site.logto.sign_in(&mut cookies, elsewhere).await.unwrap_err();
    assert!(error.to_string().contains("another origin, http://evil.example"), "{error}");
}

#[tokio::test]
async fn a_path_after_the_sign_out_is_below_the_base_url() {
    let site = shop().await;
    let mut cookies = logto::HeaderCookies::parse("");
    let options = || SignOutOptions::new().post_logout_redirect_uri("/bye");
    let local = site.logto.sign_out(&mut cookies, options().local_only(true)).await.unwrap();
    assert_eq!(local.location(), "http://localhost:3000/shop/bye");
    let at_logto = site.logto.sign_out(&mut cookies, options()).await.unwrap();
    let whole = "post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fshop%2Fbye";
    assert!(at_logto.location().contains(whole), "{}", at_logto.location());
}

#[tokio::test]
async fn a_page_of_another_application_on_the_host_is_no_page_of_this_one() {
    let site = shop().await;
    for (page, returns) in [("http://localhost:3000/shop/form", true), ("http://localhost:3000/other/form", false)] {
        let referred = AuthRequest::new("GET", "/shop/logto/sign-in?one_time_token=t", |name| {
            (name == "referer").then(|| page.to_owned())
        });
        let begun = site.logto.handle_auth_routes(&referred).await.unwrap();
        assert_eq!(begun.status() == 302, returns, "{page}");
    }
}
