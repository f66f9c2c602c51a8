//! A user who is signed in, as recorded from a Logto.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use logto::{
    ContextOptions, Cookies, HeaderCookies, IdTokenClaims, LogtoClient, LogtoConfig, LogtoConfigBuilder, LogtoContext,
    Session, SessionFormat, store::SessionStore, testing::TestClock,
};
use serde_json::{Value, json};

use crate::at_once;

const APP_ID: &str = "h8rc2xdlth5ihimk3tfuc";
const ENDPOINT: &str = "http://localhost:3001";
/// Unix seconds of the sign-in that was recorded.
const SIGNED_IN_AT: u64 = 1_795_385_584;
/// Access tokens live so many seconds, that they are in all that is written.
const A_MONTH: u64 = 30 * 24 * 60 * 60;
const MINUTE: Duration = Duration::from_mins(1);
const TWO_DAYS: Duration = Duration::from_hours(48);

/// Who has an ID token, a refresh token, an opaque access token and one JWT for an API.
pub struct User {
    /// The session as `@logto/node` keeps it.
    pub session: Value,
    /// What seals the cookie, here and there.
    pub secret: &'static str,
    client: LogtoClient,
    /// The same two days later, when a session is written anew so that it does not end of idleness.
    later: LogtoClient,
    cookie_header: String,
}

impl User {
    /// As recorded: one organization, one role, and most of the claims that there are.
    pub fn recorded() -> Self {
        Self::of(&recording("20-token/20-token-authorization-code.json")["response"]["body_json"])
    }

    /// As recorded with 400 organizations, of which these are the first; beyond them they are made up.
    pub fn in_organizations(count: usize) -> Self {
        let mut answer = recording("jwt/many_organizations.json")["400"]["token_response"].clone();
        let id_token = text(&answer["id_token"]);
        let parts: Vec<_> = id_token.split('.').collect();
        let mut claims: Value = serde_json::from_slice(&decode(parts[1])).expect("claims");
        // Another recording: its sign-in is moved to the time of this one.
        claims["iat"] = json!(SIGNED_IN_AT);
        for name in ["organizations", "organization_roles"] {
            let list = claims[name].as_array_mut().expect("a list");
            for number in list.len()..count {
                // Twelve letters and digits, as Logto's ids are, none like the other.
                let id = URL_SAFE_NO_PAD.encode(number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
                list.push(format!("{id:x<12}:member")[..if name == "organizations" { 12 } else { 19 }].into());
            }
            list.truncate(count);
        }
        // Nobody looks at the signature of a token that is in the session already.
        answer["id_token"] = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2]).into();
        Self::of(&answer)
    }

    fn of(answer: &Value) -> Self {
        let for_the_api = recording("20-token/22-refresh-resource.json");
        let for_the_api = &for_the_api["response"]["body_json"];
        let entry = |answer: &Value| json!({ "token": answer["access_token"], "scope": answer["scope"], "expiresAt": SIGNED_IN_AT + A_MONTH });
        let tokens = json!({ "@": entry(answer), "@https://api.example.test": entry(for_the_api) });
        Self::with(json!({
            "idToken": answer["id_token"],
            "refreshToken": answer["refresh_token"],
            "accessToken": tokens.to_string(),
        }))
    }

    /// Comes with the cookie of `@logto/node` and goes with our own: so both hold the same.
    fn with(session: Value) -> Self {
        let secret = "a secret for cookies, long enough";
        let config = |age: Duration| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(SIGNED_IN_AT) + age;
            config(secret).clock(TestClock::at(time))
        };
        let client =
            |config: LogtoConfigBuilder| LogtoClient::new(config.build().expect("settings")).expect("a client");
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(SIGNED_IN_AT) + TWO_DAYS;
        let moved = client(config(MINUTE).session_format(SessionFormat::FromNext).from_next_until(until));
        let mut cookies = HeaderCookies::parse(format!("logto_{APP_ID}={}", next_cookie(&session, secret)));
        at_once(moved.get_context(&mut cookies, ContextOptions::new())).expect("a session");
        let mut pairs = Vec::new();
        cookies.each(&mut |name, value| pairs.push(format!("{name}={value}")));
        let cookie_header = pairs.join("; ");
        Self { session, secret, client: client(config(MINUTE)), later: client(config(TWO_DAYS)), cookie_header }
    }

    /// A client that keeps its sessions in `store`.
    pub fn client_with(store: impl SessionStore) -> LogtoClient {
        let config = config("a secret for cookies, long enough").session_store(store);
        LogtoClient::new(config.build().expect("settings")).expect("a client")
    }

    /// A client with default settings, and nothing else.
    pub fn client_alone() -> LogtoClient {
        LogtoClient::new(config("a secret for cookies, long enough").build().expect("settings")).expect("a client")
    }

    /// The settings, as `@logto/node` takes them.
    pub fn peer_config() -> Value {
        json!({ "endpoint": ENDPOINT, "appId": APP_ID, "appSecret": "an app's secret" })
    }

    /// The client that made the cookie.
    pub fn client(&self) -> &LogtoClient {
        &self.client
    }

    /// The request's `Cookie` header.
    pub fn cookie_header(&self) -> &str {
        &self.cookie_header
    }

    /// What a page asks for that shows the user: from the header to the claims.
    pub fn get_context(&self) -> LogtoContext {
        let context = self.get_context_of(&mut HeaderCookies::parse(self.cookie_header.as_str()));
        assert!(context.is_authenticated(), "somebody is signed in");
        context
    }

    /// The same for the cookies of anybody.
    pub fn get_context_of(&self, cookies: &mut HeaderCookies) -> LogtoContext {
        at_once(self.client.get_context(cookies, ContextOptions::new())).expect("nothing is asked for")
    }

    /// The session read and written: from the request's header to the response's.
    pub fn write(&self) -> Vec<String> {
        let mut cookies = HeaderCookies::parse(self.cookie_header.as_str());
        let session = at_once(self.later.load_session(&cookies)).expect("a session");
        at_once(session.commit(&mut cookies)).expect("a session that fits");
        let headers = cookies.set_cookie_headers();
        assert!(!headers.is_empty(), "the session was written two days ago");
        headers
    }

    /// The session read, changed and written: all of it is packed and compressed anew.
    pub fn change(&self) -> Vec<String> {
        let mut cookies = HeaderCookies::parse(self.cookie_header.as_str());
        let mut session = at_once(self.client.load_session(&cookies)).expect("a session");
        session.set_data(&1).expect("room for a number");
        at_once(session.commit(&mut cookies)).expect("a session that fits");
        let headers = cookies.set_cookie_headers();
        assert!(!headers.is_empty(), "the session was changed");
        headers
    }

    /// The session read, and nothing more.
    pub fn load(&self) -> Session {
        at_once(self.client.load_session(&HeaderCookies::parse(self.cookie_header.as_str()))).expect("a session")
    }

    /// A request of somebody who is not signed in, but has cookies.
    pub fn nobody(&self) -> LogtoContext {
        self.get_context_of(&mut HeaderCookies::parse("theme=dark; lang=ko; _ga=GA1.1.1234567890.1234567890"))
    }
}

