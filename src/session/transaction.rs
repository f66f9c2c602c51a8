//! One sign-in under way: one cookie each, so that two tabs never disturb each other.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::CookieSettings;
use crate::{Result, clock};

/// Seconds a sign-in may take.
pub(crate) const LIFETIME: i64 = 600;
/// Sign-ins under way in one browser; beginning another forgets the oldest.
pub(crate) const MAX_PENDING: usize = 4;

/// What the callback needs to know of the sign-in it ends.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) state: String,
    pub(crate) nonce: String,
    /// PKCE (RFC 7636).
    pub(crate) code_verifier: String,
    /// Sent again, letter by letter, at the code exchange.
    pub(crate) redirect_uri: String,
    /// Where the user goes in the end; checked before it was put here.
    pub(crate) return_to: String,
    /// Seconds; `auth_time` is checked against it.
    pub(crate) max_age: Option<i64>,
    /// Separated by spaces; `acr` is checked against them.
    pub(crate) acr_values: Option<String>,
    /// Unix seconds.
    pub(crate) created_at: i64,
}

impl Transaction {
    /// A sign-in that asks for no more than that somebody signs in.
    pub(crate) fn begin(redirect_uri: String, return_to: String, now: i64) -> Result<Self> {
        Ok(Self {
            state: clock::random_token()?,
            nonce: clock::random_token()?,
            code_verifier: clock::random_token()?,
            redirect_uri,
            return_to,
            max_age: None,
            acr_values: None,
            created_at: now,
        })
    }

    pub(crate) fn is_expired(&self, now: i64) -> bool {
        now.saturating_sub(self.created_at) > LIFETIME
    }

    /// `S256` (RFC 7636 section 4.2).
    pub(crate) fn code_challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.code_verifier.as_bytes()))
    }

    pub(crate) fn has_state(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    pub(crate) fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        postcard::to_allocvec(self).ok().map(Zeroizing::new)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

// Whoever has these can end the sign-in.
impl Drop for Transaction {
    fn drop(&mut self) {
        [&mut self.state, &mut self.nonce, &mut self.code_verifier].into_iter().for_each(Zeroize::zeroize);
    }
}

/// The cookie of the sign-in with this `state`: its hash, so that the name gives nothing away.
pub(crate) fn cookie_name(settings: &CookieSettings, state: &str) -> String {
    let hash = Sha256::digest(state.as_bytes());
    let (short, _) = hash.split_at(9);
    format!("{}{}", settings.transaction_prefix(), URL_SAFE_NO_PAD.encode(short))
}
