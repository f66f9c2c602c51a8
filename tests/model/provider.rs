//! A server that replaces the refresh token with each use, and ends the grant when one is used twice (RFC 9700 section 4.14.2).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, Response};
use logto::{
    LogtoConfig, LogtoConfigBuilder,
    integrate::{BoxError, BoxFuture, Clock, HttpClient},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::dice::Dice;

pub const ISSUER: &str = "https://logto.example.test/oidc";
const ENDPOINT: &str = "https://logto.example.test";
const BEGINNING: u64 = 1_790_000_000;

/// The time of the runtime, which stands still while anything is to be done.
#[derive(Clone, Copy)]
pub struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(BEGINNING) + self.0.elapsed()
    }
}

/// What one user has allowed.
struct Grant {
    sub: String,
    /// Of the sign-in; each ID token repeats it.
    nonce: String,
    issued_at: u64,
    refresh_token: String,
    is_over: bool,
}

/// What an access token is for, and the second in which it ends.
#[derive(Clone, PartialEq, Debug)]
pub struct Issued {
    pub sub: String,
    pub resource: Option<String>,
    pub ends: u64,
}

#[derive(Default)]
struct State {
    grants: Vec<Grant>,
    /// Codes that were exchanged, and for which grant.
    codes: BTreeMap<String, usize>,
    /// Refresh tokens that were replaced, and by whose grant.
    spent: BTreeMap<String, usize>,
    /// Refresh tokens for which an answer is on its way.
    under_way: BTreeSet<String>,
    issued: u64,
    access_tokens: BTreeMap<String, Issued>,
    exchanges: Vec<Instant>,
}

/// How it behaves.
#[derive(Clone, Copy, Default)]
pub struct Manners {
    /// Each token request takes up to this long.
    pub delay: Duration,
    /// Of a hundred refreshes, so many are answered with 503 and have no effect.
    pub failures: u64,
    pub organizations: u64,
    pub token_lifetime: u64,
    /// A refresh token that was replaced still serves.
    pub forgives: bool,
}

/// What a sign-in gave.
pub struct SignedIn {
    pub sid: String,
    /// Seconds since the beginning.
    pub issued_at: u64,
}

pub struct Provider {
    key: EcdsaKeyPair,
    pub clock: PausedClock,
    dice: Mutex<Dice>,
    state: Mutex<State>,
    pub manners: Mutex<Manners>,
}

