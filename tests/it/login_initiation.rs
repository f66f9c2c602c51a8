//! A sign-in that another site begins (OpenID Connect Core 1.0 section 4).

use logto::{
    Routes,
    integrate::{AuthRequest, AuthResponse},
};
use url::{Url, form_urlencoded};

use crate::support::{Browser, Site};

const PATH: &str = "/logto/initiate-login";

async fn site() -> Site {
    let routes = Routes::new().initiate_login(PATH);
    Site::with(|mock| mock, |config| config.routes(routes).allowed_return_origins(["https://admin.example.com"])).await
}

async fn ask(site: &Site, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Option<AuthResponse> {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    site.logto.handle_auth_routes(&AuthRequest::new(method, target, header).body(body)).await
}

fn query(params: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

async fn get(site: &Site, params: &[(&str, &str)]) -> AuthResponse {
    ask(site, "GET", &format!("{PATH}?{}", query(params)), &[("accept", "text/html")], "").await.unwrap()
}

async fn post(site: &Site, content_type: &str, params: &[(&str, &str)]) -> AuthResponse {
    ask(site, "POST", PATH, &[("content-type", content_type), ("accept", "text/html")], &query(params)).await.unwrap()
}

fn headers<'a>(reply: &'a AuthResponse, name: &'a str) -> impl Iterator<Item = &'a str> {
    reply.headers().filter(move |(known, _)| *known == name).map(|(_, value)| value)
}

fn location(reply: &AuthResponse) -> Url {
    headers(reply, "location").next().unwrap_or_else(|| panic!("{reply:?}")).parse().unwrap()
}

#[track_caller]
fn refused(reply: &AuthResponse, code: &str) {
    assert_eq!(reply.status(), 400, "{}", reply.body());
    assert!(reply.body().contains(code), "{}", reply.body());
    assert_eq!(headers(reply, "set-cookie").count(), 0, "no sign-in has begun");
    assert_eq!(headers(reply, "location").count(), 0);
}

#[tokio::test]
async fn login_initiation_leads_through_logto_to_the_target_link_uri() {
    let site = site().await;
    let issuer = site.mock.issuer();
    for (target, end) in [
        ("http://localhost:3000/books?page=2", "http://localhost:3000/books?page=2"),
        ("/books", "http://localhost:3000/books"),
        ("https://admin.example.com/", "https://admin.example.com/"),
    ] {
        let reply =
            get(&site, &[("iss", &issuer), ("login_hint", "ada@example.com"), ("target_link_uri", target)]).await;
        assert_eq!(reply.status(), 302);
        let to = location(&reply);
        assert!(to.as_str().starts_with(&issuer), "{to}");
        assert!(to.query_pairs().any(|(name, value)| name == "login_hint" && value == "ada@example.com"), "{to}");
        let mut browser = Browser::default();
        browser.receive(&headers(&reply, "set-cookie").map(str::to_owned).collect::<Vec<_>>());
        let callback = site.mock.sign_in(to.as_str(), "ada").await;
        assert_eq!(site.end(&mut browser, &callback).await.unwrap(), end);
    }
}

#[tokio::test]
async fn a_parameter_of_login_initiation_without_a_value_counts_as_left_out() {
    let site = site().await;
    let issuer = site.mock.issuer();
    let reply = get(&site, &[("iss", &issuer), ("login_hint", ""), ("target_link_uri", "")]).await;
    assert_eq!(reply.status(), 302, "{}", reply.body());
    let to = location(&reply);
    assert!(!to.query_pairs().any(|(name, _)| name == "login_hint"), "{to}");
    let mut browser = Browser::default();
    browser.receive(&headers(&reply, "set-cookie").map(str::to_owned).collect::<Vec<_>>());
    let callback = site.mock.sign_in(to.as_str(), "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap(), "http://localhost:3000/");
    refused(&get(&site, &[("iss", "")]).await, "sign_in.invalid_initiation");
}

#[tokio::test]
async fn login_initiation_by_another_issuer_is_refused() {
    let site = site().await;
    let issuer = site.mock.issuer();
    let (slash, upper) = (format!("{issuer}/"), issuer.to_uppercase());
    for other in ["https://evil.example/oidc", "", &slash, &upper] {
        refused(&get(&site, &[("iss", other)]).await, "sign_in.invalid_initiation");
        refused(
            &post(&site, "application/x-www-form-urlencoded", &[("iss", other)]).await,
            "sign_in.invalid_initiation",
        );
    }
    refused(&get(&site, &[("login_hint", "ada")]).await, "sign_in.invalid_initiation");
    refused(&get(&site, &[("iss", &issuer), ("iss", &issuer)]).await, "sign_in.invalid_initiation");
}

#[tokio::test]
async fn an_accepted_issuer_initiates_a_login_like_the_own_issuer() {
    const FORMER: &str = "https://former.logto.app/oidc";
    let routes = Routes::new().initiate_login(PATH);
    let site = Site::with(|mock| mock, |config| config.routes(routes).accepted_issuers([FORMER])).await;
    for issuer in [FORMER, &site.mock.issuer()] {
        let reply = get(&site, &[("iss", issuer)]).await;
        assert_eq!(reply.status(), 302, "{issuer}: {}", reply.body());
        assert!(location(&reply).as_str().starts_with(&site.mock.issuer()), "the login is at the own server");
    }
    refused(&get(&site, &[("iss", "https://other.logto.app/oidc")]).await, "sign_in.invalid_initiation");
}

#[tokio::test]
async fn login_initiation_is_no_open_redirect() {
    let site = site().await;
    let issuer = site.mock.issuer();
    for target in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "http://localhost:3000@evil.example/",
        "http://localhost:3001/",
        "javascript:alert(1)",
        "/\t/evil.example",
    ] {
        refused(&get(&site, &[("iss", &issuer), ("target_link_uri", target)]).await, "sign_in.return_to_refused");
    }
}

#[tokio::test]
async fn a_posted_login_initiation_goes_on_by_get() {
    let site = site().await;
    let issuer = site.mock.issuer();
    let asked = [("iss", issuer.as_str()), ("login_hint", "ada & bob"), ("target_link_uri", "/books")];
    let reply = post(&site, "application/x-www-form-urlencoded", &[&asked[..], &[("other", "1")]].concat()).await;
    assert_eq!(reply.status(), 303);
    assert_eq!(headers(&reply, "location").next(), Some(format!("{PATH}?{}", query(&asked)).as_str()));
    assert_eq!(
        headers(&reply, "set-cookie").count(),
        0,
        "so sign-ins are begun, and counted, where cookies come along"
    );
    refused(&post(&site, "text/plain", &asked).await, "sign_in.invalid_initiation");
}

#[tokio::test]
async fn a_prefetch_of_login_initiation_begins_no_sign_in() {
    let site = site().await;
    let target = format!("{PATH}?{}", query(&[("iss", &site.mock.issuer())]));
    for (method, headers) in
        [("GET", &[("sec-purpose", "prefetch;prerender")][..]), ("GET", &[("purpose", "prefetch")]), ("HEAD", &[])]
    {
        let reply = ask(&site, method, &target, headers, "").await.unwrap();
        assert_eq!(reply.status(), 204);
        assert_eq!(self::headers(&reply, "set-cookie").count(), 0);
    }
    let reply = ask(&site, "PUT", &target, &[], "").await.unwrap();
    assert_eq!((reply.status(), headers(&reply, "allow").next()), (405, Some("GET, HEAD, POST")));
}

#[tokio::test]
async fn login_initiation_is_off_by_default() {
    let site = Site::start().await;
    let target = format!("{PATH}?{}", query(&[("iss", &site.mock.issuer())]));
    assert!(ask(&site, "GET", &target, &[], "").await.is_none());
    assert!(!site.logto.route_needs_body(PATH) && self::site().await.logto.route_needs_body(PATH));
    assert!(
        site.logto.route_needs_body("/callback") && !site.logto.route_needs_body("/pay/callback"),
        "bodies of others are theirs"
    );
}
