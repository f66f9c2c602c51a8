//! The relying party that is certified: what the OpenID Foundation's conformance suite drives, and `tests/certification` in its place.
//!
//! `cargo run --example certification_rp` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as
//! `ada` with the password `lovelace`. With `LOGTO_ISSUER` (or `LOGTO_ENDPOINT`), `LOGTO_APP_ID`, `LOGTO_APP_SECRET`, `LOGTO_BASE_URL` and
//! `LOGTO_COOKIE_SECRET` in the environment it signs in there; every other `LOGTO_…` variable counts, too. `PORT` is where it listens
//! (3000; with 0 the system chooses), `LISTEN` on which address (127.0.0.1). `docs/certification.md` says what to enter in the suite, and which page does what.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::{
    env,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, Html, IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use logto::{
    ContextOptions, LogtoClient, LogtoConfigBuilder, LogtoContext, Prompt, RequestSession, Routes, SignInOptions,
    SignOutOptions, SignedIn,
    testing::{MockApp, MockLogto},
};
use serde::Deserialize;
use tokio::net::TcpListener;

/// Remembers the `state` of a sign-out, for as long as one takes.
const STATE_COOKIE: &str = "sign_out_state";

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let asked: u16 = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let address: IpAddr = env::var("LISTEN").map_or(Ok(Ipv4Addr::LOCALHOST.into()), |address| address.parse())?;
    let listener = TcpListener::bind((address, asked)).await.map_err(|cause| in_use(asked, &cause))?;
    let port = listener.local_addr()?.port();
    let base_url = env::var("LOGTO_BASE_URL").unwrap_or_else(|_| format!("http://localhost:{port}"));
    let settings = LogtoConfigBuilder::from_env()
        .base_url(&base_url)
        .routes(Routes::new().initiate_login("/logto/initiate-login"));
    let (settings, mock) = match ["LOGTO_ISSUER", "LOGTO_ENDPOINT"].iter().any(|name| env::var_os(name).is_some()) {
        true => (settings, None),
        false => with_a_logto_of_its_own(settings, (asked, port), &base_url).await?,
    };
    let logto = LogtoClient::new(settings.build()?)?;
    // A server that cannot be reached yet is asked again by the first sign-in.
    if let Err(error) = logto.warm_up().await {
        tracing::warn!(%error, hint = error.hint(), "the server was not asked ahead");
    }

    let app = Router::new()
        .route("/", get(home))
        .route("/user", get(user))
        .route("/refresh", get(refresh))
        .route("/silent", get(silent))
        .route("/sign-out", post(sign_out))
        .route("/signed-out", get(signed_out))
        .merge(logto::axum::routes(&logto)) // with /callback, /logto/back-channel-logout and /logto/initiate-login
        .with_state(logto.clone())
        .layer(logto::axum::layer(logto.clone()));
    println!("{}", registration(&logto, mock.as_ref()));
    Ok(axum::serve(listener, app).await?)
}

async fn with_a_logto_of_its_own(
    settings: LogtoConfigBuilder,
    (asked, port): (u16, u16),
    base_url: &str,
) -> Result<(LogtoConfigBuilder, Option<MockLogto>), Failure> {
    let app = MockApp::new("example", "the secret of the example app")
        .redirect_uri(format!("{base_url}/callback"))
        .post_logout_redirect_uri(format!("{base_url}/signed-out"))
        .backchannel_logout_uri(format!("http://127.0.0.1:{port}/logto/back-channel-logout"))
        .backchannel_session_required(true);
    let next = match asked {
        0 => 0, // any
        asked => asked.checked_add(1).ok_or("PORT is too high: PORT + 1 is needed, too")?,
    };
    let mock = MockLogto::builder().port(next).app(app).start().await.map_err(|cause| in_use(next, &cause))?;
    let settings = settings
        .endpoint(mock.endpoint())
        .app_id(mock.app_id())
        .app_secret(mock.app_secret())
        .cookie_secret("a secret for the examples alone, never for production");
    Ok((settings, Some(mock)))
}

fn in_use(port: u16, cause: &std::io::Error) -> String {
    format!(
        "cannot listen on port {port}: {cause}. Stop what uses it, or choose another, as in PORT=4000; with PORT=0 the system does"
    )
}

/// What the server has to know of this application.
fn registration(logto: &LogtoClient, mock: Option<&MockLogto>) -> String {
    let base_url = logto.config().base_url();
    let first = match mock {
        Some(_) => "An embedded Logto answers: the user is `ada`, the password `lovelace`.".to_owned(),
        None => format!("The server is {}.", logto.config().issuer()),
    };
    format!(
        "{first}\n\
         client_id                   {}\n\
         redirect_uri                {}\n\
         post_logout_redirect_uri    {base_url}/signed-out\n\
         backchannel_logout_uri      {base_url}/logto/back-channel-logout\n\
         initiate_login_uri          {base_url}/logto/initiate-login\n\
         \n  Open {base_url}/user to sign in and see what userinfo says.",
        logto.config().app_id(),
        logto.config().redirect_uri(),
    )
}

