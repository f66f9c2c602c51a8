//! What `docs/guards.md` says about axum.

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use logto::{RequestSession, SignedIn, testing::TestSession};

use super::{Stack, ask, send, sign_in, stack};
use crate::support::{Browser, Site};

async fn users_alone(_user: SignedIn, request: Request, next: Next) -> Response {
    next.run(request).await
}

struct Librarian(SignedIn);

impl<S: Send + Sync> FromRequestParts<S> for Librarian {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let user = SignedIn::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        if user.claims().roles.iter().any(|role| role == "librarian") {
            Ok(Self(user))
        } else {
            Err((StatusCode::FORBIDDEN, "for librarians alone").into_response())
        }
    }
}

async fn shelf(librarian: Librarian) -> String {
    format!("the shelf of {}", librarian.0.sub())
}

enum AppError {
    Logto(logto::Error),
    NoSuchBook,
}

impl From<logto::Error> for AppError {
    fn from(error: logto::Error) -> Self {
        Self::Logto(error)
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            Self::Logto(error) => error.into_response(),
            Self::NoSuchBook => (StatusCode::NOT_FOUND, "there is no such book").into_response(),
        }
    }
}

async fn book(session: RequestSession) -> Result<String, AppError> {
    let user = session.require_user().await?;
    if user.sub() == "user-ada" { Ok("Sketch of the Analytical Engine".to_owned()) } else { Err(AppError::NoSuchBook) }
}

fn app(site: &Site) -> Stack {
    let dashboard = Router::new()
        .route("/orders", get(async || "your orders"))
        .route("/invoices", get(async || "your invoices"))
        .route_layer(from_fn(users_alone));
    let hidden = Router::new().route("/known", get(async || "known")).fallback(async || StatusCode::NOT_FOUND);
    let router = Router::new()
        .route("/", get(async || "for everyone"))
        .route("/shelf", get(shelf))
        .route("/book", get(book))
        .nest("/dashboard", dashboard)
        .nest("/hidden", hidden.layer(from_fn(users_alone)))
        .merge(logto::axum::routes(&site.logto))
        .layer(logto::axum::layer(site.logto.clone()));
    stack(router)
}

async fn signed_in_with(site: &Site, session: TestSession) -> Browser {
    let cookies = session.cookie_header(site.logto.config()).await.unwrap();
    let pair = |cookie: &str| cookie.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
    Browser { cookies: cookies.split("; ").map(pair).collect() }
}

async fn program(stack: &mut Stack, path: &str) -> StatusCode {
    send(stack, Request::get(path).body(Body::empty()).unwrap()).await.status
}

#[tokio::test]
async fn a_whole_router_is_for_users_alone() {
    let site = Site::start().await;
    let mut app = app(&site);
    for path in ["/dashboard/orders", "/dashboard/invoices", "/hidden/known", "/hidden/unknown"] {
        assert_eq!(program(&mut app, path).await, StatusCode::UNAUTHORIZED, "{path}");
        let answer = ask(&mut app, &mut Browser::default(), path).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{path}");
        assert!(answer.location().ends_with(&path.replace('/', "%2F")), "{}", answer.location());
    }
    assert_eq!(program(&mut app, "/").await, StatusCode::OK);
    assert_eq!(program(&mut app, "/dashboard/unknown").await, StatusCode::NOT_FOUND);
    let mut browser = Browser::default();
    sign_in(&mut app, &site.mock, &mut browser, "/dashboard/orders").await;
    assert_eq!(ask(&mut app, &mut browser, "/dashboard/orders").await.text(), "your orders");
    assert_eq!(ask(&mut app, &mut browser, "/hidden/unknown").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_for_a_role_asks_strangers_to_sign_in_while_it_refuses_other_users() {
    let site = Site::start().await;
    let mut app = app(&site);
    assert_eq!(program(&mut app, "/shelf").await, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&mut app, &mut Browser::default(), "/shelf").await.status, StatusCode::FOUND);
    let mut librarian = signed_in_with(&site, TestSession::new().sub("ada").role("librarian")).await;
    assert_eq!(ask(&mut app, &mut librarian, "/shelf").await.text(), "the shelf of ada");
    let mut reader = signed_in_with(&site, TestSession::new().sub("bob").role("reader")).await;
    assert_eq!(ask(&mut app, &mut reader, "/shelf").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_error_of_the_application_keeps_the_way_to_the_sign_in() {
    let site = Site::start().await;
    let mut app = app(&site);
    let answer = ask(&mut app, &mut Browser::default(), "/book").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::FOUND, "/logto/sign-in?return_to=%2Fbook"));
    assert_eq!(program(&mut app, "/book").await, StatusCode::UNAUTHORIZED);
    let mut browser = Browser::default();
    sign_in(&mut app, &site.mock, &mut browser, "/book").await;
    assert_eq!(ask(&mut app, &mut browser, "/book").await.text(), "Sketch of the Analytical Engine");
    let mut other = signed_in_with(&site, TestSession::new().sub("bob")).await;
    assert_eq!(ask(&mut app, &mut other, "/book").await.status, StatusCode::NOT_FOUND);
}
