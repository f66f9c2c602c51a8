//! Where an example listens: on free ports, on the port it is told, and what it says of one that is taken.

use std::{net::TcpListener, process::Output};

use reqwest::StatusCode;

use super::{Running, built, command, start_with};
use crate::port::Port;

/// All that listen.
const OF_THE_TESTS: [&str; 10] = [
    "quickstart",
    "axum",
    "hyper",
    "kakao",
    "organizations",
    "custom_claims",
    "custom_store",
    "sessions",
    "certification_rp",
    "api_axum",
];
/// Those that need more features than the tests, or are packages of their own.
const OTHERS: [&str; 11] = [
    "account",
    "impersonate",
    "saas",
    "actix_web",
    "rocket",
    "api_actix_web",
    "api_rocket",
    "../leptos_ssr",
    "../poem",
    "../salvo",
    "../warp",
];

fn examples() -> impl Iterator<Item = &'static str> {
    OF_THE_TESTS.into_iter().chain(OTHERS.into_iter().filter(|example| built(example)))
}

fn start(example: &str, port: u16) -> Running {
    let mut command = command(example);
    command.env("PORT", port.to_string());
    start_with(command)
}

async fn answers(running: &Running) -> StatusCode {
    let http = crate::http_browser::without_redirects();
    http.get(&running.base).header("accept", "text/html").send().await.unwrap().status()
}

#[tokio::test]
async fn an_example_without_a_port_of_its_own_prints_an_address_that_answers() {
    for example in examples() {
        // Two at once, each with a Logto inside.
        let both = [start(example, 0), start(example, 0)];
        assert_ne!(both[0].base, both[1].base, "{example}");
        for running in &both {
            let status = answers(running).await;
            assert!(status == 200 || status == 302, "{example}: {status}");
        }
    }
}

#[tokio::test]
async fn an_example_listens_on_the_configured_port() {
    for example in examples() {
        let (port, _next) = two_ports();
        let running = start(example, port.number());
        assert_eq!(running.base, format!("http://localhost:{}", port.number()), "{example}");
        answers(&running).await;
    }
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    for example in examples() {
        let (port, next) = two_ports();
        let (own, logtos) = (port.number(), next.number());
        // Its own, and that of the Logto inside.
        for taken in [own, logtos] {
            let _listener = TcpListener::bind(("127.0.0.1", taken)).unwrap();
            let Output { status, stderr, .. } = command(example).env("PORT", own.to_string()).output().unwrap();
            let told = String::from_utf8(stderr).unwrap();
            assert!(!status.success(), "{example}");
            for part in [&format!("cannot listen on port {taken}"), "PORT=4000", "PORT=0"] {
                assert!(told.contains(part), "{example} does not say `{part}`: {told}");
            }
        }
    }
}

#[test]
fn a_shortest_program_whose_port_is_taken_says_so_with_what_to_do() {
    for framework in ["poem", "salvo", "warp"].into_iter().filter(|framework| built(framework)) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap().port();
        let mut command = command(&format!("../{framework}_minimal"));
        command.env("PORT", taken.to_string()).env("LOGTO_ENDPOINT", "http://localhost:3001");
        command.env("LOGTO_APP_ID", "app").env("LOGTO_BASE_URL", "http://localhost:3000");
        command.env("LOGTO_COOKIE_SECRET", "0123456789abcdef0123456789abcdef");
        let Output { status, stderr, .. } = command.output().unwrap();
        let told = String::from_utf8(stderr).unwrap();
        assert!(!status.success(), "{framework}");
        for part in [&format!("cannot listen on port {taken}: "), "PORT=4000"] {
            assert!(told.contains(part), "{framework} does not say `{part}`: {told}");
        }
        assert!(!told.contains("panicked"), "{framework}: {told}");
    }
}

/// One beside the other: the Logto inside listens on the second.
fn two_ports() -> (Port, Port) {
    loop {
        let port = Port::reserve();
        if let Some(next) = Port::at(port.number() + 1) {
            return (port, next);
        }
    }
}
