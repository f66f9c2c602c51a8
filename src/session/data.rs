//! What a session holds.

mod login;

use std::ops::{Deref, DerefMut};

pub(crate) use self::login::Login;
use super::{app_data::AppData, packed::Jwt};
use crate::{error::Result, secret::Secret, store::SessionId, types::TokenKey};

/// Whose a session is, and its times: what each request asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionHead {
    /// New at each sign-in.
    pub(crate) id: SessionId,
    /// Counts the writes, so that an older state never replaces a newer one.
    pub(crate) revision: u64,
    /// Unix seconds of the sign-in: the absolute lifetime runs from here.
    pub(crate) created_at: i64,
    /// Unix seconds of the last write: the idle lifetime runs from here.
    pub(crate) touched_at: i64,
    /// Unix seconds by Logto's clock: the `iat` of the sign-in's ID token. What ends "all sessions before" is compared with it.
    pub(crate) issued_at: i64,
    /// Unix seconds when Logto last answered a refresh, by this machine's clock; 0 where there was none.
    pub(crate) refreshed_at: i64,
    /// Counts the refreshes, so that of two states of one session the one with the newer refresh token is known.
    pub(crate) refreshes: u64,
    pub(crate) subject: Subject,
}

/// One user's session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionData {
    pub(crate) head: SessionHead,
    pub(crate) id_token: Jwt,
    /// What the sign-in's ID token said of the login, where a refreshed one says something else.
    pub(crate) login: Option<Login>,
    pub(crate) refresh_token: Option<Secret>,
    /// Newest last.
    pub(crate) access_tokens: Vec<StoredAccessToken>,
    pub(crate) app_data: AppData,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredAccessToken {
    pub(crate) key: TokenKey,
    pub(crate) token: Secret,
    pub(crate) scope: String,
    /// Unix seconds by the local clock: when the request began, plus `expires_in`.
    pub(crate) expires_at: i64,
    /// Seconds before its end at which it is refreshed.
    pub(crate) margin: i64,
}

/// A token with less than this to live is refreshed: it must survive the way to the API.
pub(super) const REFRESH_MARGIN_SECONDS: i64 = 60;

/// What an error calls the ID token.
pub(super) const ID_TOKEN: &str = "the ID token";

/// The oldest goes first; a session in a store is read with each request, and must not grow without limit.
const MAX_ACCESS_TOKENS: usize = 128;

impl StoredAccessToken {
    /// A token that lives `lifetime` seconds from `now`. A short-lived one is refreshed when half of its life is over, not on every call.
    pub(crate) fn new(key: TokenKey, token: Secret, scope: String, now: i64, lifetime: i64) -> Self {
        Self {
            key,
            token,
            scope,
            expires_at: now.saturating_add(lifetime),
            margin: REFRESH_MARGIN_SECONDS.min(lifetime / 2),
        }
    }

    /// Whether it lives long enough yet: `validity` seconds, or what its lifetime calls for.
    pub(crate) fn is_fresh_for(&self, now: i64, validity: Option<i64>) -> bool {
        self.expires_at > now.saturating_add(validity.unwrap_or(self.margin))
    }
}

impl Deref for SessionData {
    type Target = SessionHead;

    fn deref(&self) -> &SessionHead {
        &self.head
    }
}

impl DerefMut for SessionData {
    fn deref_mut(&mut self) -> &mut SessionHead {
        &mut self.head
    }
}

impl SessionData {
    /// A session that begins now. Whose it is and when its ID token was issued (`iat`) is passed by the code that validated the token; it is not read
    /// again.
    pub(crate) fn begin(id_token: Jwt, subject: Subject, issued_at: i64, now: i64) -> Result<Self> {
        let head = SessionHead {
            id: SessionId::random()?,
            subject,
            issued_at,
            refreshed_at: 0,
            refreshes: 0,
            revision: 0,
            created_at: now,
            touched_at: now,
        };
        Ok(Self {
            head,
            id_token,
            login: None,
            refresh_token: None,
            access_tokens: Vec::new(),
            app_data: AppData::default(),
        })
    }

    /// The access token for `key`, if it lives `validity` seconds yet, or as long as its lifetime calls for.
    pub(crate) fn access_token(&self, key: &TokenKey, now: i64, validity: Option<i64>) -> Option<&StoredAccessToken> {
        self.access_tokens.iter().find(|token| token.key == *key && token.is_fresh_for(now, validity))
    }

    /// Takes over what another state of this session has that is newer: two requests wrote at once.
    pub(crate) fn merge(&mut self, other: Self) {
        if other.refreshes > self.refreshes {
            self.refreshes = other.refreshes;
            self.refresh_token = other.refresh_token;
            self.id_token = other.id_token;
            self.login = other.login;
        }
        for token in other.access_tokens {
            let known =
                self.access_tokens.iter().any(|mine| mine.key == token.key && mine.expires_at >= token.expires_at);
            if !known {
                self.put_access_token(token);
            }
        }
        self.touched_at = self.touched_at.max(other.head.touched_at);
        self.refreshed_at = self.refreshed_at.max(other.head.refreshed_at);
        self.app_data.merge(other.app_data);
    }

    /// Whether another state of this session has all that this one has.
    pub(crate) fn adds_nothing_to(&self, other: &Self) -> bool {
        self.refresh_token == other.refresh_token
            && self.id_token == other.id_token
            && self.login == other.login
            && self.touched_at <= other.touched_at
            && self.refreshed_at <= other.refreshed_at
            && self.app_data.adds_nothing_to(&other.app_data)
            && self.access_tokens.iter().all(|token| other.access_tokens.contains(token))
    }

    /// Puts an access token in the place of the one before it.
    pub(crate) fn put_access_token(&mut self, token: StoredAccessToken) {
        self.access_tokens.retain(|stored| stored.key != token.key);
        let surplus = (self.access_tokens.len() + 1).saturating_sub(MAX_ACCESS_TOKENS);
        self.access_tokens.drain(..surplus);
        self.access_tokens.push(token);
    }

    /// The member that takes the most room, for the error that says so.
    pub(crate) fn largest_member(&self) -> (&'static str, usize) {
        let access_tokens = self.access_tokens.iter().map(|stored| stored.token.expose().len()).sum();
        let refresh_token = self.refresh_token.as_ref().map_or(0, |token| token.expose().len());
        let id_token = self.id_token.size();
        let app_data = self.app_data.size();
        [
            (ID_TOKEN, id_token),
            ("the access tokens", access_tokens),
            ("the refresh token", refresh_token),
            ("the application's data", app_data),
        ]
        .into_iter()
        .max_by_key(|&(_, size)| size)
        .unwrap_or((ID_TOKEN, id_token))
    }
}

/// Whose a session is, by the claims of its first ID token.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Subject {
    pub(crate) sub: String,
    /// The session at Logto, where the token names it.
    pub(crate) sid: Option<String>,
}

impl Subject {
    pub(crate) fn of(sub: &str, sid: Option<&str>) -> Self {
        Self { sub: sub.to_owned(), sid: sid.map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests;
