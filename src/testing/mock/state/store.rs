//! Grants, and the codes and tokens that live and die with them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::SystemTime,
};

use serde_json::{Map, Value};

use super::{context::Context, one_time_tokens::OneTimeToken};

/// What a user allowed an app in one session. Every code and token belongs to one, and is dead without it.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) user_id: String,
    pub(crate) given_at: SystemTime,
    pub(crate) scopes: BTreeSet<String>,
    /// The scopes of each API resource that the user had when they signed in: a refresh gives no other.
    pub(crate) resource_scopes: BTreeMap<String, BTreeSet<String>>,
}

impl Grant {
    /// One that allows nothing yet.
    pub(crate) fn new(client_id: &str, user_id: &str, given_at: SystemTime) -> Self {
        let (scopes, resource_scopes) = (BTreeSet::new(), BTreeMap::new());
        Self { client_id: client_id.to_owned(), user_id: user_id.to_owned(), given_at, scopes, resource_scopes }
    }

    pub(crate) fn has_resource_scope(&self, resource: &str, scope: &str) -> bool {
        self.resource_scopes.get(resource).is_some_and(|scopes| scopes.contains(scope))
    }
}

/// What a code or a token stands for.
#[derive(Debug, Clone)]
pub(crate) struct Authorized {
    pub(crate) grant: String,
    pub(crate) client_id: String,
    pub(crate) user_id: String,
    /// The session in which the user allowed it.
    pub(crate) session: String,
    pub(crate) sid: String,
    /// As requested, with those of resources and organizations.
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) nonce: Option<String>,
    /// Only if the request asked for `max_age` or `prompt=login`, or with step-up authentication.
    pub(crate) auth_time: Option<i64>,
    pub(crate) context: Context,
}

impl Authorized {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }

    /// `acr`, `amr` and `auth_time`, as far as they are known.
    pub(super) fn authentication(&self) -> Map<String, Value> {
        let mut claims = self.context.claims();
        claims.extend(self.auth_time.map(|time| ("auth_time".to_owned(), time.into())));
        claims
    }

    /// Whether it outlives the session (OpenID Connect Core section 11).
    pub(crate) fn is_offline(&self) -> bool {
        self.has_scope("offline_access")
    }
}

#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) what: Authorized,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) expires_at: SystemTime,
    pub(crate) used: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub(crate) what: Authorized,
    /// When the first of its line was issued.
    pub(crate) line_began_at: SystemTime,
    pub(crate) issued_at: SystemTime,
    pub(crate) expires_at: SystemTime,
    /// The last use since it was replaced by another.
    pub(crate) replaced_at: Option<SystemTime>,
}

/// An opaque access token.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub(crate) what: Authorized,
    pub(crate) scopes: Vec<String>,
    pub(crate) issued_at: SystemTime,
    pub(crate) expires_at: SystemTime,
}

impl AccessToken {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }
}

/// What the Management API gives to act for a user: good once.
#[derive(Debug)]
pub(crate) struct SubjectToken {
    pub(crate) user_id: String,
    pub(crate) expires_at: SystemTime,
    pub(crate) used: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct PersonalAccessToken {
    pub(crate) value: String,
    pub(crate) user_id: String,
    /// No two of a user have one.
    pub(crate) name: String,
    pub(crate) created_at: SystemTime,
    /// `None`: never.
    pub(crate) expires_at: Option<SystemTime>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) grants: HashMap<String, Grant>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
    pub(crate) access_tokens: HashMap<String, AccessToken>,
    pub(crate) subject_tokens: HashMap<String, SubjectToken>,
    /// The oldest first.
    pub(crate) personal_access_tokens: Vec<PersonalAccessToken>,
    /// The oldest first.
    pub(crate) one_time_tokens: Vec<OneTimeToken>,
}

impl Store {
    pub(crate) fn has_grant(&self, what: &Authorized) -> bool {
        self.grants.contains_key(&what.grant)
    }

    pub(crate) fn revoke(&mut self, grant: &str) {
        self.grants.remove(grant);
    }

    /// Everything of a user who is gone.
    pub(crate) fn forget_user(&mut self, user_id: &str) {
        self.grants.retain(|_, grant| grant.user_id != user_id);
        self.subject_tokens.retain(|_, token| token.user_id != user_id);
        self.personal_access_tokens.retain(|token| token.user_id != user_id);
    }

    /// What a token of either kind stands for.
    pub(crate) fn find(&self, token: &str) -> Option<&Authorized> {
        let refresh = self.refresh_tokens.get(token).map(|token| &token.what);
        refresh.or_else(|| self.access_tokens.get(token).map(|token| &token.what))
    }
}
