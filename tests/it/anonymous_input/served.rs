//! The same over a socket, to the integrations.

use axum::{Router, routing::any};
use logto::{
    LogtoClient, Routes,
    testing::{MockLogto, TestClock},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{INITIATION, Input, Tally, inputs::inputs, on_this_site};
use crate::{
    logs,
    support::{APP_SECRET, app, settings},
};

/// A client whose application is at `base`, and its Logto.
async fn client(base: &str) -> (LogtoClient, MockLogto) {
    let clock = TestClock::new();
    let registered = app("app").redirect_uri(format!("{base}/callback")).post_logout_redirect_uri(base);
    let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
    let config = settings(&mock, &clock).app_secret(APP_SECRET).base_url(base);
    let config = config.routes(Routes::new().initiate_login(INITIATION));
    (LogtoClient::new(config.build().unwrap()).unwrap(), mock)
}

/// Sends the request as it is. `None` where the server hung up without an answer.
async fn send(port: u16, input: &Input) -> Option<(u16, Option<String>)> {
    let mut request =
        format!("{} {} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n", input.method, input.target);
    if !input.body.is_empty() {
        request.push_str(&format!("content-length: {}\r\n", input.body.len()));
    }
    let mut request = request.into_bytes();
    for (name, value) in &input.headers {
        request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    request.extend([b"\r\n", input.body.as_bytes()].concat());
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // A server that has refused reads no further.
    _ = socket.write_all(&request).await;
    let head = head(&mut socket).await;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let location = head.lines().find_map(|line| line.strip_prefix("location: ").or(line.strip_prefix("Location: ")));
    Some((status, location.map(str::to_owned)))
}

/// What comes before the body. Some servers keep a connection open for a while although they were asked to close it.
async fn head(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        if socket.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {
            continue;
        }
        break;
    }
    let text = String::from_utf8_lossy(&answer);
    text.split("\r\n\r\n").next().unwrap_or_default().to_owned()
}

/// The whole table, and where each answer leads on this site.
async fn tally(port: u16) -> Tally {
    let (mut tally, base) = (Tally::default(), format!("http://localhost:{port}"));
    for mut input in inputs() {
        for _ in 0..3 {
            let Some((status, location)) = send(port, &input).await else { break };
            tally.note(&input, status);
            let Some(next) = location.as_deref().and_then(|location| on_this_site(location, &base)) else { break };
            input = Input::page(next.to_owned());
        }
    }
    tally
}

async fn axum_page(user: logto::SignedIn) -> String {
    user.sub().to_owned()
}

#[tokio::test]
async fn anonymous_input_to_axum_is_never_a_failure_of_the_server() {
    let (log, _guard) = logs::listen("logto=warn,logto::testing=off");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (logto, _mock) = client(&format!("http://localhost:{port}")).await;
    let router =
        Router::new().merge(logto::axum::routes(&logto)).fallback(any(axum_page)).layer(logto::axum::layer(logto));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    tally(port).await.assert_no_failures("axum");
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

#[cfg(feature = "actix-web")]
async fn actix_page(user: logto::SignedIn) -> String {
    user.sub().to_owned()
}

#[cfg(feature = "actix-web")]
#[tokio::test]
async fn anonymous_input_to_actix_web_is_never_a_failure_of_the_server() {
    use actix_web::{App, HttpServer, web};

    let (listener, base) = crate::actix_web::listen();
    let port = listener.local_addr().unwrap().port();
    let (logto, _mock) = client(&base).await;
    crate::actix_web::serve!(listener, move || {
        let app = App::new().configure(logto::actix_web::routes(&logto)).default_service(web::to(actix_page));
        app.wrap(logto::actix_web::middleware(logto.clone()))
    });
    tally(port).await.assert_no_failures("actix-web");
}

#[cfg(feature = "rocket")]
mod rocket {
    // Rocket gives guards by value.
    #![allow(clippy::needless_pass_by_value)]

    use ::rocket::{get, post, routes};

    use super::{client, logs, tally};
    use crate::{
        port::Port,
        rocket::{build, launch},
    };

    #[get("/<_..>", rank = 100)]
    fn page(user: logto::SignedIn) -> String {
        user.sub().to_owned()
    }

    #[post("/<_..>", rank = 100)]
    fn post_page(user: logto::SignedIn) -> String {
        page(user)
    }

    #[tokio::test]
    async fn anonymous_input_to_rocket_is_never_a_failure_of_the_server() {
        let (log, _guard) = logs::listen("logto=warn,logto::testing=off");
        let port = Port::reserve();
        let (logto, _mock) = client(&format!("http://localhost:{}", port.number())).await;
        let rocket = build(port.number())
            .mount("/", logto::rocket::routes(&logto))
            .mount("/", routes![page, post_page])
            .attach(logto::rocket::fairing(logto));
        launch(rocket).await;
        tally(port.number()).await.assert_no_failures("Rocket");
        assert!(!log.text().contains("ERROR"), "{}", log.text());
    }
}
