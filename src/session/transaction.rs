//! One pending sign-in, and how it is written to its cookie.

use base64_simd::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::settings::CookieSettings;
use crate::{clock, error::Result, types::AppJson};

/// What the callback needs to know of the sign-in it ends.
#[derive(Clone)]
pub(crate) struct Transaction {
    /// 256 random bits, from which the three below are made: one fits where three would not.
    seed: [u8; 32],
    pub(crate) state: String,
    pub(crate) nonce: String,
    /// PKCE (RFC 7636).
    pub(crate) code_verifier: String,
    /// Repeated unchanged at the code exchange.
    pub(crate) redirect_uri: String,
    /// Where the user goes in the end; checked before it was put here.
    pub(crate) return_to: String,
    /// Whether `return_to` had to be cut; the whole may be in the cookie that all sign-ins share.
    pub(super) is_cut: bool,
    /// Seconds; `auth_time` is checked against it.
    pub(crate) max_age: Option<i64>,
    /// Separated by spaces; `acr` is checked against them.
    pub(crate) acr_values: Option<String>,
    /// Whether it shows the user no page, and how far it has come.
    pub(crate) silent: Option<Silent>,
    /// What the second request of a silent sign-in says again.
    pub(crate) hints: Hints,
    /// What the application sends along.
    pub(crate) app_state: Option<AppJson>,
    /// Unix seconds.
    pub(crate) created_at: i64,
    /// Whether another site's page led here. It may do so as often as it likes, so such sign-ins share a few cookies. Not written.
    pub(crate) from_another_site: bool,
    /// Whether the user has to authenticate in it, since a session timed out before. Not written: the browser's cookies tell at the callback.
    pub(crate) must_reauthenticate: bool,
}

/// The requests of a sign-in without a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silent {
    /// `prompt=none`.
    Probe,
    /// `prompt=consent`, of a user who has a session at Logto.
    SignIn,
    /// `prompt=none` alone, as the application has asked for it: there is no second request.
    Once,
}

/// For whom a sign-in is, in the words of its authorization request.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hints {
    pub(crate) login_hint: Option<String>,
    pub(crate) organization_id: Option<String>,
    pub(crate) ui_locales: Option<String>,
}

/// The same as bytes. Addresses mostly begin alike. A byte more says what kind of sign-in it is, if it is no plain one without a state:
///
/// | | |
/// |---|---|
/// | 1 | the first request of a silent sign-in; hints may follow, and a state after them |
/// | 2 | the second request |
/// | 3 | a sign-in with a state, which follows |
/// | 4 | the second request of a silent sign-in with a state, which follows |
/// | 5 | a silent sign-in that has no second request; a state may follow |
///
/// The state is JSON, to the end.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    seed: [u8; 32],
    redirect_uri: &'a str,
    /// How many bytes `return_to` begins with that are those of `redirect_uri`.
    shared: usize,
    return_to: &'a str,
    is_cut: bool,
    max_age: Option<i64>,
    acr_values: Option<&'a str>,
    created_at: i64,
}

impl Transaction {
    /// A sign-in that asks for no more than that somebody signs in.
    pub(crate) fn begin(redirect_uri: String, return_to: String, now: i64) -> Result<Self> {
        Ok(Self::of(clock::random_bytes()?, redirect_uri, return_to, now))
    }

    fn of(seed: [u8; 32], redirect_uri: String, return_to: String, created_at: i64) -> Self {
        // A hash of 256 random bits tells nothing of them, nor of another hash with another label.
        let derive = |label: &str| {
            let hash = Sha256::new_with_prefix(label).chain_update(seed).finalize();
            URL_SAFE_NO_PAD.encode_to_string(hash)
        };
        Self {
            state: derive("logto sign-in state v1\0"),
            nonce: derive("logto sign-in nonce v1\0"),
            code_verifier: derive("logto sign-in verifier v1\0"),
            seed,
            redirect_uri,
            return_to,
            is_cut: false,
            max_age: None,
            acr_values: None,
            silent: None,
            hints: Hints::default(),
            app_state: None,
            created_at,
            from_another_site: false,
            must_reauthenticate: false,
        }
    }

    /// Whether it was begun longer ago than a sign-in may take, or in the future: by a clock that was ahead it would be good for too long.
    pub(crate) fn is_expired(&self, settings: &CookieSettings, now: i64) -> bool {
        let age = now.saturating_sub(self.created_at);
        age > settings.sign_in_timeout() || age < settings.clock_tolerance().saturating_neg()
    }

    /// `S256` (RFC 7636 section 4.2).
    pub(crate) fn code_challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(self.code_verifier.as_bytes()))
    }

    pub(crate) fn has_state(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    pub(super) fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        let same = self.redirect_uri.chars().zip(self.return_to.chars()).take_while(|(one, other)| one == other);
        let shared = same.map(|(c, _)| c.len_utf8()).sum();
        let written = Written {
            seed: self.seed,
            redirect_uri: &self.redirect_uri,
            shared,
            return_to: self.return_to.get(shared..)?,
            is_cut: self.is_cut,
            max_age: self.max_age,
            acr_values: self.acr_values.as_deref(),
            created_at: self.created_at,
        };
        let mut bytes = postcard::to_allocvec(&written).ok().map(Zeroizing::new)?;
        let has_state = self.app_state.is_some();
        bytes.extend(match (self.silent, has_state) {
            (None, false) => None,
            (Some(Silent::Probe), _) => Some(1),
            (Some(Silent::SignIn), false) => Some(2),
            (None, true) => Some(3),
            (Some(Silent::SignIn), true) => Some(4),
            (Some(Silent::Once), _) => Some(5),
        });
        if self.silent == Some(Silent::Probe) && (has_state || self.hints != Hints::default()) {
            bytes.extend(postcard::to_allocvec(&self.hints).ok()?);
        }
        bytes.extend(self.app_state.iter().flat_map(|state| state.as_str().bytes()));
        Some(bytes)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (written, rest) = postcard::take_from_bytes::<Written<'_>>(bytes).ok()?;
        let return_to = format!("{}{}", written.redirect_uri.get(..written.shared)?, written.return_to);
        let mut transaction = Self::of(written.seed, written.redirect_uri.to_owned(), return_to, written.created_at);
        transaction.is_cut = written.is_cut;
        transaction.max_age = written.max_age;
        transaction.acr_values = written.acr_values.map(str::to_owned);
        let state =
            |bytes: &[u8]| std::str::from_utf8(bytes).ok().filter(|json| !json.is_empty()).map(AppJson::from_written);
        match rest {
            [1] => transaction.silent = Some(Silent::Probe),
            [2] => transaction.silent = Some(Silent::SignIn),
            [1, rest @ ..] => {
                if let Ok((hints, rest)) = postcard::take_from_bytes(rest) {
                    (transaction.silent, transaction.hints) = (Some(Silent::Probe), hints);
                    transaction.app_state = state(rest);
                }
            }
            [5, rest @ ..] => (transaction.silent, transaction.app_state) = (Some(Silent::Once), state(rest)),
            [3, rest @ ..] => transaction.app_state = state(rest),
            [4, rest @ ..] => {
                transaction.app_state = state(rest);
                transaction.silent = transaction.app_state.is_some().then_some(Silent::SignIn);
            }
            _ => {}
        }
        Some(transaction)
    }
}

// These values allow to complete the sign-in.
impl Drop for Transaction {
    fn drop(&mut self) {
        self.seed.zeroize();
        [&mut self.state, &mut self.nonce, &mut self.code_verifier].into_iter().for_each(Zeroize::zeroize);
    }
}

#[cfg(test)]
mod tests;
