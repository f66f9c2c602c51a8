//! One exchange for each authorization code.
//!
//! A callback may come more than once: after a double click, a reload before the answer, in two tabs that a browser restores. A code that is
//! exchanged twice is a stolen one to Logto, which then revokes what the first exchange gave (RFC 6749 section 4.1.2). So the first request exchanges
//! it, and the others take the same tokens, for a session of the same id. Only a request with the cookie of the same sign-in gets them: an exchange
//! is found by what is sealed in that cookie, not by the address alone.
//!
//! The exchange runs in a task of its own: a browser that goes away does not take the code with it.

mod decision;
mod exchanges;
mod shared;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::OwnedMutexGuard;
use tracing::Instrument;

pub(super) use self::exchanges::{CodeExchange, CodeExchanges, Progress, Verified};
use self::{
    exchanges::{Outcome, callback_hash},
    shared::Exchanging,
};
use super::{
    IdTokenExpectations, LogtoClient, access_token::stored_access_token, coordinate::Coordination,
    result_age::is_recent_code_exchange, task_failed,
};
use crate::{
    clock,
    error::{Code, Error, Result},
    oidc::token,
    scopes,
    secret::Secret,
    session::{self, SessionData, Subject, Transaction},
    types::TokenKey,
};

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
        let exchange = self.0.under_way.code_exchanges.of(callback, self.config().now());
        let outcome = Arc::clone(&exchange.outcome).lock_owned().await;
        match &*outcome {
            Outcome::Open => {}
            Outcome::Failed(error) => return Err(error.clone()),
            Outcome::Verified(at, tokens) => {
                let is_recent = is_recent_code_exchange(*at, self.config().now());
                let verified = tokens.clone().filter(|_| is_recent).ok_or_else(used_before)?;
                drop(outcome);
                return Ok((exchange, verified));
            }
        }
        let (client, asked, code) = (self.clone(), Arc::clone(&exchange), Secret::new(code));
        let exchanged = async move { client.complete_exchange(&asked, outcome, &code, &transaction).await };
        let task = tokio::spawn(exchanged.in_current_span());
        let verified = task.await.map_err(task_failed)??;
        Ok((exchange, verified))
    }

    async fn complete_exchange(
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
                self.0.under_way.code_exchanges.forget(exchange);
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
        let Some(coordination) = self.coordination() else {
            return self.request_session_tokens(code, transaction).await.map(Arc::new);
        };
        let mut work = Exchanging::new(exchange);
        let lock = coordination.lock(&mut work).await;
        exchange.is_shared.store(lock.is_held() || work.progress.is_some(), Ordering::Release);
        if let Some(progress) = work.progress {
            exchange.advance(progress);
            return coordination.verified(exchange, self.config().now()).await.map(Arc::new).ok_or_else(used_before);
        }
        let result = self.request_session_tokens(code, transaction).await.map(Arc::new);
        if let Ok(verified) = &result
            && lock.is_held()
        {
            coordination.publish_verified(exchange, verified, self.config().now()).await;
        }
        coordination.unlock(lock).await;
        result
    }

    /// Exchanges the code and verifies what it gave.
    async fn request_session_tokens(&self, code: &Secret, transaction: &Transaction) -> Result<Verified> {
        let config = self.config();
        let metadata = self.metadata().await.map_err(Error::unsent)?;
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
        let expected = IdTokenExpectations {
            nonce: Some(&transaction.nonce),
            max_age: max_age(transaction, config.now()),
            acr_values: transaction.acr_values.as_deref(),
            ..IdTokenExpectations::default()
        };
        let (id_token, claims) =
            self.verify_id_token(&id_token, &tokens.access_token, expected).await.map_err(Error::after_sent)?;
        if tokens.refresh_token.is_none() && config.scopes.iter().any(|scope| scope == scopes::OFFLINE_ACCESS) {
            tracing::warn!(target: "logto::sign_in", "Logto gave no refresh token: access tokens end with their first hour; {}", Code::NoRefreshToken.hint());
        }
        let subject = Subject::of(&claims.sub, claims.sid.as_deref());
        let mut data = SessionData::begin(id_token, subject, clock::date_seconds(claims.iat), config.now())?;
        data.id = session::sign_in_id(&transaction.nonce).unwrap_or(data.id);
        data.refresh_token = tokens.refresh_token.take();
        data.put_access_token(stored_access_token(TokenKey::default(), tokens, &config.scopes, asked_at));
        Ok(Verified { data, claims })
    }

    /// How far a sign-in has come, in any instance.
    pub(super) async fn progress_of(&self, exchange: &CodeExchange) -> Progress {
        let elsewhere = match self.coordination_of(exchange) {
            Some(coordination) => coordination.progress(exchange).await,
            None => None,
        };
        let elsewhere = elsewhere.unwrap_or(Progress::Exchanged);
        exchange.advance(elsewhere).max(elsewhere)
    }

    /// Takes note of how far a sign-in has come, for all instances.
    pub(super) async fn note_progress(&self, exchange: &CodeExchange, progress: Progress) {
        exchange.advance(progress);
        if let Some(coordination) = self.coordination_of(exchange) {
            coordination.publish_progress(exchange, progress).await;
        }
    }

    fn coordination_of(&self, exchange: &CodeExchange) -> Option<Coordination<'_>> {
        self.coordination().filter(|_| exchange.is_shared.load(Ordering::Acquire))
    }
}

/// How long ago the user may have authenticated: what the sign-in asked for, and not before it began where the user has to authenticate in it.
fn max_age(transaction: &Transaction, now: i64) -> Option<Duration> {
    let since_it_began = transaction.must_reauthenticate.then(|| now.saturating_sub(transaction.created_at).max(0));
    let seconds = [transaction.max_age, since_it_began].into_iter().flatten().min()?;
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

fn used_before() -> Error {
    Error::new(Code::SignInSessionNotFound, "this callback was used before")
}
