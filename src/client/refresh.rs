//! Refresh that logs nobody out.
//!
//! A refresh token may be good for one use only. So there is one exchange at a time for a refresh token and all its successors, whatever
//! it is for; whoever waited takes its result; and the result is kept for a while, because a request that left the browser a moment
//! earlier still carries the old token. The exchange runs in a task of its own: a browser that goes away does not take the new token with it.

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

use super::{
    LogtoClient, Purpose,
    coordinate::{Shared, SharedResult},
    tokens::stored,
};
use crate::{
    Error, IdTokenClaims, Result, Secret,
    error::Code,
    oidc::token::{self, TokenResponse},
    session::{Jwt, StoredAccessToken},
    types::TokenKey,
};

/// Seconds a settled result is kept. Longer than Logto's own 3 seconds of grace, and than a request spends on its way.
pub(super) const GRACE: i64 = 30;
/// Seconds it is remembered which token came after a spent one. Two answers may reach a browser in the wrong order, or one not at all; it
/// then comes back with a spent token, which to Logto would be theft: the whole grant would end.
pub(super) const MEMORY: i64 = 3600;

/// What an exchange gives a session.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names)] // They are tokens.
pub(super) struct Refreshed {
    /// The newest refresh token: to be kept even where the rest is an error.
    pub(super) refresh_token: Secret,
    pub(super) id_token: Option<Jwt>,
    pub(super) access_token: Result<StoredAccessToken>,
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
            families.by_token.retain(|token, member| member.is_in_use(token, now));
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
    fn is_in_use(&self, token: &TokenHash, now: i64) -> bool {
        self.family.is_in_use(now) && (now.saturating_sub(self.last_used) <= MEMORY || self.is_newest(token))
    }

    /// The newest is kept with its family: it must not begin another while older ones still lead to this.
    fn is_newest(&self, token: &TokenHash) -> bool {
        self.family.state.try_lock().map_or(true, |state| hash(&state.refresh_token) == *token)
    }
}

impl LogtoClient {
    /// Gets an access token for `key` with a refresh token, by an exchange or by the result of one that others made.
    ///
    /// # Errors
    /// `session.ended` where the refresh token is dead. Everything else leaves it alive.
    pub(super) async fn renew(
        &self,
        refresh_token: &Secret,
        key: TokenKey,
        force: bool,
        validity: Option<i64>,
        before: IdTokenClaims,
    ) -> Result<Refreshed> {
        let now = self.config().now();
        let family = self.0.refreshes.family(refresh_token, now);
        let seen = family.settled.load(Ordering::Acquire);
        let state = Arc::clone(&family.state).lock_owned().await;
        family.living(&state)?;
        let forgotten = family.forgotten.load(Ordering::Acquire);
        if let Some(result) = state.result(&key, seen, force || seen <= forgotten, now, validity) {
            return Ok(state.refreshed(result));
        }
        let client = self.clone();
        let exchange =
            tokio::spawn(async move { client.exchange(&family, state, key, force, validity, &before).await });
        exchange.await.map_err(|source| Error::new(Code::Unreachable, "the exchange broke off").with_source(source))?
    }

    /// One exchange, or the result of one that another instance made a moment before.
    async fn exchange(
        &self,
        family: &Arc<Family>,
        mut state: OwnedMutexGuard<State>,
        key: TokenKey,
        force: bool,
        validity: Option<i64>,
        before: &IdTokenClaims,
    ) -> Result<Refreshed> {
        let shared = self.shared();
        let held = match &shared {
            Some(shared) => Some(shared.lock(&mut state.refresh_token).await),
            None => None,
        };
        let found = match &shared {
            Some(shared) if !force => shared.result(&state.refresh_token, &key, self.config().now()).await,
            _ => None,
        };
        let result = if let Some(found) = found.filter(|found| found.access_token.serves(self.config().now(), validity))
        {
            state.refresh_token = found.refresh_token;
            state.id_token = found.id_token.or(state.id_token.take());
            Ok(found.access_token)
        } else {
            let spent = state.refresh_token.clone();
            let result = self.ask_logto(&mut state, &key, before, shared).await;
            // After the result: who follows the successor, past the lock, must find it.
            if let Some(shared) = shared.filter(|_| state.refresh_token != spent) {
                shared.publish_successor(&spent, &state.refresh_token).await;
            }
            result
        };
        self.0.refreshes.adopt(&state.refresh_token, family, self.config().now());
        if let (Some(shared), Some(held)) = (shared, held) {
            shared.unlock(held).await;
        }
        let now = self.config().now();
        let number = family.settled.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        tracing::debug!(target: "logto::refresh", ok = result.is_ok(), "a refresh is done");
        state.results.retain(|settled| settled.key != key && now.saturating_sub(settled.at) <= GRACE);
        state.results.push(Settled { key, number, at: now, result: result.clone() });
        family.touch(now);
        family.living(&state)?;
        Ok(state.refreshed(result))
    }

