//! APIs on Rocket.

// Rocket gives guards by value.
#![allow(clippy::needless_pass_by_value)]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ::rocket::{State, error::ErrorKind, get, post, routes};
use logto::{
    Error, SignedIn,
    api::{ApiAuth, ResourceServer},
};

use super::{
    cases::{ReadBooks, Recent, World},
    metadata::below_a_path,
    over_http::{Setup, every_framework},
};
use crate::plain_http::plain_http;
use crate::rocket::{build, launch};

every_framework!(serve);

fn sub<R>(auth: Option<ApiAuth<R>>) -> String {
    auth.map_or("nobody".to_owned(), |auth| auth.sub().to_owned())
}

#[get("/books")]
fn books(auth: ApiAuth<ReadBooks>) -> String {
    sub(Some(auth))
}

#[get("/acme")]
fn acme(auth: ApiAuth) -> Result<String, Error> {
    auth.require_organization("org-acme")?;
    Ok(sub(Some(auth)))
}

#[get("/transfer")]
fn transfer(auth: ApiAuth<Recent>) -> String {
    sub(Some(auth))
}

#[get("/greeting")]
fn greeting(auth: Option<ApiAuth>) -> String {
    sub(auth)
}

#[get("/shelf")]
fn shelf(auth: Option<ApiAuth<ReadBooks>>) -> String {
    sub(auth)
}

#[post("/comments")]
fn comment(auth: Result<ApiAuth, Error>, written: &State<Arc<AtomicUsize>>) -> Result<String, Error> {
    let auth = ApiAuth::optional(auth)?;
    written.fetch_add(1, Ordering::SeqCst);
    Ok(sub(auth))
}

#[get("/me")]
fn me(user: SignedIn) -> String {
    user.sub().to_owned()
}

async fn serve(setup: Setup) -> String {
    let app = build(0)
        .mount("/", routes![books, acme, transfer, greeting, shelf, comment])
        .manage(setup.written)
        .attach(logto::rocket::api(setup.api));
    let port = launch(match setup.logto {
        Some(logto) => {
            app.mount("/", routes![me]).mount("/", logto::rocket::routes(&logto)).attach(logto::rocket::fairing(logto))
        }
        None => app,
    })
    .await;
    format!("http://127.0.0.1:{port}")
}

/// Rocket has one API, which may be of both resources. Routes of the metadata that are there already are left alone.
#[tokio::test]
async fn an_api_below_a_mount_point_of_rocket_names_its_own_metadata() {
    #[get("/books")]
    fn any_books(auth: ApiAuth) -> String {
        sub(Some(auth))
    }
    for is_mounted in [false, true] {
        below_a_path(async |whole, tools| {
            let api = ResourceServer::one_of([whole, tools]).unwrap();
            let metadata = if is_mounted { logto::rocket::api_metadata(&api) } else { vec![] };
            let app = build(0).mount("/", routes![any_books]).mount("/tools", routes![any_books]).mount("/", metadata);
            format!("http://127.0.0.1:{}", launch(app.attach(logto::rocket::api(api))).await)
        })
        .await;
    }
}

/// Neither a guard nor an optional one: an API that takes everybody for a stranger would be found late.
#[tokio::test]
async fn an_api_without_its_fairing_does_not_launch() {
    for routes in [routes![books], routes![greeting], routes![comment]] {
        let rocket = build(0).mount("/", routes).manage(Arc::new(AtomicUsize::new(0)));
        let error = rocket.ignite().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::SentinelAborts(_)), "{error}");
    }
    let world = World::start().await;
    build(0).mount("/", routes![books]).attach(logto::rocket::api(world.api)).ignite().await.unwrap();
}

/// The application's own catchers answer its own refusals, and no catcher of its own is needed for ours.
#[tokio::test]
async fn rocket_catchers_of_an_api_answer_all_errors_except_token_refusals() {
    #[get("/teapot")]
    fn teapot(_auth: Option<ApiAuth>) -> ::rocket::http::Status {
        ::rocket::http::Status::ImATeapot
    }
    #[::rocket::catch(default)]
    fn own(status: ::rocket::http::Status, _: &::rocket::Request<'_>) -> String {
        format!("own {}", status.code)
    }
    let world = World::start().await;
    let app = build(0)
        .mount("/", routes![books, teapot])
        .register("/", ::rocket::catchers![own])
        .attach(logto::rocket::api(world.api));
    let port = launch(app).await;
    let ask = async |path: &str, token: &str| {
        let request = plain_http().build().unwrap().get(format!("http://127.0.0.1:{port}{path}"));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(ask("/teapot", "").await, (418, "own 418".to_owned()));
    assert_eq!(ask("/nowhere", "").await, (404, "own 404".to_owned()));
    for (path, token, code) in
        [("/books", "", "missing"), ("/books", "a.b.c", "invalid_token"), ("/teapot", "a.b.c", "invalid_token")]
    {
        let (status, body) = ask(path, token).await;
        assert!(status == 401 && body.contains(&format!("bearer_token.{code}")), "{path} {token}: {status} {body}");
    }
}
