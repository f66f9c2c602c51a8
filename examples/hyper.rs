//! hyper 1: one call of `LogtoClient::handle_request` is sign-in, sign-out and a session for every page.
//!
//! `cargo run --example hyper` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as `ada` with the
//! password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the environment it signs in
//! at that Logto. `PORT` is where it listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::{convert::Infallible, env, sync::LazyLock};

use http_body_util::{BodyExt, Collected, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CONTENT_TYPE, HeaderValue, SET_COOKIE},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use logto::{ContextOptions, RequestSession, TokenOptions, integrate::AuthRequest, testing::Playground};
use tokio::net::TcpListener;

/// Whether `REQUEST_LOG=1` asks for a line in the log for each request.
static REQUEST_LOG: LazyLock<bool> = LazyLock::new(|| env::var_os("REQUEST_LOG").is_some_and(|on| on == "1"));

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    let playground = Playground::start().await?;

    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    loop {
        let (stream, _) = listener.accept().await?;
        let playground = playground.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&playground, request));
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
}

/// Every request: the authentication routes answer for themselves, a page gets a session.
async fn answer(playground: &Playground, request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let logto = playground.client();
    let (parts, body) = request.into_parts();
    let Some(path) = parts.uri.path().strip_prefix(playground.mount_path()) else {
        return Ok(status(StatusCode::NOT_FOUND));
    };
    let read = Limited::new(body, AuthRequest::MAX_BODY_BYTES).collect();
    let auth = AuthRequest::from_parts(&parts, &parts.uri);
    let auth = auth.read_body(&logto, async { read.await.map(Collected::to_bytes) }).await;
    // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user, /logto/back-channel-logout, and the pages below.
    let page = |session| page(playground, session, &parts.method, path);
    if !*REQUEST_LOG {
        return Ok(logto.handle_request(&auth, page).await);
    }
    // A middleware of the application: it sees whom a callback signs in and whom a sign-out signs out.
    let logged = async |auth: AuthRequest, session: RequestSession| {
        let before = who(&session).await;
        let response = logto.handle_request(&auth, page).await;
        let after = who(&session).await;
        tracing::info!(method = %parts.method, path, before, after, "request");
        response
    };
    Ok(logto.with_session(auth, logged).await)
}

async fn page(
    playground: &Playground,
    session: RequestSession,
    method: &Method,
    path: &str,
) -> logto::Result<Response<String>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(response);
    }
    Ok(as_html(match path {
        // For everyone. `context.claims()` is there for those who are signed in.
        "" | "/" => playground.home(&session.get_context(ContextOptions::new()).await?),
        // For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
        "/protected" => {
            let user = session.require_user().await?;
            playground.page("Protected page", &user.claims().sub)
        }
        "/user-info" => playground.page("User info", &session.fetch_user_info().await?),
        // A token for an API. It is renewed when it ends, once, however many requests want it.
        "/access-token" => {
            let claims = session.get_access_token_claims(TokenOptions::new().resource(playground.resource())).await?;
            playground.page("Claims of an access token", &claims)
        }
        "/preferences" => return preferences(playground, &session).await,
        _ => match path.strip_prefix("/organization/") {
            Some(id) => {
                playground.page("Claims of an organization token", &session.get_organization_token_claims(id).await?)
            }
            None => return Ok(status(StatusCode::NOT_FOUND)),
        },
    }))
}

/// The application's own cookies go out beside the session's.
async fn preferences(playground: &Playground, session: &RequestSession) -> logto::Result<Response<String>> {
    let token = TokenOptions::new().resource(playground.resource());
    let context = session.get_context(ContextOptions::new().access_token(token)).await?;
    let mut response = as_html(playground.page("Preferences", &context.scopes()));
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("theme=dark; Path=/"));
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("language=ko; Path=/"));
    Ok(response)
}

fn as_html(html: String) -> Response<String> {
    let mut response = Response::new(html);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn status(status: StatusCode) -> Response<String> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// Who is signed in, for the log: the `sub`, and nothing that is secret.
async fn who(session: &RequestSession) -> String {
    match session.user().await {
        Ok(user) => user.map_or_else(|| "nobody".to_owned(), |user| user.sub().to_owned()),
        Err(error) => error.code().to_string(),
    }
}
