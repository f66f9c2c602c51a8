//! What is in the file, as JSON.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    claims::IdTokenClaims,
    error::{Code, Error, Result, excerpt},
    oidc::id_token::Original,
    secret::Secret,
    session::StoredAccessToken,
    types::TokenKey,
};

/// The layout below. A later one gets a later number.
const VERSION: u8 = 1;
/// The oldest goes first.
const MAX_ACCESS_TOKENS: usize = 32;

/// A user who is signed in.
#[derive(Debug, Clone)]
pub(in crate::cli) struct SignedInUser {
    /// The app that the tokens were issued to: one for the browser, another for the device flow.
    pub(in crate::cli) client_id: String,
    pub(in crate::cli) claims: IdTokenClaims,
    /// Unix seconds by Logto's clock: the `iat` of the sign-in's ID token.
    pub(in crate::cli) issued_at: i64,
    pub(in crate::cli) refresh_token: Option<Secret>,
    access_tokens: Vec<KeptToken>,
}

/// An access token, and when it was asked for.
#[derive(Debug, Clone)]
pub(in crate::cli) struct KeptToken {
    pub(in crate::cli) token: StoredAccessToken,
    /// Unix seconds by the local clock. By a clock that was ahead they lie in the future: then nobody knows when the token ends.
    pub(in crate::cli) since: i64,
}

/// Whose file it has to be.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_ids: &'a [String],
}

#[derive(Serialize)]
struct Written<'a> {
    version: u8,
    issuer: &'a str,
    client_id: &'a str,
    claims: &'a IdTokenClaims,
    issued_at: i64,
    refresh_token: Option<&'a str>,
    access_tokens: Vec<WrittenToken<'a>>,
}

#[derive(Serialize)]
struct WrittenToken<'a> {
    #[serde(flatten)]
    key: &'a TokenKey,
    token: &'a str,
    scope: &'a str,
    since: i64,
    expires_at: i64,
}

#[derive(Deserialize)]
struct Read {
    version: u8,
    issuer: String,
    client_id: String,
    claims: IdTokenClaims,
    issued_at: i64,
    refresh_token: Option<Secret>,
    access_tokens: Vec<ReadToken>,
}

#[derive(Deserialize)]
struct ReadToken {
    #[serde(flatten)]
    key: TokenKey,
    token: Secret,
    scope: String,
    since: i64,
    expires_at: i64,
}

impl SignedInUser {
    pub(in crate::cli) fn new(
        client_id: &str,
        claims: IdTokenClaims,
        issued_at: i64,
        refresh_token: Option<Secret>,
    ) -> Self {
        Self { client_id: client_id.to_owned(), claims, issued_at, refresh_token, access_tokens: Vec::new() }
    }

    /// The access token for this, if one is kept.
    pub(in crate::cli) fn token(&self, key: &TokenKey) -> Option<&KeptToken> {
        self.access_tokens.iter().find(|kept| kept.token.key == *key)
    }

    /// Keeps an access token in place of the one for the same, and lets go of those that ended.
    pub(in crate::cli) fn put(&mut self, token: StoredAccessToken, now: i64) {
        self.access_tokens.retain(|kept| kept.token.key != token.key && kept.token.expires_at > now);
        self.access_tokens.push(KeptToken { token, since: now });
        let surplus = self.access_tokens.len().saturating_sub(MAX_ACCESS_TOKENS);
        self.access_tokens.drain(..surplus);
    }

    /// What a refreshed ID token is compared with.
    pub(in crate::cli) fn original(&self) -> Original {
        Original { claims: self.claims.clone(), issued_at: self.issued_at }
    }

    pub(super) fn to_bytes(&self, issuer: &str) -> Result<Zeroizing<Vec<u8>>> {
        let access_tokens = self.access_tokens.iter().map(|KeptToken { token, since }| WrittenToken {
            key: &token.key,
            token: token.token.expose(),
            scope: &token.scope,
            since: *since,
            expires_at: token.expires_at,
        });
        let written = Written {
            version: VERSION,
            issuer,
            client_id: &self.client_id,
            claims: &self.claims,
            issued_at: self.issued_at,
            refresh_token: self.refresh_token.as_ref().map(Secret::expose),
            access_tokens: access_tokens.collect(),
        };
        serde_json::to_vec(&written).map(Zeroizing::new).map_err(|error| {
            Error::new(Code::CliStorageFailed, "the tokens cannot be written as JSON").with_source(error)
        })
    }

    /// # Errors
    /// `cli.storage_unreadable`. What serde says of the text is left out: it may quote a token.
    pub(super) fn from_bytes(bytes: &[u8], expected: &Expected<'_>) -> Result<Self> {
        let unreadable = |why: String| Error::new(Code::CliStorageUnreadable, why);
        let read: Read = serde_json::from_slice(bytes).map_err(|error| {
            unreadable(format!("it is not what this program writes (line {}, column {})", error.line(), error.column()))
        })?;
        if read.version != VERSION {
            return Err(unreadable(format!("it was written by another version of this program ({})", read.version)));
        }
        if read.issuer != expected.issuer {
            return Err(unreadable(format!("it is of another server, `{}`", excerpt(&read.issuer))));
        }
        if !expected.client_ids.contains(&read.client_id) {
            return Err(unreadable(format!("it is of another app, `{}`", excerpt(&read.client_id))));
        }
        let kept = |ReadToken { key, token, scope, since, expires_at }| KeptToken {
            token: StoredAccessToken::new(key, token, scope, since, i64::saturating_sub(expires_at, since)),
            since,
        };
        Ok(Self {
            client_id: read.client_id,
            claims: read.claims,
            issued_at: read.issued_at,
            refresh_token: read.refresh_token,
            access_tokens: read.access_tokens.into_iter().map(kept).collect(),
        })
    }
}
