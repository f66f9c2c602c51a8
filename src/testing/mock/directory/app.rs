//! An application as it is registered in the Logto Console.

mod metadata;
mod secrets;
mod uris;

use std::time::SystemTime;

use serde_json::{Map, Value};
use url::Url;

pub(crate) use self::secrets::AppSecret;
use self::uris::{is_loopback, is_same, is_same_but_for_port};
use super::{Holder, Membership, MockAccessControl, MockUser, role::MANAGEMENT_ROLE};

/// An application, as the Logto Console knows it. A traditional web app unless it is told to be another.
#[derive(Debug, Clone)]
pub struct MockApp {
    pub(crate) id: String,
    /// The oldest first.
    pub(crate) secrets: Vec<AppSecret>,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) kind: AppKind,
    pub(crate) third_party: bool,
    pub(crate) any_loopback: bool,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    pub(crate) backchannel_logout_uri: Option<String>,
    pub(crate) backchannel_session_required: bool,
    pub(crate) rotate_refresh_token: bool,
    pub(crate) token_exchange: bool,
    pub(crate) device_flow: bool,
    /// Whether it is a native app, and no single page.
    pub(crate) native: bool,
    /// What else the Console knows of it, by the names of the Management API (`customClientMetadata`).
    pub(crate) metadata: Map<String, Value>,
    pub(crate) logo_uri: Option<String>,
    pub(crate) custom_data: Map<String, Value>,
    /// `None` until the server knows it.
    pub(crate) created_at: Option<SystemTime>,
    access_control: Option<MockAccessControl>,
    /// Whether the rules are there and do not count.
    access_control_off: bool,
    pub(in super::super) roles: Vec<String>,
    pub(in super::super) memberships: Vec<Membership>,
    pub(in super::super) token_claims: Map<String, Value>,
}

/// What an application is, in the Console's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppKind {
    /// Traditional web: keeps a secret.
    Web,
    /// Single page or native: keeps no secret.
    Public,
    /// Machine to machine.
    Machine,
}

