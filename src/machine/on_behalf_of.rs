//! On behalf of the user: an API that was called with a user's access token calls the next one in that user's name.

use std::{fmt, sync::Arc};

use tracing::Level;

use super::{
    MachineClient,
    token_exchange::{self, TokenExchange},
};
use crate::{
    api::AuthInfo,
    client::{AccessToken, LogtoClient},
    clock::{Clock, date_seconds, unix_seconds},
    error::{Code, Error, Result, excerpt},
    oidc::{provider::Provider, token},
    session::StoredAccessToken,
    telemetry::in_operation,
    token_cache::{ExchangedTokens, Want},
    types::TokenOptions,
};

/// Access tokens of the user who called an API, for the next API: what [`MachineClient::on_behalf_of`] and
/// [`LogtoClient::on_behalf_of`] give. Cheap to make and to clone; make one for each request.
///
/// It is a [`TokenSource`](crate::api_client::TokenSource), so [`ApiClient::send`](crate::api_client::ApiClient::send) takes it.
///
/// A token is kept for the caller's token (by its SHA-256) and what it is for, until it is to be renewed, and never longer than the caller's
/// token lives: 10,000 of them for each client. However many requests need one, Logto is asked once. A refusal is remembered for a second.
#[derive(Clone)]
pub struct OnBehalfOf {
    exchanger: Exchanger,
    caller: AuthInfo,
}

/// Who exchanges the caller's token.
#[derive(Clone)]
enum Exchanger {
    Application(LogtoClient),
    Machine(MachineClient),
}

impl MachineClient {
    /// Access tokens of the user who calls this API, for other APIs (RFC 8693).
    ///
    /// The API keeps its callers' tokens
    /// ([`keep_caller_tokens`](crate::api::ResourceServerBuilder::keep_caller_tokens)), and the app is allowed to exchange tokens: Logto
    /// Console › Applications › the app › Token exchange.
    ///
    /// ```
    /// use http::Request;
    /// use logto::{Error, api::ApiAuth, api_client::ApiClient, machine::MachineClient};
    ///
    /// async fn shelf(auth: ApiAuth, machine: &MachineClient, books: &ApiClient) -> Result<Vec<u8>, Error> {
    ///     let request = Request::get("/books/mine").body(vec![]).unwrap();
    ///     Ok(books.send(&machine.on_behalf_of(&auth), request).await?.into_body())
    /// }
    /// ```
    #[must_use]
    pub fn on_behalf_of(&self, caller: &AuthInfo) -> OnBehalfOf {
        OnBehalfOf { exchanger: Exchanger::Machine(self.clone()), caller: caller.clone() }
    }
}

impl LogtoClient {
    /// Access tokens of the user who calls an API of this application, for other APIs. See [`MachineClient::on_behalf_of`]: it is the same,
    /// by the app that also signs users in. No session is read or changed.
    #[must_use]
    pub fn on_behalf_of(&self, caller: &AuthInfo) -> OnBehalfOf {
        OnBehalfOf { exchanger: Exchanger::Application(self.clone()), caller: caller.clone() }
    }
}

impl OnBehalfOf {
    /// An access token of the caller, for an API resource, an organization, both, or (neither) for Logto's userinfo endpoint.
    ///
    /// Logto leaves out in silence the scopes that the user does not have.
    ///
    /// # Errors
    /// `options.invalid`: the resource is no absolute URI, or the organization is blank.
    ///
    /// About the caller's token: `token_exchange.caller_token_not_kept`; `bearer_token.expired`, with the challenge that the API answers an
    /// expired token with; `token_exchange.other_server`, and then it was sent nowhere; `token_exchange.subject_refused` where Logto refuses it.
    ///
    /// `client.grant_not_allowed`, `client.invalid_credentials`, `token.access_denied`, `token.resource_refused`,
    /// `organization.mfa_required` and the others of organizations: see the hint. `network.…` and others with
    /// [`Error::is_transient`]: try again.
    pub async fn get_access_token(&self, options: TokenOptions) -> Result<AccessToken> {
        let want = Want::of(&options);
        in_operation!(Level::DEBUG, "get_token_on_behalf_of", self.token(&options, want).await)
    }

    /// A token other than `refused`, which an API did not take: one that came in the meantime, or a fresh one.
    pub(crate) async fn replace_access_token(
        &self,
        refused: &AccessToken,
        options: &TokenOptions,
    ) -> Result<AccessToken> {
        in_operation!(
            Level::DEBUG,
            "get_token_on_behalf_of",
            self.token(options, Want::InsteadOf(refused.token())).await
        )
    }

    async fn token(&self, options: &TokenOptions, want: Want<'_>) -> Result<AccessToken> {
        let key = options.key();
        key.check()?;
        let Self { exchanger, caller } = self;
        let callers = caller.token_to_exchange()?;
        exchanger.refuse_foreign(caller.issuer())?;
        let (until, now) = (date_seconds(caller.expires_at()), unix_seconds(exchanger.clock().now()));
        let slot = exchanger.tokens().slot(callers, &key, until, now);
        let (asking, subject) = (exchanger.clone(), Arc::clone(callers));
        let ask = move || async move {
            let exchange = TokenExchange::on_behalf_of(subject.expose()).for_key(key);
            asking.ask(exchange).await.map_err(with_caller_hint)
        };
        Ok((&slot.get(want, exchanger.clock(), ask).await?).into())
    }
}

impl Exchanger {
    /// A token of another server is shown to no server but its own.
    fn refuse_foreign(&self, issuer: &str) -> Result<()> {
        let provider = self.provider();
        match provider.is_named(issuer) {
            true => Ok(()),
            false => Err(Error::new(
                Code::SubjectForeign,
                format!(
                    "the caller's access token was issued by `{}`, and it was to be exchanged at `{}`",
                    excerpt(issuer),
                    provider.issuer()
                ),
            )),
        }
    }

    async fn ask(&self, exchange: TokenExchange) -> Result<StoredAccessToken> {
        let asked = token_exchange::ask(self.provider(), &self.credentials(), &**self.clock(), exchange).await;
        asked.map(|(token, _)| token)
    }

    fn provider(&self) -> &Provider {
        match self {
            Self::Application(client) => &client.0.provider,
            Self::Machine(machine) => &machine.0.provider,
        }
    }

    fn credentials(&self) -> token::Client<'_> {
        match self {
            Self::Application(client) => client.credentials(),
            Self::Machine(machine) => machine.credentials(),
        }
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        match self {
            Self::Application(client) => client.config().clock(),
            Self::Machine(machine) => &machine.0.clock,
        }
    }

    fn tokens(&self) -> &ExchangedTokens {
        match self {
            Self::Application(client) => client.exchanged_tokens(),
            Self::Machine(machine) => &machine.0.exchanged,
        }
    }
}

/// The error with a hint about the caller's token, which is no subject token that works once.
fn with_caller_hint(error: Error) -> Error {
    match error.code_of() {
        Code::SubjectRefused => error.with_hint(
            "Logto gives nothing for the caller's access token: it was revoked, or its user was suspended or deleted, or it is a machine's own. \
             Logto does not say which. Whoever calls needs a new token: the user signs in again.",
        ),
        _ => error,
    }
}

impl fmt::Debug for OnBehalfOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnBehalfOf").field("caller", &self.caller).finish_non_exhaustive()
    }
}
