//! What every reply of ours tells a browser about itself, word by word.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use logto::{
    ErrorCode, ResponseMode, Routes, SignInRefusal,
    cookies::SameSite,
    integrate::{AuthRequest, AuthResponse},
};

use crate::{
    asked::{NAVIGATION, request, route},
    support::{Browser, Site},
};

const WITHOUT_FORM: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
const WITH_FORM: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'; frame-ancestors 'none'";
const SCRIPT: &str = "HTMLFormElement.prototype.submit.call(document.forms[0])";

/// All values of a header: one that is said twice is none to a browser that takes the first, and two to one that joins them.
fn all<'a>(answer: &'a AuthResponse, name: &str) -> Vec<&'a str> {
    answer.headers().filter(|(known, _)| *known == name).map(|(_, value)| value).collect()
}

fn is_page(answer: &AuthResponse) -> bool {
    all(answer, "content-type") == ["text/html; charset=utf-8"]
}

#[tokio::test]
async fn each_page_of_ours_has_its_policy_its_referrer_policy_and_its_opener_policy() {
    let site = Site::start().await;
    let by_form = site.redeployed(|config| config.response_mode(ResponseMode::FormPost));
    let same_site_strict = site.redeployed(|config| config.cookie_same_site(SameSite::Strict));
    let asking = site.redeployed(|config| config.confirm_cross_site_sign_in(true));
    let form = [NAVIGATION, &[("content-type", "application/x-www-form-urlencoded")]].concat();
    let cross_site = [NAVIGATION, &[("sec-fetch-site", "cross-site")]].concat();
    let hash = STANDARD.encode(digest(&SHA256, SCRIPT.as_bytes()));
    let with_script = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; form-action *; base-uri 'none'; frame-ancestors 'none'"
    );
    let alone = &["same-origin"][..];
    let browser = Browser::default();
    for (what, logto, asked, policy, opener) in [
        (
            "an error",
            &site.logto,
            request(&browser, "GET", "/callback?code=c&state=s", NAVIGATION),
            WITHOUT_FORM,
            alone,
        ),
        ("a form to sign out", &site.logto, request(&browser, "GET", "/logto/sign-out", NAVIGATION), WITH_FORM, alone),
        (
            "a refused sign-out",
            &site.logto,
            request(&browser, "POST", "/logto/sign-out", &cross_site),
            WITH_FORM,
            alone,
        ),
        (
            "a one-time token",
            &site.logto,
            request(&browser, "GET", "/logto/sign-in?one_time_token=t", &cross_site),
            WITHOUT_FORM,
            alone,
        ),
        ("a question", &asking, request(&browser, "GET", "/logto/sign-in", &cross_site), WITHOUT_FORM, alone),
        // They lead on by themselves, perhaps in a window that the application waits for.
        ("a repost", &by_form, request(&browser, "POST", "/callback", &form).body("code=c&state=s"), &with_script, &[]),
        (
            "a callback once more",
            &same_site_strict,
            request(&browser, "GET", "/callback?code=c&state=s", &cross_site),
            WITHOUT_FORM,
            &[],
        ),
    ] {
        let answer = route(logto, &mut Browser::default(), &asked).await;
        assert!(is_page(&answer), "{what}: {answer:?}");
        assert_eq!(all(&answer, "content-security-policy"), [policy], "{what}");
        assert_eq!(all(&answer, "referrer-policy"), ["same-origin"], "{what}");
        assert_eq!(all(&answer, "cross-origin-opener-policy"), opener, "{what}");
        assert_eq!(all(&answer, "x-content-type-options"), ["nosniff"], "{what}");
    }
}

/// The page of the application's own that a refused user sees; its scripts are its own to restrict.
#[tokio::test]
async fn the_page_of_a_refusal_has_the_same_but_no_policy_of_ours() {
    let site =
        Site::with(|mock| mock, |config| config.on_sign_in(async |_| Err(SignInRefusal::page(403, "<p>No</p>")))).await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, logto::SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let callback = callback.strip_prefix(crate::support::BASE_URL).unwrap().to_owned();
    let asked = request(&browser, "GET", &callback, NAVIGATION);
    let answer = route(&site.logto, &mut browser, &asked).await;
    assert!(is_page(&answer) && answer.body() == "<p>No</p>", "{answer:?}");
    assert_eq!(all(&answer, "content-security-policy"), [""; 0]);
    for (name, value) in [
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(all(&answer, name), [value], "{name}");
    }
}

/// Each route, by each method and for each reader.
#[tokio::test]
async fn each_reply_is_of_the_type_that_it_says_and_json_is_for_this_origin() {
    let routes = Routes::default().initiate_login("/logto/initiate-login");
    let site = Site::with(|mock| mock, |config| config.routes(routes.clone())).await;
    let mut kinds = Vec::new();
    for path in [
        "/logto/sign-in",
        "/logto/sign-up",
        "/callback",
        "/logto/sign-out",
        "/logto/user",
        "/logto/back-channel-logout",
        "/logto/initiate-login",
    ] {
        for method in ["GET", "HEAD", "POST", "PUT"] {
            for headers in [
                NAVIGATION,
                &[("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")],
                &[("accept", "text/event-stream"), ("sec-fetch-mode", "cors")],
            ] {
                let browser = site.signed_in("ada").await;
                let asked = request(&browser, method, path, headers);
                let answer = site.logto.handle_auth_routes(&asked).await.unwrap();
                let what = format!("{method} {path} {headers:?}: {answer:?}");
                assert_eq!(all(&answer, "x-content-type-options"), ["nosniff"], "{what}");
                let is_json = all(&answer, "content-type") == ["application/json"];
                assert_eq!(
                    all(&answer, "cross-origin-resource-policy"),
                    if is_json { &["same-origin"][..] } else { &[] },
                    "{what}"
                );
                kinds.push((answer.status(), is_json, is_page(&answer)));
            }
        }
    }
    // The list is not all of one kind.
    for kind in [
        (302, false, false),
        (200, true, false),
        (204, false, false),
        (405, true, false),
        (405, false, true),
        (400, true, false),
    ] {
        assert!(kinds.contains(&kind), "{kind:?}: {kinds:?}");
    }
}

/// Guards and errors of handlers, which are no routes.
#[tokio::test]
async fn a_refusal_of_a_guard_says_the_same() {
    let site = Site::start().await;
    let program = AuthRequest::new("GET", "/me", |_| None);
    let refused = site.logto.sign_in_redirect(&program);
    assert_eq!((refused.status(), all(&refused, "cross-origin-resource-policy")), (401, vec!["same-origin"]));
    let page = request(&Browser::default(), "GET", "/me", NAVIGATION);
    for answer in [refused, site.logto.sign_in_redirect(&page)] {
        assert_eq!(all(&answer, "x-content-type-options"), ["nosniff"]);
    }
    assert_eq!(ErrorCode::SIGN_IN_NOT_A_PAGE, "sign_in.not_a_page");
}
