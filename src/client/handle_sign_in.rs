//! Completes a sign-in, on the callback route.

use std::sync::Arc;

use super::{LogtoClient, PendingSignIn, Session, code_exchange::Progress};
use crate::{
    error::{Code, Error, ErrorKind, Result},
    events::EventKind,
    oidc::callback::CallbackParams,
    secret::Secret,
    session::{self, AppData, Cookies, SessionData, Silent, Transaction},
    telemetry::{SignInOutcome, sign_in_ended},
    types::Redirect,
};

impl Session {
    /// Completes a sign-in: takes the query of the callback (or its whole URL, of which only the query is read; or the body of a posted callback),
    /// exchanges the code, validates the ID token, and replaces any session by a new one. The redirect leads to the requested page.
    ///
    /// A failure leaves the present session as it is. Where the code could not be sent to Logto, since there was no connection, the sign-in goes on: the
    /// user may reload the page. A second request with the same callback gets the same session within 30 seconds.
    ///
    /// It signs in every user whom Logto authenticated, unless the application's [hook](crate::LogtoConfigBuilder::on_sign_in) refuses. An
    /// application that decides in its handler calls [`verify_sign_in`](Self::verify_sign_in). Where a hook refuses with an address of its own, that
    /// is where the redirect leads, and nobody is signed in.
    ///
    /// # Errors
    /// `user_cancelled`; `sign_in.access_denied`; `sign_in.request_refused` for a setting; `callback_uri_verification.…` and `sign_in_session.…` for
    /// a callback that does not belong to a sign-in of this browser; `sign_in.unknown_host`; `sign_in.invalid_code`; `id_token.…`;
    /// `client.invalid_credentials`; `network.…`; those of [`accept_sign_in`](Self::accept_sign_in). See [errors](crate::guide::errors).
    pub async fn handle_sign_in(&mut self, query_or_url: &str) -> Result<Redirect> {
        match self.verify_sign_in(query_or_url).await {
            Ok(pending) => self.accept_sign_in(pending).await,
            Err(error) => self.client.leads_on(&error).ok_or(error),
        }
    }

    /// Does the same as [`handle_sign_in`](Self::handle_sign_in), except that it does not sign the user in: this is the task of
    /// [`accept_sign_in`](Self::accept_sign_in), after the application has checked the user.
    ///
    /// The sign-in is consumed in any case, unless there was no connection to Logto to send the code: its cookie goes with the next
    /// [`commit`](Self::commit).
    ///
    /// # Errors
    /// Those of [`handle_sign_in`](Self::handle_sign_in); `sign_in.silent_unfinished` where a [silent](crate::SignInOptions::silent) sign-in
    /// leads on, to Logto or back to the page, and there is nobody to look at: [`error_response`](crate::LogtoClient::error_response) makes a
    /// redirect of it.
    pub async fn verify_sign_in(&mut self, query_or_url: &str) -> Result<PendingSignIn> {
        self.verify_callback(query_or_url)
            .await
            .map_err(|error| tell_failure(error, self.client.config().app_id(), None))
    }

