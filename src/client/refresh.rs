//! Refresh that logs nobody out.
//!
//! A refresh token may be good for one use only. So there is one exchange at a time for a refresh token and all its successors, whatever
//! it is for; whoever waited takes its result; and the result is kept for a while, because a request that left the browser a moment
//! earlier still carries the old token. The exchange runs in a task of its own: a browser that goes away does not take the new token with it.
//!
//! An exchange may ask for several access tokens at once, each in a request of its own: see `Session::tokens_for` for when.

mod exchange;
mod renewal;
mod shared;

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

pub(super) use self::renewal::Renewal;
use super::{LogtoClient, broke_off, coordinate::GRACE};
use crate::{
    claims::IdTokenClaims,
    error::{Code, Error, ErrorKind, Result},
    secret::Secret,
    session::{Jwt, StoredAccessToken},
    types::TokenKey,
};

/// Seconds it is remembered which token came after a spent one. Two answers may reach a browser in the wrong order, or one not at all; it
/// then comes back with a spent token, which to Logto would be theft: the whole grant would end.
const MEMORY: i64 = 3600;

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) keys: Vec<TokenKey>,
    /// How many requests may be under way at once; the keys beyond that are left for another call.
    pub(super) at_once: usize,
    pub(super) freshness: Freshness,
}

/// How fresh a token has to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Freshness {
    /// Not one of before.
    pub(super) force: bool,
    /// Seconds it must live yet; `None` for what its lifetime calls for.
    pub(super) validity: Option<i64>,
}

/// What an exchange gives a session.
#[derive(Debug, Clone)]
pub(super) struct Refreshed {
    /// The newest refresh token: to be kept even where the rest is an error.
    pub(super) refresh_token: Secret,
    pub(super) id_token: Option<Jwt>,
    /// How many refreshes the session has seen with this one.
    pub(super) refreshes: u64,
    /// For each key that was asked for, or had been a moment before.
    pub(super) access_tokens: Vec<(TokenKey, Result<StoredAccessToken>)>,
    /// Whether Logto was asked, and left the refresh token as it was.
    pub(super) kept: bool,
}

/// All refreshes under way or just done.
#[derive(Default)]
pub(super) struct Refreshes(Mutex<Families>);

#[derive(Default)]
struct Families {
    by_token: HashMap<TokenHash, Member>,
    next_sweep: i64,
}

/// A token that leads to its family. Each is forgotten for itself: a session that lives for months would otherwise leave all of its
/// tokens behind.
struct Member {
    family: Arc<Family>,
    last_used: i64,
}

type TokenHash = [u8; 32];

/// A refresh token with its successors.
struct Family {
    /// Whether it has more members than one: then an old member may yet come from a browser that never saw the answer with the new one.
    rotated: AtomicBool,
    /// Counts exchanges. A waiter takes a result with a higher number than it saw when it came.
    settled: AtomicU64,
    last_used: Mutex<i64>,
    /// Results up to this number are asked for no more: the session forgot its access tokens.
    forgotten: AtomicU64,
    /// Set without waiting for an exchange that is under way.
    signed_out: AtomicBool,
    state: Arc<tokio::sync::Mutex<State>>,
}

struct State {
    /// The newest of the family.
    refresh_token: Secret,
    /// Counts the refreshes of the session, so that the state with the newest token is known.
    refreshes: u64,
    id_token: Option<Jwt>,
    results: Vec<Settled>,
    /// Logto said that the family is dead.
    ended: Option<Error>,
}

struct Settled {
    key: TokenKey,
    number: u64,
    at: i64,
    result: Result<StoredAccessToken>,
}

impl fmt::Debug for Refreshes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refreshes(…)")
    }
}

impl Refreshes {
    /// The family of a refresh token, and the chance to forget those nobody asked for lately.
    fn family(&self, refresh_token: &Secret, now: i64) -> Arc<Family> {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= families.next_sweep || now < families.next_sweep.saturating_sub(2 * GRACE) {
            families.by_token.retain(|token, member| {
                member.is_not_of_the_future(now);
                member.is_in_use(token, now)
            });
            families.next_sweep = now.saturating_add(GRACE);
        }
        let first = || Member { family: Family::of(refresh_token), last_used: now };
        let member = families.by_token.entry(hash(refresh_token)).or_insert_with(first);
        member.last_used = now;
        member.family.touch(now);
        Arc::clone(&member.family)
    }

