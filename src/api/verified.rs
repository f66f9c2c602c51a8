//! The cache of verified tokens, so that the next request with one of them needs no signature check and no introspection.

use std::{
    collections::HashMap,
    ops::Range,
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

/// A cache of verdicts, each for a time.
///
/// Two generations bound the size without a list of who was asked when: what is used moves to the young one, and when that is full it
/// becomes the old one, whose entries nobody has used since are dropped.
pub(super) struct TwoGenerationCache<V> {
    /// Of each generation; 0 keeps nothing.
    capacity: usize,
    generations: Mutex<Generations<V>>,
}

struct Generations<V> {
    young: HashMap<TokenHash, Kept<V>>,
    old: HashMap<TokenHash, Kept<V>>,
}

#[derive(Clone)]
struct Kept<V> {
    verdict: V,
    /// Unix seconds.
    valid: Range<i64>,
}

/// That a JWT is good: as long as it lives and the keys by which that was found are the server's. Only verified tokens enter, so forged ones
/// push nobody out.
#[derive(Clone)]
pub(super) struct Verdict {
    pub(super) auth: AuthInfo,
    /// The key set by which it was found.
    pub(super) keys: Fingerprint,
}

impl<V: Clone> TwoGenerationCache<V> {
    pub(super) fn new(size: usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new() };
        Self { capacity: size.div_ceil(2), generations: Mutex::new(generations) }
    }

    pub(super) fn get(&self, token: &TokenHash, now: i64) -> Option<V> {
        if self.capacity == 0 {
            return None;
        }
        let mut generations = self.generations();
        let kept = if let Some(kept) = generations.young.get(token) {
            kept.clone()
        } else {
            let kept = generations.old.remove(token)?;
            self.insert(&mut generations, *token, kept.clone());
            kept
        };
        if !kept.valid.contains(&now) {
            generations.young.remove(token);
            return None;
        }
        Some(kept.verdict)
    }

    /// Keeps a verdict for the seconds of `valid`.
    pub(super) fn put(&self, token: TokenHash, verdict: V, valid: Range<i64>) {
        if self.capacity > 0 && !valid.is_empty() {
            self.insert(&mut self.generations(), token, Kept { verdict, valid });
        }
    }

    pub(super) fn forget(&self, token: &TokenHash) {
        let mut generations = self.generations();
        generations.young.remove(token);
        generations.old.remove(token);
    }

    fn insert(&self, generations: &mut Generations<V>, token: TokenHash, kept: Kept<V>) {
        if generations.young.len() >= self.capacity && !generations.young.contains_key(&token) {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.old.remove(&token);
        generations.young.insert(token, kept);
    }

    fn generations(&self) -> MutexGuard<'_, Generations<V>> {
        // Nothing that holds the lock can panic; if it did, every state is a valid one.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
