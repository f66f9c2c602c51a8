//! What every framework has to do.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use logto::testing::{Endpoint, Fault, TestClock};
use reqwest::{Method, Response, StatusCode, header::HeaderMap};
use serde_json::Value;
use url::Url;

use super::served::{Adapter, Served, Setup};
pub use super::told::*;
pub use super::unauthorized::each_401_has_one_challenge_without_a_browsers_dialog;
use crate::{
    counted_store::Counted,
    http_browser::{code, location, set_cookies, text},
    required_revocations::Failing,
    support::Browser,
};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub async fn a_browser_signs_in_comes_back_and_signs_out(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    assert_eq!(served.navigate("/").await.text().await.unwrap(), "please sign in");
    assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "false");

    let response = served.navigate("/me?tab=2&q=%ED%95%9C+a%26b").await;
    assert_eq!(
        (response.status(), location(&response)),
        (StatusCode::FOUND, "/logto/sign-in?return_to=%2Fme%3Ftab%3D2%26q%3D%25ED%2595%259C%2Ba%2526b")
    );
    assert_eq!(
        (&response.headers()["cache-control"], &response.headers()["content-length"]),
        (&"no-store".parse().unwrap(), &"0".parse().unwrap())
    );
    assert!(!response.headers().contains_key("content-type"));
    let sign_in = location(&response).to_owned();
    assert_eq!(served.sign_in(&sign_in).await, format!("{}/me?tab=2&q=%ED%95%9C+a%26b", served.origin));
    assert_eq!(served.navigate("/me").await.text().await.unwrap(), "ada");
    assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "true");
    let user: Value = served.navigate("/logto/user").await.json().await.unwrap();
    assert_eq!((&user["isAuthenticated"], &user["claims"]["username"]), (&true.into(), &"ada".into()));
    assert_eq!(served.navigate("/books").await.json::<Vec<String>>().await.unwrap().len(), 2);

    let post = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate"), ("accept", "text/html")];
    let response = served.ask(Method::POST, "/logto/sign-out", &post).await;
    assert_eq!(response.status(), 303);
    let home = served.mock.end_session(location(&response)).await;
    assert_eq!(served.navigate(&home).await.text().await.unwrap(), "please sign in");
    assert!(served.browser.cookies.is_empty());
}

pub async fn a_program_that_is_not_signed_in_gets_401_as_json(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    for headers in [&[("sec-fetch-mode", "cors"), ("accept", "text/html")][..], &[("accept", "application/json")], &[]]
    {
        let response = served.ask(Method::GET, "/me", headers).await;
        assert_eq!(code(response).await, (401, "not_authenticated".into()));
    }
    // A form that was posted cannot be come back to.
    let response = served.ask(Method::POST, "/me", &[("sec-fetch-mode", "navigate")]).await;
    assert_eq!((response.status().as_u16(), location(&response)), (303, "/logto/sign-in"));
}

pub async fn a_handler_may_take_the_reason_why_nobody_is_signed_in(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    let response = served.navigate("/result").await;
    assert_eq!((response.status().as_u16(), location(&response)), (302, "/logto/sign-in?return_to=%2Fresult"));
    let response = served.ask(Method::GET, "/result", &[]).await;
    assert_eq!(code(response).await, (401, "not_authenticated".into()));
    served.sign_in("/logto/sign-in").await;
    assert_eq!(served.navigate("/result").await.text().await.unwrap(), "ada");
}

pub async fn the_operations_of_the_client_work_by_hand_over_the_cookies_of_the_framework(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    assert_eq!(served.navigate("/hand/me").await.text().await.unwrap(), "");
    assert_eq!(served.sign_in("/hand/sign-in").await, format!("{}/hand/me", served.origin));
    assert_eq!(served.navigate("/hand/me").await.text().await.unwrap(), "ada");
    assert_eq!(served.navigate("/me").await.text().await.unwrap(), "ada", "the same session");
    // A cookie of the name with another value, from a domain above, comes before it or after it.
    for copies in ["logto_app=copied; {}", "{}; logto_app=copied"] {
        let cookies = copies.replace("{}", &served.browser.header());
        let response = served.http.get(format!("{}/hand/me", served.origin)).header("cookie", cookies);
        assert_eq!(response.send().await.unwrap().text().await.unwrap(), "ada", "{copies}");
    }
    assert_eq!(location(&served.navigate("/hand/sign-out").await), format!("{}/", served.origin));
    assert_eq!(served.navigate("/hand/me").await.text().await.unwrap(), "");
    let response = served.navigate("/hand/callback?code=a&state=b").await;
    assert_eq!(response.status(), 400);
}