    /// Lets a rotated token lead to the family that it comes from.
    fn adopt(&self, successor: &Secret, family: &Arc<Family>, now: i64) {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let member = Member { family: Arc::clone(family), last_used: now };
        let known = families.by_token.insert(hash(successor), member);
        if known.is_none() {
            family.rotated.store(true, Ordering::Release);
        }
    }

    /// The user signed out: a request that is still under way gets no tokens from here.
    pub(super) fn end(&self, refresh_token: &Secret, now: i64) {
        self.family(refresh_token, now).signed_out.store(true, Ordering::Release);
    }
}

impl Refreshes {
    /// The session forgot its access tokens: the results of before are not to bring them back.
    pub(super) fn forget(&self, refresh_token: &Secret, now: i64) {
        let family = self.family(refresh_token, now);
        family.forgotten.store(family.settled.load(Ordering::Acquire), Ordering::Release);
    }
}

impl Family {
    fn of(refresh_token: &Secret) -> Arc<Self> {
        Arc::new(Self {
            rotated: AtomicBool::new(false),
            settled: AtomicU64::new(0),
            last_used: Mutex::new(0),
            forgotten: AtomicU64::new(0),
            signed_out: AtomicBool::new(false),
            state: Arc::new(tokio::sync::Mutex::new(State {
                refresh_token: refresh_token.clone(),
                refreshes: 0,
                id_token: None,
                results: Vec::new(),
                ended: None,
            })),
        })
    }

    fn touch(&self, now: i64) {
        *self.last_used.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    fn living(&self, state: &State) -> Result<()> {
        if self.signed_out.load(Ordering::Acquire) {
            return Err(Error::new(Code::SessionEnded, "the user signed out"));
        }
        state.ended.clone().map_or(Ok(()), Err)
    }

    fn is_in_use(&self, now: i64) -> bool {
        let last_used = *self.last_used.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = if self.rotated.load(Ordering::Acquire) { MEMORY } else { GRACE };
        now.saturating_sub(last_used) <= kept || self.state.try_lock().is_err()
    }
}

impl Member {
    /// What was used last by a clock that was ahead counts as used now: it is neither kept for ever, nor forgotten before its time.
    fn is_not_of_the_future(&mut self, now: i64) {
        self.last_used = self.last_used.min(now);
        let mut last_used = self.family.last_used.lock().unwrap_or_else(PoisonError::into_inner);
        *last_used = (*last_used).min(now);
    }

    fn is_in_use(&self, token: &TokenHash, now: i64) -> bool {
        self.family.is_in_use(now) && (now.saturating_sub(self.last_used) <= MEMORY || self.is_newest(token))
    }

    /// The newest is kept with its family: it must not begin another while older ones still lead to this.
    fn is_newest(&self, token: &TokenHash) -> bool {
        self.family.state.try_lock().map_or(true, |state| hash(&state.refresh_token) == *token)
    }
}

impl LogtoClient {
    /// Gets access tokens with a refresh token, by an exchange or by the result of one that others made.
    ///
    /// # Errors
    /// `session.ended` where the refresh token is dead. Everything else leaves it alive.
    async fn renew(&self, renewal: Renewal) -> Result<Refreshed> {
        let Renewal { refresh_token, wanted: Wanted { keys, at_once, freshness }, before, refreshes, .. } = renewal;
        let now = self.config().now();
        let family = self.0.refreshes.family(&refresh_token, now);
        let seen = family.settled.load(Ordering::Acquire);
        let mut state = Arc::clone(&family.state).lock_owned().await;
        family.living(&state)?;
        state.refreshes = state.refreshes.max(refreshes);
        let forgotten = family.forgotten.load(Ordering::Acquire);
        let recent = Freshness { force: freshness.force || seen <= forgotten, ..freshness };
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for key in keys {
            match state.result(&key, seen, recent, now) {
                Some(result) => found.push((key, result)),
                None if missing.len() < at_once => missing.push(key),
                None => {}
            }
        }
        if missing.is_empty() {
            return Ok(state.refreshed(found, false));
        }
        let client = self.clone();
        let exchange = tokio::spawn(async move { client.exchange(&family, state, missing, freshness, &before).await });
        let mut refreshed = exchange.await.map_err(broke_off)??;
        refreshed.access_tokens.append(&mut found);
        Ok(refreshed)
    }

