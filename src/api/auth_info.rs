//! Who calls an API, and what they may do there.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::de::DeserializeOwned;

use super::{TokenRequirements, challenge::Realm, facts::Facts, metadata::Metadata};
use crate::{
    claims::{AccessTokenClaims, Actor, Audience, custom::read_as},
    clock::{Clock, unix_seconds, whole_seconds},
    error::{Code, Error, Result},
    events::EventKind,
    secret::Secret,
};

/// The caller of an API, from a verified access token. Cheap to clone.
///
/// ```
/// # fn example(auth: logto::api::AuthInfo) -> logto::Result<()> {
/// auth.require_scopes(["read:books"])?;
/// println!("{} by app {}", auth.sub(), auth.client_id());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct AuthInfo {
    verified: Arc<Inner>,
    /// The token itself, where the API keeps it. What is remembered of a verdict never has it.
    token: Option<Arc<Secret>>,
    /// The resource of several that the request is for.
    addressed: Option<Arc<Metadata>>,
}

struct Inner {
    facts: Facts,
    context: Arc<ApiContext>,
}

/// What the verification of all tokens of an API shares: realm, clock and leeway.
pub(super) struct ApiContext {
    pub(super) realm: Realm,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) leeway: Duration,
    /// Whether the caller's token is kept.
    pub(super) keep_caller_tokens: bool,
}

impl ApiContext {
    /// Writes the event of a rejected token. A request without a token, or a token that could not be validated, causes none.
    pub(super) fn tell_refused(&self, error: Error) -> Error {
        match error.challenge().is_some() && !error.is(Code::BearerMissing) {
            true => EventKind::BearerTokenRefused.event().api(&self.realm.name).write_error(error),
            false => error,
        }
    }
}

impl AuthInfo {
    pub(super) fn new(facts: Facts, context: Arc<ApiContext>) -> Self {
        Self { verified: Arc::new(Inner { facts, context }), token: None, addressed: None }
    }

    /// The same of a request to this resource.
    pub(super) fn addressed_to(self, addressed: Option<Arc<Metadata>>) -> Self {
        Self { addressed, ..self }
    }

    /// The same with the token that the request came with, if the API keeps it.
    pub(super) fn called_with(self, token: &str) -> Self {
        match self.verified.context.keep_caller_tokens {
            true => Self { token: Some(Arc::new(Secret::new(token))), ..self },
            false => self,
        }
    }