pub async fn parameters_of_the_sign_in_route_reach_logto(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    for (target, wanted) in [
        ("/logto/sign-up", "first_screen=register"),
        ("/logto/sign-in?direct_sign_in=social:kakao", "direct_sign_in=social%3Akakao"),
        ("/logto/sign-in?login_hint=ada@example.test&ui_locales=ko", "login_hint=ada%40example.test&ui_locales=ko"),
        ("/logto/sign-in?one_time_token=t&organization_id=o", "one_time_token=t&organization_id=o"),
    ] {
        let response = served.navigate(target).await;
        assert!(location(&response).contains(wanted), "{}", location(&response));
    }
    let response = served.ask(Method::POST, "/kakao", &[]).await;
    assert_eq!(response.status(), 303);
    assert!(location(&response).contains("direct_sign_in=social%3Akakao"));
    assert_eq!(set_cookies(&response).len(), 1 + 1, "the new sign-in, and the oldest of five is forgotten");
    assert_eq!(response.headers()["cache-control"], "private, no-store");
}

pub async fn cookies_of_the_application_are_kept_beside_those_of_the_session<A: Adapter>(framework: A) {
    let mut served = Served::start(framework).await;
    served.sign_in("/logto/sign-in").await;
    served.clock.advance(Duration::from_secs(3600));
    let response = served.navigate("/cookies").await;
    let mut names: Vec<_> =
        set_cookies(&response).iter().map(|cookie| cookie.split('=').next().unwrap().to_owned()).collect();
    if A::KEEPS_THE_ORDER_OF_COOKIES {
        assert_eq!(names, ["theme", "lang", "logto_app"]);
    }
    names.sort();
    assert_eq!(names, ["lang", "logto_app", "theme"]);
    assert_eq!(response.headers()["cache-control"], "private, no-store", "the handler said private");
    assert_eq!(served.mock.request_count(Endpoint::Token), 2, "the sign-in, and one refresh");
    // They come back in one header with ours.
    assert_eq!(served.browser.cookies.len(), 3);
    assert_eq!(served.navigate("/me").await.status(), 200);
}

pub async fn pages_of_a_user_are_not_stored_by_caches(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    let kept = |response: &Response| response.headers().get("cache-control").cloned();
    assert_eq!(kept(&served.navigate("/").await).unwrap(), "private", "nobody is signed in");
    served.sign_in("/logto/sign-in").await;
    assert_eq!(kept(&served.navigate("/").await).unwrap(), "private, no-store");
    assert_eq!(kept(&served.navigate("/me").await).unwrap(), "private, no-store");
    assert_eq!(kept(&served.navigate("/static").await), None, "a page that asked for no session");
}

