//! What each endpoint answers, and what it finds wrong with a request.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Json,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{
    CLIENT_ID, CLIENT_SECRET, Change, PostLogoutState, Provider, Published, Received, Rotates, SUB, Signature,
};

const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

pub struct Answer {
    pub response: Response,
    /// To be posted before the answer goes out.
    pub logout_token: Option<String>,
}

/// What a module calls a failure.
type Verdict<T = Response> = Result<T, String>;

impl Provider {
    pub fn answer(&mut self, request: &Received) -> Answer {
        self.received.push(request.clone());
        let mut logout_token = None;
        let response = match request.path.as_str() {
            ".well-known/openid-configuration" => Ok(self.discovery()),
            path if path == self.jwks_path => Ok(self.jwks()),
            "authorize" => self.authorize(request),
            "token" => self.token(request),
            "userinfo" => self.user_info(request),
            "end_session_endpoint" => {
                logout_token = self.behaviour.back_channel.then(|| self.logout_token());
                self.end_session(request)
            }
            path => Err(format!("got an unexpected call to {path}")),
        };
        let response = response.unwrap_or_else(|violation| {
            self.violations.push(violation.clone());
            (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_request", "error_description": violation })))
                .into_response()
        });
        Answer { response, logout_token }
    }

    fn discovery(&self) -> Response {
        let at = |path: &str| format!("{}{path}", self.issuer);
        let mut document = json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "jwks_uri": at(&self.jwks_path),
            "userinfo_endpoint": at("userinfo"),
            "end_session_endpoint": at("end_session_endpoint"),
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "scopes_supported": ["openid", "profile", "email", "phone", "address", "offline_access"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["none", "RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        });
        changed(self.behaviour.discovery.as_ref(), &mut document);
        Json(document).into_response()
    }

    fn jwks(&self) -> Response {
        let keys = match (self.behaviour.published, &self.decoy) {
            (Published::Two, Some(decoy)) => vec![decoy.rsa(), self.keys.rsa()],
            (Published::Named, _) => vec![self.keys.rsa(), self.keys.ec()],
            _ => vec![self.keys.rsa()],
        };
        Json(json!({ "keys": keys })).into_response()
    }

    /// OpenID Connect Core 3.1.2.1. Nobody is asked: the user is signed in at once.
    fn authorize(&mut self, request: &Received) -> Verdict {
        let asked = &request.query;
        let get = |name: &str| asked.get(name).map_or("", String::as_str);
        expect("the authorization request's client_id", get("client_id"), CLIENT_ID)?;
        expect("the authorization request's response_type", get("response_type"), "code")?;
        expect("the authorization request's redirect_uri", get("redirect_uri"), &self.client.redirect_uri)?;
        if !get("scope").split(' ').any(|scope| scope == "openid") {
            return Err("the authorization request's scope lacks openid".into());
        }
        if self.behaviour.rotates == Rotates::BeforeTheSecondSignIn && self.issued > 0 {
            self.keys = self.keys.rotated();
        }
        let mut answer = if let Some(error) = self.behaviour.refuses {
            vec![("error", error.to_owned())]
        } else {
            self.issued += 1;
            let code = format!("code-{}-of-{}", self.issued, std::process::id());
            self.codes.insert(code.clone(), request.clone());
            vec![("code", code)]
        };
        answer.extend(asked.get("state").map(|state| ("state", state.clone())));
        // What session management adds, and nobody has asked for.
        answer.push(("session_state", "an opaque value".into()));
        match get("response_mode") {
            "" | "query" => {
                let mut url = Url::parse(&self.client.redirect_uri).unwrap();
                url.query_pairs_mut().extend_pairs(answer);
                Ok(found(url.as_str()))
            }
            "form_post" => Ok(Html(form_post(&self.client.redirect_uri, &answer)).into_response()),
            other => Err(format!("the authorization request's response_mode is {other}")),
        }
    }

    fn token(&mut self, request: &Received) -> Verdict {
        // It fails the module, and lets the relying party show what else it does.
        self.violations.extend(check_client_secret_basic(request).err());
        let get = |name: &str| request.form.get(name).map_or("", String::as_str);
        match get("grant_type") {
            "authorization_code" => {
                let asked = self.codes.remove(get("code")).ok_or("the code is not one of ours, or was used before")?;
                expect("the token request's redirect_uri", get("redirect_uri"), &self.client.redirect_uri)?;
                check_pkce(&asked, get("code_verifier"))?;
                self.nonce = asked.query.get("nonce").cloned();
                Ok(self.tokens(false))
            }
            "refresh_token" => {
                if !self.refresh_tokens.iter().any(|token| token == get("refresh_token")) {
                    return Err("the refresh token is not one of ours".into());
                }
                Ok(self.tokens(true))
            }
            other => Err(format!("the token request's grant_type is {other}")),
        }
    }

    fn tokens(&mut self, refreshed: bool) -> Response {
        self.issued += 1;
        let (access_token, refresh_token) = (format!("access-{}", self.issued), format!("refresh-{}", self.issued));
        if refreshed {
            self.access_tokens.clear();
            self.refresh_tokens.clear();
        }
        self.access_tokens.push(access_token.clone());
        self.refresh_tokens.push(refresh_token.clone());
        let hash = digest(&SHA256, access_token.as_bytes());
        let now = unix_seconds();
        let mut claims = json!({
            "iss": self.issuer, "sub": SUB, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "sid": "session-1",
            "at_hash": URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]),
        });
        if let Some(nonce) = &self.nonce {
            claims["nonce"] = nonce.as_str().into();
        }
        let behaviour = &self.behaviour;
        changed(if refreshed { &behaviour.refreshed_id_token } else { &behaviour.id_token }.as_ref(), &mut claims);
        if self.behaviour.rotates == Rotates::BeforeSigning {
            self.keys = self.keys.rotated();
        }
        let signature = self.behaviour.id_token_signature;
        let id_token = self.keys.sign(&self.keys.header(signature), &claims, signature);
        self.id_tokens.push(id_token.clone());
        Json(json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": 3600, "id_token": id_token,
            "refresh_token": refresh_token, "scope": "openid profile offline_access",
        }))
        .into_response()
    }

    /// OpenID Connect Core 5.3.1; RFC 6750 section 2: not in the query.
    fn user_info(&self, request: &Received) -> Verdict {
        if request.query.contains_key("access_token") {
            return Err("the access token is in the query of the userinfo request".into());
        }
        let bearer = request.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
        if !self.access_tokens.iter().any(|token| Some(token.as_str()) == bearer) {
            return Err("the userinfo request has no access token of ours".into());
        }
        let mut claims = json!({ "sub": SUB, "name": "Demo T. User", "given_name": "Demo", "family_name": "User" });
        changed(self.behaviour.user_info.as_ref(), &mut claims);
        Ok(Json(claims).into_response())
    }

    /// OpenID Connect RP-Initiated Logout 1.0 section 2.
    fn end_session(&self, request: &Received) -> Verdict {
        let get = |name: &str| request.query.get(name).map_or("", String::as_str);
        if !self.id_tokens.iter().any(|issued| issued == get("id_token_hint")) {
            return Err("the logout request's id_token_hint is not an ID token of ours".into());
        }
        let target = &self.client.post_logout_redirect_uri;
        expect("the logout request's post_logout_redirect_uri", get("post_logout_redirect_uri"), target)?;
        let mut url = Url::parse(target).unwrap();
        let state = match self.behaviour.post_logout_state {
            PostLogoutState::Same => request.query.get("state").cloned(),
            PostLogoutState::Other => Some("another state than was sent".to_owned()),
            PostLogoutState::Missing => None,
        };
        if let Some(state) = state {
            url.query_pairs_mut().append_pair("state", &state);
        }
        Ok(found(url.as_str()))
    }

    /// OpenID Connect Back-Channel Logout 1.0 section 2.4, with a claim that nobody knows.
    fn logout_token(&mut self) -> String {
        self.issued += 1;
        let now = unix_seconds();
        let mut claims = json!({
            "iss": self.issuer, "sub": SUB, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "sid": "session-1",
            "jti": format!("logout-{}-of-{}", self.issued, std::process::id()),
            "events": { LOGOUT_EVENT: {} }, "made_up_by_the_suite": 1,
        });
        changed(self.behaviour.logout_token.as_ref(), &mut claims);
        let signature: Signature = self.behaviour.logout_token_signature;
        self.keys.sign(&self.keys.header(signature), &claims, signature)
    }
}

