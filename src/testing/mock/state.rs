//! Everything the server knows.

pub(super) mod account;
pub(super) mod authorization_request;
pub(super) mod context;
pub(super) mod custom_jwt;
pub(super) mod deliveries;
pub(super) mod devices;
pub(super) mod ids;
pub(super) mod interaction;
pub(super) mod keys;
pub(super) mod live_tokens;
pub(super) mod one_time_tokens;
pub(super) mod pending_logout;
mod provisioning;
pub(super) mod pushed;
pub(super) mod session;
pub(super) mod store;
pub(super) mod tampering;
pub(super) mod webhook_events;
pub(super) mod webhook_json;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::{Map, Value, json};

use self::{
    account::AccountState,
    custom_jwt::CustomJwt,
    deliveries::Deliveries,
    devices::Devices,
    interaction::Interaction,
    keys::KeyRing,
    pending_logout::PendingLogout,
    pushed::Pushed,
    session::Session,
    store::{Authorized, Store},
    tampering::Tampering,
};
use super::{
    directory::{MockApp, MockDirectory, MockUser},
    messages::error::{OidcError, OidcResult},
};
use crate::clock::{Clock, random_token, unix_seconds, whole_seconds};

pub(super) struct State {
    /// `http://127.0.0.1:PORT`.
    pub(super) endpoint: String,
    pub(super) issuer: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) lifetimes: Lifetimes,
    /// Whether it is a Logto with step-up authentication: see `context`.
    pub(super) step_up: bool,
    pub(super) directory: MockDirectory,
    pub(super) keys: KeyRing,
    pub(super) tampering: Tampering,
    pub(super) custom_jwt: CustomJwt,
    pub(super) store: Store,
    /// By the value of the browser's cookie.
    pub(super) sessions: HashMap<String, Session>,
    pub(super) interactions: HashMap<String, Interaction>,
    /// By `request_uri`.
    pub(super) pushed: HashMap<String, Pushed>,
    pub(super) devices: Devices,
    /// By the value that the sign-out page posts back.
    pub(super) logouts: HashMap<String, PendingLogout>,
    pub(super) deliveries: Deliveries,
    pub(super) account: AccountState,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetimes {
    pub(super) refresh_token: Duration,
    pub(super) id_token: Duration,
    /// How long a refresh token that was replaced may still be used.
    pub(super) reuse_window: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            refresh_token: Duration::from_secs(14 * 24 * 3600),
            id_token: Duration::from_secs(3600),
            reuse_window: Duration::from_secs(3),
        }
    }
}

impl State {
    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    pub(super) fn now_seconds(&self) -> i64 {
        unix_seconds(self.now())
    }

    /// The moment a lifetime from now. A lifetime beyond the end of time has no effect.
    pub(super) fn after(&self, lifetime: Duration) -> SystemTime {
        self.now().checked_add(lifetime).unwrap_or_else(|| self.now())
    }

    /// Adds a user, who is created now, and gets the default roles. Gives the id.
    pub(super) fn add_user(&mut self, mut user: MockUser) -> String {
        let now = self.now();
        user.begin(now);
        user.updated_at.get_or_insert(now);
        for role in self.directory.roles.iter().filter(|role| role.is_default && !role.for_machines) {
            if !user.roles.contains(&role.name) {
                user.roles.push(role.name.clone());
            }
        }
        let id = user.id.clone();
        self.directory.users.push(user);
        self.directory.define_roles();
        id
    }

    /// How long refresh tokens of an application live.
    pub(super) fn refresh_token_ttl(&self, client_id: &str) -> Duration {
        let own = self.directory.app(client_id).and_then(MockApp::refresh_token_ttl);
        own.unwrap_or(self.lifetimes.refresh_token)
    }

    /// Notes that a user signs in now.
    pub(super) fn note_sign_in(&mut self, id: &str) {
        let now = self.now();
        if let Some(user) = self.directory.users.iter_mut().find(|user| user.id == id) {
            (user.last_sign_in_at, user.updated_at) = (Some(now), Some(now));
        }
    }

    /// Notes the first application that a user signed in to.
    pub(super) fn note_application(&mut self, user: &str, client_id: &str) {
        if let Some(user) = self.directory.users.iter_mut().find(|known| known.id == user) {
            user.application_id.get_or_insert_with(|| client_id.to_owned());
        }
    }

    /// The claims about the authentication, in ID tokens and access tokens.
    pub(super) fn authentication(&self, what: &Authorized) -> Map<String, Value> {
        if self.step_up { what.authentication() } else { Map::new() }
    }

    /// A JWT of the current key. Access tokens and logout tokens have a `typ`, ID tokens have none.
    pub(super) fn sign(&self, typ: &str, claims: &Value) -> OidcResult<String> {
        let key = self.keys.current();
        let header = json!({ "alg": key.alg().as_str(), "typ": typ, "kid": key.kid() });
        key.sign(&header, claims).ok_or_else(unsigned)
    }

    pub(super) fn sign_id_token(&mut self, mut claims: Value) -> OidcResult<String> {
        let key = self.keys.current();
        let mut header = json!({ "alg": key.alg().as_str(), "kid": key.kid() });
        self.tampering.id_token(&mut header, &mut claims);
        let jwt = key.sign(&header, &claims).ok_or_else(unsigned)?;
        Ok(self.tampering.signature(jwt))
    }

    /// The claims that every JWT ends with.
    pub(super) fn stamp(&self, claims: &mut Map<String, Value>, audience: &str, lifetime: Duration) {
        let now = self.now_seconds();
        claims.insert("aud".into(), audience.into());
        claims.insert("iat".into(), now.into());
        claims.insert("exp".into(), now.saturating_add(whole_seconds(lifetime)).into());
        claims.insert("iss".into(), self.issuer.as_str().into());
    }

    /// The claims of an access or logout token, with a new `jti`.
    pub(super) fn new_claims(&self, audience: &str, lifetime: Duration) -> OidcResult<Map<String, Value>> {
        let mut claims = Map::new();
        claims.insert("jti".into(), random_token()?.into());
        self.stamp(&mut claims, audience, lifetime);
        Ok(claims)
    }
}

fn unsigned() -> OidcError {
    OidcError::new(500, "server_error", "the key does not sign")
}
