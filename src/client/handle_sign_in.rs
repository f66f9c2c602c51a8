//! Completes a sign-in, on the callback route.

use std::sync::Arc;

use super::{LogtoClient, PendingSignIn, Session, code_exchange::Progress};
use crate::{
    error::{Code, Error, Result},
    oidc::callback::CallbackParams,
    session::{self, Cookies, Silent, Transaction},
    types::Redirect,
};

impl Session {
    /// Ends a sign-in: takes the query of the callback (or its whole URL, of which only the query counts; or the body of one that was
    /// posted), exchanges the code, checks the ID token, and puts a new session in the place of any other. The redirect leads to the page the user wanted.
    ///
    /// A failure leaves the present session as it is. A second request with the same callback gets the same session within 30 seconds.
    ///
    /// Whoever Logto lets in is signed in by it. An application that decides for itself calls [`verify_sign_in`](Self::verify_sign_in).
    ///
    /// # Errors
    /// `user_cancelled`; `sign_in.access_denied`; `sign_in.request_refused` for a setting; `callback_uri_verification.…` and `sign_in_session.…` for a callback that does not belong to a sign-in of this
    /// browser; `sign_in.invalid_code`; `id_token.…`; `client.invalid_credentials`; `network.…`. See `docs/errors.md`.
    pub async fn handle_sign_in(&mut self, query_or_url: &str) -> Result<Redirect> {
        match self.verify_sign_in(query_or_url).await {
            Ok(pending) => self.accept_sign_in(pending).await,
            Err(error) => self.client.leads_on(&error).ok_or(error),
        }
    }

    /// Does all that [`handle_sign_in`](Self::handle_sign_in) does, but for signing the user in: that is for
    /// [`accept_sign_in`](Self::accept_sign_in), once the application has looked at the user.
    ///
    /// The sign-in is used up, whatever becomes of it: its cookie goes with the next [`commit`](Self::commit).
    ///
    /// # Errors
    /// Those of [`handle_sign_in`](Self::handle_sign_in); `sign_in.silent_unfinished` where a [silent](crate::SignInOptions::silent) sign-in
    /// leads on, to Logto or back to the page, and there is nobody to look at: [`error_response`](crate::LogtoClient::error_response) makes a
    /// redirect of it.
    pub async fn verify_sign_in(&mut self, query_or_url: &str) -> Result<PendingSignIn> {
        let client = self.client.clone();
        let params = CallbackParams::parse(query_or_url)?;
        let state = params.state()?;
        // Before the sign-in is used up: where it cannot be fetched, the user can reload the page.
        let metadata = client.metadata().await?;
        let transaction = self.take_transaction(state)?;
        let mut answer = params.code(&metadata.issuer, metadata.authorization_response_iss_parameter_supported);
        let silent = transaction.silent;
        // It was right when the sign-in began, by the settings of then.
        let return_to = client.config().application().return_to_or_home(&transaction.return_to);
        if silent == Some(Silent::Probe) {
            answer = self.after_probe(answer, &transaction).await;
        }
        let (exchange, verified) = client.exchange_once(answer?, transaction).await?;
        let pending = PendingSignIn { client, exchange, verified, return_to };
        match silent {
            Some(_) => self.of_the_same_user(pending).await,
            None => Ok(pending),
        }
    }

    /// Signs the user in whom [`verify_sign_in`](Self::verify_sign_in) gave: a new session takes the place of any other. The redirect leads to
    /// the page the user wanted.
    ///
    /// # Errors
    /// `sign_in_session.not_found` where the session that began with this sign-in has ended meanwhile, or the application refused it in
    /// another request. `store.failed`. `options.invalid` for a sign-in of another application. The present session is left as it is.
    pub async fn accept_sign_in(&mut self, pending: PendingSignIn) -> Result<Redirect> {
        let PendingSignIn { client, exchange, verified, return_to } = pending;
        let config = self.client.config();
        if (client.config().app_id(), client.config().issuer()) != (config.app_id(), config.issuer()) {
            return Err(Error::new(Code::InvalidOption, "the sign-in is one of another application"));
        }
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
                match is_written {
                    true => loaded.start_written(data.clone()),
                    false => loaded.start(data.clone()),
                }
            }
            loaded.signed_in_by = Some(Arc::clone(&exchange));
        }
        if exchange.advance(Progress::Accepted) == Progress::Exchanged {
            tracing::info!(target: "logto::sign_in", sub = %verified.claims.sub, "signed in");
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

impl LogtoClient {
    /// Whether this callback names a sign-in, and the request has no cookie of it. Whether it may have one is for
    /// [`handle_sign_in`](Self::handle_sign_in) to judge.
    pub(crate) fn lacks_sign_in_cookie(&self, cookies: &dyn Cookies, query: &str) -> bool {
        let Ok(params) = CallbackParams::parse(query) else { return false };
        params.state().is_ok_and(|state| !session::has_transaction(&self.config().cookies, cookies, state))
    }
}
