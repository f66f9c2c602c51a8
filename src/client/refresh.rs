//! Refresh that logs nobody out.
//!
//! A refresh token may be good for one use only. So there is one refresh at a time for a refresh token and all its successors, for any resource;
//! waiting requests use its result; and the result is kept for a while, because a request that left the browser a moment earlier still carries the
//! old token. The refresh runs in a task of its own: a browser that goes away does not take the new token with it.
//!
//! A refresh may ask for several access tokens at once, each in a request of its own: see `Session::tokens_for` for when.

mod families;
mod renewal;
mod results;
mod shared;
mod token_requests;

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;
use tracing::{Instrument, Span};

pub(super) use self::{families::Refreshes, renewal::Renewal};
use self::{families::TokenFamily, results::FamilyState};
use super::{LogtoClient, freshness::FreshnessPolicy, task_failed};
use crate::{
    error::{Code, Error, ErrorKind, Result},
    events::EventKind,
    http::PauseName,
    oidc::id_token::Original,
    secret::Secret,
    session::{Jwt, StoredAccessToken},
    store::SessionId,
    telemetry::{RefreshOutcome, follow, refresh_ended},
    types::TokenKey,
};

/// For how long it is remembered which token came after a spent one. Two answers may reach a browser in the wrong order, or one not at all;
/// it then comes back with a spent token, which to Logto would be theft: the whole grant would end.
const SUCCESSOR_TTL_SECONDS: i64 = 3600;

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct RefreshRequest {
    pub(super) keys: Vec<TokenKey>,
    /// How many token requests may run at once; the keys beyond that are left for another call.
    pub(super) at_once: usize,
    pub(super) freshness: FreshnessPolicy,
}

/// What a refresh gives a session.
#[derive(Debug, Clone)]
pub(super) struct Refreshed {
    /// The newest refresh token: to be kept even where the rest is an error.
    pub(super) refresh_token: Secret,
    pub(super) id_token: Option<Jwt>,
    /// Unix seconds when Logto was last asked with success; 0 where it was not.
    pub(super) answered_at: i64,
    /// How many refreshes the session has seen with this one.
    pub(super) refreshes: u64,
    /// For each key that was asked for, or had been a moment before.
    pub(super) access_tokens: Vec<(TokenKey, Result<StoredAccessToken>)>,
    /// Whether Logto was asked by this very refresh.
    pub(super) asked: bool,
    /// Whether Logto was asked, and left the refresh token as it was.
    pub(super) kept: bool,
}

impl LogtoClient {
    /// Gets access tokens with a refresh token, by a refresh or by the result of one that others made.
    ///
    /// # Errors
    /// `session.ended` where the refresh token is dead. Everything else leaves it alive.
    async fn refresh(&self, renewal: Renewal) -> Result<Refreshed> {
        let Renewal { refresh_token, request, before, refreshes, session, .. } = renewal;
        let RefreshRequest { keys, at_once, freshness } = request;
        let now = self.config().now();
        let family = self.0.under_way.refreshes.family(&refresh_token, now);
        let seen = family.completed();
        let mut state = family.lock().await;
        family.ensure_active(&state).inspect_err(|error| refresh_ended(RefreshOutcome::Refused, Some(error)))?;
        state.refreshes = state.refreshes.max(refreshes);
        let recent = FreshnessPolicy { force: freshness.force || seen <= family.forgotten(), ..freshness };
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for key in keys {
            match state.result(&key, seen, recent, now) {
                Some(result) => found.push((key, result)),
                None if missing.len() < at_once => missing.push(key),
                None => {}
            }
        }
        if missing.is_empty() {
            follow(state.span.as_ref());
            refresh_ended(RefreshOutcome::Shared, None);
            return Ok(state.refreshed(found, false));
        }
        state.span = Span::current().id();
        let client = self.clone();
        let refresh = async move {
            let refreshed = client.refresh_family(&family, state, missing, freshness, &before).await;
            client.tell_refreshed(&refreshed, &before, &session);
            refreshed
        };
        let mut refreshed = tokio::spawn(refresh.in_current_span()).await.map_err(task_failed)??;
        refreshed.access_tokens.append(&mut found);
        Ok(refreshed)
    }

