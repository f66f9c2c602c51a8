//! axum: the adapter of [`crate::frameworks`], and what only axum has.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use axum::{
    Extension, Json, Router,
    extract::Request,
    http::{HeaderMap, StatusCode, Uri},
    response::{AppendHeaders, IntoResponse, Response},
    routing::{get, post},
};
use logto::{Error, HeaderCookies, RequestSession, SignedIn, TokenOptions, integrate::CurrentClient};
use tokio::net::TcpListener;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    frameworks::{
        pages::{self, Answer, Late, home, kakao, maybe, me, result, the_same_for_everyone},
        served::{Adapter, Application},
    },
    plain_http::plain_http,
    support::{BOOKS, Site},
};

async fn books(_user: SignedIn, session: RequestSession) -> Result<Json<Vec<String>>, Error> {
    pages::books(&session).await.map(Json)
}

/// A handler that sets cookies of its own while the session changes, too.
async fn cookies(session: RequestSession) -> Result<impl IntoResponse, Error> {
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    Ok(AppendHeaders([("set-cookie", "theme=dark"), ("set-cookie", "lang=ko"), ("cache-control", "private")]))
}

async fn by_hand(Extension(logto): Extension<CurrentClient>, uri: Uri, headers: HeaderMap) -> Response {
    let header = headers.get_all("cookie").iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join("; ");
    let mut cookies = HeaderCookies::parse(header);
    let mut response = match pages::by_hand(&logto.get().unwrap(), &uri.to_string(), &mut cookies).await {
        Ok(Answer::Redirect(location)) => (StatusCode::FOUND, [("location", location)]).into_response(),
        Ok(Answer::Text(text)) => text.into_response(),
        Err(error) => error.into_response(),
    };
    cookies.append_to(response.headers_mut());
    response
}

async fn late(session: RequestSession, Extension(late): Extension<Arc<Late>>) {
    late.ask_later(session);
}

#[derive(Clone, Copy)]
pub struct Axum;

impl Adapter for Axum {
    type Listener = std::net::TcpListener;

    const KEEPS_THE_ORDER_OF_COOKIES: bool = true;

    fn listen(self) -> (Self::Listener, u16) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    async fn serve(self, listener: Self::Listener, Application { logto, mount, late }: Application) {
        let router = Router::new()
            .route("/", get(home))
            .route("/me", get(me).post(me))
            .route("/maybe", get(maybe))
            .route("/result", get(result))
            .route("/hand/{what}", get(by_hand).layer(Extension(logto.clone())))
            .route("/books", get(books))
            .route("/cookies", get(cookies))
            .route("/kakao", post(kakao))
            .route("/late", get(self::late).layer(Extension(late)))
            .route("/static", get(the_same_for_everyone))
            .merge(logto::axum::routes(&logto));
        let router = if mount.is_empty() { router } else { Router::new().nest(mount, router) };
        let router = router.layer(logto::axum::layer(logto));
        let listener = TcpListener::from_std(listener).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    }
}

/// A service that is never ready.
#[derive(Clone)]
struct Busy;

impl Service<Request> for Busy {
    type Response = Response;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request) -> Self::Future {
        panic!("it is not ready")
    }
}

#[tokio::test]
async fn the_layer_is_ready_only_when_the_service_inside_is() {
    let mut layered = logto::axum::layer(Site::start().await.logto).layer(Busy);
    assert!(layered.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[tokio::test]
async fn a_missing_layer_is_an_error_that_names_the_layer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(home))).await.unwrap() });
    let response = plain_http().build().unwrap().get(url).send().await.unwrap();
    assert_eq!(response.status(), 500);
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["code"], "integration.missing");
    assert!(body["hint"].as_str().unwrap().contains("logto::axum::layer(logto)"));
}