pub async fn a_sign_out_is_accepted_as_a_post_of_this_site_alone(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    served.sign_in("/logto/sign-in").await;
    let origin = served.origin.clone();
    let refused: [(&str, &[(&str, &str)]); 5] = [
        ("another site", &[("sec-fetch-site", "cross-site")]),
        ("a sister site", &[("sec-fetch-site", "same-site")]),
        ("another origin", &[("origin", "https://evil.example")]),
        ("no origin", &[("origin", "null")]),
        ("nothing", &[]),
    ];
    for (what, headers) in refused {
        let response = served.ask(Method::POST, "/logto/sign-out", headers).await;
        assert_eq!(code(response).await, (403, "sign_out.cross_site".into()), "{what}");
    }
    let response = served.navigate("/logto/sign-out").await;
    assert_eq!(
        (response.status(), &response.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
    assert!(response.text().await.unwrap().contains(r#"<form method="post" action="/logto/sign-out">"#));
    assert_eq!(served.navigate("/me").await.status(), 200, "nobody was signed out");
    let response = served.ask(Method::POST, "/logto/sign-out", &[("origin", &origin)]).await;
    assert_eq!(response.status(), 303);
}

pub async fn a_prefetch_and_a_head_change_nothing(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    for header in [
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("next-router-prefetch", "1"),
    ] {
        for target in ["/logto/sign-in", "/logto/sign-up", "/callback?code=a&state=b"] {
            let response = served.ask(Method::GET, target, &[header]).await;
            assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (204, 0), "{header:?} {target}");
        }
    }
    for target in ["/logto/sign-in", "/logto/sign-up", "/callback?code=a&state=b", "/logto/user"] {
        let response = served.ask(Method::HEAD, target, &[]).await;
        assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (204, 0), "{target}");
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE] {
        assert_eq!(served.ask(method.clone(), "/logto/sign-in", &[]).await.status(), 405, "{method}");
    }
    assert_eq!(served.mock.requests_total(), 0);

    // A callback is there for its GET: a link checker does not use it up.
    let response = served.navigate("/logto/sign-in").await;
    let callback = served.mock.sign_in(location(&response), "ada").await;
    assert_eq!(served.ask(Method::HEAD, &callback, &[]).await.status(), 204);
    assert_eq!(served.navigate(&callback).await.status(), 302);
}

pub async fn a_callback_that_is_opened_again_leads_to_the_start_page(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    let response = served.navigate("/logto/sign-in?return_to=/me").await;
    let callback = served.mock.sign_in(location(&response), "ada").await;
    served.navigate(&callback).await;
    let response = served.navigate(&callback).await;
    assert_eq!((response.status().as_u16(), location(&response)), (302, format!("{}/", served.origin).as_str()));
    // Without a session it is what it is.
    served.browser.cookies.clear();
    let response = served.navigate(&callback).await;
    assert_eq!(response.status(), 400);
    assert!(response.text().await.unwrap().contains("sign_in_session.not_found"));
}

pub async fn errors_are_pages_for_people_and_json_for_programs(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    let response =
        served.navigate("/callback?error=access_denied&error_description=<script>alert(1)</script>&state=x").await;
    let security = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let page = response.text().await.unwrap();
    assert!(security.starts_with("default-src 'none'") && !page.contains("<script>"));
    assert!(page.contains("What to do:"), "on a developer's own machine the page says what to do");

    // Discovery is known by now: signing in begins even while Logto is away. A site that has just started has nothing.
    served.mock.stop().await;
    assert_eq!(served.navigate("/logto/sign-in").await.status(), 302);
    let mut served = Served::start(framework).await;
    served.mock.stop().await;
    let response = served.navigate("/logto/sign-in").await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"5".parse().unwrap()));
    assert!(response.text().await.unwrap().contains("try again in a moment"));
    let response = served.navigate("/logto/sign-in?return_to=//evil.example").await;
    assert_eq!(response.status(), 400);
}

pub async fn an_outage_of_the_token_endpoint_ends_no_session(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    served.sign_in("/logto/sign-in").await;
    served.clock.advance(Duration::from_secs(3600));
    served.mock.inject_fault(Endpoint::Token, Fault::status(500).retry_after(Duration::from_secs(7)).times(1));
    let response = served.navigate("/books").await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"7".parse().unwrap()));
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    // Logto is well again, and is left alone for as long as it asked.
    served.clock.advance(Duration::from_secs(6));
    let response = served.navigate("/books").await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    served.clock.advance(Duration::from_secs(1));
    assert_eq!(served.navigate("/books").await.status(), 200);
}

pub async fn an_ended_session_is_deleted_with_the_response_that_tells_it(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    served.sign_in("/logto/sign-in").await;
    served.mock.revoke_all_grants();
    let response = served.ask(Method::GET, "/books", &[]).await;
    assert_eq!(code(response).await, (401, "session.ended".into()));
    assert!(served.browser.cookies.is_empty());
}

