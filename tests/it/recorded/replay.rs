//! A server that answers with recordings, and an application in front of it.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{Method, Request, Response, header};
use logto::{
    AccessToken, LogtoClient, LogtoConfig, LogtoConfigBuilder, Result, Session, SignInOptions, SignOutOptions,
    TokenOptions, UserInfo,
    integrate::{BoxError, BoxFuture, HttpClient},
    testing::{TestClock, TestSession},
};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::support::{BASE_URL, Browser, COOKIE_SECRET};

pub const ENDPOINT: &str = "http://localhost:3001";
/// The web application of the recordings. It and its secret were thrown away.
pub const APP_ID: &str = "h8rc2xdlth5ihimk3tfuc";
pub const APP_SECRET: &str = "PBw1T5q84pQL5ysG52ZbDMzMyvgdDpZc";
/// The user of most recordings.
pub const ADA: &str = "amc3emckvas6";
/// Unix seconds of the first recorded sign-in.
pub const RECORDED_AT: i64 = 1_795_385_584;

pub const DISCOVERY: &str = "/oidc/.well-known/openid-configuration";
pub const JWKS: &str = "/oidc/jwks";
pub const TOKEN: &str = "/oidc/token";
pub const REVOCATION: &str = "/oidc/token/revocation";
pub const USER_INFO: &str = "/oidc/me";

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/logto");

pub type Pairs = Vec<(String, String)>;

pub fn fixture(name: &str) -> Value {
    let path = format!("{FIXTURES}/{name}.json");
    serde_json::from_slice(&fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

/// The names of all recorded requests for one of `paths`: so that a test can tell whether it left one out. The folders 93 to 99 are for
/// `tests/mock`, which looks at each of them.
pub fn names(paths: &[&str]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![PathBuf::from(FIXTURES)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                if !entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('9')) {
                    folders.push(entry);
                }
                continue;
            }
            let name = entry.strip_prefix(FIXTURES).unwrap().with_extension("").to_str().unwrap().to_owned();
            if paths.iter().any(|path| fixture(&name)["request"]["path"] == *path) {
                names.insert(name);
            }
        }
    }
    names
}

/// A recorded request with its answer.
pub struct Exchange(Value);

impl Exchange {
    pub fn of(name: &str) -> Self {
        Self(fixture(name))
    }

    pub fn method(&self) -> &str {
        self.0["request"]["method"].as_str().unwrap()
    }

    pub fn url(&self) -> String {
        let request = &self.0["request"];
        format!("{}{}", request["origin"].as_str().unwrap(), request["path"].as_str().unwrap())
    }

    pub fn query(&self) -> Pairs {
        self.pairs("query")
    }

    pub fn form(&self) -> Pairs {
        self.pairs("body_form")
    }

    fn pairs(&self, member: &str) -> Pairs {
        serde_json::from_value(self.0["request"][member].clone()).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.0["request"]["headers"][name].as_str()
    }

    /// A parameter of the recorded form.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.form().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Which app asked: by the Basic header or by the form.
    pub fn client_id(&self) -> String {
        let basic = self.header("authorization").and_then(|header| header.strip_prefix("Basic "));
        let decoded =
            basic.and_then(|basic| STANDARD.decode(basic).ok()).map(|bytes| String::from_utf8(bytes).unwrap());
        decoded
            .and_then(|credentials| Some(credentials.split_once(':')?.0.to_owned()))
            .or(self.parameter("client_id"))
            .unwrap_or_else(|| APP_ID.to_owned())
    }

    /// What the refresh asked for, as the crate says it.
    pub fn token_options(&self) -> TokenOptions {
        let options = match self.parameter("resource") {
            Some(resource) => TokenOptions::new().resource(resource),
            None => TokenOptions::new(),
        };
        let options = match self.parameter("organization_id") {
            Some(organization) => options.organization(organization),
            None => options,
        };
        options.scopes(self.parameter("scope").iter().flat_map(|scope| scope.split(' ')))
    }

    pub fn status(&self) -> u16 {
        u16::try_from(self.0["response"]["status"].as_u64().unwrap()).unwrap()
    }

    pub fn location(&self) -> Option<&str> {
        self.0["response"]["headers"]["location"].as_str()
    }

    /// The JSON body of the answer.
    pub fn body(&self) -> &Value {
        &self.0["response"]["body_json"]
    }