    /// One exchange, or the result of one that another instance made a moment before.
    async fn exchange(
        &self,
        family: &Arc<Family>,
        mut state: OwnedMutexGuard<State>,
        keys: Vec<TokenKey>,
        freshness: Freshness,
        before: &IdTokenClaims,
    ) -> Result<Refreshed> {
        let shared = self.shared();
        let held = match &shared {
            Some(shared) => Some(shared.lock(&mut state.refresh_token).await),
            None => None,
        };
        let (mut results, mut missing) = (Vec::new(), Vec::new());
        for key in keys {
            let found = match &shared {
                Some(shared) if !freshness.force && !state.was_refused(&key) => {
                    shared.result(&state.refresh_token, &key, self.config().now()).await
                }
                _ => None,
            };
            match found.filter(|found| found.access_token.serves(self.config().now(), freshness.validity)) {
                Some(found) => {
                    state.refresh_token = found.refresh_token;
                    state.id_token = found.id_token.or(state.id_token.take());
                    results.push((key, Ok(found.access_token)));
                }
                None => missing.push(key),
            }
        }
        let (asked, spent) = (!missing.is_empty(), state.refresh_token.clone());
        results.extend(self.ask_logto(&mut state, missing, before, shared).await);
        let kept = asked && state.refresh_token == spent;
        // After the results: who follows the successor, past the lock, must find them.
        if let Some(shared) = shared.filter(|_| state.refresh_token != spent) {
            shared.publish_successor(&spent, &state.refresh_token).await;
        }
        self.0.refreshes.adopt(&state.refresh_token, family, self.config().now());
        if let (Some(shared), Some(held)) = (shared, held) {
            shared.unlock(held).await;
        }
        let now = self.config().now();
        let number = family.settled.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        let failed = results.iter().filter(|(_, result)| result.is_err()).count();
        if failed < results.len() || state.refresh_token != spent {
            state.refreshes = state.refreshes.saturating_add(1);
        }
        tracing::debug!(target: "logto::refresh", tokens = results.len(), failed, "a refresh is done");
        state.results.retain(|settled| settled.is_recent(now));
        for (key, result) in &results {
            let is_refused = is_refusal(result);
            state.results.retain(|settled| settled.key != *key && !(is_refused && settled.key.is_refused_with(key)));
            state.results.push(Settled { key: key.clone(), number, at: now, result: result.clone() });
        }
        family.touch(now);
        family.living(&state)?;
        Ok(state.refreshed(results, kept))
    }
}

impl State {
    /// A result that serves: one that settled while the caller waited, or (unless it insists on a fresh one) a good one of just before.
    fn result(&self, key: &TokenKey, seen: u64, freshness: Freshness, now: i64) -> Option<Result<StoredAccessToken>> {
        let settled = self.results.iter().find(|settled| settled.key == *key)?;
        let waited_for = settled.number > seen;
        let good = settled.is_recent(now) && settled.serves(now, freshness.validity);
        (waited_for || (!freshness.force && good)).then(|| settled.result.clone())
    }

    /// Whether Logto refused the key, or its organization, a moment ago: what was given for it before is not to be given out again.
    fn was_refused(&self, key: &TokenKey) -> bool {
        self.results.iter().any(|settled| is_refusal(&settled.result) && key.is_refused_with(&settled.key))
    }

    fn refreshed(&self, access_tokens: Vec<(TokenKey, Result<StoredAccessToken>)>, kept: bool) -> Refreshed {
        let Self { refresh_token, refreshes, id_token, .. } = self;
        Refreshed {
            refresh_token: refresh_token.clone(),
            refreshes: *refreshes,
            id_token: id_token.clone(),
            access_tokens,
            kept,
        }
    }
}

impl Settled {
    /// A result of the future was noted by a clock that was ahead: nobody knows how old it is.
    fn is_recent(&self, now: i64) -> bool {
        (0..=GRACE).contains(&now.saturating_sub(self.at))
    }

    /// Whether it brought a token that lives long enough yet. Where it never lived for `validity` seconds, no other would.
    fn serves(&self, now: i64, validity: Option<i64>) -> bool {
        self.result.as_ref().is_ok_and(|token| {
            let lifetime = token.expires_at.saturating_sub(self.at);
            token.serves(now, validity.filter(|validity| *validity < lifetime))
        })
    }
}

/// Whether Logto gives the user no such token.
fn is_refusal(result: &Result<StoredAccessToken>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Denied)
}

fn hash(refresh_token: &Secret) -> TokenHash {
    Sha256::digest(refresh_token.expose().as_bytes()).into()
}

#[cfg(test)]
mod tests;