    async fn ask_logto(
        &self,
        state: &mut State,
        key: &TokenKey,
        before: &IdTokenClaims,
        shared: Option<Shared<'_>>,
    ) -> Result<StoredAccessToken> {
        let asked_at = self.config().now();
        let mut tokens = match self.token_request(&state.refresh_token, key).await {
            Ok(tokens) => tokens,
            Err(error) if error.oauth_error().is_some_and(|oauth| oauth.error() == "invalid_grant") => {
                let ended =
                    Error::new(Code::SessionEnded, "Logto no longer honours the refresh token").caused_by(error);
                state.ended = Some(ended.clone());
                return Err(ended);
            }
            Err(error) => return Err(error),
        };
        // First of all, before anything else can fail: the old refresh token may be dead now.
        let spent = state.refresh_token.clone();
        let verified = self.verify_refreshed(tokens.id_token.take(), before, &tokens).await;
        let another_user =
            verified.as_ref().is_err_and(|error| error.is(Code::IdTokenSub) || error.is(Code::IdTokenIss));
        if let Some(successor) = tokens.refresh_token.take().filter(|token| !another_user && *token != spent) {
            state.refresh_token = successor;
        }
        match verified {
            Ok(id_token) => state.id_token = id_token.or(state.id_token.take()),
            // The key set is out of reach: the access token is good, and the ID token before it stays.
            Err(error) if error.is_transient() => {
                tracing::warn!(target: "logto::refresh", %error, "the refreshed ID token could not be checked and is not used");
            }
            Err(error) => return Err(error),
        }
        let access_token = stored(key.clone(), tokens, asked_at);
        if let Some(shared) = shared {
            let result = SharedResult {
                refresh_token: state.refresh_token.clone(),
                id_token: state.id_token.clone(),
                access_token: access_token.clone(),
            };
            shared.publish_result(&spent, &result, self.config().now()).await;
        }
        Ok(access_token)
    }

    /// Asks for tokens, and once more where the answer was lost on the way: inside Logto's grace a refresh token that was spent by the
    /// lost answer is good for another; beyond it, using it again would end the whole grant.
    async fn token_request(&self, refresh_token: &Secret, key: &TokenKey) -> Result<TokenResponse> {
        let metadata = self.metadata().await?;
        let client = self.credentials();
        let ask = || token::refresh(&self.0.transport, &metadata.token_endpoint, &client, refresh_token, key);
        token::once_more(self.clock(), ask).await
    }

    /// OpenID Connect Core 12.2: the new ID token is of the same issuer and the same user.
    async fn verify_refreshed(
        &self,
        id_token: Option<Secret>,
        before: &IdTokenClaims,
        tokens: &TokenResponse,
    ) -> Result<Option<Jwt>> {
        let Some(id_token) = id_token else {
            return Ok(None);
        };
        let purpose = Purpose { refreshed: Some(before), ..Purpose::default() };
        let (id_token, _) = self.verify_id_token(&id_token, &tokens.access_token, purpose).await?;
        Ok(Some(id_token))
    }
}

impl State {
    /// A result that serves: one that settled while the caller waited, or (unless it insists on a fresh one) a good one of just before.
    fn result(
        &self,
        key: &TokenKey,
        seen: u64,
        force: bool,
        now: i64,
        validity: Option<i64>,
    ) -> Option<Result<StoredAccessToken>> {
        let settled = self.results.iter().find(|settled| settled.key == *key)?;
        let waited_for = settled.number > seen;
        let recent = now.saturating_sub(settled.at) <= GRACE;
        let good = settled.result.as_ref().is_ok_and(|token| token.serves(now, validity));
        (waited_for || (!force && recent && good)).then(|| settled.result.clone())
    }

    fn refreshed(&self, access_token: Result<StoredAccessToken>) -> Refreshed {
        Refreshed { refresh_token: self.refresh_token.clone(), id_token: self.id_token.clone(), access_token }
    }
}

fn hash(refresh_token: &Secret) -> TokenHash {
    Sha256::digest(refresh_token.expose().as_bytes()).into()
}

#[cfg(test)]
mod tests;
