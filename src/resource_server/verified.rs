//! Tokens that were verified a moment ago, so that the next request with one of them costs no signature check.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use super::AuthInfo;
use crate::oidc::jwks::Fingerprint;

/// SHA-256 of a token. The token itself is not kept: who reads this memory can call nobody with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// Verdicts, each as good as the token lives and the keys by which it was found are the server's.
///
/// Two generations bound the size without a list of who was asked when: what is used moves to the young one, and when that is full it
/// becomes the old one, whose entries nobody has used since are dropped. Only verified tokens enter, so forged ones push nobody out.
pub(super) struct Verified {
    /// Of each generation; 0 keeps nothing.
    capacity: usize,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<TokenHash, Verdict>,
    old: HashMap<TokenHash, Verdict>,
}

/// That a token is good.
#[derive(Clone)]
pub(super) struct Verdict {
    pub(super) auth: AuthInfo,
    /// The key set by which it was found.
    pub(super) keys: Fingerprint,
    /// Unix seconds.
    pub(super) expires_at: i64,
}

impl Verified {
    pub(super) fn new(size: usize) -> Self {
        Self { capacity: size.div_ceil(2), generations: Mutex::default() }
    }

    pub(super) fn get(&self, token: &TokenHash, now: i64) -> Option<Verdict> {
        if self.capacity == 0 {
            return None;
        }
        let mut generations = self.generations();
        let verdict = if let Some(verdict) = generations.young.get(token) {
            verdict.clone()
        } else {
            let verdict = generations.old.remove(token)?;
            self.insert(&mut generations, *token, verdict.clone());
            verdict
        };
        // The leeway is for a token that is judged for the first time; a verdict is not kept beyond the token's end.
        if now >= verdict.expires_at {
            generations.young.remove(token);
            return None;
        }
        Some(verdict)
    }

    pub(super) fn put(&self, token: TokenHash, verdict: Verdict) {
        if self.capacity > 0 {
            self.insert(&mut self.generations(), token, verdict);
        }
    }

    pub(super) fn forget(&self, token: &TokenHash) {
        let mut generations = self.generations();
        generations.young.remove(token);
        generations.old.remove(token);
    }

    fn insert(&self, generations: &mut Generations, token: TokenHash, verdict: Verdict) {
        if generations.young.len() >= self.capacity && !generations.young.contains_key(&token) {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.old.remove(&token);
        generations.young.insert(token, verdict);
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        // Nothing that holds the lock can panic; if it did, every state is a valid one.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