    /// Writes the events of a refresh: what Logto gave, and what it refused.
    fn tell_refreshed(&self, refreshed: &Result<Refreshed>, user: &Original, session: &SessionId) {
        let event = |kind: EventKind| {
            kind.event().client_id(self.config().app_id()).sub(&user.claims.sub).session(session.as_bytes())
        };
        let refused = match refreshed {
            Ok(refreshed) => {
                if refreshed.asked && refreshed.access_tokens.iter().any(|(_, token)| token.is_ok()) {
                    event(EventKind::Refreshed).write();
                }
                refreshed.access_tokens.iter().filter_map(|(_, token)| token.as_ref().err()).find(|e| is_refusal(e))
            }
            Err(error) => Some(error).filter(|error| is_refusal(error)),
        };
        if let Some(error) = refused {
            event(EventKind::RefreshRefused).reason(error.code().as_str()).write();
        }
    }

    /// One refresh, or the result of one that another instance made a moment before.
    async fn refresh_family(
        &self,
        family: &Arc<TokenFamily>,
        mut state: OwnedMutexGuard<FamilyState>,
        keys: Vec<TokenKey>,
        freshness: FreshnessPolicy,
        before: &Original,
    ) -> Result<Refreshed> {
        let coordination = self.coordination();
        let lock = match &coordination {
            Some(coordination) => Some(coordination.lock(&mut state.refresh_token).await),
            None => None,
        };
        let (mut results, mut missing) = (Vec::new(), Vec::new());
        for key in keys {
            let found = match &coordination {
                Some(coordination) if !freshness.force && !state.was_refused(&key) => {
                    coordination.refresh_result(&state.refresh_token, &key, self.config().now()).await
                }
                _ => None,
            };
            match found.filter(|found| found.access_token.is_fresh_for(self.config().now(), freshness.validity)) {
                Some(found) => {
                    state.refresh_token = found.refresh_token;
                    state.id_token = found.id_token.or(state.id_token.take());
                    state.answered_at = state.answered_at.max(found.at);
                    results.push((key, Ok(found.access_token)));
                }
                None => missing.push(key),
            }
        }
        let spent = state.refresh_token.clone();
        let name = PauseName::of(spent.expose());
        if let Some(error) = self.0.under_way.pauses.error(name, self.config().server.clock.now()) {
            tracing::debug!(target: "logto::refresh", %error, "Logto was not asked: it wants to be left alone");
            results.extend(missing.drain(..).map(|key| (key, Err(error.clone()))));
        }
        let asked = !missing.is_empty();
        results.extend(self.request_tokens(&mut state, missing, before, coordination).await);
        let kept = asked && state.refresh_token == spent;
        // After the results: who follows the successor, past the lock, must find them.
        if let Some(coordination) = coordination.filter(|_| state.refresh_token != spent) {
            coordination.publish_successor(&spent, &state.refresh_token).await;
        }
        self.0.under_way.refreshes.link_successor(&state.refresh_token, family, self.config().now());
        if let (Some(coordination), Some(lock)) = (coordination, lock) {
            coordination.unlock(lock).await;
        }
        let now = self.config().now();
        let failed = results.iter().filter(|(_, result)| result.is_err()).count();
        if failed < results.len() || state.refresh_token != spent {
            state.refreshes = state.refreshes.saturating_add(1);
        }
        let worst =
            results.iter().filter_map(|(_, result)| result.as_ref().err()).max_by_key(|error| !is_refusal(error));
        let outcome = match worst {
            Some(error) if is_refusal(error) => RefreshOutcome::Refused,
            Some(_) => RefreshOutcome::Failed,
            None if asked => RefreshOutcome::Done,
            None => RefreshOutcome::OtherInstance,
        };
        tracing::debug!(target: "logto::refresh", tokens = results.len(), failed, "a refresh is done");
        refresh_ended(outcome, worst);
        state.complete(family.complete(), &results, now);
        family.touch(now);
        family.ensure_active(&state)?;
        Ok(Refreshed { asked, ..state.refreshed(results, kept) })
    }
}

/// Whether Logto has answered that the user gets no such token, or none at all.
fn is_refusal(error: &Error) -> bool {
    error.is(Code::SessionEnded) || error.kind() == ErrorKind::Forbidden
}
