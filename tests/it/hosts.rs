//! An application of several hosts: which base URL serves a request, and what follows from it.

use std::collections::BTreeMap;

use logto::{
    ContextOptions, LogtoConfig, LogtoConfigBuilder, SignInOptions,
    integrate::{AuthRequest, AuthResponse, ResponseFormat},
    store::MemoryStore,
    testing::MockLogto,
};
use url::Url;

use crate::{
    logs::listen,
    support::{APP_SECRET, Browser, COOKIE_SECRET, Site, app, settings},
};

const WWW: &str = "https://www.example.com";
const SHOP: &str = "https://shop.example.org/store";
const PREVIEWS: &str = "https://*.preview.example.com";
const LOCAL: &str = "http://localhost:3000";

fn several(config: LogtoConfigBuilder) -> LogtoConfigBuilder {
    config.base_url(WWW).further_base_urls([SHOP, PREVIEWS, LOCAL])
}

async fn site(config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Site {
    let clock = logto::testing::TestClock::new();
    let registered = ["https://www.example.com", SHOP, "https://pr-1.preview.example.com", LOCAL]
        .iter()
        .fold(app("app"), |app, base| app.redirect_uri(format!("{base}/callback")).post_logout_redirect_uri(*base));
    let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
    let config = config(several(settings(&mock, &clock).app_secret(APP_SECRET)));
    let logto = logto::LogtoClient::new(config.build().unwrap()).unwrap();
    Site { mock, logto, clock }
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> AuthRequest {
    let headers: BTreeMap<_, _> = headers.iter().copied().collect();
    AuthRequest::new(method, target, |name| headers.get(name).map(|value| (*value).to_owned()))
}

fn header<'r>(response: &'r AuthResponse, name: &str) -> &'r str {
    response.headers().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

fn parameter(url: &str, name: &str) -> String {
    let Ok(url) = Url::parse(url) else { return String::new() };
    url.query_pairs().find(|(known, _)| known == name).map_or_else(String::new, |(_, value)| value.into_owned())
}

fn set_cookies(response: &AuthResponse) -> Vec<String> {
    response.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect()
}

/// What the sign-in route answers at a host.
async fn sign_in_at(site: &Site, headers: &[(&str, &str)]) -> AuthResponse {
    site.logto.handle_auth_routes(&request("GET", "/logto/sign-in", headers)).await.unwrap()
}

async fn redirect_uri(site: &Site, headers: &[(&str, &str)]) -> String {
    let response = sign_in_at(site, headers).await;
    match response.status() {
        302 => parameter(header(&response, "location"), "redirect_uri"),
        status => status.to_string(),
    }
}

/// A browser at `host` in which `ada` has signed in by the routes below `path`.
async fn signed_in_at(site: &Site, host: &str, path: &str) -> (Browser, AuthResponse) {
    let mut browser = Browser::default();
    let begin = request("GET", &format!("{path}/logto/sign-in?return_to={path}/me"), &[("host", host)]);
    let begun = site.logto.handle_auth_routes(&begin).await.unwrap();
    browser.receive(&set_cookies(&begun));
    let callback = Url::parse(&site.mock.sign_in(header(&begun, "location"), "ada").await).unwrap();
    assert_eq!(callback.host_str().unwrap(), host.split(':').next().unwrap());
    let target = &callback[url::Position::BeforePath..];
    let end = request("GET", target, &[("host", host), ("cookie", &browser.header())]);
    let ended = site.logto.handle_auth_routes(&end).await.unwrap();
    assert_eq!(ended.status(), 302, "{}", ended.body());
    browser.receive(&set_cookies(&ended));
    (browser, ended)
}

async fn is_signed_in_at(site: &Site, host: &str, browser: &Browser) -> bool {
    let session = request("GET", "/", &[("host", host), ("cookie", &browser.header())]).enter(&site.logto);
    session.get_context(ContextOptions::new()).await.unwrap().is_authenticated()
}

#[tokio::test]
async fn a_request_is_served_by_the_base_url_of_its_host() {
    let site = site(|config| config).await;
    for (host, expected) in [
        ("www.example.com", "https://www.example.com/callback"),
        ("WWW.Example.COM", "https://www.example.com/callback"),
        ("www.example.com:443", "https://www.example.com/callback"),
        ("shop.example.org", "https://shop.example.org/store/callback"),
        ("pr-1.preview.example.com", "https://pr-1.preview.example.com/callback"),
        ("PR-1.preview.example.com:443", "https://pr-1.preview.example.com/callback"),
        ("localhost:3000", "http://localhost:3000/callback"),
    ] {
        assert_eq!(redirect_uri(&site, &[("host", host)]).await, expected, "{host}");
    }
}

/// A name that begins or ends like one on the list is another.
#[tokio::test]
async fn a_host_that_is_not_on_the_list_begins_no_sign_in() {
    let site = site(|config| config).await;
    let long = format!("{}.preview.example.com", "a".repeat(64));
    let endless = "a".repeat(1_000_000);
    for host in [
        "evil.example",
        "www.example.com.evil.example",
        "evilwww.example.com",
        "www.example.com.",
        "www.example.com:80",
        "www.example.com:8443",
        "www.example.com:",
        "www.example.com:443:443",
        "www.example.com:99999999999",
        "www.example.com, evil.example",
        "www.example.com; evil.example",
        "evil.example@www.example.com",
        "www.example.com/",
        "preview.example.com",
        ".preview.example.com",
        "a.b.preview.example.com",
        "-.preview.example.com",
        "a-.preview.example.com",
        "a_b.preview.example.com",
        "*.preview.example.com",
        "a.preview.example.com:8443",
        "localhost",
        "localhost:3001",
        "[::1]:3000",
        "www.ex\u{e4}mple.com",
        "www.example.com\u{0}",
        "",
        "[",
        "]:1",
        &long,
        &endless,
    ] {
        let response = sign_in_at(&site, &[("host", host)]).await;
        let json: serde_json::Value = serde_json::from_str(response.body()).unwrap();
        assert_eq!((response.status(), json["code"].as_str().unwrap()), (421, "sign_in.unknown_host"), "{host}");
        assert!(set_cookies(&response).is_empty(), "{host}");
    }
    assert_eq!(redirect_uri(&site, &[]).await, "421", "a request that names no host");
}

#[tokio::test]
async fn a_sign_in_of_an_unknown_host_is_refused_with_a_page_that_leads_to_the_base_url() {
    let site = site(|config| config).await;
    let (log, _guard) = listen("logto=debug");
    for target in ["/logto/sign-in", "/logto/sign-up", "/callback?code=c&state=s"] {
        let headers = [("host", "evil.example\n"), ("accept", "text/html"), ("sec-fetch-mode", "navigate")];
        let response = site.logto.handle_auth_routes(&request("GET", target, &headers)).await.unwrap();
        assert_eq!(response.status(), 421, "{target}");
        assert!(response.body().contains("href=\"https://www.example.com/logto/sign-in\""), "{}", response.body());
        assert!(response.body().contains("href=\"https://www.example.com/\""), "{}", response.body());
        assert!(!response.body().contains("evil"), "{}", response.body());
    }
    assert!(log.text().contains("the request came to the host `evil.example\\u{a}`"), "{}", log.text());
    let own_route = request("GET", "/own", &[("host", "evil.example")]).enter(&site.logto);
    assert_eq!(own_route.sign_in(SignInOptions::new()).await.unwrap_err().code(), "sign_in.unknown_host");
    let error = own_route.handle_sign_in("code=c&state=s").await.unwrap_err();
    assert_eq!(error.code(), "sign_in.unknown_host");
}

/// What else would be asked or said of a sign-in comes after this.
#[tokio::test]
async fn an_unknown_host_is_told_before_any_question_about_the_sign_in() {
    let confirming = site(|config| config.confirm_cross_site_sign_in(true)).await;
    let strict = site(|config| config.strict(true)).await;
    for target in [
        "/logto/sign-in",
        "/logto/sign-up?login_hint=ada",
        "/logto/sign-in?silent=true&return_to=/",
        "/logto/sign-in?one_time_token=t&login_hint=ada",
    ] {
        for site in [&confirming, &strict] {
            for from in ["cross-site", "same-origin"] {
                let headers = [("host", "evil.example"), ("accept", "text/html"), ("sec-fetch-site", from)];
                let response = site.logto.handle_auth_routes(&request("GET", target, &headers)).await.unwrap();
                assert_eq!((response.status(), set_cookies(&response).len()), (421, 0), "{target} {from}");
            }
        }
    }
}

/// Health checks come to an address of the machine's own.
#[tokio::test]
async fn pages_of_an_unknown_host_are_served_as_those_of_the_base_url() {
    let site = site(|config| config).await;
    let request = request("GET", "/health", &[("host", "10.0.0.7:8080")]);
    assert_eq!(request.response_format(), ResponseFormat::Json);
    let response: http::Response<String> = site
        .logto
        .handle_request(&request, |session| async move {
            let client = session.client().unwrap();
            Ok(http::Response::new(format!("{} {}", session.is_authenticated().await?, client.config().base_url())))
        })
        .await;
    assert_eq!((response.status().as_u16(), response.body().as_str()), (200, "false https://www.example.com"));
}

#[tokio::test]
async fn what_a_proxy_says_of_the_host_counts_only_where_it_is_set() {
    let www = "https://www.example.com/callback";
    let shop = "https://shop.example.org/store/callback";
    let forwarded = "for=192.0.2.1;HOST=\"shop.example.org\";proto=https";
    let all = [("host", "www.example.com"), ("x-forwarded-host", "shop.example.org"), ("forwarded", forwarded)];
    assert_eq!(redirect_uri(&site(|config| config).await, &all).await, www);
    assert_eq!(redirect_uri(&site(|config| config.host_header("host")).await, &all).await, www);

    let x_forwarded = site(|config| config.host_header("X-Forwarded-Host")).await;
    assert_eq!(x_forwarded.logto.config().host_header(), "x-forwarded-host");
    assert_eq!(redirect_uri(&x_forwarded, &all).await, shop);
    for host in ["evil.example", "shop.example.org, www.example.com", "shop.example.org; www.example.com"] {
        let headers = [("host", "www.example.com"), ("x-forwarded-host", host)];
        assert_eq!(redirect_uri(&x_forwarded, &headers).await, "421", "{host}");
    }
    assert_eq!(redirect_uri(&x_forwarded, &[("host", "www.example.com")]).await, "421", "the proxy set nothing");

    let rfc_7239 = site(|config| config.host_header("forwarded")).await;
    assert_eq!(redirect_uri(&rfc_7239, &all).await, shop);
    for (value, expected) in [
        ("host=shop.example.org", shop),
        ("host=\"shop.example.org:443\"", shop),
        ("host=shop.example.org, host=www.example.com", "421"),
        ("host=shop.example.org;host=shop.example.org", "421"),
        ("for=192.0.2.1", "421"),
        ("host=", "421"),
        ("=;,=\"", "421"),
    ] {
        assert_eq!(redirect_uri(&rfc_7239, &[("forwarded", value)]).await, expected, "{value}");
    }
}

#[tokio::test]
async fn the_authority_of_the_address_comes_before_the_host_header() {
    let site = site(|config| config).await;
    for (uri, host, expected) in [
        ("https://shop.example.org/logto/sign-in", Some("www.example.com"), "shop.example.org"),
        ("https://ada:pass@shop.example.org/logto/sign-in", None, "shop.example.org"),
        ("https://evil.example/logto/sign-in", Some("www.example.com"), ""),
        ("/logto/sign-in", Some("www.example.com"), "www.example.com"),
    ] {
        let mut parts = http::Request::get(uri).body(()).unwrap().into_parts().0;
        if let Some(host) = host {
            parts.headers.insert("host", host.parse().unwrap());
        }
        let request = AuthRequest::from_parts(&parts, &parts.uri);
        let response = site.logto.handle_auth_routes(&request).await.unwrap();
        let found = Url::parse(&parameter(header(&response, "location"), "redirect_uri"));
        assert_eq!(found.ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default(), expected, "{uri}");
    }
}

#[tokio::test]
async fn each_host_has_its_own_cookies_pages_to_return_to_and_sign_out() {
    let site = site(|config| config).await;
    for (host, path, base, name) in [
        ("www.example.com", "", WWW, "__Host-logto_app"),
        ("shop.example.org", "/store", SHOP, "__Host-logto_app"),
        ("pr-1.preview.example.com", "", "https://pr-1.preview.example.com", "__Host-logto_app"),
        ("localhost:3000", "", LOCAL, "logto_app"),
    ] {
        let (browser, ended) = signed_in_at(&site, host, path).await;
        assert_eq!(header(&ended, "location"), format!("{base}/me"), "{host}");
        let cookies = set_cookies(&ended);
        let session = cookies.iter().find(|cookie| cookie.starts_with(&format!("{name}="))).unwrap();
        assert_eq!(session.contains("; Secure"), base.starts_with("https:"), "{session}");
        assert!(!session.contains("Domain"), "{session}");

        // Another host of the application is another site to a browser, and to this check.
        let (origin, cookie) = (Url::parse(base).unwrap().origin().ascii_serialization(), browser.header());
        for other in [WWW, "https://shop.example.org", LOCAL].iter().filter(|other| **other != origin) {
            let headers = [("host", host), ("cookie", cookie.as_str()), ("origin", other)];
            let response = site.logto.handle_auth_routes(&request("POST", "/logto/sign-out", &headers)).await.unwrap();
            assert_eq!(response.status(), 403, "{host} from {other}");
        }
        for wanted in [WWW, "https://shop.example.org/", LOCAL]
            .iter()
            .filter(|other| !origin.starts_with(other.trim_end_matches('/')))
        {
            let target = format!("/logto/sign-in?return_to={wanted}");
            let response = site.logto.handle_auth_routes(&request("GET", &target, &[("host", host)])).await.unwrap();
            assert_eq!(response.status(), 400, "{host} to {wanted}");
        }
        let headers = [("host", host), ("cookie", cookie.as_str()), ("origin", &origin)];
        let response = site.logto.handle_auth_routes(&request("POST", "/logto/sign-out", &headers)).await.unwrap();
        assert_eq!(parameter(header(&response, "location"), "post_logout_redirect_uri"), base, "{host}");
    }
}

#[tokio::test]
async fn a_cookie_domain_is_for_the_hosts_that_it_covers() {
    let site = site(|config| config.cookie_domain("example.com")).await;
    for (host, path, domain) in
        [("www.example.com", "", true), ("pr-1.preview.example.com", "", true), ("shop.example.org", "/store", false)]
    {
        let (_, ended) = signed_in_at(&site, host, path).await;
        for cookie in set_cookies(&ended) {
            assert_eq!(cookie.contains("Domain=example.com"), domain, "{host}: {cookie}");
        }
    }
}

#[tokio::test]
async fn hosts_share_sessions_that_are_ended_for_all_of_them_at_once() {
    for store in [None, Some(MemoryStore::new())] {
        let is_stored = store.is_some();
        let site = site(|config| match store {
            Some(store) => config.session_store(store),
            None => config,
        })
        .await;
        let hosts = ["www.example.com", "pr-1.preview.example.com", "localhost:3000"];
        let mut browsers = Vec::new();
        for host in hosts {
            browsers.push((host, signed_in_at(&site, host, "").await.0));
        }
        for (host, browser) in &browsers {
            assert!(is_signed_in_at(&site, host, browser).await, "{host}, stored: {is_stored}");
        }
        // A sign-out at one host is one of that session.
        let (host, first) = &browsers[0];
        let headers = [("host", *host), ("cookie", &first.header()), ("sec-fetch-site", "same-origin")];
        _ = site.logto.handle_auth_routes(&request("POST", "/logto/sign-out", &headers)).await.unwrap();
        let mut states = Vec::new();
        for (host, browser) in &browsers {
            states.push(is_signed_in_at(&site, host, browser).await);
        }
        assert_eq!(states, [false, true, true], "stored: {is_stored}");
        // Logto tells it once, to any address of the application.
        let session =
            request("GET", "/", &[("host", hosts[1]), ("cookie", &browsers[1].1.header())]).enter(&site.logto);
        let sub = session.require_user().await.unwrap().sub().to_owned();
        let form = format!("logout_token={}", site.mock.logout_token(Some(&sub), None));
        let headers = [("host", "10.0.0.7"), ("content-type", "application/x-www-form-urlencoded")];
        let told = request("POST", "/logto/back-channel-logout", &headers).body(form);
        assert_eq!(site.logto.handle_auth_routes(&told).await.unwrap().status(), 200);
        for (host, browser) in &browsers {
            assert!(!is_signed_in_at(&site, host, browser).await, "{host}, stored: {is_stored}");
        }
    }
}

#[tokio::test]
async fn with_one_base_url_no_host_is_read() {
    let site = Site::start().await;
    for headers in [&[("host", "evil.example")][..], &[("x-forwarded-host", "evil.example")], &[]] {
        assert_eq!(redirect_uri(&site, headers).await, "http://localhost:3000/callback");
    }
}

#[tokio::test]
async fn a_body_is_read_below_the_path_of_each_base_url() {
    let site = site(|config| config).await;
    for path in ["/logto/back-channel-logout", "/store/logto/back-channel-logout", "/store/callback"] {
        assert!(site.logto.route_needs_body(path), "{path}");
    }
    assert!(!site.logto.route_needs_body("/shop/callback"));
}

fn config(further: &[&str]) -> LogtoConfigBuilder {
    LogtoConfig::builder()
        .endpoint("https://logto.example.com")
        .app_id("app")
        .base_url(WWW)
        .cookie_secret(COOKIE_SECRET)
        .further_base_urls(further.iter().copied())
}

#[test]
fn addresses_of_further_hosts_that_cannot_be_are_refused_with_what_to_do() {
    for (further, problem) in [
        (&["shop.example.org"][..], "further_base_urls is not a URL"),
        (&[""], "further_base_urls is missing"),
        (&["ftp://shop.example.org"], "further_base_urls is not a URL"),
        (&["https://shop.example.org/?a=b"], "further_base_urls has a query"),
        (&["https://ada@shop.example.org"], "further_base_urls has a user name"),
        (&[WWW], "names a host twice"),
        (&["https://www.example.com/other"], "names a host twice"),
        (&["https://WWW.example.com:443/"], "names a host twice"),
        (&["http://www.example.com"], "names a host twice"),
        (&["https://a.example", "https://a.example"], "names a host twice"),
        (&["https://*.com"], "has a `*` that is not"),
        (&["https://*"], "has a `*` that is not"),
        (&["https://*.com."], "has a `*` that is not"),
        (&["https://a*.example.com"], "has a `*` that is not"),
        (&["https://*.*.example.com"], "has a `*` that is not"),
        (&["https://a.*.example.com"], "has a `*` that is not"),
    ] {
        let error = config(further).build().unwrap_err();
        assert!(error.to_string().contains(problem), "{further:?}: {error}");
    }
    let error = config(&[SHOP]).host_header("x-real-host").build().unwrap_err();
    assert!(error.to_string().contains("host_header is none of host, x-forwarded-host, forwarded"), "{error}");
    let error = config(&[]).host_header("forwarded").build().unwrap_err();
    assert!(error.to_string().contains("there are no further_base_urls"), "{error}");
    let error = config(&["http://shop.example.org"]).cookie_secure(true).build().unwrap_err();
    assert!(error.to_string().contains("cookie_secure does not fit"), "{error}");
    let printed = "at least 32 bytes, from `openssl rand -base64 32`";
    let error = config(&[WWW]).base_url("http://localhost:3000").cookie_secret(printed).build().unwrap_err();
    assert!(error.to_string().contains("anyone can sign in as anyone"), "{error}");
}

#[test]
fn further_base_urls_are_read_back() {
    let config = config(&["https://shop.example.org/store/", PREVIEWS]).build().unwrap();
    assert_eq!(config.further_base_urls(), ["https://shop.example.org/store", PREVIEWS]);
    assert_eq!((config.base_url(), config.host_header()), (WWW, "host"));
}
