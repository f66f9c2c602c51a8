//! Scripts, htmx and event sources: each is answered with what it can act on.

use logto::{
    LogtoClient, RequestSession,
    integrate::{AuthResponse, ResponseFormat},
    step_up::StepUp,
};
use url::Url;

use crate::{
    asked::{FETCH, NAVIGATION, header, json, request, route},
    support::{BASE_URL, Browser, Site},
};

/// What a guard answers to nobody.
fn guarded(logto: &LogtoClient, method: &str, headers: &[(&str, &str)]) -> AuthResponse {
    logto.sign_in_redirect(&request(&Browser::default(), method, "/api/books?page=2", headers))
}

fn with<'a>(headers: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [headers, more].concat()
}

#[tokio::test]
async fn a_401_as_json_holds_the_way_to_sign_in_with_the_way_back_to_the_page_of_the_script() {
    let site = Site::start().await;
    let page = format!("{BASE_URL}/books?page=2#top");
    let response = guarded(&site.logto, "POST", &with(FETCH, &[("referer", &page)]));
    assert_eq!(response.status(), 401);
    let body = json(&response);
    assert_eq!(body["code"], "not_authenticated");
    assert_eq!(body["sign_in"], "/logto/sign-in?return_to=%2Fbooks%3Fpage%3D2%23top");
    assert_eq!(header(&response, "hx-redirect"), None);

    // The whole way: the page goes there, and comes back to itself.
    let mut browser = Browser::default();
    let target = body["sign_in"].as_str().unwrap();
    let asked = request(&browser, "GET", target, NAVIGATION);
    let begun = route(&site.logto, &mut browser, &asked).await;
    let callback = site.mock.sign_in(header(&begun, "location").unwrap(), "ada").await;
    let callback = callback.strip_prefix(BASE_URL).unwrap();
    let asked = request(&browser, "GET", callback, NAVIGATION);
    let ended = route(&site.logto, &mut browser, &asked).await;
    assert_eq!(header(&ended, "location"), Some(page.as_str()));

    let without = guarded(&site.logto, "GET", FETCH);
    assert_eq!(json(&without)["sign_in"], "/logto/sign-in", "it is not known which page that is");
}

#[tokio::test]
async fn a_page_of_another_site_is_no_way_back() {
    let site = Site::with(|mock| mock, |config| config.allowed_return_origins(["https://app.example.com"])).await;
    for page in [
        "https://evil.example/books",
        "http://localhost:3000.evil.example/",
        "javascript:alert(1)",
        "http://ada:lovelace@localhost:3000/books",
        "//evil.example",
        "",
        &format!("{BASE_URL}/{}", "x".repeat(3000)),
    ] {
        for name in ["referer", "hx-current-url"] {
            let response = guarded(&site.logto, "GET", &with(FETCH, &[("hx-request", "true"), (name, page)]));
            assert_eq!(json(&response)["sign_in"], "/logto/sign-in", "{name}: {page}");
        }
    }
    // A page on an origin of the list is one, and its address is whole.
    let allowed = with(FETCH, &[("referer", "https://app.example.com/books")]);
    let sign_in = json(&guarded(&site.logto, "GET", &allowed))["sign_in"].as_str().unwrap().to_owned();
    assert_eq!(sign_in, "/logto/sign-in?return_to=https%3A%2F%2Fapp.example.com%2Fbooks");
    // Only htmx names its page by the header of htmx.
    let others = with(FETCH, &[("hx-current-url", "http://localhost:3000/books")]);
    assert_eq!(json(&guarded(&site.logto, "GET", &others))["sign_in"], "/logto/sign-in");
}