fn changed(change: Option<&Change>, value: &mut Value) {
    if let Some(change) = change {
        change(value);
    }
}

fn expect(what: &str, found: &str, expected: &str) -> Verdict<()> {
    if found == expected { Ok(()) } else { Err(format!("{what} is `{found}`, expected `{expected}`")) }
}

/// RFC 6749 section 2.3.1: both parts are form-urlencoded before base64, and nothing of them is in the body.
fn check_client_secret_basic(request: &Received) -> Verdict<()> {
    let credentials = request.authorization.as_deref().and_then(|value| value.strip_prefix("Basic "));
    let credentials = credentials.ok_or("the token request is not authenticated by client_secret_basic")?;
    let credentials = String::from_utf8(STANDARD.decode(credentials).unwrap()).unwrap();
    let (id, secret) = credentials.split_once(':').ok_or("the Basic credentials have no colon")?;
    let decode = |text: &str| {
        form_urlencoded::parse(format!("v={text}").as_bytes()).map(|(_, value)| value.into_owned()).collect::<String>()
    };
    expect("the client id", &decode(id), CLIENT_ID)?;
    expect("the client secret", &decode(secret), CLIENT_SECRET)?;
    if request.form.contains_key("client_secret") {
        return Err("the client secret is in the body, too".into());
    }
    Ok(())
}

/// RFC 7636 section 4.6, where the authorization request had a challenge.
fn check_pkce(asked: &Received, verifier: &str) -> Verdict<()> {
    let Some(challenge) = asked.query.get("code_challenge") else { return Ok(()) };
    let hash = digest(&SHA256, verifier.as_bytes());
    expect("the hash of the code_verifier", &URL_SAFE_NO_PAD.encode(hash), challenge)
}

fn found(url: &str) -> Response {
    Redirect::to(url).into_response()
}

/// OAuth 2.0 Form Post Response Mode section 2.
fn form_post(action: &str, fields: &[(&str, String)]) -> String {
    let inputs: String =
        fields.iter().map(|(name, value)| format!(r#"<input type="hidden" name="{name}" value="{value}">"#)).collect();
    format!(
        r#"<html><body onload="document.forms[0].submit()"><form method="post" action="{action}">{inputs}</form></body></html>"#
    )
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
