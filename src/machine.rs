//! A program that calls APIs in its own name: access tokens by client credentials (RFC 6749 section 4.4).

mod builder;
mod on_behalf_of;
mod token_exchange;

use std::{fmt, sync::Arc};

use tracing::Level;

pub use self::{
    builder::MachineClientBuilder,
    on_behalf_of::OnBehalfOf,
    token_exchange::{TokenExchange, TokenExchangeResponse},
};
use crate::{
    client::{self, AccessToken},
    clock::{Clock, unix_seconds},
    error::{Code, Error, Result},
    oidc::{provider::Provider, token},
    secret::Secret,
    session::StoredAccessToken,
    telemetry::in_operation,
    token_cache::{ExchangedTokens, Tokens, Want},
    types::{TokenKey, TokenOptions},
};

/// A machine-to-machine app: gets access tokens for itself and keeps them while they live. Cheap to clone; make one and share it.
///
/// It needs no [`LogtoConfig`](crate::LogtoConfig): nobody signs in.
///
/// ```
/// # async fn example() -> logto::Result<()> {
/// use logto::{TokenOptions, machine::MachineClient};
///
/// let machine = MachineClient::builder()
///     .endpoint("https://my-tenant.logto.app")
///     .app_id("0oy4vc0dezrhkz2gm8mjb")
///     .app_secret("6B5OTs3oXn1GEIQcp6eYYlfqJdRg8lYZ")
///     .build()?;
/// let books = TokenOptions::new().resource("https://api.example.com").scopes(["read:books"]);
/// let token = machine.get_access_token(books.clone()).await?;
/// let in_acme = machine.get_access_token(books.organization("acme-id")).await?;
/// let management = machine.get_access_token(TokenOptions::management_api("my-tenant")).await?;
/// # drop((token, in_acme, management)); Ok(()) }
/// ```
///
/// However many ask at once, Logto is asked once for each resource, organization and set of scopes. A token is renewed a minute before it
/// ends, a short-lived one when half its life is over; where Logto is out of reach then, the present one serves to its end. The request runs
/// in a task of its own: a caller that goes away does not take the token with it.
#[derive(Clone)]
#[doc(alias = "m2m")]
#[doc(alias = "client_credentials")]
pub struct MachineClient(Arc<Inner>);

struct Inner {
    provider: Arc<Provider>,
    app_id: String,
    app_secret: Secret,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "management")]
    is_logto: bool,
    tokens: Tokens<TokenKey>,
    exchanged: ExchangedTokens,
}

impl MachineClient {
    /// Begins the settings.
    pub fn builder() -> MachineClientBuilder {
        MachineClientBuilder::default()
    }

    /// The server that it asks.
    #[cfg(feature = "management")]
    pub(crate) fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// Whether the server is a Logto, known by `endpoint`.
    #[cfg(feature = "management")]
    pub(crate) fn is_logto(&self) -> bool {
        self.0.is_logto
    }