pub async fn a_store_that_is_down_signs_nobody_out(framework: impl Adapter) {
    let store = Counted::new(&TestClock::new());
    let served = Served::with(framework, Setup::store(&store)).await;
    an_outage_signs_nobody_out(served, &store.down).await;
}

pub async fn a_required_revocation_store_that_is_down_signs_nobody_out(framework: impl Adapter) {
    let store = Failing::default();
    let served = Served::with(framework, Setup::required(&store)).await;
    an_outage_signs_nobody_out(served, &store.down).await;
}

/// While a store is down each page says so, and when it is back the user is there as before.
async fn an_outage_signs_nobody_out(mut served: Served, is_down: &AtomicBool) {
    served.sign_in("/logto/sign-in").await;
    let cookies = served.browser.cookies.clone();
    is_down.store(true, Ordering::SeqCst);
    for target in ["/", "/me", "/maybe", "/result", "/books", "/hand/me", "/logto/user"] {
        a_page_tells_that_the_store_is_down(&mut served, target).await;
    }
    is_down.store(false, Ordering::SeqCst);
    assert_eq!(served.browser.cookies, cookies);
    assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "true");
    assert_eq!(served.navigate("/me").await.text().await.unwrap(), "ada");
}

/// The setting `claims_max_age`: the guard asks Logto, and its response writes the cookie.
pub async fn a_suspended_user_is_signed_out_by_a_guard(framework: impl Adapter) {
    const DUE: Duration = Duration::from_secs(27 * 60 * 60);
    for target in ["/me", "/maybe", "/result", "/books", "/hand/me", "/logto/user"] {
        let mut served = Served::start(framework).await;
        served.sign_in("/logto/sign-in").await;
        served.mock.reset_counts();
        served.clock.advance(DUE);
        for _ in 0..3 {
            served.navigate(target).await;
        }
        let of_the_page = usize::from(target == "/books");
        assert_eq!(served.mock.request_count(Endpoint::Token), 1 + of_the_page, "{target}: and it was kept");
        assert!(served.mock.suspend_user("ada"));
        served.clock.advance(DUE);
        served.navigate(target).await;
        assert!(served.browser.cookies.is_empty(), "{target}");
    }
}

/// To people and to programs, and no cookie changes.
pub async fn a_page_tells_that_the_store_is_down(served: &mut Served, target: &str) {
    let response = served.navigate(target).await;
    assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (503, 0), "{target}");
    assert_eq!(response.headers()["retry-after"], "5", "{target}");
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "{target}");
    assert!(response.text().await.unwrap().contains("store.failed"), "{target}");
    for headers in [&[][..], &[("accept", "application/json")]] {
        let response = served.ask(Method::GET, target, headers).await;
        assert_eq!(code(response).await, (503, "store.failed".into()), "{target}");
    }
}