/// The least that reading this cookie can cost: base64, AES-256-GCM and JSON by the fastest crates for them, on bytes of the same kind
/// and number.
pub struct Floor {
    text: String,
    claims: usize,
    key: LessSafeKey,
}

impl Floor {
    pub fn of(user: &User) -> Self {
        let key = || LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("a key"));
        let sealed: String = user.cookie_header.split("; ").filter_map(|pair| Some(pair.split_once('=')?.1)).collect();
        let mut plaintext = decode(text(&user.session["idToken"]).split('.').nth(1).expect("claims"));
        let claims = plaintext.len();
        // Version, key id, nonce and tag are not text. Compressed claims are shorter than themselves.
        plaintext.resize((sealed.len() / 4 * 3).saturating_sub(2 + NONCE_LEN + 16).max(claims), b'.');
        key().seal_in_place_append_tag(nonce(), Aad::empty(), &mut plaintext).expect("sealed");
        Self { text: base64_simd::URL_SAFE_NO_PAD.encode_to_string(plaintext), claims, key: key() }
    }

    pub fn read(&self) -> IdTokenClaims {
        let mut bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(&self.text).expect("base64");
        let plaintext = self.key.open_in_place(nonce(), Aad::empty(), &mut bytes).expect("sealed by us");
        serde_json::from_slice(&plaintext[..self.claims]).expect("claims")
    }
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([3; NONCE_LEN])
}

fn config(secret: &str) -> LogtoConfigBuilder {
    LogtoConfig::builder().endpoint(ENDPOINT).app_id(APP_ID).base_url("http://localhost:3000").cookie_secret(secret)
}

/// The cookie of `@logto/node` 3: base64 of AES-256-GCM under the SHA-256 of the secret, and of the nonce.
fn next_cookie(session: &Value, secret: &str) -> String {
    let key = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).expect("a key"));
    let mut bytes = session.to_string().into_bytes();
    key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut bytes).expect("sealed");
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("{}.{}", encode(&bytes), encode(nonce().as_ref()))
}

fn recording(name: &str) -> Value {
    let path = format!("{}/../tests/fixtures/logto/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).expect("JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn decode(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).expect("base64url")
}
