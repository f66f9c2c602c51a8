//! What a session holds, and its compact form.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    packed::{Jwt, Packed},
    store::SessionId,
};
use crate::{Error, Result, Secret, error::Code, types::TokenKey};

/// The layout of the serialized session. A new layout gets a new number, and the old ones stay readable.
const LAYOUT: u8 = 1;

/// One user's session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SessionData {
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
    /// Counts the refreshes, so that of two states of one session the one with the newer refresh token is known.
    pub(crate) refreshes: u64,
    pub(crate) id_token: Jwt,
    pub(crate) refresh_token: Option<Secret>,
    /// Newest last.
    pub(crate) access_tokens: Vec<StoredAccessToken>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredAccessToken {
    pub(crate) key: TokenKey,
    pub(crate) token: Secret,
    pub(crate) scope: String,
    /// Unix seconds by the local clock: when the request began, plus `expires_in`.
    pub(crate) expires_at: i64,
    /// Seconds before its end at which it is renewed.
    pub(crate) margin: i64,
}

/// A token with less than this to live is renewed: it must survive the way to the API.
pub(super) const MARGIN: i64 = 60;

/// The oldest goes first; a session in a store is read with each request, and must not grow for ever.
const MAX_ACCESS_TOKENS: usize = 128;

impl StoredAccessToken {
    /// A token that lives `lifetime` seconds from `now`. A short-lived one is renewed when half of its life is over, not on every call.
    pub(crate) fn new(key: TokenKey, token: Secret, scope: String, now: i64, lifetime: i64) -> Self {
        Self { key, token, scope, expires_at: now.saturating_add(lifetime), margin: MARGIN.min(lifetime / 2) }
    }

    /// Whether it lives long enough yet: `validity` seconds, or what its lifetime calls for.
    pub(crate) fn serves(&self, now: i64, validity: Option<i64>) -> bool {
        self.expires_at > now.saturating_add(validity.unwrap_or(self.margin))
    }
}

impl SessionData {
    /// A session that begins now.
    pub(crate) fn begin(id_token: Jwt, now: i64) -> Result<Self> {
        let subject: Subject = serde_json::from_slice(id_token.payload()).unwrap_or_default();
        Ok(Self {
            id: SessionId::random()?,
            issued_at: subject.iat.unwrap_or(now),
            refreshes: 0,
            revision: 0,
            created_at: now,
            touched_at: now,
            id_token,
            refresh_token: None,
            access_tokens: Vec::new(),
        })
    }

    /// The access token for `key`, if it lives `validity` seconds yet, or as long as its lifetime calls for.
    pub(crate) fn access_token(&self, key: &TokenKey, now: i64, validity: Option<i64>) -> Option<&StoredAccessToken> {
        self.access_tokens.iter().find(|token| token.key == *key && token.serves(now, validity))
    }

    /// Whose session it is.
    pub(crate) fn subject(&self) -> Subject {
        serde_json::from_slice(self.id_token.payload()).unwrap_or_default()
    }

    /// Takes over what another state of this session has that is newer: two requests wrote at once.
    pub(crate) fn merge(&mut self, other: Self) {
        if other.refreshes > self.refreshes {
            self.refreshes = other.refreshes;
            self.refresh_token = other.refresh_token;
            self.id_token = other.id_token;
        }
        for token in other.access_tokens {
            let known =
                self.access_tokens.iter().any(|mine| mine.key == token.key && mine.expires_at >= token.expires_at);
            if !known {
                self.put_access_token(token);
            }
        }
        self.touched_at = self.touched_at.max(other.touched_at);
    }

    /// Whether another state of this session has all that this one has.
    pub(crate) fn has_nothing_but(&self, other: &Self) -> bool {
        self.refresh_token == other.refresh_token
            && self.id_token == other.id_token
            && self.touched_at <= other.touched_at
            && self.access_tokens.iter().all(|token| other.access_tokens.contains(token))
    }

    /// Puts an access token in the place of the one before it.
    pub(crate) fn put_access_token(&mut self, token: StoredAccessToken) {
        self.access_tokens.retain(|stored| stored.key != token.key);
        let surplus = (self.access_tokens.len() + 1).saturating_sub(MAX_ACCESS_TOKENS);
        self.access_tokens.drain(..surplus);
        self.access_tokens.push(token);
    }

    /// The compact form, with the claims compressed if `compress`.
    pub(crate) fn to_bytes(&self, compress: bool) -> Result<Zeroizing<Vec<u8>>> {
        let wire = Wire {
            id: *self.id.as_bytes(),
            revision: self.revision,
            created_at: self.created_at,
            touched_at: self.touched_at,
            issued_at: self.issued_at,
            refreshes: self.refreshes,
            id_token: Packed::pack_jwt(&self.id_token, compress),
            refresh_token: self.refresh_token.as_ref().map(|token| Packed::pack(token.expose(), false)),
            access_tokens: self
                .access_tokens
                .iter()
                .map(|stored| WireToken {
                    key: stored.key.clone(),
                    token: Packed::pack(stored.token.expose(), compress),
                    scope: stored.scope.clone(),
                    expires_at: stored.expires_at,
                    margin: stored.margin,
                })
                .collect(),
        };
        postcard::to_extend(&wire, vec![LAYOUT])
            .map(Zeroizing::new)
            .map_err(|source| Error::new(Code::SessionTooLarge, "the session cannot be written").with_source(source))
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. `None` for anything else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&layout, body) = bytes.split_first()?;
        if layout != LAYOUT {
            return None;
        }
        let wire: Wire = postcard::from_bytes(body).ok()?;
        let access_tokens = wire
            .access_tokens
            .into_iter()
            .map(|stored| {
                let token = stored.token.unpack()?;
                let WireToken { key, scope, expires_at, margin, .. } = stored;
                Some(StoredAccessToken { key, token, scope, expires_at, margin })
            })
            .collect::<Option<_>>()?;
        Some(Self {
            id: SessionId::from_bytes(wire.id),
            revision: wire.revision,
            created_at: wire.created_at,
            touched_at: wire.touched_at,
            issued_at: wire.issued_at,
            refreshes: wire.refreshes,
            id_token: wire.id_token.unpack_jwt()?,
            refresh_token: wire.refresh_token.map_or(Some(None), |token| token.unpack().map(Some))?,
            access_tokens,
        })
    }

    /// The member that takes the most room, for the error that says so.
    pub(crate) fn largest_member(&self) -> (&'static str, usize) {
        let access_tokens = self.access_tokens.iter().map(|stored| stored.token.expose().len()).sum();
        let refresh_token = self.refresh_token.as_ref().map_or(0, |token| token.expose().len());
        let id_token = self.id_token.size();
        [("the ID token", id_token), ("the access tokens", access_tokens), ("the refresh token", refresh_token)]
            .into_iter()
            .max_by_key(|&(_, size)| size)
            .unwrap_or(("the ID token", id_token))
    }
}

/// The claims that say whose a session is.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Subject {
    #[serde(default)]
    pub(crate) sub: String,
    #[serde(default)]
    pub(crate) sid: Option<String>,
    #[serde(default)]
    iat: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    id: [u8; 16],
    revision: u64,
    created_at: i64,
    touched_at: i64,
    issued_at: i64,
    refreshes: u64,
    id_token: Packed,
    refresh_token: Option<Packed>,
    access_tokens: Vec<WireToken>,
}

#[derive(Serialize, Deserialize)]
struct WireToken {
    key: TokenKey,
    token: Packed,
    scope: String,
    expires_at: i64,
    margin: i64,
}

#[cfg(test)]
mod tests;
