//! Asks the mock what the real server was asked, and compares.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use logto::testing::MockLogto;
use serde_json::{Value, json};
use url::Url;

use crate::{
    not_replayed::DIFFERENT,
    support::{self, Answer, Browser, REDIRECT_URI, decoded},
};

const RECORDED_ORIGIN: &str = "http://localhost:3001";
/// Members and parameters whose values are compared, not only their types.
const EXACT: &[&str] =
    &["error", "error_description", "error_uri", "code", "message", "scope", "expires_in", "token_type", "active"];

/// Members of an answer whose values stand in later requests.
const LEARNT: [&str; 7] =
    ["access_token", "refresh_token", "id_token", "device_code", "user_code", "request_uri", "verificationRecordId"];
/// The header fields of a recorded request that are sent again.
const SENT: [&str; 9] = [
    "authorization",
    "content-type",
    "if-none-match",
    "accept-language",
    "accept",
    "origin",
    "logto-verification-id",
    "access-control-request-method",
    "access-control-request-headers",
];

pub(crate) struct Replay<'a> {
    pub(crate) mock: &'a MockLogto,
    pub(crate) browser: Browser,
    /// What stands here for what stood in the recording.
    known: BTreeMap<String, String>,
    pub(crate) done: BTreeSet<String>,
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logto")
}

pub(crate) fn fixture(file: &str) -> Value {
    let text = fs::read_to_string(fixtures().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).unwrap()
}

impl<'a> Replay<'a> {
    pub(crate) fn new(mock: &'a MockLogto) -> Self {
        Self { mock, browser: Browser::new(mock), known: BTreeMap::new(), done: BTreeSet::new() }
    }

    pub(crate) fn learn(&mut self, recorded: &str, live: &str) {
        self.known.insert(recorded.to_owned(), live.to_owned());
    }

    /// Learns what stands for a form value of a file's request.
    pub(crate) fn learn_form(&mut self, file: &str, name: &str, live: &str) {
        self.learn(&form_value(&fixture(file), name).unwrap(), live);
    }

    /// Learns what stands for the bearer token of a file's request.
    pub(crate) fn learn_bearer(&mut self, file: &str, live: &str) {
        let recording = fixture(file);
        let header = support::text(&recording["request"]["headers"], "authorization");
        self.learn(header.strip_prefix("Bearer ").unwrap(), live);
    }

    /// Signs Ada in as the recording did, so that the code which a file exchanges is one of the mock.
    pub(crate) async fn prepare_code(&mut self, file: &str, asked: &[(&str, &str)]) {
        self.prepare_code_as(file, asked, "ada").await;
    }

    pub(crate) async fn prepare_code_as(&mut self, file: &str, asked: &[(&str, &str)], user: &str) {
        let recording = fixture(file);
        let challenge = form_value(&recording, "code_verifier").map(|verifier| support::challenge(&verifier));
        let mut params = asked.to_vec();
        if let Some(challenge) = &challenge {
            params.push(("code_challenge", challenge));
        }
        self.mock.clear_browser_session();
        let callback = self.mock.sign_in(&support::authorization_url(self.mock, &params), user).await;
        assert!(callback.starts_with(REDIRECT_URI), "{callback}");
        let code = support::param(&callback, "code").unwrap_or_else(|| panic!("{file}: {callback}"));
        self.learn(&form_value(&recording, "code").unwrap(), &code);
    }

    /// For a file that sends a verifier to no challenge.
    pub(crate) async fn prepare_code_without_pkce(&mut self, file: &str) {
        let url = support::authorization_url(self.mock, &[("code_challenge", ""), ("code_challenge_method", "")]);
        let callback = self.mock.sign_in(&url, "ada").await;
        let code = support::param(&callback, "code").unwrap();
        self.learn(&form_value(&fixture(file), "code").unwrap(), &code);
    }

    /// Makes a recorded request whose recorded answer is of another moment.
    pub(crate) async fn repeat(&mut self, file: &str) -> Value {
        let answer = self.ask(&fixture(file)["request"]).await;
        assert_eq!(answer.status, 200, "{file}: {}", answer.body);
        answer.json()
    }

    /// Exchanges a code for it first.
    pub(crate) async fn exchange(&mut self, file: &str, asked: &[(&str, &str)]) -> Answer {
        self.prepare_code(file, asked).await;
        self.run(file).await
    }