    async fn verify_callback(&mut self, query_or_url: &str) -> Result<PendingSignIn> {
        let client = self.client.clone();
        client.refuse_elsewhere()?;
        let params = CallbackParams::parse(query_or_url)?;
        let state = params.state()?;
        // Before the sign-in is used up: where it cannot be fetched, the user can reload the page.
        let metadata = client.metadata().await?;
        let mut transaction = self.take_transaction(state)?;
        // By what the browser knows now: a sign-in that began before the session timed out is not to go round it.
        transaction.must_reauthenticate = self.must_reauthenticate();
        let mut answer = params.code(&metadata.issuer, metadata.authorization_response_iss_parameter_supported);
        let silent = transaction.silent;
        // It was right when the sign-in began, by the settings of then.
        let return_to = client.config().application().return_to_or_home(&transaction.return_to);
        match silent {
            Some(Silent::Probe) => answer = self.after_probe(answer, &transaction).await,
            Some(Silent::Once) => answer = answer.map_err(|error| self.nobody_to_ask(error, &transaction)),
            Some(Silent::SignIn) | None => {}
        }
        let app_state = transaction.app_state.clone();
        let is_step_up = transaction.max_age.is_some() || transaction.acr_values.is_some();
        let exchanged = match client.exchange_once(answer?, transaction).await {
            Err(error) if error.is_unsent() => {
                // Logto has not received the code, which stays valid: the same callback may be requested again.
                if let Ok(mut loaded) = self.write() {
                    loaded.put_transaction_back();
                }
                return Err(error);
            }
            exchanged => exchanged?,
        };
        let is_new_to_browser = {
            let (_, verified) = &exchanged;
            self.read().data().is_none_or(|present| present.subject.sub != verified.data.subject.sub)
        };
        let pending = PendingSignIn::new(client, exchanged, return_to, app_state, (is_new_to_browser, is_step_up));
        match silent {
            Some(Silent::Probe | Silent::SignIn) => self.of_the_same_user(pending).await,
            Some(Silent::Once) | None => Ok(pending),
        }
    }

    /// Signs in the user that [`verify_sign_in`](Self::verify_sign_in) returned: a new session replaces any other. The redirect leads to the
    /// requested page.
    ///
    /// # Errors
    /// `sign_in_session.not_found` where the session that began with this sign-in has ended meanwhile, or the application refused it in
    /// another request. `store.failed`. `options.invalid` for a sign-in of another application. `sign_in.refused` where the
    /// [hook](crate::LogtoConfigBuilder::on_sign_in) refuses the user without an address to go to, `sign_in.hook_failed` and `sign_in.hook_timeout` where it has no answer. The present
    /// session is left as it is.
    pub async fn accept_sign_in(&mut self, pending: PendingSignIn) -> Result<Redirect> {
        let verified = Arc::clone(&pending.verified);
        let accepted = self.accept_verified(pending).await;
        accepted.map_err(|error| tell_failure(error, self.client.config().app_id(), Some(&verified.claims.sub)))
    }

    async fn accept_verified(&mut self, pending: PendingSignIn) -> Result<Redirect> {
        let client = pending.client.clone();
        let config = self.client.config();
        if (client.config().app_id(), client.config().issuer()) != (config.app_id(), config.issuer()) {
            return Err(Error::new(Code::InvalidOption, "the sign-in is one of another application"));
        }
        let slot = match client.decide(&pending).await {
            Ok(slot) => slot,
            Err(error) => return client.leads_on(&error).ok_or(error),
        };
        let PendingSignIn { exchange, verified, return_to, sign_in, is_step_up, .. } = pending;
        let (data, progress) = (&verified.data, client.progress_of(&exchange).await);
        let is_written = progress == Progress::Written;
        // Where another request was let in before, the user may have signed out since.
        let is_copy = progress > Progress::Exchanged;
        if progress == Progress::Refused || is_copy && session::is_over(&config.cookies, data, is_written).await? {
            return Err(Error::new(Code::SignInSessionNotFound, "the session of this sign-in has ended"));
        }
        {
            let mut loaded = self.write()?;
            // The browser may have it already, and maybe with newer tokens.
            if loaded.data().is_none_or(|present| present.id != data.id) {
                if let Some(present) = loaded.data() {
                    let left_behind = refresh_token_to_revoke(present, data);
                    tell_replaced(present, data, config.app_id());
                    loaded.left_behind = left_behind;
                }
                // A user who signs in once more keeps what the application has noted.
                let of_before = loaded.data().filter(|present| present.subject.sub == data.subject.sub);
                let slot = slot.or_else(|| of_before?.app_data.slot().cloned());
                let slot = exchange.slot_or_of_another_request(slot);
                let data = SessionData { app_data: AppData::new(slot, sign_in.state().cloned()), ..data.clone() };
                match is_written {
                    true => loaded.start_written(data),
                    false => loaded.start(data),
                }
            }
            loaded.signed_in_by = Some(Arc::clone(&exchange));
        }
        if exchange.advance(Progress::Accepted) == Progress::Exchanged {
            let claims = &verified.claims;
            let tell = |kind: EventKind| {
                let event = kind.event().client_id(config.app_id()).sub(&claims.sub).session(data.id.as_bytes());
                event.authentication(claims.acr.as_deref(), &claims.amr).write();
            };
            tell(EventKind::SignedIn);
            if is_step_up {
                tell(EventKind::StepUpPassed);
            }
            sign_in_ended(SignInOutcome::Completed);
        } else {
            tracing::debug!(target: "logto::sign_in", "the same sign-in once more");
        }
        Ok(Redirect::to(return_to))
    }