#[tokio::test]
async fn htmx_is_sent_to_sign_in_by_its_header() {
    let site = Site::start().await;
    let htmx = with(FETCH, &[("hx-request", "true"), ("hx-current-url", "http://localhost:3000/books")]);
    let response = guarded(&site.logto, "DELETE", &htmx);
    let sign_in = "/logto/sign-in?return_to=%2Fbooks";
    assert_eq!((response.status(), header(&response, "hx-redirect")), (401, Some(sign_in)));
    assert_eq!(json(&response)["sign_in"], sign_in);

    // A link that htmx has taken over leads to the page of the link.
    let boosted = guarded(&site.logto, "GET", &with(&htmx, &[("hx-boosted", "true")]));
    assert_eq!(header(&boosted, "hx-redirect"), Some("/logto/sign-in?return_to=%2Fapi%2Fbooks%3Fpage%3D2"));

    // An error that no sign-in helps leads nowhere.
    let session = RequestSession::new(site.logto.clone(), "");
    let error = session.handle_sign_in("?code=1").await.unwrap_err();
    let response = site.logto.error_response(&request(&Browser::default(), "GET", "/x", &htmx), &error);
    assert_eq!((response.status(), header(&response, "hx-redirect")), (400, None));
}

#[tokio::test]
async fn a_step_up_leads_a_script_back_to_its_page() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    site.advance(600);
    let session = RequestSession::new(site.logto.clone(), browser.header());
    let step_up = StepUp::new().max_age(std::time::Duration::from_secs(60));
    let error = session.require_recent_auth(&step_up).await.unwrap_err();
    let asked = request(&browser, "POST", "/api/pay", &with(FETCH, &[("referer", "http://localhost:3000/pay")]));
    let body = json(&site.logto.error_response(&asked, &error));
    assert_eq!(body["sign_in"], "/logto/sign-in?max_age=60&return_to=%2Fpay");
}

#[tokio::test]
async fn a_sign_in_by_fetch_is_told_the_address_of_logto() {
    let site = Site::start().await;
    let old_script = &[("accept", "application/json")][..];
    for headers in [FETCH, old_script, &with(FETCH, &[("hx-request", "true")])] {
        let mut browser = Browser::default();
        let asked = request(&browser, "GET", "/logto/sign-in?return_to=/books", headers);
        let response = route(&site.logto, &mut browser, &asked).await;
        assert_eq!((response.status(), header(&response, "location")), (200, None));
        let location = json(&response)["location"].as_str().unwrap().to_owned();
        assert!(location.starts_with(&site.mock.endpoint()), "{location}");
        let is_htmx = headers.iter().any(|(name, _)| *name == "hx-request");
        assert_eq!(header(&response, "hx-redirect"), is_htmx.then_some(location.as_str()));
        // The cookie of the sign-in is set as by a redirect.
        let callback = site.mock.sign_in(&location, "ada").await;
        assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/books"));
    }
}