    #[cfg(feature = "management")]
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0.clock)
    }

    /// Reads the settings from the environment: `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET`, and the optional
    /// `LOGTO_INTERNAL_ENDPOINT`, `LOGTO_ACCEPTED_ISSUERS` and `LOGTO_TIMEOUT`.
    ///
    /// # Errors
    /// `config.invalid`, which names everything that is missing or wrong.
    pub fn from_env() -> Result<Self> {
        MachineClientBuilder::from_env().build()
    }

    /// An access token for the machine itself: for an API resource, an organization, or a resource inside an organization.
    ///
    /// The scopes must be named: Logto gives a machine none by itself. A token that lacks one of them is an error that says which, so that a
    /// missing role is found here and not in a 403 somewhere else.
    ///
    /// # Errors
    /// `options.invalid` where neither a resource nor an organization is named, the resource is no absolute URI, or the organization is blank. `client.invalid_credentials` (the secret), `client.grant_not_allowed`
    /// (the app is of another type), `token.access_denied`, `token.resource_refused`, `organization.access_denied`, `token.scope_refused`:
    /// see the hint.
    /// `network.…` and others with [`Error::is_transient`]: try again.
    pub async fn get_access_token(&self, options: TokenOptions) -> Result<AccessToken> {
        let want = Want::of(&options);
        in_operation!(Level::DEBUG, "get_machine_token", self.token(options.key(), want).await)
    }

    /// Exchanges a token for an access token of its user, as [`LogtoClient::exchange_token`](crate::LogtoClient::exchange_token) does. It is
    /// not kept: who asks twice exchanges twice.
    ///
    /// # Errors
    /// Those of [`LogtoClient::exchange_token`](crate::LogtoClient::exchange_token).
    pub async fn exchange_token(&self, exchange: TokenExchange) -> Result<TokenExchangeResponse> {
        let client = self.credentials();
        let Inner { provider, clock, .. } = &*self.0;
        in_operation!(
            Level::INFO,
            "exchange_token",
            token_exchange::exchange_token(provider, &client, &**clock, exchange).await
        )
    }

    /// A token other than `refused`, which an API did not take: one that came in the meantime, or a fresh one.
    pub(crate) async fn replace_access_token(
        &self,
        refused: &AccessToken,
        options: &TokenOptions,
    ) -> Result<AccessToken> {
        in_operation!(
            Level::DEBUG,
            "get_machine_token",
            self.token(options.key(), Want::InsteadOf(refused.token())).await
        )
    }

    async fn token(&self, key: TokenKey, want: Want<'_>) -> Result<AccessToken> {
        key.check()?;
        if key.resource.is_none() && key.organization.is_none() {
            return Err(Error::new(
                Code::InvalidOption,
                "a machine's token is for a resource, an organization or both, and neither is named",
            ));
        }
        let slot = self.0.tokens.slot(&key);
        let machine = self.clone();
        let ask = move || async move { machine.ask(key).await.map_err(with_machine_hint) };
        Ok((&slot.get(want, &self.0.clock, ask).await?).into())
    }

    async fn ask(&self, key: TokenKey) -> Result<StoredAccessToken> {
        let Inner { provider, clock, .. } = &*self.0;
        let metadata = provider.metadata().await?;
        let client = self.credentials();
        let asked_at = unix_seconds(clock.now());
        let response = token::client_credentials(provider.transport(), &metadata.token_endpoint, &client, &key).await?;
        let token = client::stored_access_token(key.clone(), response, &key.scopes, asked_at);
        let missing: Vec<_> = key
            .scopes
            .iter()
            .filter(|asked| !token.scope.split_ascii_whitespace().any(|granted| granted == *asked))
            .map(String::as_str)
            .collect();
        if missing.is_empty() {
            return Ok(token);
        }
        let granted = if token.scope.is_empty() { "none" } else { &token.scope };
        Err(Error::new(
            Code::ScopeRefused,
            format!("Logto did not grant the scope {} (granted: {granted})", missing.join(" ")),
        ))
    }

    fn credentials(&self) -> token::Client<'_> {
        token::Client { id: &self.0.app_id, secret: Some(&self.0.app_secret) }
    }
}

/// The error with a hint for machines: a machine never signed in, and has roles of its own.
fn with_machine_hint(error: Error) -> Error {
    let hint = match error.code_of() {
        Code::OrganizationRefused => {
            "Add the machine-to-machine app to the organization: Logto Console › Organizations › the organization › Machine-to-machine apps."
        }
        Code::TokenAccessDenied => {
            "A script for machine-to-machine apps in Logto Console › Custom JWT denied the token (`api.denyAccess`); its text is in the message."
        }
        Code::ResourceRefused => {
            "Register the API resource in Logto Console › API resources under this very identifier."
        }
        Code::ScopeRefused => {
            "Give the app a machine-to-machine role with the scope: Logto Console › Roles, or in the organization."
        }
        _ => return error,
    };
    error.with_hint(hint)
}

impl fmt::Debug for MachineClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MachineClient")
            .field("endpoint", &self.0.provider.addresses().endpoint.as_str())
            .field("app_id", &self.0.app_id)
            .finish_non_exhaustive()
    }
}