pub async fn a_prefix_may_be_served_by_the_application_or_taken_off_by_a_proxy(framework: impl Adapter) {
    let mut mounted = Served::with(framework, Setup::below("/app")).await;
    let response = mounted.navigate("/app/me").await;
    assert_eq!(location(&response), "/app/logto/sign-in?return_to=%2Fapp%2Fme");
    let sign_in = location(&response).to_owned();
    assert_eq!(mounted.sign_in(&sign_in).await, format!("{}/app/me", mounted.origin));
    assert_eq!(mounted.navigate("/app/me").await.text().await.unwrap(), "ada");
    assert_eq!(mounted.navigate("/logto/sign-in").await.status(), 404, "nothing is mounted there");

    // The proxy asks for /me where the browser asked for /app/me; Host is its own.
    let mut proxied = Served::with(framework, Setup::behind_a_proxy("/app")).await;
    let host = [
        ("accept", "text/html"),
        ("host", "10.0.0.7:8080"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
    ];
    let response = proxied.ask(Method::GET, "/me", &host).await;
    assert_eq!(location(&response), "/app/logto/sign-in?return_to=%2Fapp%2Fme");
    let response = proxied.ask(Method::GET, "/logto/sign-in?return_to=/app/me", &host).await;
    let callback = proxied.mock.sign_in(location(&response), "ada").await;
    assert!(callback.starts_with(&format!("{}/app/callback?", proxied.origin)), "{callback}");
    let response = proxied.ask(Method::GET, &callback.replace("/app/", "/"), &host).await;
    assert_eq!(location(&response), format!("{}/app/me", proxied.origin));
}

pub async fn a_back_channel_logout_ends_the_session(framework: impl Adapter) {
    for prefix in ["", "/app"] {
        let mut served = Served::with(framework, Setup::below(prefix)).await;
        served.sign_in(&format!("{prefix}/logto/sign-in")).await;
        let me = format!("{prefix}/me");
        let target = format!("{prefix}/logto/back-channel-logout");
        let user: Value = served.navigate(&format!("{prefix}/logto/user")).await.json().await.unwrap();
        let form = format!("logout_token={}", served.mock.logout_token(user["claims"]["sub"].as_str(), None));
        // A padded form is a good one as long as it is not too long.
        let padded = |length| format!("{form}&pad={}", "x".repeat(length - form.len() - "&pad=".len())).into_bytes();
        let with = |bytes: &[u8]| [form.as_bytes(), b"&pad=", bytes].concat();
        for (what, body) in
            [("too long", padded(64 * 1024 + 1)), ("not UTF-8", with(b"\xff")), ("Latin-1", with(b"\xe9"))]
        {
            let response = served.post(&target, &[FORM], body).await;
            assert_eq!(response.status(), 400, "{what}");
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["error_description"], "logout_token.missing", "{what}");
        }
        assert_eq!(served.ask(Method::GET, &target, &[]).await.status(), 405);
        assert_eq!(served.navigate(&me).await.status(), 200, "nobody was signed out");
        let response = served.post(&target, &[FORM], padded(64 * 1024)).await;
        assert_eq!(text(response).await, (200, String::new()));
        assert_eq!(served.navigate(&me).await.status(), 302);
    }
}