    /// The sign-in that the callback belongs to. It is used up, whatever comes of it.
    fn take_transaction(&self, state: &str) -> Result<Transaction> {
        let (mut loaded, config) = (self.write()?, self.client.config());
        let Some(transaction) = loaded.take_transaction(&config.cookies, state) else {
            return Err(match loaded.has_pending() {
                true => Error::new(
                    Code::StateMismatched,
                    "the callback's `state` belongs to none of the sign-ins of this browser",
                ),
                false => Error::new(Code::SignInSessionNotFound, "this browser has no sign-in under way"),
            });
        };
        if transaction.is_expired(&config.cookies, config.now()) {
            let timeout = config.cookies.sign_in_timeout();
            let message = match transaction.created_at > config.now() {
                true => "the sign-in began in the future: a clock was or is wrong".to_owned(),
                false => format!("the sign-in took more than {timeout} s"),
            };
            let error = Error::new(Code::SignInSessionExpired, message);
            return Err(error.with_return_to(transaction.return_to.as_str()));
        }
        Ok(transaction)
    }
}

/// The refresh token of the previous session, if Logto can revoke it without revoking that of the new one: a revocation ends the whole grant (RFC
/// 7009 section 2.1), and Logto has one grant for each user, each of its sessions and each application. So another user has another grant, and so has
/// another session at Logto, where both ID tokens name theirs (`sid`). Else both may share one.
fn refresh_token_to_revoke(before: &SessionData, now: &SessionData) -> Option<Secret> {
    let is_other_user = before.subject.sub != now.subject.sub;
    let is_other_session = match (&before.subject.sid, &now.subject.sid) {
        (Some(before), Some(now)) => before != now,
        _ => false,
    };
    let is_apart = is_other_user || is_other_session;
    before.refresh_token.clone().filter(|token| is_apart && now.refresh_token.as_ref() != Some(token))
}

/// Counts it and writes the event. A silent sign-in that leads on has not ended, and a refusal of the hook is counted where the hook is asked.
fn tell_failure(error: Error, client_id: &str, sub: Option<&str>) -> Error {
    if error.is(Code::SilentUnfinished) || error.is(Code::SignInRefused) {
        return error;
    }
    sign_in_ended(SignInOutcome::Failed(&error));
    let kind = match error.kind() {
        ErrorKind::Cancelled => EventKind::SignInCancelled,
        _ => EventKind::SignInRefused,
    };
    let event = kind.event().client_id(client_id);
    match sub {
        Some(sub) => event.sub(sub).write_error(error),
        None => event.write_error(error),
    }
}

/// The previous session ends if another one starts in the same browser.
fn tell_replaced(before: &SessionData, data: &SessionData, client_id: &str) {
    let event = match before.subject.sub == data.subject.sub {
        true => EventKind::SessionReplaced.event().by("user"),
        false => EventKind::SignedOut.event().by("another_user"),
    };
    event.client_id(client_id).sub(&before.subject.sub).session(before.id.as_bytes()).write();
}

impl LogtoClient {
    /// Whether this callback names a sign-in, and the request has no cookie of it. [`handle_sign_in`](Self::handle_sign_in) decides whether the
    /// sign-in is valid.
    pub(crate) fn lacks_sign_in_cookie(&self, cookies: &dyn Cookies, query: &str) -> bool {
        let Ok(params) = CallbackParams::parse(query) else { return false };
        params.state().is_ok_and(|state| !session::has_transaction(&self.config().cookies, cookies, state))
    }
}
