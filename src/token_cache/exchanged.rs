//! What the access tokens of callers were exchanged for.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};

use super::{Slot, Tokens};
use crate::{secret::Secret, types::TokenKey};

/// How many are kept.
const CAPACITY: usize = 10_000;

/// Tokens by whose token they were exchanged for, and by what they are for.
pub(crate) struct ExchangedTokens(Tokens<(SubjectHash, TokenKey)>);

/// SHA-256 of the token that was exchanged. The token itself is not kept.
type SubjectHash = [u8; 32];

impl ExchangedTokens {
    /// A request to the server takes `timeout` at most.
    pub(crate) fn new(timeout: Duration) -> Self {
        // Discovery, and the token.
        Self(Tokens::new(CAPACITY, timeout.saturating_mul(2)))
    }

    /// Where the token for `key` is that was got for `subject`, which ends at `until` (Unix seconds).
    pub(crate) fn slot(&self, subject: &Secret, key: &TokenKey, until: i64, now: i64) -> Arc<Slot> {
        let hash: SubjectHash = Sha256::digest(subject.expose().as_bytes()).into();
        self.0.slot_until(&(hash, key.clone()), until, now)
    }
}
