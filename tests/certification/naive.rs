//! Relying parties as one would write them in an afternoon, to see the modules fail. They share everything but their one weakness.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Form, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use url::{Url, form_urlencoded};

use crate::{
    op::{CLIENT_ID, CLIENT_SECRET},
    suite::{Kind, Mode},
};

type Params = BTreeMap<String, String>;

#[derive(Clone)]
struct Rp {
    kind: Kind,
    mode: Mode,
    base: String,
    issuer: String,
    sessions: Arc<Mutex<BTreeMap<String, Session>>>,
}

#[derive(Debug, Clone)]
struct Session {
    id_token: String,
    access_token: String,
    refresh_token: String,
}

pub async fn start(kind: Kind, port: u16, base: &str, issuer: &str, mode: Mode) -> JoinHandle<()> {
    let rp = Rp { kind, mode, base: base.to_owned(), issuer: issuer.to_owned(), sessions: Arc::default() };
    let app = Router::new()
        .route("/", get(home))
        .route("/user", get(user))
        .route("/refresh", get(refresh))
        .route("/silent", get(silent))
        .route("/callback", get(by_query).post(by_form))
        .route("/sign-out", post(sign_out))
        .route("/signed-out", get(|| async { Html("Nobody is signed in.") }))
        .route("/logto/back-channel-logout", post(back_channel))
        .route("/logto/initiate-login", get(initiate))
        .with_state(rp);
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() })
}

async fn home(State(rp): State<Rp>, headers: HeaderMap) -> Response {
    let session = rp.session(&headers);
    session.map_or_else(|| Html("Relying party".to_owned()), |session| page(&session, &Value::Null)).into_response()
}

async fn user(State(rp): State<Rp>, headers: HeaderMap) -> Response {
    match rp.session(&headers) {
        Some(session) => page(&session, &rp.user_info(&session).await).into_response(),
        None => rp.authorize(&[]).await,
    }
}

async fn refresh(State(rp): State<Rp>, headers: HeaderMap) -> Response {
    let Some(session) = rp.session(&headers) else { return rp.authorize(&[]).await };
    let form = [("grant_type", "refresh_token"), ("refresh_token", session.refresh_token.as_str())];
    let Some(session) = rp.token(&form).await else { return StatusCode::BAD_GATEWAY.into_response() };
    page(&session, &rp.user_info(&session).await).into_response()
}

async fn silent(State(rp): State<Rp>) -> Response {
    rp.authorize(&[("prompt", "none"), ("max_age", "0")]).await
}

async fn initiate(State(rp): State<Rp>, Query(params): Query<Params>) -> Response {
    if rp.kind == Kind::Refusing {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let hint: Vec<_> = params.get("login_hint").map(|hint| ("login_hint", hint.as_str())).into_iter().collect();
    rp.authorize(&hint).await
}

async fn by_query(State(rp): State<Rp>, Query(params): Query<Params>) -> Response {
    rp.callback(&params).await
}

async fn by_form(State(rp): State<Rp>, Form(params): Form<Params>) -> Response {
    rp.callback(&params).await
}

async fn back_channel(State(rp): State<Rp>) -> Response {
    match rp.kind {
        Kind::Sloppy => StatusCode::NO_CONTENT.into_response(),
        Kind::Refusing => StatusCode::BAD_REQUEST.into_response(),
        _ => (AppendHeaders([(header::CACHE_CONTROL, "no-store")]), StatusCode::OK).into_response(),
    }
}

async fn sign_out(State(rp): State<Rp>, headers: HeaderMap) -> Response {
    let session = rp.session(&headers);
    let mut url: Url = rp.endpoint("end_session_endpoint").await.parse().unwrap();
    url.query_pairs_mut().append_pair("post_logout_redirect_uri", &format!("{}/signed-out", rp.base));
    if let Some(session) = session.filter(|_| rp.kind == Kind::Credulous) {
        url.query_pairs_mut().append_pair("id_token_hint", &session.id_token).append_pair("state", "a state");
    }
    (AppendHeaders([(header::SET_COOKIE, "id=; Path=/; Max-Age=0")]), Redirect::to(url.as_str())).into_response()
}

fn page(session: &Session, user_info: &Value) -> Html<String> {
    let claims = session.id_token.split('.').nth(1).unwrap();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    Html(format!(r#"Signed in as {claims} {user_info}<form method="post" action="/sign-out"></form>"#))
}

impl Rp {
    fn sessions(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        self.sessions.lock().unwrap()
    }

    fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
        let (_, id) =
            cookies.split("; ").filter_map(|cookie| cookie.split_once('=')).find(|(name, _)| *name == "id")?;
        self.sessions().get(id).cloned()
    }

    async fn endpoint(&self, name: &str) -> String {
        let url = format!("{}.well-known/openid-configuration", self.issuer);
        let document: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        document[name].as_str().unwrap().to_owned()
    }

    async fn authorize(&self, more: &[(&str, &str)]) -> Response {
        let mut url: Url = self.endpoint("authorization_endpoint").await.parse().unwrap();
        url.query_pairs_mut()
            .append_pair("client_id", CLIENT_ID)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &format!("{}/callback", self.base))
            .append_pair("scope", if self.kind == Kind::Sloppy { "openid" } else { "openid profile" })
            .extend_pairs((self.kind != Kind::Sloppy).then_some(("nonce", "a nonce")))
            .extend_pairs((self.mode == Mode::FormPost).then_some(("response_mode", "form_post")))
            .extend_pairs(more);
        Redirect::to(url.as_str()).into_response()
    }

    async fn callback(&self, params: &Params) -> Response {
        let Some(code) = params.get("code") else { return Html("Welcome back").into_response() };
        let redirect_uri = format!("{}/callback", self.base);
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &redirect_uri)];
        match self.token(&form).await {
            Some(session) if self.kind != Kind::Refusing => {
                let id = format!("session-{}", session.access_token);
                self.sessions().insert(id.clone(), session);
                let cookie = format!("id={id}; Path=/");
                (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to("/user")).into_response()
            }
            _ => StatusCode::BAD_REQUEST.into_response(),
        }
    }

    async fn token(&self, form: &[(&str, &str)]) -> Option<Session> {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = reqwest::Client::new().post(self.endpoint("token_endpoint").await);
        let request = match self.kind {
            Kind::Sloppy => {
                let secret = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
                request.form(&form.iter().copied().chain(secret).collect::<Vec<_>>())
            }
            _ => request.basic_auth(encode(CLIENT_ID), Some(encode(CLIENT_SECRET))).form(form),
        };
        let tokens: Value = request.send().await.ok()?.json().await.ok()?;
        let token = |name: &str| tokens[name].as_str().map(str::to_owned);
        Some(Session {
            id_token: token("id_token")?,
            access_token: token("access_token")?,
            refresh_token: token("refresh_token")?,
        })
    }

    async fn user_info(&self, session: &Session) -> Value {
        let url = self.endpoint("userinfo_endpoint").await;
        let request = reqwest::Client::new();
        let request = match self.kind {
            Kind::Sloppy => request.get(format!("{url}?access_token={}", session.access_token)),
            _ => request.get(url).bearer_auth(&session.access_token),
        };
        request.send().await.unwrap().json().await.unwrap_or_default()
    }
}
