//! The suite's side: a provider on loopback that does right by everyone, except for the one thing that a module is about.
//!
//! Like the official suite it has no page to sign in on, it judges each request it gets, and it cannot see inside the relying party.

mod answers;
mod keys;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    response::Response,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use url::form_urlencoded;

pub use self::keys::Signature;
use self::{answers::Answer, keys::Keys};

pub const CLIENT_ID: &str = "certified-client";
/// What `client_secret_basic` has to encode (RFC 6749 section 2.3.1).
pub const CLIENT_SECRET: &str = "a secret: with + and % and é";
/// Who is signed in.
pub const SUB: &str = "user-subject-1234531";

pub type Change = Box<dyn Fn(&mut Value) + Send>;

/// What the provider does otherwise than it should. Nothing, by default.
#[derive(Default)]
pub struct Behaviour {
    pub discovery: Option<Change>,
    /// Changes the claims of ID tokens.
    pub id_token: Option<Change>,
    /// Changes the claims of the ID tokens that come with a refresh.
    pub refreshed_id_token: Option<Change>,
    pub user_info: Option<Change>,
    /// Changes the claims of the logout token.
    pub logout_token: Option<Change>,
    pub id_token_signature: Signature,
    pub logout_token_signature: Signature,
    pub published: Published,
    pub rotates: Rotates,
    /// Answers authorization requests with this error.
    pub refuses: Option<&'static str>,
    pub post_logout_state: PostLogoutState,
    /// Posts a logout token when a session ends.
    pub back_channel: bool,
}

/// The key set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Published {
    /// Keys with names.
    #[default]
    Named,
    /// One key, without a name.
    Single,
    /// Two keys for the same algorithm, without names; tokens are signed by the second.
    Two,
}

/// When the keys are replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rotates {
    #[default]
    Never,
    BeforeSigning,
    BeforeTheSecondSignIn,
}

/// What comes back as `state` after a sign-out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PostLogoutState {
    #[default]
    Same,
    Other,
    Missing,
}

/// What is registered of the client.
#[derive(Debug, Clone)]
pub struct Registration {
    pub redirect_uri: String,
    pub post_logout_redirect_uri: String,
    pub back_channel_logout_uri: String,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Below the issuer.
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub form: BTreeMap<String, String>,
    pub authorization: Option<String>,
}

/// The answer to a logout token.
#[derive(Debug, Clone)]
pub struct LogoutAnswer {
    pub status: u16,
    pub cache_control: String,
}

pub struct Op {
    pub issuer: String,
    shared: Arc<Mutex<Provider>>,
    server: JoinHandle<()>,
}

struct Provider {
    issuer: String,
    client: Registration,
    behaviour: Behaviour,
    keys: Keys,
    /// A second key for the same algorithm.
    decoy: Option<Keys>,
    jwks_path: String,
    received: Vec<Received>,
    violations: Vec<String>,
    /// The authorization requests by code.
    codes: BTreeMap<String, Received>,
    /// Those that are good; a refresh ends the ones before.
    access_tokens: Vec<String>,
    refresh_tokens: Vec<String>,
    nonce: Option<String>,
    id_tokens: Vec<String>,
    logouts: Vec<LogoutAnswer>,
    issued: u32,
}

impl Op {
    pub async fn start(client: Registration, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // As in the official suite: a path, and a slash at the end.
        let issuer = format!("http://{}/test/a/logto/", listener.local_addr().unwrap());
        let named = behaviour.published == Published::Named;
        let decoy = (behaviour.published == Published::Two).then(|| Keys::generate(0, false));
        let provider = Provider {
            issuer: issuer.clone(),
            client,
            behaviour,
            keys: Keys::generate(1, named),
            decoy,
            jwks_path: format!("jwks-{}", std::process::id()),
            received: Vec::new(),
            violations: Vec::new(),
            codes: BTreeMap::new(),
            access_tokens: Vec::new(),
            refresh_tokens: Vec::new(),
            nonce: None,
            id_tokens: Vec::new(),
            logouts: Vec::new(),
            issued: 0,
        };
        let shared = Arc::new(Mutex::new(provider));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, shared, server }
    }

    /// The requests to a place below the issuer, oldest first.
    pub fn received(&self, path: &str) -> Vec<Received> {
        self.provider().received.iter().filter(|received| received.path == path).cloned().collect()
    }

    pub fn jwks_path(&self) -> String {
        self.provider().jwks_path.clone()
    }

    /// What was wrong with the requests so far.
    pub fn violations(&self) -> Vec<String> {
        self.provider().violations.clone()
    }

    pub fn logouts(&self) -> Vec<LogoutAnswer> {
        self.provider().logouts.clone()
    }

    fn provider(&self) -> MutexGuard<'_, Provider> {
        lock(&self.shared)
    }
}

impl Drop for Op {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(shared: &Mutex<Provider>) -> MutexGuard<'_, Provider> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(shared): State<Arc<Mutex<Provider>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1024 * 1024).await.unwrap();
    let pairs = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<BTreeMap<_, _>>();
    let received = {
        let provider = lock(&shared);
        let base = provider.issuer.parse::<url::Url>().unwrap();
        let path = parts.uri.path();
        Received {
            path: path.strip_prefix(base.path()).unwrap_or(path).to_owned(),
            query: pairs(parts.uri.query().unwrap_or_default().as_bytes()),
            form: pairs(&body),
            authorization: parts.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()),
        }
    };
    let Answer { response, logout_token } = lock(&shared).answer(&received);
    if let Some(logout_token) = logout_token {
        let uri = lock(&shared).client.back_channel_logout_uri.clone();
        let sent = reqwest::Client::new().post(uri).form(&[("logout_token", logout_token)]).send().await.unwrap();
        let cache_control = sent.headers().get("cache-control").map_or("", |value| value.to_str().unwrap());
        let answered = LogoutAnswer { status: sent.status().as_u16(), cache_control: cache_control.to_owned() };
        lock(&shared).logouts.push(answered);
    }
    response
}
