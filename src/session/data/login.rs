//! What an ID token says of the login. That stays what it was at the sign-in, whatever a refresh brings (OpenID Connect Core 12.2).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::SessionData;
use crate::session::packed::Jwt;

/// How and when the user authenticated.
const AUTHENTICATION: [&str; 3] = ["auth_time", "acr", "amr"];
/// Which sign-in it was.
const NONCE: &str = "nonce";

/// The claims about the login, where the session's ID token says something else of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Login(Map<String, Value>);

impl Login {
    /// What a token says. A member that is null says nothing.
    pub(in crate::session) fn of(id_token: &Jwt) -> Self {
        let mut claims: Map<String, Value> = serde_json::from_slice(id_token.payload()).unwrap_or_default();
        claims.retain(|name, value| (name == NONCE || AUTHENTICATION.contains(&name.as_str())) && !value.is_null());
        Self(claims)
    }

    /// Reads what [`json`](Self::json) wrote. What is no object says nothing.
    pub(in crate::session) fn from_json(json: &str) -> Self {
        Self(serde_json::from_str(json).unwrap_or_default())
    }

    pub(in crate::session) fn json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// The same without data on how and when the user authenticated.
    pub(in crate::session) fn without_authentication(mut self) -> Self {
        self.0.retain(|name, _| name == NONCE);
        self
    }

    pub(in crate::session) fn tells_of_authentication(&self) -> bool {
        AUTHENTICATION.iter().any(|name| self.0.contains_key(*name))
    }
}

impl SessionData {
    /// The claims, as JSON text: those of the ID token, and of the login those of the sign-in.
    pub(crate) fn claims(&self) -> Cow<'_, [u8]> {
        let payload = self.id_token.payload();
        let Some(login) = &self.login else { return payload.into() };
        let Ok(mut claims) = serde_json::from_slice::<Map<String, Value>>(payload) else { return payload.into() };
        claims.retain(|name, _| name != NONCE && !AUTHENTICATION.contains(&name.as_str()));
        claims.extend(login.0.clone());
        serde_json::to_vec(&claims).map_or_else(|_| payload.into(), Cow::Owned)
    }

    /// What is known of the login.
    pub(in crate::session) fn login(&self) -> Login {
        self.login.clone().unwrap_or_else(|| Login::of(&self.id_token))
    }

    /// Takes the ID token of a refresh: newer claims of the same login.
    pub(crate) fn renew_id_token(&mut self, id_token: Jwt) {
        let login = self.login();
        self.id_token = id_token;
        self.keep_login(login);
    }

    /// Keeps what is known of the login, where the ID token does not say the same.
    pub(in crate::session) fn keep_login(&mut self, login: Login) {
        self.login = (Login::of(&self.id_token) != login).then_some(login);
    }
}

#[cfg(test)]
mod tests;
