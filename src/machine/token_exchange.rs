//! Token exchange (RFC 8693): a token that somebody brings, for an access token of its user.

use tracing::Level;

use crate::{
    client::{AccessToken, LogtoClient, stored_access_token},
    clock::{Clock, unix_seconds},
    error::Result,
    http::Repeat,
    oidc::{
        provider::Provider,
        token::{self, ACCESS_TOKEN_TYPE, Exchanged},
    },
    secret::Secret,
    session::StoredAccessToken,
    telemetry::in_operation,
    types::{TokenKey, word_list},
};

/// Which token is exchanged, and for what.
///
/// ```
/// use logto::machine::TokenExchange;
///
/// # fn example(subject_token: String, staff: logto::AccessToken, pat: String) {
/// // What a user sees, for the support desk: the token names the user, and in `act` the one who looks.
/// let impersonation = TokenExchange::impersonation(subject_token).actor(staff.token())
///     .resource("https://api.example.com").scopes(["read:books"]);
/// // What a user's script brings.
/// let script = TokenExchange::personal_access_token(pat).resource("https://api.example.com").scopes(["read:books"]);
/// # drop((impersonation, script)); }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct TokenExchange {
    subject_token: Secret,
    subject_token_type: String,
    actor_token: Option<Secret>,
    /// Whether an exchange uses the token up, as far as is known here.
    works_once: bool,
    key: TokenKey,
}

impl TokenExchange {
    /// Exchanges a subject token, which the Management API makes for a user (`POST /api/subject-tokens`). It works once, for ten minutes.
    pub fn impersonation(subject_token: impl Into<Secret>) -> Self {
        // Logto takes its subject tokens under the name of access tokens.
        Self::of_type(subject_token, ACCESS_TOKEN_TYPE)
    }

    /// Exchanges a personal access token, which a user keeps for scripts. It works until it expires or is deleted.
    pub fn personal_access_token(token: impl Into<Secret>) -> Self {
        Self::of_type(token, "urn:logto:token-type:personal_access_token")
    }

    /// Exchanges an access token of a user, be it a JWT or opaque: an API that was called with it calls the next one as that user. It
    /// works as often as one likes while it lives.
    ///
    /// For an API that takes [`ApiAuth`](crate::api::ApiAuth) there is [`MachineClient::on_behalf_of`](super::MachineClient::on_behalf_of), which
    /// keeps what it got.
    pub fn on_behalf_of(access_token: impl Into<Secret>) -> Self {
        Self { works_once: false, ..Self::of_type(access_token, ACCESS_TOKEN_TYPE) }
    }

    /// Exchanges a token of any other type (RFC 8693 section 3), for a server that knows more types than those above. Logto knows no more: it
    /// refuses ID tokens, refresh tokens, and an access token under the type `jwt`.
    pub fn of_type(subject_token: impl Into<Secret>, subject_token_type: impl Into<String>) -> Self {
        Self {
            subject_token: subject_token.into(),
            subject_token_type: subject_token_type.into(),
            actor_token: None,
            works_once: true,
            key: TokenKey::default(),
        }
    }

    /// Who acts for the user: an opaque access token of theirs with the scope `openid`, as
    /// [`get_access_token`](LogtoClient::get_access_token) gives with [`TokenOptions::new`](crate::TokenOptions::new). The new token names
    /// them in [`act`](crate::claims::AccessTokenClaims::act).
    pub fn actor(mut self, access_token: impl Into<Secret>) -> Self {
        self.actor_token = Some(access_token.into());
        self
    }

    /// A token for an API resource, named by its identifier. Without a resource or an organization the token is opaque.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.key.resource = Some(resource.into());
        self
    }

    /// A token for an organization that the user is a member of; with a resource, for that resource in the organization.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.key.organization = Some(id.into());
        self
    }

    /// The scopes of the token, in place of those that were set before. Logto leaves out in silence what the user does not have, and gives none
    /// that is not asked for.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.key.scopes = word_list(scopes);
        self
    }

    pub(super) fn for_key(self, key: TokenKey) -> Self {
        Self { key, ..self }
    }
}

/// What a token exchange gives. It belongs to no session, and nothing puts it into one: keep it, or use it and let it go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenExchangeResponse {
    access_token: AccessToken,
    issued_token_type: Option<String>,
}

impl TokenExchangeResponse {
    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// The access token, alone.
    #[must_use]
    pub fn into_access_token(self) -> AccessToken {
        self.access_token
    }

    /// What kind of token it is (RFC 8693 section 2.2.1), if the server says so. Logto does not: it is an access token.
    #[must_use]
    pub fn issued_token_type(&self) -> Option<&str> {
        self.issued_token_type.as_deref()
    }
}

impl LogtoClient {
    /// Exchanges a token for an access token of its user, by RFC 8693. The session of whoever is signed in is neither read nor changed.
    ///
    /// The app must be allowed to: Logto Console › Applications › your app › Token exchange. Whoever may cause an exchange can act as the user:
    /// check first that they may.
    ///
    /// A request whose answer was lost is not repeated, since a subject token works once; that of [`TokenExchange::on_behalf_of`] is.
    ///
    /// # Errors
    /// `options.invalid`: the resource is no absolute URI, or the organization is blank. `token_exchange.subject_refused`, `client.grant_not_allowed`, `token.access_denied`, `organization.access_denied` and the others of
    /// organizations, `token.resource_refused`, `client.invalid_credentials`: see the hint. `network.…` and others with [`is_transient`](crate::Error::is_transient): try again.
    pub async fn exchange_token(&self, exchange: TokenExchange) -> Result<TokenExchangeResponse> {
        let client = self.credentials();
        let provider = &self.0.provider;
        in_operation!(Level::INFO, "exchange_token", exchange_token(provider, &client, self.clock(), exchange).await)
    }
}

pub(super) async fn exchange_token(
    provider: &Provider,
    client: &token::Client<'_>,
    clock: &dyn Clock,
    exchange: TokenExchange,
) -> Result<TokenExchangeResponse> {
    let (token, issued_token_type) = ask(provider, client, clock, exchange).await?;
    Ok(TokenExchangeResponse { access_token: (&token).into(), issued_token_type })
}

/// The token, and what kind the server says that it is.
pub(super) async fn ask(
    provider: &Provider,
    client: &token::Client<'_>,
    clock: &dyn Clock,
    exchange: TokenExchange,
) -> Result<(StoredAccessToken, Option<String>)> {
    exchange.key.check()?;
    let metadata = provider.metadata().await?;
    let tokens = Exchanged {
        subject_token: &exchange.subject_token,
        subject_token_type: &exchange.subject_token_type,
        actor_token: exchange.actor_token.as_ref(),
        // Of one that works once the caller can tell whether a second use does harm.
        repeat: if exchange.works_once { Repeat::Never } else { Repeat::Always },
    };
    let asked_at = unix_seconds(clock.now());
    let mut answer =
        token::exchange(provider.transport(), &metadata.token_endpoint, client, &tokens, &exchange.key).await?;
    let issued_token_type = answer.issued_token_type.take();
    let scopes = exchange.key.scopes.clone();
    Ok((stored_access_token(exchange.key, answer, &scopes, asked_at), issued_token_type))
}
