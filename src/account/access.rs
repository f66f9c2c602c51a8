//! How an account is reached: whose token it is, what is known before a request, and the one repetition.

use http::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;

use super::{Verification, operation::Operation, refused};
use crate::{
    client::{AccessToken, LogtoClient, RequestSession, Session, not_authenticated},
    error::{Code, Error, Result, excerpt},
    logto_api::{self, ApiRequest, Refusal},
    secret::Secret,
    telemetry::Endpoint,
    types::TokenOptions,
};

/// Where the user's token comes from.
#[derive(Clone)]
pub(super) enum Access {
    Session(RequestSession),
    Token { client: LogtoClient, token: AccessToken, user: Option<String> },
}

impl Access {
    pub(super) fn by_session(session: RequestSession) -> Self {
        Self::Session(session)
    }

    pub(super) fn by_token(client: LogtoClient, token: AccessToken) -> Self {
        Self::Token { client, token, user: None }
    }

    pub(super) fn of_user(self, sub: String) -> Self {
        match self {
            Self::Token { client, token, .. } => Self::Token { client, token, user: Some(sub) },
            session @ Self::Session(_) => session,
        }
    }

    /// The client, for a request without a token.
    ///
    /// # Errors
    /// `sign_in.not_set_up`; `account.no_logto`.
    pub(super) fn client(&self) -> Result<&LogtoClient> {
        let client = match self {
            Self::Session(session) => session.client().ok_or_else(Error::not_set_up)?,
            Self::Token { client, .. } => client,
        };
        match client.config().server.is_logto() {
            true => Ok(client),
            false => Err(Error::new(Code::AccountNoLogto, "the server is named by its issuer, and need not be Logto")),
        }
    }

    /// Whose account it is, as far as is known.
    ///
    /// # Errors
    /// `not_authenticated`, and those of loading the session.
    pub(super) async fn user(&self) -> Result<Option<String>> {
        match self {
            Self::Session(session) => {
                Ok(Some(session.open().await?.get_id_token_claims().ok_or_else(not_authenticated)?.sub))
            }
            Self::Token { user, .. } => Ok(user.clone()),
        }
    }

    /// Unix seconds.
    pub(super) fn now(&self) -> Result<i64> {
        Ok(self.client()?.config().now())
    }

    /// Sends the request and reads the JSON of the answer.
    pub(super) async fn read<T: DeserializeOwned>(&self, operation: Operation<'_>) -> Result<T> {
        let read = async {
            let response = self.answer(&operation).await?;
            logto_api::read(&response, &operation.path, &self.client()?.0.provider, Code::AccountFailed)
        };
        read.await.map_err(|error| self.failed(error))
    }

    /// Sends the request, of whose answer nothing is read.
    pub(super) async fn carry_out(&self, operation: Operation<'_>) -> Result<()> {
        self.answer(&operation).await.map(|_| ()).map_err(|error| self.failed(error))
    }

    /// An error that nobody has seen yet is logged with the request.
    pub(super) fn failed(&self, error: Error) -> Error {
        match self {
            Self::Session(session) => session.failed(error),
            Self::Token { .. } => error,
        }
    }

    async fn answer(&self, operation: &Operation<'_>) -> Result<Response<Vec<u8>>> {
        let client = self.client()?;
        if let (Self::Session(session), false) = (self, operation.method == Method::GET) {
            session.must_act()?;
        }
        if let Some(verification) = operation.verification {
            self.check(verification).await?;
        }
        let response = match self {
            Self::Token { token, .. } => attempt(client, operation, token).await?,
            Self::Session(session) => {
                let mut session = session.open().await?;
                let token = session.get_access_token(TokenOptions::new()).await?;
                let response = attempt(client, operation, &token).await?;
                match is_about_the_token(&response) {
                    // It was not carried out. The grant may be dead with the token in mid-life, of which a refresh tells.
                    true => repeated(client, operation, &mut session).await?,
                    false => response,
                }
            }
        };
        match is_success(operation, &response) {
            true => Ok(response),
            false => Err(refused::error(operation, Refusal::by(&response))),
        }
    }

    /// Whether the verification can serve for this user, as far as is known here.
    async fn check(&self, verification: &Verification) -> Result<()> {
        verification.must_be_of(self.user().await?.as_deref(), Code::AccountVerification)?;
        verification.must_last(self.client()?.config())
    }
}

async fn repeated(client: &LogtoClient, operation: &Operation<'_>, session: &mut Session) -> Result<Response<Vec<u8>>> {
    let token = session.get_access_token(TokenOptions::new().force_refresh(true)).await?;
    attempt(client, operation, &token).await
}

async fn attempt(client: &LogtoClient, operation: &Operation<'_>, token: &AccessToken) -> Result<Response<Vec<u8>>> {
    check_scopes(operation, token)?;
    let token = Secret::new(token.token());
    let request = ApiRequest {
        method: operation.method.clone(),
        path: &operation.path,
        token: Some(&token),
        verification: operation.verification.map(Verification::id),
        body: &operation.body,
    };
    logto_api::send(&client.0.provider, Endpoint::Account, request).await
}

/// A token of which nobody knows the scopes is tried.
fn check_scopes(operation: &Operation<'_>, token: &AccessToken) -> Result<()> {
    let has = |scope: &&str| token.scopes().iter().any(|granted| granted == scope);
    match operation.scopes().find(|scope| !token.scopes().is_empty() && !has(scope)) {
        None => Ok(()),
        Some(scope) => {
            let what = operation.what;
            Err(Error::new(Code::AccountScopeMissing, format!("to {what} takes the scope `{}`", excerpt(scope))))
        }
    }
}

/// Whether it is the token that Logto refuses. Its 401 about a verification has another code, and a proxy's has none.
fn is_about_the_token(response: &Response<Vec<u8>>) -> bool {
    response.status() == StatusCode::UNAUTHORIZED && Refusal::by(response).code() == Some("auth.unauthorized")
}

/// A page that something between answers with is no success, whatever its status.
fn is_success(operation: &Operation<'_>, response: &Response<Vec<u8>>) -> bool {
    response.status() == operation.success && !logto_api::is_page(response)
}
