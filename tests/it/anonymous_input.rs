//! What a stranger sends is the stranger's mistake: never an answer of 500, never a line in the log that wakes somebody up.
//!
//! The table of `inputs.rs` is sent to the bare routes, and over a socket to each integration. Where an answer leads on to this site, it is
//! followed.

mod inputs;
mod served;

use std::collections::BTreeMap;

use http::Response;
use logto::{LogtoClient, ResponseMode, Routes, integrate::AuthRequest};

use self::inputs::{INITIATION, Input, inputs};
use crate::{
    logs,
    support::{BASE_URL, Site},
};

/// How often each status was answered, and what was answered with a status of 500 or more.
#[derive(Default)]
struct Tally {
    statuses: BTreeMap<u16, usize>,
    failures: Vec<String>,
}

impl Tally {
    fn note(&mut self, input: &Input, status: u16) {
        *self.statuses.entry(status).or_default() += 1;
        if status >= 500 {
            self.failures.push(format!("{status} to {input:?}"));
        }
    }

    #[track_caller]
    #[allow(clippy::print_stdout, reason = "the count is a figure of docs/testing.md")]
    fn assert_no_failures(&self, where_to: &str) {
        let (sent, failed) = (self.statuses.values().sum::<usize>(), self.failures.len());
        println!("{where_to}: {sent} requests, {failed} answers of 500 and more; {:?}", self.statuses);
        assert!(sent > 1000, "{where_to}: {sent}");
        assert!(self.failures.is_empty(), "{where_to}:\n{}", self.failures.join("\n"));
    }
}

/// The part of `location` that is of this site.
fn on_this_site<'a>(location: &'a str, base: &str) -> Option<&'a str> {
    match location.strip_prefix(base) {
        Some(rest) if rest.starts_with('/') => Some(rest),
        Some(_) => None,
        None => location.starts_with('/').then_some(location),
    }
}

/// A page for users alone at every path that is no route of ours.
async fn answer(logto: &LogtoClient, input: &Input) -> (u16, Option<String>) {
    let header = |name: &str| {
        let found = input.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    let request = AuthRequest::new(input.method, &input.target, header).body(input.body.clone());
    let page = |session: logto::RequestSession| async move {
        session.require_user().await.map(|user| Response::new(user.sub().to_owned()))
    };
    let response = logto.handle_request(&request, page).await;
    let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), location)
}

#[tokio::test]
async fn anonymous_input_to_the_bare_routes_is_never_a_failure_of_the_server() {
    let (log, _guard) = logs::listen("logto=warn,logto::testing=off");
    let mut tally = Tally::default();
    for mode in [ResponseMode::Query, ResponseMode::FormPost] {
        let routes = Routes::new().initiate_login(INITIATION);
        let site = Site::with(|mock| mock, |config| config.routes(routes).response_mode(mode)).await;
        // What no HTTP server would let through can still reach the bare routes.
        for mut input in inputs().into_iter().chain(inputs::beyond_http()) {
            for _ in 0..3 {
                let (status, location) = answer(&site.logto, &input).await;
                tally.note(&input, status);
                let Some(next) = location.as_deref().and_then(|location| on_this_site(location, BASE_URL)) else {
                    break;
                };
                input = Input::page(next.to_owned());
            }
        }
    }
    tally.assert_no_failures("the bare routes");
    let log = log.text();
    assert!(!log.contains("ERROR"), "{log}");
}

#[tokio::test]
async fn a_wrong_parameter_of_the_sign_in_route_is_answered_400_without_a_warning() {
    let (log, _guard) = logs::listen("logto=info,logto::testing=off");
    let site = Site::start().await;
    let mut expected = 0;
    let long = "a".repeat(5000);
    for route in ["/logto/sign-in", "/logto/sign-up"] {
        for (parameter, message) in [
            ("max_age=abc", "max_age is not a number of seconds"),
            ("max_age=-1", "max_age is not a number of seconds"),
            ("first_screen=nosuch", "first_screen"),
            ("direct_sign_in=kakao", "social:"),
            (&*format!("acr_values={long}"), "does not fit a cookie"),
        ] {
            let target = format!("{route}?{parameter}");
            let program = Input { headers: Vec::new(), ..Input::page(target.clone()) };
            let request = AuthRequest::new("GET", &program.target, |_| None);
            let reply = site.logto.handle_auth_routes(&request).await.unwrap();
            let json: serde_json::Value = serde_json::from_str(reply.body()).unwrap();
            assert_eq!((reply.status(), &json["code"]), (400, &"sign_in.invalid_parameter".into()), "{target}");
            assert!(json["details"].as_str().unwrap().contains(message), "{json}");
            assert_eq!(answer(&site.logto, &Input::page(target)).await.0, 400);
            expected += 2;
        }
    }
    let log = log.text();
    assert_eq!(log.matches("sign_in.invalid_parameter").count(), expected, "{log}");
    assert!(!log.contains("ERROR") && !log.contains("WARN"), "{log}");
}