    /// Returns the claims of the token. Those that have no member of their own (custom claims, `sid`, and so on) are in
    /// [`extra`](AccessTokenClaims::extra); for a type of the application's own see [`custom_claims`](Self::custom_claims). Of an opaque token that
    /// was introspected they are what Logto said of it.
    #[must_use]
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.verified.facts.claims
    }

    /// Returns the user's id; for a machine its client id.
    #[must_use]
    pub fn sub(&self) -> &str {
        &self.claims().sub
    }

    /// Returns the server that issued the token. Of an API that takes the tokens of [several](super::ResourceServer::one_of) it is part of who calls:
    /// two servers may give the same [`sub`](Self::sub) to two users.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.claims().iss
    }

    /// Returns the app that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.verified.facts.client_id
    }

    /// Returns whether the caller is a machine-to-machine app, without a user.
    #[must_use]
    pub fn is_machine(&self) -> bool {
        self.sub() == self.client_id()
    }

    /// Returns the organization of the token: of an organization token, or of a token for an API resource in an organization.
    #[must_use]
    pub fn organization_id(&self) -> Option<&str> {
        self.verified.facts.organization_id.as_deref()
    }

    /// Returns the scopes, in the token's order.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.claims().scopes()
    }

    /// Returns whether the token has the scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|one| one == scope)
    }

    /// Returns the audience of the token. An introspected opaque token has none.
    #[must_use]
    pub fn audience(&self) -> &Audience {
        &self.claims().aud
    }

    /// Returns the names of roles, if a custom token claim `roles` has them.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.claims().roles
    }

    /// Returns when the token expires.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.claims().exp
    }

    /// Returns when the user last authenticated, if the token has the claim.
    #[must_use]
    pub fn auth_time(&self) -> Option<SystemTime> {
        self.claims().auth_time
    }

    /// Returns the authentication context class (`acr`), if the token has the claim.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.claims().acr.as_deref()
    }

    /// Returns the party that acts for the user, if the token was exchanged with an actor token (RFC 8693 section 4.1).
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.claims().act.as_ref()
    }

    /// Returns the access token that the request came with, where the API [keeps it](super::ResourceServerBuilder::keep_caller_tokens). It is never
    /// printed, and is gone with this value and its clones.
    ///
    /// To call another API as the user, exchange it ([`MachineClient::on_behalf_of`](crate::machine::MachineClient::on_behalf_of)): this token is for
    /// this API, and another API that takes it takes what was not meant for it.
    #[must_use]
    pub fn caller_token(&self) -> Option<&Secret> {
        self.token.as_deref()
    }

    /// The token that the request came with, if it can still be exchanged.
    ///
    /// # Errors
    /// `token_exchange.caller_token_not_kept`; `bearer_token.expired`, as this API tells the caller.
    pub(crate) fn token_to_exchange(&self) -> Result<&Arc<Secret>> {
        let Some(token) = &self.token else {
            return Err(Error::new(
                Code::CallerTokenNotKept,
                "the API has not kept the access token that it was called with",
            ));
        };
        // This API lets in for a moment what has expired (the leeway). Logto does not.
        let context = &self.verified.context;
        if context.clock.now() >= self.expires_at() {
            let error =
                Error::new(Code::BearerExpired, "the caller's access token has expired and cannot be exchanged");
            return Err(context.realm.challenge(error, &TokenRequirements::new(), self.addressed.as_deref()));
        }
        Ok(token)
    }

    /// Returns the custom claims as a type of the application, which may name any other claim as well.
    ///
    /// ```
    /// # fn example(auth: logto::api::AuthInfo) -> logto::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Custom {
    ///     plan: String,
    /// }
    /// let plan = auth.custom_claims::<Custom>()?.plan;
    /// # drop(plan); Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `bearer_token.unreadable_claims` where a claim does not fit the type; the message names it.
    pub fn custom_claims<T: DeserializeOwned>(&self) -> Result<T> {
        let claims = serde_json::from_slice(&self.verified.facts.payload).map_err(|source| {
            Error::new(Code::BearerClaims, "the access token's claims cannot be read").with_source(source)
        })?;
        read_as(&claims, Code::BearerClaims, "the access token's claims are")
    }

    /// Checks that the token has all of the scopes.
    ///
    /// # Errors
    /// `bearer_token.insufficient_scope`: 403.
    pub fn require_scopes<S: AsRef<str>>(&self, scopes: impl IntoIterator<Item = S>) -> Result<()> {
        self.require(&TokenRequirements::new().scopes(scopes))
    }

    /// Checks that the token is for the organization.
    ///
    /// # Errors
    /// `bearer_token.wrong_organization`: 403.
    pub fn require_organization(&self, id: &str) -> Result<()> {
        self.require(&TokenRequirements::new().organization(id))
    }

    /// Checks the requirements of a route.
    ///
    /// # Errors
    /// `bearer_token.wrong_organization` and `bearer_token.insufficient_scope`: 403. `bearer_token.insufficient_user_authentication`: 401.
    /// Each with its challenge ([`Error::www_authenticate`]).
    pub fn require(&self, requirements: &TokenRequirements) -> Result<()> {
        let context = &self.verified.context;
        requirements
            .check(&self.verified.facts, unix_seconds(context.clock.now()), whole_seconds(context.leeway))
            .map_err(|error| self.tell_refused(context.realm.challenge(error, requirements, self.addressed.as_deref())))
    }

    /// Writes the event of a caller whose token is good and does not suffice.
    fn tell_refused(&self, error: Error) -> Error {
        let kind = match error.is(Code::BearerAuthentication) {
            true => EventKind::StepUpAsked,
            false => EventKind::PermissionRefused,
        };
        let event = kind.event().api(&self.verified.context.realm.name).client_id(self.client_id()).sub(self.sub());
        event.authentication(self.acr(), &self.claims().amr).write_error(error)
    }
}

impl fmt::Debug for AuthInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthInfo")
            .field("sub", &self.sub())
            .field("client_id", &self.client_id())
            .field("organization_id", &self.organization_id())
            .field("scope", &self.claims().scope)
            .finish_non_exhaustive()
    }
}