/// Whoever was sent here to sign in comes back to this page: it asks the userinfo endpoint, too.
async fn home(session: RequestSession) -> Result<Html<String>, logto::Error> {
    let context = session.get_context(ContextOptions::new().fetch_user_info(true)).await?;
    let body = match context.user_info() {
        None => r#"<p><a href="/user">Sign in</a> <a href="/silent">Sign in without a question</a></p>"#.to_owned(),
        Some(user_info) => format!("<p>Signed in as <code>{}</code></p>{SIGNED_IN}", escape(&user_info.sub)),
    };
    Ok(page("Relying party", &body))
}

/// Signs in whoever is not, asks the userinfo endpoint, and shows both.
async fn user(user: SignedIn, session: RequestSession) -> Result<Html<String>, logto::Error> {
    let user_info = session.fetch_user_info().await?;
    let shown = serde_json::json!({ "id_token": user.claims(), "userinfo": user_info });
    Ok(page("Signed in", &format!("<pre>{}</pre>{SIGNED_IN}", escape(&format!("{shown:#}")))))
}

/// Exchanges the refresh token, and asks the userinfo endpoint with what came of it.
async fn refresh(_user: SignedIn, session: RequestSession) -> Result<Html<String>, logto::Error> {
    let context = session.refresh_session().await?;
    let user_info = session.fetch_user_info().await?;
    let shown = serde_json::json!({ "id_token": context.claims(), "userinfo": user_info });
    Ok(page("Refreshed", &format!("<pre>{}</pre>{SIGNED_IN}", escape(&format!("{shown:#}")))))
}

/// Asks for what a server can only refuse: somebody who has just proved who they are, and no question.
async fn silent(session: RequestSession) -> Result<Response, logto::Error> {
    let options = SignInOptions::new().prompt([Prompt::None]).max_age(Duration::ZERO).post_redirect_uri("/user");
    Ok(session.sign_in(options).await?.into_response())
}

/// RP-initiated logout, with a `state` that the next page compares.
async fn sign_out(
    session: RequestSession,
    State(logto): State<LogtoClient>,
    headers: HeaderMap,
) -> Result<Response, logto::Error> {
    if !is_of_this_site(&headers, logto.config().base_url()) {
        return Ok(
            (StatusCode::FORBIDDEN, page("Refused", "<p>Another site asked to sign you out.</p>")).into_response()
        );
    }
    let mut random = [0; 16];
    let state = match aws_lc_rs::rand::fill(&mut random) {
        Ok(()) => URL_SAFE_NO_PAD.encode(random),
        Err(_) => return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    };
    let target = format!("{}/signed-out", logto.config().base_url());
    let redirect = session.sign_out(SignOutOptions::new().post_logout_redirect_uri(target).state(&state)).await?;
    let cookie = format!("{STATE_COOKIE}={state}; Path=/signed-out; HttpOnly; SameSite=Lax; Max-Age=600");
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), redirect).into_response())
}

#[derive(Deserialize)]
struct SignedOut {
    state: Option<String>,
}

/// The session is over whatever comes back, so a wrong `state` is told and breaks nothing.
async fn signed_out(context: LogtoContext, headers: HeaderMap, Query(query): Query<SignedOut>) -> impl IntoResponse {
    let sent = cookie(&headers, STATE_COOKIE);
    let verdict = match (sent, query.state) {
        (Some(sent), Some(came)) if sent == came => "The state is the one that was sent.",
        (Some(_), Some(_)) => "The state is another than was sent.",
        (Some(_), None) => "The state did not come back.",
        (None, _) => "No sign-out of this browser is under way.",
    };
    let who = if context.is_authenticated() { "Somebody is signed in." } else { "Nobody is signed in." };
    let forget = format!("{STATE_COOKIE}=; Path=/signed-out; HttpOnly; SameSite=Lax; Max-Age=0");
    let body = format!(r#"<p>{who} {verdict}</p><p><a href="/">Start page</a></p>"#);
    (AppendHeaders([(header::SET_COOKIE, forget)]), page("Signed out", &body))
}

/// The value of a cookie. Over HTTP/2 each cookie may come in a field of its own (RFC 9113 section 8.2.3), with others' in any bytes beside it.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let fields = headers.get_all(header::COOKIE).into_iter();
    let mut cookies = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b';'));
    cookies.find_map(|cookie| str::from_utf8(cookie).ok()?.trim().strip_prefix(name)?.strip_prefix('='))
}

/// As browsers tell it with every POST: `Sec-Fetch-Site`, or `Origin` in older ones.
fn is_of_this_site(headers: &HeaderMap, base_url: &str) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, origin) => {
            let own = url::Url::parse(base_url).map(|url| url.origin().ascii_serialization());
            own.is_ok_and(|own| origin == Some(own.as_str()))
        }
    }
}

const SIGNED_IN: &str = r#"<p><a href="/user">User</a> <a href="/refresh">Refresh</a></p>
<form method="post" action="/sign-out"><button>Sign out</button></form>"#;

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>{body}</html>"#
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