#[tokio::test]
async fn a_parameter_of_the_sign_in_route_without_a_value_counts_as_left_out() {
    let site = Site::start().await;
    let names = ["return_to", "max_age", "first_screen", "direct_sign_in", "acr_values", "login_hint"];
    let all = names.map(|name| format!("{name}=")).join("&");
    for query in names.iter().map(|name| format!("{name}=")).chain([all]) {
        let (status, location) = answer(&site.logto, &Input::page(format!("/logto/sign-in?{query}"))).await;
        let location = location.unwrap();
        assert_eq!(status, 302, "{query}");
        assert!(location.starts_with(&site.mock.endpoint()), "{query}: {location}");
        for name in names {
            assert!(!location.contains(&format!("{name}=")), "{query}: {location}");
        }
    }
}

/// From a page to Logto and back; gives where the user lands.
async fn lands(site: &Site, page: &str) -> String {
    let mut browser = crate::support::Browser::default();
    let mut target = page.to_owned();
    for _ in 0..2 {
        let header = |name: &str| match name {
            "sec-fetch-mode" => Some("navigate".to_owned()),
            "cookie" => Some(browser.header()),
            _ => None,
        };
        let request = AuthRequest::new("GET", &target, header);
        let reply = match site.logto.handle_auth_routes(&request).await {
            Some(reply) => reply,
            None => site.logto.sign_in_redirect(&request),
        };
        let headers: Vec<_> = reply.headers().map(|(name, value)| (name, value.to_owned())).collect();
        let all = |wanted: &str| -> Vec<String> {
            headers.iter().filter(|(name, _)| *name == wanted).map(|(_, value)| value.clone()).collect()
        };
        assert_eq!(reply.status(), 302, "{target}: {}", reply.body());
        browser.receive(&all("set-cookie"));
        target = all("location").remove(0);
    }
    let callback = site.mock.sign_in(&target, "ada").await;
    site.end(&mut browser, &callback).await.unwrap()
}

#[tokio::test]
async fn a_sign_in_for_a_guarded_page_returns_to_an_address_of_the_same_site() {
    let site = Site::start().await;
    let long = |path: usize, query: usize| format!("/{}?q={}", "p".repeat(path), "q".repeat(query));
    for (page, reached) in [
        ("/me?a=1", format!("{BASE_URL}/me?a=1")),
        // An address of this site, although it reads as one of another.
        ("//me", format!("{BASE_URL}//me")),
        ("///me?a=b", format!("{BASE_URL}///me?a=b")),
        ("//evil.example/x", format!("{BASE_URL}//evil.example/x")),
        // Browsers leave `\` in a query as it is.
        (r"/me?a=\b", format!("{BASE_URL}/me?a=%5Cb")),
        (r"/\evil.example", format!("{BASE_URL}/%5Cevil.example")),
        ("/me?a=\u{7f}\t", format!("{BASE_URL}/me?a=%7F%09")),
        // As much as a sign-in remembers, then the path, then the start page.
        (&*long(1, 1000), format!("{BASE_URL}{}", long(1, 1000))),
        (&*long(1, 2800), format!("{BASE_URL}/p")),
        (&*long(1, 60_000), format!("{BASE_URL}/p")),
        (&*long(2800, 0), format!("{BASE_URL}/")),
        (&*long(60_000, 60_000), format!("{BASE_URL}/")),
        ("*", format!("{BASE_URL}/")),
    ] {
        assert_eq!(lands(&site, page).await, reached, "{}", page.chars().take(80).collect::<String>());
    }
}

/// Logto refuses a number that is not safe in JavaScript, and what it refuses at the callback is a mistake in the settings.
#[tokio::test]
async fn a_max_age_beyond_all_numbers_of_logto_is_sent_as_the_largest() {
    let site = Site::start().await;
    for (asked, sent) in [
        ("300", "300"),
        ("9007199254740991", "9007199254740991"),
        ("9007199254740992", "9007199254740991"),
        ("18446744073709551615", "9007199254740991"),
    ] {
        let (status, location) = answer(&site.logto, &Input::page(format!("/logto/sign-in?max_age={asked}"))).await;
        let url: url::Url = location.unwrap().parse().unwrap();
        let max_age = url.query_pairs().find(|(name, _)| name == "max_age").map(|(_, value)| value.into_owned());
        assert_eq!((status, max_age.as_deref()), (302, Some(sent)), "{asked}");
    }
}