impl Provider {
    pub fn new(dice: Dice, manners: Manners) -> Arc<Self> {
        Arc::new(Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            clock: PausedClock(Instant::now()),
            dice: Mutex::new(dice),
            state: Mutex::default(),
            manners: Mutex::new(manners),
        })
    }

    pub fn settings(self: &Arc<Self>) -> LogtoConfigBuilder {
        LogtoConfig::builder()
            .endpoint(ENDPOINT)
            .app_id("app")
            .app_secret("secret")
            .base_url("http://localhost:3000")
            .resources((0..6).map(resource))
            .http_client(Arc::clone(self))
            .clock(self.clock)
    }

    /// When tokens were exchanged with success.
    pub fn exchanges(&self) -> Vec<Instant> {
        self.state.lock().unwrap().exchanges.clone()
    }

    /// The refresh token that is good.
    pub fn refresh_token_of(&self, sub: &str) -> Option<String> {
        let state = self.state.lock().unwrap();
        state.grants.iter().rfind(|grant| grant.sub == sub && !grant.is_over).map(|grant| grant.refresh_token.clone())
    }

    pub fn issued(&self, access_token: &str) -> Issued {
        self.state.lock().unwrap().access_tokens[access_token].clone()
    }

    /// Seconds since the beginning.
    pub fn now(&self) -> u64 {
        self.clock.0.elapsed().as_secs()
    }

    async fn token(&self, form: BTreeMap<String, String>) -> (u16, Value) {
        let manners = *self.manners.lock().unwrap();
        let (before, after, fails) = {
            let mut dice = self.dice.lock().unwrap();
            (dice.up_to(manners.delay / 2), dice.up_to(manners.delay / 2), dice.chance(manners.failures))
        };
        tokio::time::sleep(before).await;
        let answer = match form.get("refresh_token") {
            _ if fails => (503, json!({ "error": "temporarily_unavailable" })),
            Some(refresh_token) => self.refresh(refresh_token, form.get("resource"), manners),
            None => self.code(&form["code"], manners),
        };
        tokio::time::sleep(after).await;
        if let Some(refresh_token) = form.get("refresh_token") {
            self.state.lock().unwrap().under_way.remove(refresh_token);
        }
        answer
    }

    /// A code is `sub nonce`.
    fn code(&self, code: &str, manners: Manners) -> (u16, Value) {
        let (sub, nonce) = code.split_once(' ').unwrap();
        let mut state = self.state.lock().unwrap();
        if let Some(grant) = state.codes.get(code).copied() {
            state.grants[grant].is_over = true;
            return (400, json!({ "error": "invalid_grant" }));
        }
        let refresh_token = state.next("refresh");
        let (sub, nonce) = (sub.to_owned(), nonce.to_owned());
        state.grants.push(Grant { sub, nonce, issued_at: self.now(), refresh_token, is_over: false });
        let number = state.grants.len() - 1;
        state.codes.insert(code.to_owned(), number);
        (200, self.tokens(&mut state, number, None, manners))
    }

    fn refresh(&self, refresh_token: &str, resource: Option<&String>, manners: Manners) -> (u16, Value) {
        let mut state = self.state.lock().unwrap();
        assert!(state.under_way.insert(refresh_token.to_owned()), "two exchanges of one refresh token at once");
        let spent = state.spent.get(refresh_token).copied();
        if let Some(grant) = spent.filter(|_| !manners.forgives) {
            state.grants[grant].is_over = true;
        }
        let found = state.grants.iter().position(|grant| grant.refresh_token == refresh_token);
        let found = found.or(spent).filter(|number| !state.grants[*number].is_over);
        let Some(number) = found else {
            return (400, json!({ "error": "invalid_grant" }));
        };
        // The newest is replaced, also by one that was spent and forgiven.
        let next = state.next("refresh");
        let replaced = std::mem::replace(&mut state.grants[number].refresh_token, next);
        state.spent.insert(replaced, number);
        state.exchanges.push(Instant::now());
        (200, self.tokens(&mut state, number, resource, manners))
    }

    fn tokens(&self, state: &mut State, grant: usize, resource: Option<&String>, manners: Manners) -> Value {
        let access_token = state.next("access");
        let Grant { sub, nonce, refresh_token, .. } = &state.grants[grant];
        let issued =
            Issued { sub: sub.clone(), resource: resource.cloned(), ends: self.now() + manners.token_lifetime };
        state.access_tokens.insert(access_token.clone(), issued);
        let now = BEGINNING + self.now();
        let mut claims = json!({ "iss": ISSUER, "aud": "app", "sub": sub, "iat": now, "exp": now + 3600 });
        let organization = |number| format!("organization-{number:03}-{}", number * 7919 % 1000);
        claims["organizations"] = (0..manners.organizations).map(organization).collect();
        claims["nonce"] = json!(nonce);
        claims["sid"] = json!(sid(grant));
        json!({
            "access_token": access_token, "refresh_token": refresh_token, "id_token": self.sign("JWT", &claims),
            "expires_in": manners.token_lifetime, "token_type": "Bearer", "scope": "openid offline_access",
        })
    }

    /// What the newest sign-in gave.
    pub fn last_sign_in(&self) -> SignedIn {
        let state = self.state.lock().unwrap();
        let number = state.grants.len() - 1;
        SignedIn { sid: sid(number), issued_at: state.grants[number].issued_at }
    }

    /// The form of a back-channel logout (OpenID Connect Back-Channel Logout 1.0 section 2.4). `whom` is `sub` or `sid`.
    pub fn logout(&self, whom: &str, value: &str) -> String {
        let now = BEGINNING + self.now();
        let jti = self.state.lock().unwrap().next("logout");
        let mut claims = json!({ "iss": ISSUER, "aud": "app", "iat": now, "exp": now + 120, "jti": jti });
        claims["events"] = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        claims[whom] = json!(value);
        format!("logout_token={}", self.sign("logout+jwt", &claims))
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&json!({ "alg": "ES256", "kid": "key", "typ": typ })), encode(claims));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn jwks(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        json!({ "keys": [{ "kty": "EC", "use": "sig", "alg": "ES256", "kid": "key", "crv": "P-256", "x": x, "y": y }] })
    }
}

impl State {
    /// A token like Logto's: 43 characters.
    fn next(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("{kind:_<23}{:020}", self.issued)
    }
}

impl HttpClient for Provider {
    fn send(&self, request: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            let (status, body) = match request.uri().path() {
                "/oidc/.well-known/openid-configuration" => (200, discovery()),
                "/oidc/jwks" => (200, self.jwks()),
                "/oidc/token" => self.token(url::form_urlencoded::parse(request.body()).into_owned().collect()).await,
                other => panic!("nobody asks for {other}"),
            };
            let response = Response::builder().status(status).header("content-type", "application/json");
            Ok(response.body(body.to_string().into_bytes())?)
        })
    }
}

fn discovery() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/auth"),
        "token_endpoint": format!("{ISSUER}/token"),
        "userinfo_endpoint": format!("{ISSUER}/me"),
        "jwks_uri": format!("{ISSUER}/jwks"),
    })
}

/// The session at the server that a grant began in.
fn sid(grant: usize) -> String {
    format!("session-{grant}")
}

pub fn resource(number: usize) -> String {
    format!("https://api-{number}.example.test")
}