    /// A text member of the JSON body.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.body()[name].as_str()
    }

    pub fn response(&self) -> Response<Vec<u8>> {
        let recorded = &self.0["response"];
        let body = match recorded["body"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => serde_json::to_vec(self.body()).unwrap(),
        };
        let mut response = Response::builder().status(self.status());
        for (name, value) in recorded["headers"].as_object().unwrap() {
            // The length of the body before it was parsed and written again.
            if let (Some(value), false) = (value.as_str(), name == "content-length") {
                response = response.header(name, value);
            }
        }
        response.body(body).unwrap()
    }

    /// The payload of the answer's ID token.
    pub fn id_token_claims(&self) -> Option<Value> {
        self.member("id_token").map(payload)
    }

    /// Unix seconds of the answer, as far as a token in it says.
    pub fn recorded_at(&self) -> i64 {
        self.id_token_claims().map_or(RECORDED_AT, |claims| claims["iat"].as_i64().unwrap())
    }

    /// Whose answer it is.
    pub fn sub(&self) -> String {
        let sub = match self.id_token_claims() {
            Some(claims) => claims["sub"].clone(),
            None => self.body()["sub"].clone(),
        };
        sub.as_str().unwrap_or(ADA).to_owned()
    }
}

pub fn payload(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// An object without its members that are null or an empty list: the crate reads them as absent.
pub fn without_blanks(mut object: Value) -> Value {
    object
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    object
}

pub fn json_response(body: &Value) -> Response<Vec<u8>> {
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(serde_json::to_vec(body).unwrap())
        .unwrap()
}

/// Answers by path, and keeps what it was asked.
#[derive(Clone, Default)]
pub struct Server(Arc<Mutex<Answers>>);

#[derive(Default)]
struct Answers {
    always: HashMap<String, Response<Vec<u8>>>,
    once: HashMap<String, VecDeque<Response<Vec<u8>>>>,
    asked: Vec<Request<Vec<u8>>>,
}

impl Server {
    /// Answers each request for `path` so, from now on.
    pub fn always(&self, path: &str, response: Response<Vec<u8>>) {
        self.0.lock().unwrap().always.insert(path.to_owned(), response);
    }

    /// Answers the next request for `path` so.
    pub fn once(&self, path: &str, response: Response<Vec<u8>>) {
        self.0.lock().unwrap().once.entry(path.to_owned()).or_default().push_back(response);
    }

    /// The requests for `path`, the oldest first.
    pub fn asked(&self, path: &str) -> Vec<Request<Vec<u8>>> {
        self.0.lock().unwrap().asked.iter().filter(|request| request.uri().path() == path).cloned().collect()
    }

    /// The newest request for `path`.
    pub fn last(&self, path: &str) -> Request<Vec<u8>> {
        self.asked(path).pop().unwrap_or_else(|| panic!("{path} was not asked"))
    }
}

impl HttpClient for Server {
    fn send(&self, request: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        let mut answers = self.0.lock().unwrap();
        let path = request.uri().path().to_owned();
        answers.asked.push(request);
        let once = answers.once.get_mut(&path).and_then(VecDeque::pop_front);
        let answer = once.or_else(|| answers.always.get(&path).cloned());
        Box::pin(async move { answer.ok_or_else(|| format!("no answer is left for {path}").into()) })
    }
}

/// A signing key of our own, for the one token that cannot be a recorded one: a sign-in's, which holds the nonce.
pub struct OwnKey(EcdsaKeyPair);

impl OwnKey {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let (x, y) = point[1..].split_at(48);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        json!({ "kty": "EC", "use": "sig", "kid": "own", "alg": "ES384", "crv": "P-384", "x": x, "y": y })
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES384", "kid": "own" });
        let [header, claims] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let input = format!("{header}.{claims}");
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A recorded key set with this key in it.
    pub fn beside(&self, recorded: &Value) -> Response<Vec<u8>> {
        let mut keys = recorded.clone();
        keys["keys"].as_array_mut().unwrap().push(self.jwk());
        json_response(&keys)
    }
}

/// An application in front of the recordings, with one browser and a clock at the time of recording.
pub struct App {
    pub server: Server,
    pub logto: LogtoClient,
    pub clock: TestClock,
    pub browser: Browser,
    pub key: OwnKey,
}

/// The settings of the recorded application, with the scopes of most recordings.
pub fn settings() -> LogtoConfigBuilder {
    public().app_secret(APP_SECRET)
}

/// The same, without a secret.
pub fn public() -> LogtoConfigBuilder {
    LogtoConfig::builder()
        .endpoint(ENDPOINT)
        .app_id(APP_ID)
        .base_url(BASE_URL)
        .cookie_secret(COOKIE_SECRET)
        .scopes(["email"])
}

impl App {
    pub fn new(settings: LogtoConfigBuilder, unix_seconds: i64) -> Self {
        let server = Server::default();
        let key = OwnKey::new();
        server.always(DISCOVERY, Exchange::of("00-discovery/openid-configuration").response());
        server.always(JWKS, key.beside(Exchange::of("00-discovery/jwks").body()));
        let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(u64::try_from(unix_seconds).unwrap()));
        let settings = settings.http_client(server.clone()).clock(clock.clone());
        let logto = LogtoClient::new(settings.build().unwrap()).unwrap();
        Self { server, logto, clock, browser: Browser::default(), key }
    }

    /// Begins a sign-in; gives the authorization URL.
    pub async fn begin(&mut self, options: SignInOptions) -> Url {
        let mut cookies = self.browser.request();
        let redirect = self.logto.sign_in(&mut cookies, options).await.unwrap();
        self.browser.receive(&cookies.set_cookie_headers());
        redirect.location().parse().unwrap()
    }

    /// Ends a sign-in.
    pub async fn end(&mut self, callback: &str) -> Result<()> {
        let mut cookies = self.browser.request();
        let result = self.logto.handle_sign_in(&mut cookies, callback).await;
        self.browser.receive(&cookies.set_cookie_headers());
        result.map(|_| ())
    }

    /// The token response to a code exchange, with an ID token of our own: for `sub`, and for the sign-in that began with `url`.
    pub fn own_tokens(&self, url: &Url, sub: &str) -> Value {
        let config = self.logto.config();
        let now = unix_seconds(&self.clock);
        let id_token = self.key.sign(&json!({
            "iss": config.issuer(), "aud": config.app_id(), "sub": sub, "nonce": value(url, "nonce"), "iat": now, "exp": now + 3600,
        }));
        json!({
            "access_token": "own-access-token", "refresh_token": "own-refresh-token", "id_token": id_token,
            "token_type": "Bearer", "expires_in": 3600, "scope": "openid offline_access profile email",
        })
    }

    /// Signs `sub` in; `change` makes the token response what the test needs.
    pub async fn sign_in(&mut self, sub: &str, change: impl FnOnce(&mut Value)) {
        let url = self.begin(SignInOptions::new()).await;
        let mut tokens = self.own_tokens(&url, sub);
        change(&mut tokens);
        self.server.once(TOKEN, json_response(&tokens));
        self.end(&self.callback(&url, "own-code")).await.unwrap();
    }

    /// The session goes on as one whose sign-in said of the login what `claims` say, `nonce` for one: a recorded refresh belongs to it.
    pub async fn began_with(&mut self, claims: &Value) {
        let session = self.session().await;
        let refresh_token = session.get_refresh_token().unwrap();
        let mut forged = TestSession::new().sub(claims["sub"].as_str().unwrap()).refresh_token(refresh_token);
        for name in ["nonce", "auth_time", "acr", "amr"] {
            if let Some(value) = claims.get(name) {
                forged = forged.claim(name, value.clone());
            }
        }
        let cookies = forged.cookies(self.logto.config()).await.unwrap();
        self.browser = Browser::default();
        self.browser.receive(&cookies.set_cookie_headers());
    }

    /// The callback of the sign-in that began with `url`, with the parameters that Logto gives.
    pub fn callback(&self, url: &Url, code: &str) -> String {
        let mut callback = Url::parse(&self.logto.config().redirect_uri()).unwrap();
        let parameters = [("code", code), ("state", &value(url, "state")), ("iss", self.logto.config().issuer())];
        callback.query_pairs_mut().extend_pairs(parameters);
        callback.into()
    }

    pub async fn session(&self) -> Session {
        self.logto.load_session(&self.browser.request()).await.unwrap()
    }

    pub async fn is_signed_in(&self) -> bool {
        self.session().await.is_authenticated()
    }

    pub async fn access_token(&mut self, options: TokenOptions) -> Result<AccessToken> {
        let mut cookies = self.browser.request();
        let result = self.logto.get_access_token(&mut cookies, options).await;
        self.browser.receive(&cookies.set_cookie_headers());
        result
    }

    pub async fn user_info(&mut self) -> Result<UserInfo> {
        let mut cookies = self.browser.request();
        let result = self.logto.fetch_user_info(&mut cookies).await;
        self.browser.receive(&cookies.set_cookie_headers());
        result
    }

    pub async fn sign_out(&mut self, options: SignOutOptions) -> Url {
        let mut cookies = self.browser.request();
        let redirect = self.logto.sign_out(&mut cookies, options).await.unwrap();
        self.browser.receive(&cookies.set_cookie_headers());
        redirect.location().parse().unwrap()
    }
}

pub fn unix_seconds(clock: &TestClock) -> i64 {
    let now = logto::integrate::Clock::now(clock).duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// The value of a query parameter.
#[track_caller]
pub fn value(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{url} has no {name}")).1.into_owned()
}

pub fn query_of(url: &Url) -> Pairs {
    url.query_pairs().into_owned().collect()
}

pub fn form_of(request: &Request<Vec<u8>>) -> Pairs {
    assert_eq!(request.method(), Method::POST);
    form_urlencoded::parse(request.body()).into_owned().collect()
}
