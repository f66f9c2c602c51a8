//! A browser that follows nothing by itself, and short ways to tokens.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use logto::testing::MockLogto;
use reqwest::{Client, RequestBuilder, header::HeaderMap, redirect::Policy};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::plain_http::plain_http;

pub(crate) const REDIRECT_URI: &str = "http://localhost:3000/callback";
pub(crate) const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-0123";
pub(crate) const API: &str = "https://api.example.test";

pub(crate) fn client() -> Client {
    plain_http().redirect(Policy::none()).no_proxy().build().unwrap()
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.body))
    }
}

/// Keeps the server's cookie; everything else is by hand.
pub(crate) struct Browser {
    client: Client,
    origin: Url,
    pub(crate) cookie: Option<String>,
    /// What it says it is, if it says so.
    pub(crate) agent: Option<String>,
}

impl Browser {
    pub(crate) fn new(mock: &MockLogto) -> Self {
        Self { client: client(), origin: mock.endpoint().parse().unwrap(), cookie: None, agent: None }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        let request = self.client.get(self.origin.join(url).unwrap());
        self.send(request).await
    }

    pub(crate) async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.client.post(self.origin.join(url).unwrap()).form(form);
        self.send(request).await
    }

    async fn send(&mut self, mut request: RequestBuilder) -> Answer {
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(agent) = &self.agent {
            request = request.header("user-agent", agent);
        }
        let answer = Answer::of(request).await;
        if let Some(cookie) = answer.header("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned).filter(|cookie| !cookie.ends_with('='));
        }
        answer
    }

    /// Follows redirects as long as they stay on the server. Gives the last answer, or the location outside.
    pub(crate) async fn follow(&mut self, mut answer: Answer) -> Result<Answer, String> {
        for _ in 0..8 {
            let Some(location) = answer.header("location").map(str::to_owned) else { return Ok(answer) };
            let url = self.origin.join(&location).unwrap();
            if url.origin() != self.origin.origin() {
                return Err(location);
            }
            answer = self.get(url.as_str()).await;
        }
        panic!("redirects in circles")
    }

    /// The sign-in page, filled in. Gives the callback URL.
    pub(crate) async fn sign_in(&mut self, url: &str, username: &str, password: &str) -> String {
        let answer = self.get(url).await;
        let page = answer.location().to_owned();
        assert!(page.starts_with("/sign-in?"), "{page}");
        let answer = self.post(&page, &[("username", username), ("password", password)]).await;
        self.follow(answer).await.unwrap_err()
    }
}

pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// An authorization URL of the first app. A pair replaces the default of its name; an empty value leaves it out.
pub(crate) fn authorization_url(mock: &MockLogto, changes: &[(&str, &str)]) -> String {
    let (client_id, code_challenge) = (mock.app_id(), challenge(VERIFIER));
    let mut params = vec![
        ("client_id", client_id.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", "openid offline_access profile email"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", code_challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ];
    params.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    params.extend(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
    Url::parse_with_params(&format!("{}/auth", mock.issuer()), params).unwrap().into()
}

pub(crate) fn param(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A request to the token endpoint by the first app.
pub(crate) async fn token(mock: &MockLogto, form: &[(&str, &str)]) -> Answer {
    let request = client().post(format!("{}/token", mock.issuer()));
    Answer::of(request.basic_auth(mock.app_id(), Some(mock.app_secret())).form(form)).await
}

pub(crate) async fn exchange(mock: &MockLogto, callback: &str) -> Answer {
    let code = param(callback, "code").unwrap_or_else(|| panic!("no code: {callback}"));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    token(mock, &form).await
}

pub(crate) async fn refresh(mock: &MockLogto, refresh_token: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    form.extend(more);
    token(mock, &form).await
}

/// Ada's tokens.
pub(crate) async fn tokens(mock: &MockLogto, changes: &[(&str, &str)]) -> Value {
    let callback = mock.sign_in(&authorization_url(mock, changes), "ada").await;
    let answer = exchange(mock, &callback).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

pub(crate) async fn userinfo(mock: &MockLogto, access_token: &str) -> Answer {
    Answer::of(client().get(format!("{}/me", mock.issuer())).bearer_auth(access_token)).await
}

/// Header and claims of a JWT, unverified.
pub(crate) fn decoded(jwt: &str) -> (Value, Value) {
    let parts: Vec<_> = jwt.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default()).collect();
    (serde_json::from_slice(&parts[0]).unwrap(), serde_json::from_slice(&parts[1]).unwrap())
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}
