//! Grants, and the codes and tokens that live and die with them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::SystemTime,
};

use super::context::Context;

/// What a user allowed an app in one session. Every code and token belongs to one, and is dead without it.
#[derive(Debug, Default)]
pub(super) struct Grant {
    pub(super) scopes: BTreeSet<String>,
    /// The scopes of each API resource that the user had when they signed in: a refresh gives no other.
    pub(super) resource_scopes: BTreeMap<String, BTreeSet<String>>,
}

impl Grant {
    pub(super) fn has_resource_scope(&self, resource: &str, scope: &str) -> bool {
        self.resource_scopes.get(resource).is_some_and(|scopes| scopes.contains(scope))
    }
}

/// What a code or a token stands for.
#[derive(Debug, Clone)]
pub(super) struct Authorized {
    pub(super) grant: String,
    pub(super) client_id: String,
    pub(super) user_id: String,
    /// The session in which the user allowed it.
    pub(super) session: String,
    pub(super) sid: String,
    /// As requested, with those of resources and organizations.
    pub(super) scopes: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) nonce: Option<String>,
    /// Only if the request asked for `max_age` or `prompt=login`, or with step-up authentication.
    pub(super) auth_time: Option<i64>,
    pub(super) context: Context,
}

impl Authorized {
    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }

    /// Whether it outlives the session (OpenID Connect Core section 11).
    pub(super) fn is_offline(&self) -> bool {
        self.has_scope("offline_access")
    }
}

#[derive(Debug)]
pub(super) struct Code {
    pub(super) what: Authorized,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) expires_at: SystemTime,
    pub(super) used: bool,
}

#[derive(Debug, Clone)]
pub(super) struct RefreshToken {
    pub(super) what: Authorized,
    /// When the first of its line was issued.
    pub(super) line_began_at: SystemTime,
    pub(super) issued_at: SystemTime,
    pub(super) expires_at: SystemTime,
    /// The last use since it was replaced by another.
    pub(super) replaced_at: Option<SystemTime>,
}

/// An opaque access token.
#[derive(Debug, Clone)]
pub(super) struct AccessToken {
    pub(super) what: Authorized,
    pub(super) scopes: Vec<String>,
    pub(super) issued_at: SystemTime,
    pub(super) expires_at: SystemTime,
}

impl AccessToken {
    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }
}

/// What the Management API gives to act for a user: good once.
#[derive(Debug)]
pub(super) struct SubjectToken {
    pub(super) user_id: String,
    pub(super) expires_at: SystemTime,
    pub(super) used: bool,
}

#[derive(Debug)]
pub(super) struct PersonalAccessToken {
    pub(super) user_id: String,
    /// `None`: never.
    pub(super) expires_at: Option<SystemTime>,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) grants: HashMap<String, Grant>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) refresh_tokens: HashMap<String, RefreshToken>,
    pub(super) access_tokens: HashMap<String, AccessToken>,
    pub(super) subject_tokens: HashMap<String, SubjectToken>,
    pub(super) personal_access_tokens: HashMap<String, PersonalAccessToken>,
}

impl Store {
    pub(super) fn has_grant(&self, what: &Authorized) -> bool {
        self.grants.contains_key(&what.grant)
    }

    pub(super) fn revoke(&mut self, grant: &str) {
        self.grants.remove(grant);
    }

    /// What a token of either kind stands for.
    pub(super) fn find(&self, token: &str) -> Option<&Authorized> {
        let refresh = self.refresh_tokens.get(token).map(|token| &token.what);
        refresh.or_else(|| self.access_tokens.get(token).map(|token| &token.what))
    }
}
