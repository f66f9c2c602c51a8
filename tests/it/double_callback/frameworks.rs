//! The same over HTTP: two requests with one callback, in each integration.

#![cfg(all(feature = "actix-web", feature = "axum", feature = "rocket"))]
#![allow(clippy::print_stdout)] // Figures are for people.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use logto::{LogtoClient, testing::Endpoint};

use super::{is_alive, rounds, sent_back, take_a_while};
use crate::{
    port::Port,
    support::{BASE_URL, Browser, Site},
};

async fn axum(logto: LogtoClient) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().merge(logto::axum::routes(&logto)).layer(logto::axum::layer(logto));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn actix_web(logto: &LogtoClient) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let logto = logto.clone();
    let app = move || {
        let (routes, session) = (logto::actix_web::routes(&logto), logto::actix_web::middleware(logto.clone()));
        actix_web::App::new().configure(routes).wrap(session)
    };
    let server = actix_web::HttpServer::new(app).workers(2).disable_signals().listen(listener).unwrap();
    tokio::spawn(server.run());
    address
}

async fn rocket(logto: LogtoClient) -> SocketAddr {
    let reserved = Port::reserve();
    let port = reserved.number();
    let config = ::rocket::Config {
        port,
        address: Ipv4Addr::LOCALHOST.into(),
        log_level: ::rocket::config::LogLevel::Off,
        shutdown: ::rocket::config::Shutdown { ctrlc: false, ..::rocket::config::Shutdown::default() },
        ..::rocket::Config::debug_default()
    };
    let rocket = ::rocket::custom(config).mount("/", logto::rocket::routes(&logto));
    let rocket = rocket.attach(logto::rocket::fairing(logto)).ignite().await.unwrap();
    tokio::spawn(async move {
        let _reserved = reserved;
        rocket.launch().await
    });
    let address = (Ipv4Addr::LOCALHOST, port).into();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    address
}

/// One request as a browser sends it; gives the status, where it leads, and the browser after the answer.
async fn navigate(http: reqwest::Client, url: String, mut browser: Browser) -> (u16, String, Browser) {
    let request = http.get(url).header("cookie", browser.header()).header("accept", "text/html");
    let response = request.send().await.unwrap();
    let texts = |name| response.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned());
    browser.receive(&texts("set-cookie").collect::<Vec<_>>());
    (response.status().as_u16(), texts("location").collect(), browser)
}

/// 10 rounds; `LOGTO_TEST_ROUNDS=200` for more.
#[tokio::test(flavor = "multi_thread")]
async fn two_requests_with_one_callback_make_one_exchange_in_every_integration() {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for integration in ["axum", "actix-web", "Rocket"] {
        // Refresh tokens rotate: what is spent twice ends the grant.
        let site = Site::rotating().await;
        let address = match integration {
            "axum" => axum(site.logto.clone()).await,
            "actix-web" => actix_web(&site.logto),
            _ => rocket(site.logto.clone()).await,
        };
        let (mut exchanges, mut alive) = (0, 0);
        let rounds = rounds(10);
        for round in 0..rounds {
            let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
            // In every other round as fast as it goes.
            if round % 2 == 0 {
                take_a_while(&site.mock);
            }
            let url = callback.replace(BASE_URL, &format!("http://{address}"));
            let ask = || tokio::spawn(navigate(http.clone(), url.clone(), browser.clone()));
            let (first, second) = tokio::join!(ask(), ask());
            let again = navigate(http.clone(), url.clone(), browser.clone()).await;
            exchanges += site.mock.requests(Endpoint::Token);
            site.mock.clear_faults();
            for (status, location, mut after) in [first.unwrap(), second.unwrap(), again] {
                assert_eq!((status, location), (302, format!("{BASE_URL}/wanted")), "{integration}, round {round}");
                alive += usize::from(is_alive(&site.logto, &mut after).await);
            }
        }
        assert_eq!((exchanges, alive), (rounds, 3 * rounds), "{integration}");
        println!(
            "{integration}: {rounds} rounds of two requests at once and a third: {exchanges} exchanges, {alive} sessions alive"
        );
    }
}
