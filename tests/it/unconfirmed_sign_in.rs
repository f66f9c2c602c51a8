//! `confirm_cross_site_sign_in`: where another site leads to a sign-in, the user is asked before one begins (ASVS 5.0, 7.6.2).

use std::sync::{Arc, Mutex};

use http::StatusCode;
use logto::{
    LogtoClient, Routes,
    integrate::{AuthRequest, AuthResponse, ResponseFormat},
};

use crate::{
    asked::{header, json, request, route},
    logs::listen,
    support::{BASE_URL, Browser, Site},
};

const PAGE: &[(&str, &str)] =
    &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("accept", "text/html")];

async fn from(logto: &LogtoClient, browser: &mut Browser, target: &str, headers: &[(&str, &str)]) -> AuthResponse {
    let asked = request(browser, "GET", target, &[PAGE, headers].concat());
    route(logto, browser, &asked).await
}

fn cookies(answer: &AuthResponse) -> usize {
    answer.headers().filter(|(name, _)| *name == "set-cookie").count()
}

/// Where the button of the page leads.
fn button(page: &AuthResponse) -> String {
    let (_, rest) = page.body().split_once(r#"class="button" href=""#).unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

#[tokio::test]
async fn a_guarded_page_that_another_site_leads_to_asks_before_a_sign_in_begins() {
    let site = Site::start().await;
    let logto = site.redeployed(|config| config.confirm_cross_site_sign_in(true));
    let mut browser = Browser::default();
    let cross_site = [("sec-fetch-site", "cross-site")];
    // The guard leads to the sign-in route, and the browser says at each step where the way began.
    let guarded = request(&browser, "GET", "/me?tab=2", &[PAGE, &cross_site].concat());
    let to_sign_in = header(&logto.sign_in_redirect(&guarded), "location").unwrap().to_owned();
    let (log, guard) = listen("logto=info");
    let page = from(&logto, &mut browser, &to_sign_in, &cross_site).await;
    assert_eq!((page.status(), cookies(&page), browser.cookies.len()), (403, 0, 0), "nothing has begun");
    assert!(page.body().contains("<h1>Do you want to sign in?</h1>"), "{}", page.body());
    assert!(page.body().contains(">Continue to sign in</a>") && !page.body().contains("<script"), "{}", page.body());
    assert_eq!(log.text(), "", "anyone can lead a browser here");
    drop(guard);

    let to_logto = from(&logto, &mut browser, &button(&page), &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!((to_logto.status(), cookies(&to_logto)), (302, 1));
    let callback = site.mock.sign_in(header(&to_logto, "location").unwrap(), "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/me?tab=2"));
}

#[tokio::test]
async fn who_led_here_decides_whether_the_user_is_asked() {
    let site = Site::start().await;
    let asking = site.redeployed(|config| config.confirm_cross_site_sign_in(true));
    let strict = site.redeployed(|config| config.strict(true));
    for (headers, is_asked) in [
        (&[("sec-fetch-site", "cross-site")][..], true),
        (&[("sec-fetch-site", "something-new")], true),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "same-origin")], false),
        // The address bar, a bookmark, a program for mail.
        (&[("sec-fetch-site", "none")], false),
        // The page that led here may say `no-referrer`.
        (&[], true),
        (&[("referer", "https://evil.example/")], true),
        (&[("referer", "http://localhost:3000.evil.example/")], true),
        (&[("referer", "http://localhost:3000/books")], false),
        // What the page says of itself does not outweigh the browser.
        (&[("sec-fetch-site", "cross-site"), ("referer", "http://localhost:3000/books")], true),
    ] {
        for target in ["/logto/sign-in", "/logto/sign-up?login_hint=ada"] {
            for logto in [&asking, &strict] {
                let answer = from(logto, &mut Browser::default(), target, headers).await;
                let expected = if is_asked { (403, 0) } else { (302, 1) };
                assert_eq!((answer.status(), cookies(&answer)), expected, "{target} {headers:?}");
            }
            let answer = from(&site.logto, &mut Browser::default(), target, headers).await;
            assert_eq!(answer.status(), 302, "it is an option: {headers:?}");
        }
    }
}

