//! Token families (refresh token rotation, RFC 9700 section 4.14.2): which refresh token came after which, and one refresh at a time for each.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use sha2::{Digest, Sha256};
use tokio::sync::OwnedMutexGuard;

use super::{SUCCESSOR_TTL_SECONDS, results::FamilyState};
use crate::{
    client::result_age::RESULT_TTL_SECONDS,
    error::{Code, Error, Result},
    secret::Secret,
};

/// All refreshes that are running or have just completed.
#[derive(Default)]
pub(in crate::client) struct Refreshes(Mutex<RefreshFamilies>);

#[derive(Default)]
struct RefreshFamilies {
    by_token: HashMap<TokenHash, FamilyMember>,
    next_sweep: i64,
}

/// A token that leads to its family. Each is forgotten for itself: a session that lives for months would otherwise leave all of its
/// tokens behind.
struct FamilyMember {
    family: Arc<TokenFamily>,
    last_used: i64,
}

type TokenHash = [u8; 32];

/// A refresh token with its successors.
pub(super) struct TokenFamily {
    /// Whether it has more members than one: then an old member may yet come from a browser that never saw the answer with the new one.
    rotated: AtomicBool,
    /// Counts refreshes. A waiter takes a result with a higher number than it saw when it came.
    completed: AtomicU64,
    last_used: Mutex<i64>,
    /// Results up to this number are asked for no more: the session forgot its access tokens.
    forgotten: AtomicU64,
    /// Set without waiting for a running refresh.
    signed_out: AtomicBool,
    state: Arc<tokio::sync::Mutex<FamilyState>>,
}

impl fmt::Debug for Refreshes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refreshes(…)")
    }
}

impl Refreshes {
    /// The family of a refresh token, and the chance to forget those nobody asked for lately.
    pub(super) fn family(&self, refresh_token: &Secret, now: i64) -> Arc<TokenFamily> {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= families.next_sweep || now < families.next_sweep.saturating_sub(2 * RESULT_TTL_SECONDS) {
            families.by_token.retain(|token, member| {
                member.count_future_use_as_now(now);
                member.is_in_use(token, now)
            });
            families.next_sweep = now.saturating_add(RESULT_TTL_SECONDS);
        }
        let first = || FamilyMember { family: TokenFamily::of(refresh_token), last_used: now };
        let member = families.by_token.entry(hash(refresh_token)).or_insert_with(first);
        member.last_used = now;
        member.family.touch(now);
        Arc::clone(&member.family)
    }

    /// Lets a rotated token lead to the family that it comes from.
    pub(super) fn link_successor(&self, successor: &Secret, family: &Arc<TokenFamily>, now: i64) {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let member = FamilyMember { family: Arc::clone(family), last_used: now };
        let known = families.by_token.insert(hash(successor), member);
        if known.is_none() {
            family.rotated.store(true, Ordering::Release);
        }
    }

    /// The user signed out: a request that is still running gets no tokens from here.
    pub(in crate::client) fn sign_out(&self, refresh_token: &Secret, now: i64) {
        self.family(refresh_token, now).signed_out.store(true, Ordering::Release);
    }

    /// The session forgot its access tokens: previous results must not restore them.
    pub(in crate::client) fn forget_results(&self, refresh_token: &Secret, now: i64) {
        let family = self.family(refresh_token, now);
        family.forgotten.store(family.completed(), Ordering::Release);
    }
}

impl TokenFamily {
    fn of(refresh_token: &Secret) -> Arc<Self> {
        Arc::new(Self {
            rotated: AtomicBool::new(false),
            completed: AtomicU64::new(0),
            last_used: Mutex::new(0),
            forgotten: AtomicU64::new(0),
            signed_out: AtomicBool::new(false),
            state: Arc::new(tokio::sync::Mutex::new(FamilyState::of(refresh_token.clone()))),
        })
    }

    /// The state, which one refresh has at a time.
    pub(super) async fn lock(&self) -> OwnedMutexGuard<FamilyState> {
        Arc::clone(&self.state).lock_owned().await
    }

    /// The number of the newest result.
    pub(super) fn completed(&self) -> u64 {
        self.completed.load(Ordering::Acquire)
    }

    /// The number of the result that is newest from now on.
    pub(super) fn complete(&self) -> u64 {
        self.completed.fetch_add(1, Ordering::AcqRel).saturating_add(1)
    }

    /// The number up to which the session forgot the results.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Acquire)
    }

    pub(super) fn touch(&self, now: i64) {
        *self.last_used.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// # Errors
    /// `session.ended` where the user signed out, or Logto has ended the family.
    pub(super) fn ensure_active(&self, state: &FamilyState) -> Result<()> {
        if self.signed_out.load(Ordering::Acquire) {
            return Err(Error::new(Code::SessionEnded, "the user signed out"));
        }
        state.ended.clone().map_or(Ok(()), Err)
    }

    fn is_in_use(&self, now: i64) -> bool {
        let last_used = *self.last_used.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = if self.rotated.load(Ordering::Acquire) { SUCCESSOR_TTL_SECONDS } else { RESULT_TTL_SECONDS };
        now.saturating_sub(last_used) <= kept || self.state.try_lock().is_err()
    }
}

impl FamilyMember {
    /// What was used last by a clock that was ahead counts as used now: it is neither kept without limit, nor dropped before its time.
    fn count_future_use_as_now(&mut self, now: i64) {
        self.last_used = self.last_used.min(now);
        let mut last_used = self.family.last_used.lock().unwrap_or_else(PoisonError::into_inner);
        *last_used = (*last_used).min(now);
    }

    fn is_in_use(&self, token: &TokenHash, now: i64) -> bool {
        let is_remembered = now.saturating_sub(self.last_used) <= SUCCESSOR_TTL_SECONDS;
        self.family.is_in_use(now) && (is_remembered || self.is_newest(token))
    }

    /// The newest is kept with its family: it must not begin another while older ones still lead to this.
    fn is_newest(&self, token: &TokenHash) -> bool {
        self.family.state.try_lock().map_or(true, |state| hash(&state.refresh_token) == *token)
    }
}

fn hash(refresh_token: &Secret) -> TokenHash {
    Sha256::digest(refresh_token.expose().as_bytes()).into()
}

#[cfg(test)]
mod tests;
