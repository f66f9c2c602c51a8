//! The sign-in in the browser of this machine (RFC 8252): the answer comes to a port of the loopback interface.

use std::time::Duration;

use super::{
    CliClient, CliUser, LoginPrompt,
    listener::{Callback, Listener},
};
use crate::{
    error::{Code, Error, Result},
    http::run_in_task,
    oidc::{
        authorize::AuthorizationRequest,
        callback::CallbackParams,
        token::{self, Client},
    },
    session::Transaction,
    types::{Prompt, ResponseMode, Server, SignInOptions},
};

impl CliClient {
    pub(super) async fn sign_in_by_browser(&self) -> Result<CliUser> {
        let app_id = self.0.app_id.as_deref().ok_or_else(|| {
            Error::new(Code::CliNoBrowser, "no app for the sign-in in a browser is set").with_hint(
                "Set `app_id` to a native app with the redirect URI http://127.0.0.1/callback: Logto Console › Applications.",
            )
        })?;
        let listener = Listener::bind(self.0.login.redirect_port).await?;
        let transaction = Transaction::begin(listener.redirect_uri().to_owned(), String::new(), self.now())?;
        let address = self.authorization_address(app_id, &transaction).await?;
        let opened = (self.0.login.open_browser)(&address);
        if let Err(error) = &opened {
            tracing::info!(target: "logto::cli", %error, "no browser can be opened");
            if self.0.device_app_id.is_some() {
                return Err(Error::new(Code::CliNoBrowser, "no browser can be opened"));
            }
        }
        self.show(&LoginPrompt::of_browser(address, opened.is_ok()));
        let wait = listener.callback(&transaction, &self.0.application);
        let callback = tokio::time::timeout(self.0.login.timeout, wait).await.map_err(|_| {
            let seconds = self.0.login.timeout.as_secs();
            Error::new(Code::CliTimeout, format!("the browser did not come back within {seconds} seconds"))
        })??;
        self.answer(app_id, transaction, callback).await
    }

    async fn authorization_address(&self, app_id: &str, transaction: &Transaction) -> Result<String> {
        let provider = self.provider()?;
        let metadata = provider.metadata().await?;
        let request = AuthorizationRequest {
            endpoint: &metadata.authorization_endpoint,
            client_id: app_id,
            redirect_uri: &transaction.redirect_uri,
            scopes: &self.0.scopes,
            resources: &self.0.resources,
            // Without it Logto drops `offline_access` in silence.
            prompt: &[Prompt::Consent],
            state: &transaction.state,
            nonce: &transaction.nonce,
            code_challenge: &transaction.code_challenge(),
            response_mode: ResponseMode::default(),
            options: &SignInOptions::new(),
        };
        let url = request.url();
        Server(&provider.addresses().endpoint).check(&url)?;
        Ok(url.into())
    }

    /// The rest is done in a task of its own: a code is exchanged once, and what it gave is kept.
    async fn answer(&self, app_id: &str, transaction: Transaction, callback: Callback) -> Result<CliUser> {
        let (client, app_id) = (self.clone(), app_id.to_owned());
        run_in_task(async move {
            let _write = client.0.writes.begin().await;
            let result = client.exchange(&app_id, &transaction, callback.target()).await;
            // A browser that is gone does not keep anybody waiting.
            let shown = callback.answer(&client.0.application, result.as_ref().err());
            _ = tokio::time::timeout(Duration::from_secs(2), shown).await;
            result
        })
        .await?
    }

    async fn exchange(&self, app_id: &str, transaction: &Transaction, target: &str) -> Result<CliUser> {
        let provider = self.provider()?;
        let metadata = provider.metadata().await?;
        let params = CallbackParams::parse(target)?;
        let code = params
            .state()
            .and_then(|_| params.code(&metadata.issuer, metadata.authorization_response_iss_parameter_supported));
        let code = code.map_err(as_cli)?;
        let asked_at = self.now();
        let client = Client { id: app_id, secret: None };
        let tokens = token::exchange_code(
            provider.transport(),
            &metadata.token_endpoint,
            &client,
            code,
            &transaction.redirect_uri,
            &transaction.code_verifier,
        )
        .await?;
        self.accept(app_id, tokens, Some(&transaction.nonce), asked_at).await
    }
}

/// The same words for both ways of signing in.
fn as_cli(error: Error) -> Error {
    match error.code_of() {
        Code::UserCancelled => Error::new(Code::CliCancelled, "the sign-in was left in the browser").caused_by(error),
        Code::AccessDenied => Error::new(Code::CliDenied, "the sign-in was refused").caused_by(error),
        _ => error,
    }
}