#[tokio::test]
async fn the_link_of_the_page_keeps_what_was_asked_for_and_nothing_else() {
    let site = Site::start().await;
    let logto = site.redeployed(|config| config.confirm_cross_site_sign_in(true));
    let target = "/logto/sign-up?return_to=/books%3Fpage%3D2%26%22&login_hint=%3Cscript%3E&unknown=x&ui_locales=ko";
    let page = from(&logto, &mut Browser::default(), target, &[("sec-fetch-site", "cross-site")]).await;
    let link = button(&page);
    assert_eq!(link, "/logto/sign-up?login_hint=%3Cscript%3E&return_to=%2Fbooks%3Fpage%3D2%26%22&ui_locales=ko");
    // What is refused anyhow is not asked about.
    let target = "/logto/sign-in?return_to=https://evil.example/";
    let refused = from(&logto, &mut Browser::default(), target, &[("sec-fetch-site", "same-origin")]).await;
    assert!(refused.body().contains("sign_in.return_to_refused"), "{}", refused.body());
}

/// It is to show no page, so there is none to ask on: the page that wanted it is there again, as where Logto would have to ask.
#[tokio::test]
async fn a_silent_sign_in_leads_back_to_its_page_instead_of_a_question() {
    let site = Site::start().await;
    let asking = site.redeployed(|config| config.confirm_cross_site_sign_in(true));
    let strict = site.redeployed(|config| config.strict(true));
    let cross_site = [("sec-fetch-site", "cross-site")];
    for logto in [&asking, &strict] {
        for (target, page) in [
            ("/logto/sign-in?silent=true&return_to=/books?tried=1", format!("{BASE_URL}/books?tried=1")),
            ("/logto/sign-in?silent=true", format!("{BASE_URL}/")),
        ] {
            let answer = from(logto, &mut Browser::default(), target, &cross_site).await;
            assert_eq!((answer.status(), cookies(&answer)), (302, 0), "{target}");
            assert_eq!(header(&answer, "location"), Some(page.as_str()), "{target}");
            let here = from(logto, &mut Browser::default(), target, &[("sec-fetch-site", "same-origin")]).await;
            assert_eq!((here.status(), cookies(&here)), (302, 1), "{target}");
            assert!(header(&here, "location").unwrap().contains("prompt=none"), "{target}");
        }
        let target = "/logto/sign-in?silent=true&return_to=https://evil.example/";
        let refused = from(logto, &mut Browser::default(), target, &cross_site).await;
        assert!(refused.body().contains("sign_in.return_to_refused"), "{}", refused.body());
    }
}

/// A script and a program are told by code; the application may have a page of its own.
#[tokio::test]
async fn the_question_is_an_error_to_programs_and_to_the_pages_of_the_application() {
    let site = Site::start().await;
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&seen);
    let logto = site.redeployed(|config| {
        config.confirm_cross_site_sign_in(true).error_pages(move |error, request| {
            told.lock().unwrap().push(request.sign_in().to_owned());
            let is_question = error.code() == "sign_in.unconfirmed" && request.format() == ResponseFormat::Html;
            is_question
                .then(|| AuthResponse::html(StatusCode::OK, format!("<a href=\"{}\">Go on</a>", request.sign_in())))
        })
    });
    let program = AuthRequest::new("GET", "/logto/sign-in?login_hint=ada", |_| None);
    let answer = route(&logto, &mut Browser::default(), &program).await;
    assert_eq!((answer.status(), json(&answer)["code"].as_str()), (403, Some("sign_in.unconfirmed")));
    let page = from(&logto, &mut Browser::default(), "/logto/sign-in?login_hint=ada", &[]).await;
    assert_eq!((page.status(), page.body()), (200, "<a href=\"/logto/sign-in?login_hint=ada\">Go on</a>"));
    assert_eq!(*seen.lock().unwrap(), ["/logto/sign-in?login_hint=ada"; 2]);
}

/// To begin a sign-in for another site is what that route is for; a one-time token has a page that says more.
#[tokio::test]
async fn login_initiation_is_not_asked_about_and_a_one_time_token_by_its_own_page() {
    let site = Site::start().await;
    let logto = site.redeployed(|config| {
        config.confirm_cross_site_sign_in(true).routes(Routes::default().initiate_login("/logto/initiate-login"))
    });
    let cross_site = [("sec-fetch-site", "cross-site")];
    let target = format!("/logto/initiate-login?iss={}", site.mock.issuer());
    assert_eq!(from(&logto, &mut Browser::default(), &target, &cross_site).await.status(), 302);
    let target = "/logto/sign-in?one_time_token=t&login_hint=ada";
    let page = from(&logto, &mut Browser::default(), target, &cross_site).await;
    assert!(page.status() == 200 && page.body().contains("as <strong>ada</strong>"), "{}", page.body());
}