impl MockApp {
    /// A traditional web app, named like its id.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            description: None,
            id,
            secrets: vec![AppSecret::first(secret.into())],
            kind: AppKind::Web,
            third_party: false,
            any_loopback: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_session_required: false,
            rotate_refresh_token: true,
            token_exchange: false,
            device_flow: false,
            native: false,
            metadata: Map::new(),
            logo_uri: None,
            custom_data: Map::new(),
            created_at: None,
            access_control: None,
            access_control_off: false,
            roles: Vec::new(),
            memberships: Vec::new(),
            token_claims: Map::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Its description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Registers a redirect URI. It must be the same after parsing: `http://LOCALHOST:3000` is `http://localhost:3000/`.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Registers a post sign-out redirect URI, which is compared in the same way.
    #[must_use]
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }

    /// Takes any `http` URI on localhost, 127.0.0.1 or `[::1]` as registered, for tests that listen on a port of their own.
    #[must_use]
    pub fn allow_any_loopback_redirect(mut self) -> Self {
        self.any_loopback = true;
        self
    }

    /// Where to send a logout token when a session ends.
    #[must_use]
    pub fn backchannel_logout_uri(mut self, uri: impl Into<String>) -> Self {
        self.backchannel_logout_uri = Some(uri.into());
        self
    }

    /// Whether ID tokens and logout tokens carry `sid`.
    #[must_use]
    pub fn backchannel_session_required(mut self, required: bool) -> Self {
        self.backchannel_session_required = required;
        self
    }

    /// Makes it a single page or native app: no secret, PKCE required, the refresh token rotates on each use.
    #[must_use]
    pub fn public_client(mut self) -> Self {
        self.kind = AppKind::Public;
        self
    }

    /// Whether refresh tokens rotate at all.
    #[must_use]
    pub fn rotate_refresh_token(mut self, rotate: bool) -> Self {
        self.rotate_refresh_token = rotate;
        self
    }

    /// Makes it a third party's: its users see a consent page, and it may ask for `openid`, `offline_access`, `profile` and `email` only.
    #[must_use]
    pub fn third_party(mut self) -> Self {
        self.third_party = true;
        self
    }

    /// Whether it may exchange tokens (`Allow token exchange` in the Console). Without this, no app may.
    #[must_use]
    pub fn token_exchange(mut self, allowed: bool) -> Self {
        self.token_exchange = allowed;
        self
    }

    /// Makes it a native app: as [`public_client`](Self::public_client), and of a redirect URI on 127.0.0.1, `[::1]` or localhost any port is
    /// as good as the registered one (RFC 8252 section 7.3).
    #[must_use]
    pub fn native(mut self) -> Self {
        self.native = true;
        self.public_client()
    }

    /// Makes it a native app for the device flow (RFC 8628): no secret, and no redirect URI. No code is exchanged for it.
    #[must_use]
    pub fn device_flow(mut self) -> Self {
        (self.device_flow, self.native) = (true, true);
        self.public_client()
    }

    /// Turns the application's access control on: only users who meet a rule may sign in and refresh.
    #[must_use]
    pub fn access_control(mut self, rules: MockAccessControl) -> Self {
        (self.access_control, self.access_control_off) = (Some(rules), false);
        self
    }

    /// Turns the application's access control off.
    #[must_use]
    pub fn without_access_control(mut self) -> Self {
        self.access_control = None;
        self
    }

    /// Gives a role to a machine-to-machine app.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Gives a machine-to-machine app the role that opens the Management API: its tokens for `https://default.logto.app/api` may have the scope
    /// `all`.
    #[must_use]
    pub fn management_api_access(self) -> Self {
        self.role(MANAGEMENT_ROLE)
    }

    /// Makes a machine-to-machine app a member of an organization.
    #[must_use]
    pub fn organization(mut self, id: impl Into<String>, roles: &[&str]) -> Self {
        self.memberships.push(Membership::new(id, roles));
        self
    }

    /// Adds a custom claim to the access tokens of a machine-to-machine app, as a script of Logto Console › Custom JWT does. Registered claims
    /// (`sub`, `scope`, …) do not count.
    #[must_use]
    pub fn access_token_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.token_claims.insert(name.into(), value.into());
        self
    }

    pub(crate) fn machine(mut self) -> Self {
        self.kind = AppKind::Machine;
        self
    }

    pub(in super::super) fn holder(&self) -> Holder<'_> {
        Holder { roles: &self.roles, memberships: &self.memberships, is_user: false }
    }

    pub(crate) fn allows_redirect(&self, uri: &str) -> bool {
        let is_known = |known: &String| self.native && is_same_but_for_port(known, uri);
        self.allows(&self.redirect_uris, uri) || self.redirect_uris.iter().any(is_known)
    }

    pub(crate) fn allows_post_logout_redirect(&self, uri: &str) -> bool {
        self.allows(&self.post_logout_redirect_uris, uri)
    }

    fn allows(&self, registered: &[String], uri: &str) -> bool {
        registered.iter().any(|known| is_same(known, uri)) || (self.any_loopback && is_loopback(uri))
    }

    /// Whether a page of this origin may call for the app: the origins of redirect URIs may.
    pub(crate) fn allows_origin(&self, origin: &str) -> bool {
        let of = |uri: &String| Url::parse(uri).is_ok_and(|uri| uri.origin().ascii_serialization() == origin);
        self.redirect_uris.iter().any(of) || (self.any_loopback && is_loopback(origin)) || self.has_cors_origin(origin)
    }

    pub(crate) fn lets_in(&self, user: &MockUser) -> bool {
        !self.has_access_control() || self.access_control.as_ref().is_none_or(|rules| rules.let_in(user))
    }

    pub(crate) fn has_access_control(&self) -> bool {
        self.access_control.is_some() && !self.access_control_off
    }

    /// Turns the access control on or off, and keeps its rules. Says whether there are any.
    pub(crate) fn switch_access_control(&mut self, on: bool) -> bool {
        self.access_control_off = !on;
        self.access_control.as_ref().is_some_and(|rules| !rules.is_empty())
    }

    /// The server gets to know it now.
    pub(crate) fn begin(&mut self, now: SystemTime) {
        self.created_at.get_or_insert(now);
        for secret in &mut self.secrets {
            secret.created_at.get_or_insert(now);
        }
    }
}