    pub(crate) async fn run_all(&mut self, files: &[&str]) {
        for file in files {
            self.run(file).await;
        }
    }

    pub(crate) async fn run(&mut self, file: &str) -> Answer {
        let recording = fixture(file);
        let answer = self.ask(&recording["request"]).await;
        self.answered(file, &answer);
        answer
    }

    /// Compares an answer to what the mock has in place of a recorded request: its pages have addresses of their own.
    pub(crate) fn answered(&mut self, file: &str, answer: &Answer) {
        let recorded = &fixture(file)["response"];
        if DIFFERENT.iter().any(|(name, _)| *name == file) {
            let differs = catch_unwind(AssertUnwindSafe(|| self.compare(file, recorded, answer))).is_err();
            assert!(differs, "{file} is answered as the real server did: it is not different any more");
        } else {
            self.compare(file, recorded, answer);
        }
        self.learn_from(recorded, answer);
        self.done.insert(file.to_owned());
    }

    /// Goes on where the mock sends the browser, and compares each answer with what was recorded there.
    pub(crate) async fn follow(&mut self, mut answer: Answer, files: &[String]) -> Answer {
        for file in files {
            let location = answer.location().to_owned();
            answer = self.browser.get(&location).await;
            let recorded = fixture(file)["response"]["headers"]["location"].as_str().map(str::to_owned);
            let (recorded, live) =
                (recorded.as_deref().and_then(interaction), answer.header("location").and_then(interaction));
            if let (Some(recorded), Some(live)) = (recorded, live) {
                self.learn(recorded, live);
            }
            self.answered(file, &answer);
        }
        answer
    }

    pub(crate) fn knows(&self, recorded: &str) -> bool {
        self.known.contains_key(recorded)
    }

    async fn ask(&mut self, request: &Value) -> Answer {
        let method = support::text(request, "method").parse().unwrap();
        let path = self.here(support::text(request, "path"));
        let mut url = Url::parse(&format!("{}{path}", self.mock.endpoint())).unwrap();
        for (name, value) in pairs(&request["query"]) {
            url.query_pairs_mut().append_pair(&name, &self.here(&value));
        }
        let mut builder = support::client().request(method, url);
        let sends_cookie = request["headers"]["cookie"].as_str().is_some_and(|cookie| cookie.contains("_session="));
        let recorded_cookies = request["headers"]["cookie"].as_str().unwrap_or_default().split("; ");
        let device = recorded_cookies.filter(|cookie| cookie.starts_with("_logto_device_flow_xsrf="));
        let session = self.browser.cookie.clone().filter(|_| sends_cookie);
        let cookies: Vec<_> = session.into_iter().chain(device.map(|cookie| self.here(cookie))).collect();
        if !cookies.is_empty() {
            builder = builder.header("cookie", cookies.join("; "));
        }
        for name in SENT {
            if let Some(value) = request["headers"][name].as_str() {
                builder = builder.header(name, self.here(value));
            }
        }
        if let Some(form) = request.get("body_form") {
            let form: Vec<_> = pairs(form).into_iter().map(|(name, value)| (name, self.here(&value))).collect();
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            builder = builder.body(body);
        } else if let Some(body) = request["body"].as_str() {
            builder = builder.body(self.here(body));
        } else if request["body"].is_object() {
            builder = builder.body(self.here(&request["body"].to_string()));
        }
        Answer::of(builder).await
    }

    /// The text with the recording's values replaced by the mock's.
    pub(crate) fn here(&self, text: &str) -> String {
        let encoded = |origin: &str| url::form_urlencoded::byte_serialize(origin.as_bytes()).collect::<String>();
        let text = text.replace(RECORDED_ORIGIN, &self.mock.endpoint());
        let text = text.replace(&encoded(RECORDED_ORIGIN), &encoded(&self.mock.endpoint()));
        self.known.iter().fold(text, |text, (recorded, live)| text.replace(recorded, live))
    }

