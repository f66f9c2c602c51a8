//! One exchange for each authorization code.
//!
//! A callback may come more than once: after a double click, a reload before the answer, in two tabs that a browser restores. A code that is
//! exchanged twice is a stolen one to Logto, which then revokes what the first exchange gave (RFC 6749 section 4.1.2). So the first request
//! exchanges it, and the others take the same tokens, for a session of the same id. Only a request with the cookie of the very sign-in gets
//! them: an exchange is found by what is sealed in that cookie, not by the address alone.
//!
//! The exchange runs in a task of its own: a browser that goes away does not take the code with it.

mod shared;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::sync::OwnedMutexGuard;

use self::shared::Exchanging;
use super::{
    LogtoClient, Purpose, broke_off,
    coordinate::{GRACE, Shared},
    tokens::stored,
};
use crate::{
    claims::IdTokenClaims,
    error::{Code, Error, Result},
    oidc::token,
    scopes,
    secret::Secret,
    session::{self, SessionData, Subject, Transaction},
    types::TokenKey,
};

/// Seconds for which it is remembered that a code was exchanged. RFC 6749 section 4.1.2 lets a code live ten minutes at most.
const MEMORY: i64 = 600;
/// Exchanges that are remembered; beyond it the oldest goes first.
const CAPACITY: usize = 10_000;

/// What a code gave, and was verified.
pub(super) struct Verified {
    /// The session that begins with it.
    pub(super) data: SessionData,
    pub(super) claims: IdTokenClaims,
}

/// All exchanges under way or done.
#[derive(Default)]
pub(super) struct CodeExchanges(Mutex<Exchanges>);

#[derive(Default)]
struct Exchanges {
    by_callback: HashMap<CallbackHash, Arc<CodeExchange>>,
    next_sweep: i64,
}

type CallbackHash = [u8; 32];

/// One code, with what became of it.
pub(super) struct CodeExchange {
    callback: CallbackHash,
    began_at: AtomicI64,
    progress: Mutex<Progress>,
    /// Whether other instances know of it: not where the coordinator was down when it was made.
    is_shared: AtomicBool,
    outcome: Arc<tokio::sync::Mutex<Outcome>>,
}

/// How far a sign-in has come in any request. It never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(super) enum Progress {
    /// Its code is exchanged, or about to be.
    Exchanged,
    /// A request was let in.
    Accepted,
    /// A request has written the session.
    Written,
    /// The application refused it.
    Refused,
}

enum Outcome {
    /// Nobody has exchanged the code yet.
    Open,
    /// What it gave, and the unix seconds when. The tokens are dropped after the grace period.
    Verified(i64, Option<Arc<Verified>>),
    /// For those who waited; whoever comes later asks again.
    Failed(Error),
}

impl fmt::Debug for CodeExchanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeExchanges(…)")
    }
}

impl CodeExchanges {
    /// The exchange of a callback, and the chance to forget those that are over.
    fn of(&self, callback: CallbackHash, now: i64) -> Arc<CodeExchange> {
        let mut exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= exchanges.next_sweep || now < exchanges.next_sweep.saturating_sub(2 * GRACE) {
            exchanges.by_callback.retain(|_, exchange| exchange.is_remembered(now));
            exchanges.next_sweep = now.saturating_add(GRACE);
        }
        if exchanges.by_callback.len() >= CAPACITY && !exchanges.by_callback.contains_key(&callback) {
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
            })
        }))
    }

    /// The next request with this callback begins anew.
    fn forget(&self, exchange: &CodeExchange) {
        let mut exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges.by_callback.remove(&exchange.callback);
    }
}

impl CodeExchange {
    /// Takes note of how far the sign-in has come; gives how far it was before.
    pub(super) fn advance(&self, to: Progress) -> Progress {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *progress;
        *progress = before.max(to);
        before
    }

    /// Whether it is worth a place. An exchange under way is; of one that is done the tokens go first.
    fn is_remembered(&self, now: i64) -> bool {
        let Ok(mut outcome) = self.outcome.try_lock() else { return true };
        if let Outcome::Verified(at, tokens) = &mut *outcome
            && !is_recent(*at, now)
        {
            *tokens = None;
        }
        // One that was begun by a clock that was ahead counts as begun now: it is neither kept for ever, nor forgotten before its time.
        let began_at = self.began_at.fetch_min(now, Ordering::Relaxed).min(now);
        now.saturating_sub(began_at) <= MEMORY
    }
}

impl LogtoClient {
    /// What the code of a callback gives: by an exchange, or by the one that another request with the same callback made.
    ///
    /// # Errors
    /// `sign_in_session.not_found` where it was exchanged longer ago than the grace period; else those of the exchange.
    pub(super) async fn exchange_once(
        &self,
        code: &str,
        transaction: Transaction,
    ) -> Result<(Arc<CodeExchange>, Arc<Verified>)> {
        let callback = callback_hash(&self.config().app_id, code, &transaction);
        let exchange = self.0.code_exchanges.of(callback, self.config().now());
        let outcome = Arc::clone(&exchange.outcome).lock_owned().await;
        match &*outcome {
            Outcome::Open => {}
            Outcome::Failed(error) => return Err(error.clone()),
            Outcome::Verified(at, tokens) => {
                let is_recent = is_recent(*at, self.config().now());
                let verified = tokens.clone().filter(|_| is_recent).ok_or_else(used_before)?;
                drop(outcome);
                return Ok((exchange, verified));
            }
        }
        let (client, asked, code) = (self.clone(), Arc::clone(&exchange), Secret::new(code));
        let task = tokio::spawn(async move { client.settle(&asked, outcome, &code, &transaction).await });
        let verified = task.await.map_err(broke_off)??;
        Ok((exchange, verified))
    }

