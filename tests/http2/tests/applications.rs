//! One small application in each framework: its start page says who is signed in, and in how many fields the cookies came.

// Rocket gives guards by value.
#![allow(clippy::needless_pass_by_value)]

use std::net::{Ipv4Addr, TcpListener};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use axum::{Router, http::HeaderMap, routing::get};
use logto::{LogtoClient, LogtoContext};
use rocket::{
    Config, Request, Responder,
    config::{LogLevel, Shutdown},
    fairing::AdHoc,
    http::Header,
    outcome::Outcome,
    request::FromRequest,
};
use tokio::sync::oneshot;

#[derive(Debug, Clone, Copy)]
pub enum Framework {
    Axum,
    ActixWeb,
    Rocket,
}

pub const FRAMEWORKS: [Framework; 3] = [Framework::Axum, Framework::ActixWeb, Framework::Rocket];

const FIELDS: &str = "x-cookie-fields";

impl Framework {
    /// Serves HTTP/2 without TLS; gives the origin.
    pub async fn serve(self, logto: LogtoClient) -> String {
        let port = match self {
            Self::Axum => axum(logto),
            Self::ActixWeb => actix_web(logto),
            Self::Rocket => rocket(logto).await,
        };
        format!("http://localhost:{port}")
    }
}

fn name(context: &LogtoContext) -> String {
    context.claims().map_or_else(|| "nobody".to_owned(), |claims| claims.sub.clone())
}

fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn axum(logto: LogtoClient) -> u16 {
    let home = async |context: LogtoContext, headers: HeaderMap| {
        ([(FIELDS, headers.get_all("cookie").iter().count().to_string())], name(&context))
    };
    let app = Router::new().route("/", get(home)).merge(logto::axum::routes(&logto)).layer(logto::axum::layer(logto));
    let (listener, port) = listen();
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    port
}

fn actix_web(logto: LogtoClient) -> u16 {
    let home = async |context: LogtoContext, request: HttpRequest| {
        let fields = request.headers().get_all("cookie").count();
        HttpResponse::Ok().append_header((FIELDS, fields.to_string())).body(name(&context))
    };
    let app = move || {
        App::new()
            .route("/", web::get().to(home))
            .configure(logto::actix_web::routes(&logto))
            .wrap(logto::actix_web::middleware(logto.clone()))
    };
    let (listener, port) = listen();
    tokio::spawn(HttpServer::new(app).workers(1).disable_signals().listen_auto_h2c(listener).unwrap().run());
    port
}

#[derive(Responder)]
struct Home {
    body: String,
    fields: Header<'static>,
}

/// In how many fields the cookies came.
struct CookieFields(usize);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CookieFields {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> rocket::request::Outcome<Self, ()> {
        Outcome::Success(Self(request.headers().get("cookie").count()))
    }
}

#[rocket::get("/")]
fn home(context: LogtoContext, fields: CookieFields) -> Home {
    Home { body: name(&context), fields: Header::new(FIELDS, fields.0.to_string()) }
}

async fn rocket(logto: LogtoClient) -> u16 {
    let config = Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        log_level: LogLevel::Off,
        shutdown: Shutdown { ctrlc: false, ..Shutdown::default() },
        ..Config::release_default()
    };
    let (tell, told) = oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let listening = AdHoc::on_liftoff("listening", move |rocket| {
        let tell = tell.lock().unwrap().take().unwrap();
        Box::pin(async move { tell.send(rocket.config().port).unwrap() })
    });
    let app = rocket::custom(config)
        .mount("/", rocket::routes![home])
        .mount("/", logto::rocket::routes(&logto))
        .attach(logto::rocket::fairing(logto))
        .attach(listening);
    tokio::spawn(app.launch());
    told.await.unwrap()
}