    fn compare(&self, file: &str, recorded: &Value, answer: &Answer) {
        let context = format!("{file}: {}", answer.body);
        assert_eq!(Value::from(answer.status), recorded["status"], "{context}");
        for name in ["content-type", "cache-control", "www-authenticate", "access-control-allow-origin"] {
            let expected = recorded["headers"][name].as_str().map(|value| self.here(value));
            let is_page = name == "cache-control" && answer.header("content-type").is_some_and(|t| t.contains("html"));
            // A HEAD that has the fields of its GET is right (RFC 9110 section 9.3.2), though Logto leaves some out.
            if !is_page && !file.ends_with("jwks-head.json") {
                assert_eq!(answer.header(name), expected.as_deref(), "{name}, {context}");
            }
        }
        if let Some(location) = recorded["headers"]["location"].as_str() {
            let expected = parts(&self.here(location), &self.mock.endpoint());
            assert_eq!(parts(answer.location(), &self.mock.endpoint()), expected, "{context}");
        }
        if let Some(body) = recorded.get("body_json") {
            let live = answer.json();
            assert_eq!(shape(&live), shape(body), "{context}");
            for name in EXACT.iter().filter(|name| body.get(**name).is_some()) {
                // Logto translates its message; the mock does not.
                if !(*name == "message" && file.contains("korean")) {
                    // A message may name an id.
                    let expected =
                        body[*name].as_str().map_or_else(|| body[*name].clone(), |text| self.here(text).into());
                    assert_eq!(live[*name], expected, "{name}, {context}");
                }
            }
            for name in ["access_token", "id_token"] {
                if let Some(token) = body[name].as_str().filter(|token| token.contains('.')) {
                    compare_tokens(file, token, support::text(&live, name));
                }
            }
        }
    }

    fn learn_from(&mut self, recorded: &Value, answer: &Answer) {
        for name in LEARNT {
            if let Some(token) = recorded["body_json"][name].as_str() {
                self.learn(token, support::text(&answer.json(), name));
            }
        }
        let recorded_page = recorded["body"].as_str().unwrap_or_default();
        if let (Some(recorded), Some(live)) = (xsrf(recorded_page), xsrf(&answer.body)) {
            self.learn(&recorded, &live);
        }
    }
}

pub(crate) fn compare_tokens(file: &str, recorded: &str, live: &str) {
    let ((header, claims), (live_header, live_claims)) = (decoded(recorded), decoded(live));
    assert_eq!(shape(&live_header), shape(&header), "{file}: {live_header}");
    assert_eq!(shape(&live_claims), shape(&claims), "{file}: {live_claims}");
    for name in ["typ", "alg"] {
        assert_eq!(live_header.get(name), header.get(name), "{file}");
    }
    for name in ["scope", "aud", "client_id", "sub", "organization_id", "organizations", "organization_roles", "roles"]
    {
        assert_eq!(live_claims.get(name), claims.get(name), "{file}: {name}");
    }
    let lifetime = |claims: &Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime(&live_claims), lifetime(&claims), "{file}");
}

/// The value with its types in place of its values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
    }
}

/// The name of the interaction that an address resumes.
fn interaction(location: &str) -> Option<&str> {
    let (path, id) = location.rsplit_once('/')?;
    (path.ends_with("/oidc/auth") || path.ends_with("/oidc/device")).then_some(id)
}

/// Where it goes, and with which parameters, without the mock's own `interaction`.
fn parts(location: &str, origin: &str) -> (String, Vec<String>, Vec<String>) {
    let url = Url::parse(origin).unwrap().join(location).unwrap();
    let names = |encoded: &str| -> Vec<String> {
        let pairs = url::form_urlencoded::parse(encoded.as_bytes()).into_owned();
        let named = pairs.filter(|(name, _)| name != "interaction").map(|(name, value)| match name.as_str() {
            "code" => name,
            _ => format!("{name}={value}"),
        });
        named.collect()
    };
    let query = names(url.query().unwrap_or_default());
    let fragment = names(url.fragment().unwrap_or_default());
    (format!("{}{}", url.origin().ascii_serialization(), url.path()), query, fragment)
}

pub(crate) fn form_value(recording: &Value, name: &str) -> Option<String> {
    pairs(&recording["request"]["body_form"]).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn pairs(list: &Value) -> Vec<(String, String)> {
    let pair = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned());
    list.as_array().map(|list| list.iter().map(pair).collect()).unwrap_or_default()
}

pub(crate) fn xsrf(page: &str) -> Option<String> {
    Some(page.split("name=\"xsrf\" value=\"").nth(1)?.split('"').next()?.to_owned())
}