    async fn settle(
        &self,
        exchange: &CodeExchange,
        mut outcome: OwnedMutexGuard<Outcome>,
        code: &Secret,
        transaction: &Transaction,
    ) -> Result<Arc<Verified>> {
        let result = self.exchange_over_instances(exchange, code, transaction).await;
        *outcome = match &result {
            Ok(verified) => Outcome::Verified(self.config().now(), Some(Arc::clone(verified))),
            Err(error) => {
                self.0.code_exchanges.forget(exchange);
                Outcome::Failed(error.clone())
            }
        };
        result
    }

    async fn exchange_over_instances(
        &self,
        exchange: &CodeExchange,
        code: &Secret,
        transaction: &Transaction,
    ) -> Result<Arc<Verified>> {
        let Some(shared) = self.shared() else {
            return self.ask_for_tokens(code, transaction).await.map(Arc::new);
        };
        let mut work = Exchanging::new(exchange);
        let held = shared.lock(&mut work).await;
        exchange.is_shared.store(held.is_held() || work.progress.is_some(), Ordering::Release);
        if let Some(progress) = work.progress {
            exchange.advance(progress);
            return shared.verified(exchange, self.config().now()).await.map(Arc::new).ok_or_else(used_before);
        }
        let result = self.ask_for_tokens(code, transaction).await.map(Arc::new);
        if let Ok(verified) = &result
            && held.is_held()
        {
            shared.publish_verified(exchange, verified, self.config().now()).await;
        }
        shared.unlock(held).await;
        result
    }

    /// Exchanges the code and verifies what it gave.
    async fn ask_for_tokens(&self, code: &Secret, transaction: &Transaction) -> Result<Verified> {
        let config = self.config();
        let metadata = self.metadata().await?;
        let asked_at = config.now();
        let mut tokens = token::exchange_code(
            self.transport(),
            &metadata.token_endpoint,
            &self.credentials(),
            code.expose(),
            &transaction.redirect_uri,
            &transaction.code_verifier,
        )
        .await?;
        let id_token = tokens
            .id_token
            .take()
            .ok_or_else(|| Error::new(Code::IdTokenMalformed, "the token endpoint gave no ID token"))?;
        let purpose = Purpose {
            nonce: Some(&transaction.nonce),
            max_age: transaction.max_age.and_then(|age| u64::try_from(age).ok()).map(Duration::from_secs),
            acr_values: transaction.acr_values.as_deref(),
            ..Purpose::default()
        };
        let (id_token, claims) = self.verify_id_token(&id_token, &tokens.access_token, purpose).await?;
        if tokens.refresh_token.is_none() && config.scopes.iter().any(|scope| scope == scopes::OFFLINE_ACCESS) {
            tracing::warn!(target: "logto::sign_in", "Logto gave no refresh token: access tokens end with their first hour; {}", Code::NoRefreshToken.hint());
        }
        let subject = Subject::of(&claims.sub, claims.sid.as_deref());
        let mut data = SessionData::begin(id_token, subject, claims.iat, config.now())?;
        data.id = session::sign_in_id(&transaction.nonce).unwrap_or(data.id);
        data.refresh_token = tokens.refresh_token.take();
        data.put_access_token(stored(TokenKey::default(), tokens, asked_at));
        Ok(Verified { data, claims })
    }

    /// How far a sign-in has come, in any instance.
    pub(super) async fn progress_of(&self, exchange: &CodeExchange) -> Progress {
        let elsewhere = match self.shared_with_others(exchange) {
            Some(shared) => shared.progress(exchange).await,
            None => None,
        };
        let elsewhere = elsewhere.unwrap_or(Progress::Exchanged);
        exchange.advance(elsewhere).max(elsewhere)
    }

    /// Takes note of how far a sign-in has come, for all instances.
    pub(super) async fn note_progress(&self, exchange: &CodeExchange, progress: Progress) {
        exchange.advance(progress);
        if let Some(shared) = self.shared_with_others(exchange) {
            shared.publish_progress(exchange, progress).await;
        }
    }

    fn shared_with_others(&self, exchange: &CodeExchange) -> Option<Shared<'_>> {
        self.shared().filter(|_| exchange.is_shared.load(Ordering::Acquire))
    }
}

/// What leads to an exchange: the code, and all of the sign-in's cookie that Logto judges it by. Each part says how long it is.
fn callback_hash(app_id: &str, code: &str, transaction: &Transaction) -> CallbackHash {
    let Transaction { state, nonce, code_verifier, redirect_uri, .. } = transaction;
    let mut hash = Sha256::new();
    for part in [app_id, code, state, nonce, code_verifier, redirect_uri] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Whether a result of `at` is handed out. A clock may be set back by a little between two requests of one browser; beyond that nobody knows
/// how old the result is.
fn is_recent(at: i64, now: i64) -> bool {
    (-GRACE..=GRACE).contains(&now.saturating_sub(at))
}

fn used_before() -> Error {
    Error::new(Code::SignInSessionNotFound, "this callback was used before")
}
