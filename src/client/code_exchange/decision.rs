//! What the application's hook says of a sign-in. It is asked once, whatever requests come with the callback, and all of them take its word.
//!
//! It runs in tasks of its own: a browser that goes away does not stop it half-way, and a panic in it ends nothing else.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;
use tracing::Instrument;

use super::{
    CodeExchange, Progress,
    exchanges::{Decision, USED_CODE_TTL_SECONDS},
};
use crate::{
    client::{
        LogtoClient, PendingSignIn,
        coordinate::{Coordination, Exclusive, name},
    },
    error::{BoxError, Code, Error, OwnPage, Result, excerpt},
    hook::{Answer, Refusal, SignInHook, SignInRefusal},
    telemetry::{SignInOutcome, sign_in_ended},
    types::AppJson,
};

/// For how long a hook may work on one sign-in. A user waits for it.
const HOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// What the other instances are told.
#[derive(Clone, Serialize, Deserialize)]
enum Shared {
    LetIn(Option<String>),
    Refused(Answer),
    Failed,
    TimedOut,
}

/// A sign-in that one instance decides about.
struct Deciding<'a> {
    exchange: &'a CodeExchange,
    /// What another instance has shared.
    shared: Option<Shared>,
}

impl Exclusive for Deciding<'_> {
    async fn lock_name(&mut self, coordination: &Coordination<'_>) -> Result<Option<String>, BoxError> {
        self.shared = coordination.open(&decision_name(self.exchange)).await?;
        Ok(self.shared.is_none().then(|| name("hook-lock", &self.exchange.callback)))
    }
}

impl LogtoClient {
    /// What the session begins with in its slot, if the application lets the user in. Without a hook it does.
    ///
    /// # Errors
    /// `sign_in.refused`, `sign_in.hook_failed` and `sign_in.hook_timeout`; `sign_in_session.not_found` where it was refused in another request, before
    /// the hook was asked.
    pub(in crate::client) async fn decide(&self, pending: &PendingSignIn) -> Result<Option<AppJson>> {
        let Some(hook) = self.config().on_sign_in.clone() else {
            return Ok(pending.decide());
        };
        let decision = Arc::clone(&pending.exchange.decision).lock_owned().await;
        if let Some(decision) = &*decision {
            return decision.clone();
        }
        let client = self.clone();
        let asked = pending.for_the_hook();
        let task = tokio::spawn(async move { client.decide_once(hook, &asked, decision).await }.in_current_span());
        task.await
            .unwrap_or_else(|source| Err(Error::new(Code::HookFailed, "the decision broke off").with_source(source)))
    }

    async fn decide_once(
        &self,
        hook: SignInHook,
        pending: &PendingSignIn,
        mut decision: OwnedMutexGuard<Option<Decision>>,
    ) -> Decision {
        let Some(decided) = self.decide_over_instances(hook, pending).await else {
            return Err(super::used_before());
        };
        *decision = Some(decided.clone());
        decided
    }

    /// `None` where the application has refused the sign-in in another request, by hand.
    async fn decide_over_instances(&self, hook: SignInHook, pending: &PendingSignIn) -> Option<Decision> {
        let Some(coordination) = self.coordination_of(&pending.exchange) else {
            if self.is_refused(pending).await {
                return None;
            }
            let (decision, _) = self.ask(hook, pending).await;
            return Some(self.take_effect(decision, pending).await);
        };
        let mut work = Deciding { exchange: &pending.exchange, shared: None };
        let lock = coordination.lock_for(&mut work, HOOK_TIMEOUT).await;
        if let Some(shared) = work.shared {
            let decision = self.decision_by(shared);
            if decision.is_err() {
                pending.exchange.advance(Progress::Refused);
            }
            return Some(decision);
        }
        // After what was shared: a hook that refuses has the sign-in refused as well.
        if self.is_refused(pending).await {
            coordination.unlock(lock).await;
            return None;
        }
        let (decision, shared) = self.ask(hook, pending).await;
        // Told before the sign-in is given up, which may take a moment.
        coordination.publish(&decision_name(&pending.exchange), &shared, USED_CODE_TTL_SECONDS).await;
        let decision = self.take_effect(decision, pending).await;
        coordination.unlock(lock).await;
        Some(decision)
    }