pub async fn two_cookie_headers_are_read_as_one(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    served.sign_in("/logto/sign-in").await;
    let mut headers = HeaderMap::new();
    headers.append("cookie", "theme=dark; broken=%FF".parse().unwrap());
    headers.append("cookie", served.browser.header().parse().unwrap());
    let response = served.http.get(format!("{}/me", served.origin)).headers(headers).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

pub async fn a_session_is_closed_when_the_response_begins(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    served.sign_in("/logto/sign-in").await;
    assert_eq!(served.navigate("/late").await.status(), 200);
    served.late.answered.notify_one();
    let mut told = served.late.told.subscribe();
    assert_eq!(*told.wait_for(Option::is_some).await.unwrap(), Some("session.already_committed"));
}

pub async fn a_body_that_never_ends_is_given_up(framework: impl Adapter) {
    let served = Served::start(framework).await;
    assert_eq!(crate::slow_body::answer_to_half_a_form(&served.origin).await, "HTTP/1.1 400 Bad Request");
}

pub async fn a_one_time_token_that_another_site_leads_to_is_asked_about_first(framework: impl Adapter) {
    let mut served = Served::start(framework).await;
    let target = "/logto/sign-in?one_time_token=t&login_hint=ada";
    for (from, status) in [("cross-site", 200), ("same-site", 200), ("same-origin", 302), ("none", 302)] {
        let headers = [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", from)];
        let response = served.ask(Method::GET, target, &headers).await;
        assert_eq!(response.status(), status, "{from}");
        assert_eq!(set_cookies(&response).len(), usize::from(status == 302), "{from}");
    }
}

/// `localhost` and `127.0.0.1` are two hosts, with a browser for each: their cookies are their own.
pub async fn each_host_signs_in_for_itself(framework: impl Adapter) {
    let mut served = Served::with(framework, Setup::several_hosts()).await;
    let port = served.origin.rsplit(':').next().unwrap().to_owned();
    let (first, other) = (served.origin.clone(), format!("http://127.0.0.1:{port}"));
    let mut browsers = Vec::new();
    for origin in [&first, &other] {
        served.origin.clone_from(origin);
        served.browser = Browser::default();
        served.mock.clear_browser_session();
        let response = served.navigate("/me").await;
        assert_eq!(location(&response), "/logto/sign-in?return_to=%2Fme", "{origin}");
        assert_eq!(served.sign_in("/logto/sign-in?return_to=/me").await, format!("{origin}/me"));
        assert_eq!(served.navigate("/me").await.text().await.unwrap(), "ada", "{origin}");
        browsers.push(served.browser.clone());
    }
    let response = served.post("/logto/sign-out", &[("sec-fetch-site", "same-origin")], "").await;
    let to_logto = Url::parse(location(&response)).unwrap();
    let back = to_logto.query_pairs().find(|(name, _)| name == "post_logout_redirect_uri").unwrap().1.into_owned();
    assert_eq!(back, other);
    assert_eq!(served.navigate("/me").await.status(), 302);
    (served.origin, served.browser) = (first, browsers.swap_remove(0));
    assert_eq!(served.navigate("/me").await.status(), 200, "the other host's session goes on");

    let preview = format!("pr-1.example.localhost:{port}");
    let response = served.ask(Method::GET, "/logto/sign-in", &[("host", &preview)]).await;
    let to_logto = Url::parse(location(&response)).unwrap();
    let back = to_logto.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert_eq!(back, format!("http://{preview}/callback"));
    for host in ["evil.example", "127.0.0.1", "a.b.example.localhost"] {
        let response = served.ask(Method::GET, "/logto/sign-in", &[("host", host)]).await;
        assert_eq!(code(response).await, (421, "sign_in.unknown_host".to_owned()), "{host}");
        assert_eq!(served.ask(Method::GET, "/static", &[("host", host)]).await.status(), 200, "{host}");
    }
}

pub async fn an_application_without_a_client_serves_nobody_until_it_has_one(framework: impl Adapter) {
    let mut served = Served::with(framework, Setup::without_client()).await;
    for has_been_one in [false, true] {
        assert_eq!(served.navigate("/").await.text().await.unwrap(), "please sign in");
        assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "false", "{has_been_one}");
        assert_eq!(served.navigate("/static").await.status(), 200);
        for target in ["/me", "/books", "/logto/sign-in", "/logto/user"] {
            let response = served.navigate(target).await;
            assert_eq!(response.status(), 403, "{target}");
            let page = response.text().await.unwrap();
            assert!(page.contains("sign-in is not set up"), "{target}: {page}");
            let response = served.ask(Method::GET, target, &[]).await;
            assert_eq!(code(response).await, (403, "sign_in.not_set_up".to_owned()), "{target}");
        }
        assert_eq!(served.post("/logto/back-channel-logout", &[FORM], "logout_token=t").await.status(), 400);

        served.current.replace(served.logto.config().clone()).unwrap();
        if !has_been_one {
            assert!(served.sign_in("/logto/sign-in?return_to=/me").await.ends_with("/me"));
        }
        assert_eq!(served.navigate("/me").await.text().await.unwrap(), "ada", "{has_been_one}");
        served.current.remove();
    }
}

/// Without a client no base URL is known, and the router has found the route all the same.
pub async fn routes_below_a_path_are_refused_while_there_is_no_client(framework: impl Adapter) {
    let mut served = Served::with(framework, Setup::without_client_below("/shop")).await;
    for target in ["/shop/logto/sign-in", "/shop/callback?code=c&state=s", "/shop/logto/user"] {
        let response = served.ask(Method::GET, target, &[]).await;
        assert_eq!(code(response).await, (403, "sign_in.not_set_up".to_owned()), "{target}");
    }
    let told = served.post("/shop/logto/back-channel-logout", &[FORM], "logout_token=t").await;
    assert_eq!(told.status(), 400);
    assert!(told.text().await.unwrap().contains("sign_in.not_set_up"));
    assert_eq!(served.navigate("/shop/logto/sign-in/more").await.status(), 404);
    served.current.replace(served.logto.config().clone()).unwrap();
    assert!(served.sign_in("/shop/logto/sign-in?return_to=/me").await.ends_with("/shop/me"));
}