#[tokio::test]
async fn who_follows_redirects_is_redirected_to_logto() {
    let site = Site::start().await;
    let curl = &[("accept", "*/*")][..];
    let old_browser = &[("accept", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8")][..];
    for headers in [NAVIGATION, curl, old_browser, &[]] {
        let asked = request(&Browser::default(), "GET", "/logto/sign-in", headers);
        let response = route(&site.logto, &mut Browser::default(), &asked).await;
        assert_eq!(response.status(), 302, "{headers:?}");
        assert!(header(&response, "location").unwrap().starts_with(&site.mock.endpoint()));
        assert_eq!(response.body(), "");
    }
}

#[tokio::test]
async fn a_sign_out_by_fetch_is_told_the_address_of_logto() {
    let site = Site::start().await;
    for (headers, status) in [
        (FETCH.to_vec(), 200),
        (with(FETCH, &[("hx-request", "true")]), 200),
        (with(NAVIGATION, &[("sec-fetch-site", "same-origin")]), 303),
        (vec![("origin", BASE_URL)], 303),
    ] {
        let mut browser = site.signed_in("ada").await;
        let asked = request(&browser, "POST", "/logto/sign-out", &headers);
        let response = route(&site.logto, &mut browser, &asked).await;
        assert_eq!(response.status(), status, "{headers:?}");
        let location = match status {
            200 => json(&response)["location"].as_str().unwrap().to_owned(),
            _ => header(&response, "location").unwrap().to_owned(),
        };
        assert_eq!(Url::parse(&location).unwrap().path(), "/oidc/session/end");
        assert!(!site.is_signed_in(&browser).await, "{:?}", browser.cookies.keys());
        assert_eq!(site.mock.end_session(&location).await.trim_end_matches('/'), BASE_URL);
    }
    // A script of another site signs nobody out.
    let mut browser = site.signed_in("ada").await;
    let foreign = [("sec-fetch-mode", "cors"), ("sec-fetch-site", "cross-site"), ("hx-request", "true")];
    let asked = request(&browser, "POST", "/logto/sign-out", &foreign);
    let response = route(&site.logto, &mut browser, &asked).await;
    assert_eq!((response.status(), json(&response)["code"].as_str()), (403, Some("sign_out.cross_site")));
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn an_event_source_without_a_session_gets_an_event() {
    let site = Site::start().await;
    let event_source =
        [("sec-fetch-mode", "cors"), ("accept", "text/event-stream"), ("referer", "http://localhost:3000/live")];
    let asked = request(&Browser::default(), "GET", "/events", &event_source);
    assert_eq!(asked.response_format(), ResponseFormat::EventStream);
    let response = site.logto.sign_in_redirect(&asked);
    assert_eq!((response.status(), header(&response, "content-type")), (200, Some("text/event-stream")));
    let (head, data) = response.body().split_once("data: ").unwrap();
    assert_eq!(head, "retry: 60000\nevent: sign_in\n");
    let data: serde_json::Value = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
    assert_eq!(data["sign_in"], "/logto/sign-in?return_to=%2Flive");

    // What no sign-in helps is an error by its status, and so is everything to a program that reads the status.
    let error = RequestSession::new(site.logto.clone(), "").handle_sign_in("?code=1").await.unwrap_err();
    let response = site.logto.error_response(&asked, &error);
    assert_eq!((response.status(), header(&response, "content-type")), (400, Some("application/json")));
    let curl = [("accept", "text/event-stream")];
    let response = site.logto.sign_in_redirect(&request(&Browser::default(), "GET", "/events", &curl));
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn a_script_that_reads_a_stream_by_itself_gets_the_status() {
    let site = Site::start().await;
    let cors = ("sec-fetch-mode", "cors");
    for (method, accept) in [
        ("POST", "text/event-stream"),
        ("POST", "application/json, text/event-stream"),
        ("GET", "application/json, text/event-stream"),
        ("DELETE", "text/event-stream"),
    ] {
        let response = guarded(&site.logto, method, &[cors, ("accept", accept)]);
        assert_eq!((response.status(), json(&response)["sign_in"].as_str()), (401, Some("/logto/sign-in")), "{method}");
    }
}

/// It shares the cookies, and may be another's: what a subdomain publishes.
#[tokio::test]
async fn a_page_on_another_origin_of_the_site_signs_nobody_out() {
    let site = Site::with(|mock| mock, |config| config.allowed_return_origins(["https://app.example.com"])).await;
    let mut browser = site.signed_in("ada").await;
    let subdomain = [
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://app.example.com"),
        // What browsers tell another origin, unless they are asked to tell more.
        ("referer", "https://app.example.com/"),
    ];
    let asked = request(&browser, "POST", "/logto/sign-out", &subdomain);
    let response = route(&site.logto, &mut browser, &asked).await;
    assert_eq!((response.status(), json(&response)["code"].as_str()), (403, Some("sign_out.cross_site")));
    let error = asked.enter(&site.logto).require_from_this_site().unwrap_err();
    assert_eq!(error.code(), "sign_out.cross_site");
    assert!(site.is_signed_in(&browser).await);
    let refused = guarded(&site.logto, "GET", &subdomain);
    assert_eq!(json(&refused)["sign_in"], "/logto/sign-in?return_to=https%3A%2F%2Fapp.example.com%2F");
}
