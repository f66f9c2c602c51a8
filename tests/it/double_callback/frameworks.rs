//! The same over HTTP: two requests with one callback, in each integration.

#![cfg(all(feature = "actix-web", feature = "axum", feature = "rocket"))]
#![allow(clippy::print_stdout)] // Figures are for people.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use logto::{LogtoClient, testing::Endpoint};

use super::{is_alive, rounds, sent_back, take_a_while};
use crate::{
    http_browser::without_redirects,
    rocket::{build, launch},
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
    let app = build(0).mount("/", logto::rocket::routes(&logto)).attach(logto::rocket::fairing(logto));
    (Ipv4Addr::LOCALHOST, launch(app).await).into()
}

/// One request as a browser sends it; gives the status, where it leads, and the browser after the answer.
async fn navigate(http: reqwest::Client, url: String, mut browser: Browser) -> (u16, String, Browser) {
    let response = browser.send(http.get(url).header("accept", "text/html")).await;
    let location = response.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
    (response.status().as_u16(), location.unwrap_or_default(), browser)
}

/// 10 rounds; `LOGTO_TEST_ROUNDS=200` for more.
#[tokio::test(flavor = "multi_thread")]
async fn two_requests_with_one_callback_make_one_exchange_in_every_integration() {
    let http = without_redirects();
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
            exchanges += site.mock.request_count(Endpoint::Token);
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
