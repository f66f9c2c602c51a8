//! `response_mode=form_post`: a callback that another site's page posts comes without cookies, and ends well all the same.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use logto::{
    RequestSession, ResponseMode, SignInOptions,
    cookies::SameSite,
    integrate::{AuthRequest, AuthResponse},
};
use url::{Url, form_urlencoded};

use crate::support::{Browser, Site};

const FORM: &str = "application/x-www-form-urlencoded";

async fn site() -> Site {
    Site::with(|mock| mock, |config| config.response_mode(ResponseMode::FormPost)).await
}

async fn respond(site: &Site, method: &str, cookies: &str, content_type: &str, body: &str) -> AuthResponse {
    let header = |name: &str| match name {
        "cookie" => Some(cookies.to_owned()),
        "content-type" => Some(content_type.to_owned()),
        "accept" => Some("text/html".to_owned()),
        _ => None,
    };
    site.logto.handle_auth_routes(&AuthRequest::new(method, "/callback", header).body(body)).await.unwrap()
}

/// What a page posts to the callback. Another site's comes without our cookies.
async fn post(site: &Site, browser: &mut Browser, with_cookies: bool, body: &str) -> AuthResponse {
    let cookies = if with_cookies { browser.header() } else { String::new() };
    let reply = respond(site, "POST", &cookies, FORM, body).await;
    let set: Vec<_> =
        reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
    browser.receive(&set);
    reply
}

fn header<'a>(reply: &'a AuthResponse, name: &str) -> &'a str {
    reply.headers().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

/// The fields of the page's form, as a browser sends them.
fn fields(reply: &AuthResponse) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for input in reply.body().split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = input.split_once("\" value=\"").unwrap();
        let value = rest.split_once("\">").unwrap().0;
        let text = |html: &str| {
            html.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&")
        };
        form.append_pair(&text(name), &text(value));
    }
    form.finish()
}

/// Begins a sign-in, which the user `ada` ends at Logto; gives what Logto's page has the browser post.
async fn signs_in(site: &Site, browser: &mut Browser, user: &str) -> String {
    let url: Url = site.begin(browser, SignInOptions::new().post_redirect_uri("/books")).await.parse().unwrap();
    assert!(url.query_pairs().any(|(name, value)| name == "response_mode" && value == "form_post"), "{url}");
    // The server inside answers by query: the same parameters.
    let by_query = url.as_str().replace("response_mode=form_post&", "");
    let callback: Url = site.mock.sign_in(&by_query, user).await.parse().unwrap();
    callback.query().unwrap().to_owned()
}