    async fn is_refused(&self, pending: &PendingSignIn) -> bool {
        self.progress_of(&pending.exchange).await == Progress::Refused
    }

    /// Asks the hook.
    async fn ask(&self, hook: SignInHook, pending: &PendingSignIn) -> (Decision, Shared) {
        let mut task = tokio::spawn(hook.ask(pending.sign_in.clone()).in_current_span());
        let said = match tokio::time::timeout(HOOK_TIMEOUT, &mut task).await {
            Ok(Ok(said)) => said.map_err(SignInRefusal::into_inner),
            // It panicked, or the runtime ends.
            Ok(Err(source)) => Err(Refusal::Failed(source.into())),
            Err(_) => {
                task.abort();
                let message = format!("the sign-in hook did not answer within {HOOK_TIMEOUT:?}");
                return (Err(told(Error::new(Code::HookTimeout, message), pending)), Shared::TimedOut);
            }
        };
        let slot = pending.decide();
        match said {
            Ok(()) => {
                let written = slot.as_ref().map(|json| json.as_str().to_owned());
                (Ok(slot), Shared::LetIn(written))
            }
            Err(Refusal::Refused(answer)) => match self.refusal(&answer) {
                Ok(error) => {
                    sign_in_ended(SignInOutcome::Refused);
                    pending.tell_refused("hook");
                    (Err(error.told_by_event()), Shared::Refused(answer))
                }
                Err(source) => (Err(told(failed().caused_by(source), pending)), Shared::Failed),
            },
            Err(Refusal::Failed(source)) => {
                let error = match source.downcast::<Error>() {
                    Ok(source) => failed().caused_by(*source),
                    Err(source) => failed().with_source(source),
                };
                (Err(told(error, pending)), Shared::Failed)
            }
        }
    }

    /// The sign-in of somebody who is not let in is given up: the refresh token is revoked, and no request with the callback begins a session.
    async fn take_effect(&self, decision: Decision, pending: &PendingSignIn) -> Decision {
        if decision.is_err() {
            self.give_up(&pending.exchange, &pending.verified).await;
        }
        decision
    }

    /// What another instance has decided.
    fn decision_by(&self, shared: Shared) -> Decision {
        const ELSEWHERE: &str = "the sign-in hook failed in another instance, whose log says why";
        match shared {
            Shared::LetIn(slot) => Ok(slot.as_deref().map(AppJson::from_written)),
            Shared::Refused(answer) => Err(self.refusal(&answer).unwrap_or_else(|source| failed().caused_by(source))),
            Shared::Failed => Err(Error::new(Code::HookFailed, ELSEWHERE).logged()),
            Shared::TimedOut => Err(Error::new(Code::HookTimeout, ELSEWHERE).logged()),
        }
    }

    /// The error that tells the user of a refusal.
    ///
    /// # Errors
    /// `sign_in.return_to_refused`.
    fn refusal(&self, answer: &Answer) -> Result<Error> {
        let error = Error::new(Code::SignInRefused, "the application's sign-in hook refused the user");
        Ok(match answer {
            Answer::Plain => error,
            Answer::Page { status, html } => error.with_page(OwnPage { status: *status, html: html.clone() }),
            Answer::Address(address) => {
                let address = self.config().application().return_to(address)?;
                error.with_return_to(&*address)
            }
        })
    }
}

/// A failure, of which the log is told here: a handler of the application's own may not.
fn told(error: Error, pending: &PendingSignIn) -> Error {
    tracing::error!(target: "logto::sign_in", code = error.code().as_str(), sub = %excerpt(&pending.claims().sub), %error, "the sign-in hook failed; nobody is signed in");
    error.logged()
}

fn failed() -> Error {
    Error::new(Code::HookFailed, "the application's sign-in hook failed")
}

fn decision_name(exchange: &CodeExchange) -> String {
    name("hook", &exchange.callback)
}
