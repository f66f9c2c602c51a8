//! Verb: end a sign-in, on the callback route.

use std::time::Duration;

use super::{LogtoClient, Purpose, Session, tokens::stored};
use crate::{
    Cookies, Error, Redirect, Result,
    error::Code,
    oidc::{callback::CallbackParams, token::exchange_code},
    scopes,
    session::{self, SessionData, Subject},
    types::TokenKey,
};

impl Session {
    /// Ends a sign-in: takes the query of the callback (or its whole URL, of which only the query counts; or the body of one that was
    /// posted), exchanges the code, checks the ID token, and puts a new session in the place of any other. The redirect leads to the page the user wanted.
    ///
    /// A failure leaves the present session as it is.
    ///
    /// # Errors
    /// `user_cancelled`; `callback_uri_verification.…` and `sign_in_session.…` for a callback that does not belong to a sign-in of this
    /// browser; `sign_in.code_refused`; `id_token.…`; `client.rejected`; `network.…`. See `docs/errors.md`.
    pub async fn handle_sign_in(&mut self, query_or_url: &str) -> Result<Redirect> {
        let client = self.client.clone();
        let config = client.config();
        let params = CallbackParams::parse(query_or_url)?;
        let state = params.state()?;
        let metadata = client.metadata().await?;
        let Some(transaction) = self.open.take_transaction(&config.cookies, state) else {
            return Err(if self.open.has_pending() {
                Error::new(
                    Code::StateMismatched,
                    "the callback's `state` belongs to none of the sign-ins of this browser",
                )
            } else {
                Error::new(Code::SignInSessionNotFound, "this browser has no sign-in under way")
            });
        };
        if transaction.is_expired(config.now()) {
            return Err(Error::new(Code::SignInSessionExpired, "the sign-in took more than ten minutes"));
        }
        let code = params.code(&metadata.issuer, metadata.authorization_response_iss_parameter_supported)?;

        let asked_at = config.now();
        let mut tokens = exchange_code(
            &client.0.transport,
            &metadata.token_endpoint,
            &client.credentials(),
            code,
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
        let (id_token, claims) = client.verify_id_token(&id_token, &tokens.access_token, purpose).await?;

        if tokens.refresh_token.is_none() && config.scopes.iter().any(|scope| scope == scopes::OFFLINE_ACCESS) {
            tracing::warn!(target: "logto::sign_in", "Logto gave no refresh token: access tokens end with their first hour; {}", Code::NoRefreshToken.hint());
        }
        let mut data =
            SessionData::begin(id_token, Subject::of(&claims.sub, claims.sid.as_deref()), claims.iat, config.now())?;
        data.refresh_token = tokens.refresh_token.take();
        data.put_access_token(stored(TokenKey::default(), tokens, asked_at));
        self.open.begin(data);
        tracing::info!(target: "logto::sign_in", sub = %claims.sub, "signed in");
        Ok(Redirect::to(transaction.return_to.as_str()))
    }
}

impl LogtoClient {
    /// Whether this callback names a sign-in, and the request has no cookie of it. Whether it may have one is for
    /// [`handle_sign_in`](Self::handle_sign_in) to judge.
    pub(crate) fn misses_its_cookie(&self, cookies: &dyn Cookies, query: &str) -> bool {
        let Ok(params) = CallbackParams::parse(query) else { return false };
        params.state().is_ok_and(|state| !session::has_transaction(&self.config().cookies, cookies, state))
    }
}