#[tokio::test]
async fn a_posted_callback_without_cookies_is_posted_again_by_a_page_of_this_site() {
    let site = site().await;
    let mut browser = Browser::default();
    let form = signs_in(&site, &mut browser, "ada").await;
    let under_way = browser.cookies.clone();

    let page = post(&site, &mut browser, false, &form).await;
    assert_eq!(page.status(), 200);
    assert_eq!(browser.cookies, under_way, "it believes nothing and uses nothing up");
    assert_eq!(header(&page, "cache-control"), "no-store");
    assert_eq!(header(&page, "location"), "", "the code is in no address");
    assert!(page.body().contains("<form method=\"post\">"), "to its own address: {}", page.body());
    assert!(page.body().contains("<noscript><button>"), "{}", page.body());

    let reply = post(&site, &mut browser, true, &fields(&page)).await;
    assert_eq!((reply.status(), header(&reply, "location")), (303, "http://localhost:3000/books"));
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_posted_callback_with_cookies_ends_the_sign_in_at_once() {
    let site = site().await;
    let mut browser = Browser::default();
    let form = signs_in(&site, &mut browser, "ada").await;
    let reply = post(&site, &mut browser, true, &form).await;
    assert_eq!((reply.status(), header(&reply, "location")), (303, "http://localhost:3000/books"));
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_callback_by_query_is_still_taken_in_form_post_mode() {
    let site = site().await;
    let mut browser = Browser::default();
    let form = signs_in(&site, &mut browser, "ada").await;
    site.end(&mut browser, &form).await.unwrap();
    // "Cancel" on Logto's consent page leads to the bare redirect URI, by GET.
    assert_eq!(respond(&site, "GET", "", "", "").await.status(), 403);
}

#[tokio::test]
async fn a_sign_in_by_form_post_ends_the_session_of_before() {
    let site = site().await;
    let mut browser = Browser::default();
    let form = signs_in(&site, &mut browser, "ada").await;
    assert_eq!(post(&site, &mut browser, true, &form).await.status(), 303);
    let before = browser.clone();
    let form = signs_in(&site, &mut browser, "bob").await;
    let page = post(&site, &mut browser, false, &form).await;
    assert!(site.is_signed_in(&before).await);
    assert_eq!(post(&site, &mut browser, true, &fields(&page)).await.status(), 303);
    assert!(site.is_signed_in(&browser).await);
    assert!(!site.is_signed_in(&before).await, "its cookies came with the second post, so it was ended");
}

#[tokio::test]
async fn a_posted_callback_is_accepted_only_in_the_browser_that_began_the_sign_in() {
    let site = site().await;
    let mut browser = Browser::default();
    let form = signs_in(&site, &mut browser, "ada").await;
    let page = post(&site, &mut browser, false, &form).await;
    let form = fields(&page);

    // Login CSRF: in a browser that has begun nothing, and in one that has begun another.
    let mut victim = Browser::default();
    assert_eq!(post(&site, &mut victim, true, &form).await.status(), 400);
    signs_in(&site, &mut victim, "bob").await;
    let reply = post(&site, &mut victim, true, &form).await;
    assert_eq!(reply.status(), 400);
    assert!(reply.body().contains("callback_uri_verification.state_mismatched"), "{}", reply.body());
    assert!(!site.is_signed_in(&victim).await);

    // A page that says it was posted again is not posted again for ever.
    let reply = post(&site, &mut Browser::default(), false, &form).await;
    assert_eq!(reply.status(), 400);
    assert!(reply.body().contains("sign_in_session.not_found"), "{}", reply.body());

    assert_eq!(post(&site, &mut browser, true, &form).await.status(), 303);
    // The back button: the user is signed in, and sees no error.
    let again = post(&site, &mut browser, true, &form).await;
    assert_eq!((again.status(), header(&again, "location")), (303, "http://localhost:3000/"));
}

#[tokio::test]
async fn posted_parameters_are_escaped_on_the_page_that_posts_again() {
    let site = site().await;
    let hostile = "\"><script>alert('&')</script>";
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("state", hostile)
        .append_pair("code", hostile)
        .append_pair("error_description", hostile)
        .append_pair("scope", "the one that Logto refuses")
        .finish();
    // What no authorization response has is left out.
    let others = form_urlencoded::Serializer::new(String::new())
        .append_pair(hostile, "submit")
        .append_pair("submit", "x")
        .finish();
    let page = post(&site, &mut Browser::default(), false, &format!("{others}&{form}")).await;
    assert_eq!(page.status(), 200);
    assert!(!page.body().contains("<script>alert"), "{}", page.body());
    assert_eq!(page.body().matches("<script>").count(), 1);
    assert_eq!(fields(&page), format!("{form}&logto_posted_again=1"), "letter by letter");

    // One script may run, and it is that of the page.
    let script = page.body().split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    let hash = STANDARD.encode(digest(&SHA256, script.as_bytes()));
    let policy = header(&page, "content-security-policy");
    assert!(policy.contains(&format!("script-src 'sha256-{hash}';")), "{policy}");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!script.contains(".submit()"), "a field named `submit` would be in its place");
}

#[tokio::test]
async fn a_callback_posted_with_another_body_is_refused() {
    let site = site().await;
    for (content_type, body, status, code) in [
        ("application/json", r#"{"code":"a","state":"b"}"#, 400, "callback_uri_verification.missing_state"),
        ("text/plain", "code=a&state=b", 400, "callback_uri_verification.missing_state"),
        (FORM, "", 403, "user_cancelled"),
        (FORM, "code=a", 400, "callback_uri_verification.missing_state"),
        (FORM, "code=a&state=b&state=c", 400, "callback_uri_verification.repeated_parameter"),
    ] {
        let reply = respond(&site, "POST", "", content_type, body).await;
        assert_eq!(reply.status(), status, "{body}");
        assert!(reply.body().contains(code), "{body}: {}", reply.body());
    }
    // A media type has parameters, and its letters may be large.
    let reply = respond(&site, "POST", "", "Application/X-WWW-Form-Urlencoded; charset=UTF-8", "code=a&state=b").await;
    assert_eq!(reply.status(), 200);
}

#[tokio::test]
async fn an_error_of_logto_may_come_by_form_post() {
    let site = site().await;
    let mut browser = Browser::default();
    let form = signs_in(&site, &mut browser, "ada").await;
    let pairs = form_urlencoded::parse(form.as_bytes()).filter(|(name, _)| name != "code");
    let refused = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .append_pair("error", "login_required")
        .append_pair("scope", "openid")
        .finish();
    let page = post(&site, &mut browser, false, &refused).await;
    assert!(fields(&page).contains("&scope=openid&"), "what the callback reads is posted again: {}", page.body());
    let reply = post(&site, &mut browser, true, &fields(&page)).await;
    assert_eq!(reply.status(), 403);
    assert!(reply.body().contains("callback_uri_verification.error_found"), "{}", reply.body());
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_posted_callback_is_refused_without_the_setting() {
    let site = Site::start().await;
    let reply = respond(&site, "POST", "", FORM, "code=a&state=b").await;
    assert_eq!((reply.status(), header(&reply, "allow")), (405, "GET, HEAD"));
    let url = site.begin(&mut Browser::default(), SignInOptions::new()).await;
    assert!(!url.contains("response_mode"), "{url}");
    let site = self::site().await;
    let reply = respond(&site, "PUT", "", FORM, "code=a&state=b").await;
    assert_eq!((reply.status(), header(&reply, "allow")), (405, "GET, HEAD, POST"));
}

/// What is posted once more comes from this site, and so does the page after it: nothing is asked for a third time.
#[tokio::test]
async fn a_posted_callback_has_strict_cookies_the_second_time() {
    let strict = |config: logto::LogtoConfigBuilder| {
        config.response_mode(ResponseMode::FormPost).cookie_same_site(SameSite::Strict)
    };
    let site = Site::with(|mock| mock, strict).await;
    let mut browser = Browser::default();
    let body = signs_in(&site, &mut browser, "ada").await;
    // A handler of the application has no such page.
    let own = RequestSession::new(site.logto.clone(), "");
    assert_eq!(own.handle_sign_in(&body).await.unwrap_err().code(), "sign_in_session.not_found");
    let page = post(&site, &mut browser, false, &body).await;
    assert_eq!(page.status(), 200);
    let ended = post(&site, &mut browser, true, &fields(&page)).await;
    assert_eq!((ended.status(), header(&ended, "location").is_empty()), (303, false));
    assert!(site.is_signed_in(&browser).await);
}
