//! The running and completed exchanges of codes: which sign-in has which, and its state.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use sha2::{Digest, Sha256};

use crate::{
    claims::IdTokenClaims,
    client::result_age::{RESULT_TTL_SECONDS, is_recent_code_exchange},
    error::{Error, Result},
    session::{SessionData, Transaction},
    types::AppJson,
};

/// For how long it is remembered that a code was exchanged. RFC 6749 section 4.1.2 lets a code live ten minutes at most.
pub(super) const USED_CODE_TTL_SECONDS: i64 = 600;
/// Exchanges that are remembered; beyond it the oldest goes first.
const MAX_REMEMBERED_EXCHANGES: usize = 10_000;

/// What a code gave, and was verified.
pub(in crate::client) struct Verified {
    /// The session that begins with it.
    pub(in crate::client) data: SessionData,
    pub(in crate::client) claims: IdTokenClaims,
}

/// All running and completed exchanges.
#[derive(Default)]
pub(in crate::client) struct CodeExchanges(Mutex<Exchanges>);

#[derive(Default)]
struct Exchanges {
    by_callback: HashMap<CallbackHash, Arc<CodeExchange>>,
    next_sweep: i64,
}

pub(super) type CallbackHash = [u8; 32];

/// One code, with what became of it.
pub(in crate::client) struct CodeExchange {
    pub(super) callback: CallbackHash,
    began_at: AtomicI64,
    progress: Mutex<Progress>,
    /// Whether other instances know of it: not where the coordinator was down when it was made.
    pub(super) is_shared: AtomicBool,
    pub(super) outcome: Arc<tokio::sync::Mutex<Outcome>>,
    /// What the application has decided. Held while its hook is asked.
    pub(super) decision: Arc<tokio::sync::Mutex<Option<Decision>>>,
    /// What the session began with in its slot, for requests that arrive when the previous session has ended. It goes with the tokens.
    slot: Mutex<Option<AppJson>>,
}

/// What the session begins with in its slot, or why there is to be none.
pub(super) type Decision = Result<Option<AppJson>>;

/// How far a sign-in has come in any request. It never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(in crate::client) enum Progress {
    /// Its code is exchanged, or about to be.
    Exchanged,
    /// A request was let in.
    Accepted,
    /// A request has written the session.
    Written,
    /// The application refused it.
    Refused,
}

pub(super) enum Outcome {
    /// Nobody has exchanged the code yet.
    Open,
    /// What it gave, and the unix seconds when. The tokens are dropped after the grace period.
    Verified(i64, Option<Arc<Verified>>),
    /// For the waiting requests; a later one tries again.
    Failed(Error),
}

impl fmt::Debug for CodeExchanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeExchanges(…)")
    }
}

impl CodeExchanges {
    /// The exchange of a callback, and the chance to forget those that are over.
    pub(super) fn of(&self, callback: CallbackHash, now: i64) -> Arc<CodeExchange> {
        let mut exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= exchanges.next_sweep || now < exchanges.next_sweep.saturating_sub(2 * RESULT_TTL_SECONDS) {
            exchanges.by_callback.retain(|_, exchange| exchange.is_remembered(now));
            exchanges.next_sweep = now.saturating_add(RESULT_TTL_SECONDS);
        }
        if exchanges.by_callback.len() >= MAX_REMEMBERED_EXCHANGES && !exchanges.by_callback.contains_key(&callback) {
            let idle = exchanges.by_callback.values().filter(|exchange| exchange.outcome.try_lock().is_ok());
            let oldest =
                idle.min_by_key(|exchange| exchange.began_at.load(Ordering::Relaxed)).map(|exchange| exchange.callback);
            oldest.and_then(|oldest| exchanges.by_callback.remove(&oldest));
        }
        Arc::clone(exchanges.by_callback.entry(callback).or_insert_with(|| {
            Arc::new(CodeExchange {
                callback,
                began_at: AtomicI64::new(now),
                progress: Mutex::new(Progress::Exchanged),
                is_shared: AtomicBool::new(false),
                outcome: Arc::new(tokio::sync::Mutex::new(Outcome::Open)),
                decision: Arc::default(),
                slot: Mutex::default(),
            })
        }))
    }

    /// The next request with this callback starts again.
    pub(super) fn forget(&self, exchange: &CodeExchange) {
        let mut exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges.by_callback.remove(&exchange.callback);
    }
}

impl CodeExchange {
    /// Takes note of how far the sign-in has come; gives how far it was before.
    pub(in crate::client) fn advance(&self, to: Progress) -> Progress {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *progress;
        *progress = before.max(to);
        before
    }

    /// What the session begins with in its slot: what this request knows, or else what another one with the same callback knew.
    pub(in crate::client) fn slot_or_of_another_request(&self, slot: Option<AppJson>) -> Option<AppJson> {
        let mut known = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            *known = slot;
        }
        known.clone()
    }

    /// Whether it is worth a place. A running exchange is; of a completed one the tokens are dropped first.
    fn is_remembered(&self, now: i64) -> bool {
        let Ok(mut outcome) = self.outcome.try_lock() else { return true };
        if let Outcome::Verified(at, tokens) = &mut *outcome
            && !is_recent_code_exchange(*at, now)
        {
            *tokens = None;
            *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        // One that was begun by a clock that was ahead counts as begun now: it is neither kept without limit, nor dropped before its time.
        let began_at = self.began_at.fetch_min(now, Ordering::Relaxed).min(now);
        now.saturating_sub(began_at) <= USED_CODE_TTL_SECONDS
    }
}

/// What leads to an exchange: the code, and all values of the sign-in's cookie that Logto validates it with. Each part says how long it is.
pub(super) fn callback_hash(app_id: &str, code: &str, transaction: &Transaction) -> CallbackHash {
    let Transaction { state, nonce, code_verifier, redirect_uri, .. } = transaction;
    let mut hash = Sha256::new();
    for part in [app_id, code, state, nonce, code_verifier, redirect_uri] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
