//! What is asked of Logto, and what is taken of its answers: the refresh token first of all.

use tracing::Instrument;

use super::{results::FamilyState, shared::SharedResult};
use crate::{
    client::{
        IdTokenExpectations, LogtoClient, access_token::stored_access_token, coordinate::Coordination, task_failed,
    },
    error::{Code, Error, ErrorKind, Result},
    http::PauseName,
    oidc::{
        id_token::Original,
        token::{self, TokenResponse},
    },
    secret::Secret,
    session::{Jwt, StoredAccessToken},
    types::TokenKey,
};

impl LogtoClient {
    /// Asks for all of them at once with the present refresh token, and applies the answers one after another.
    pub(super) async fn request_tokens(
        &self,
        state: &mut FamilyState,
        keys: Vec<TokenKey>,
        before: &Original,
        coordination: Option<Coordination<'_>>,
    ) -> Vec<(TokenKey, Result<StoredAccessToken>)> {
        let (asked_at, spent) = (self.config().now(), state.refresh_token.clone());
        let requests: Vec<_> = keys
            .into_iter()
            .map(|key| {
                let (client, spent, asked) = (self.clone(), spent.clone(), key.clone());
                (key, tokio::spawn(async move { client.token_request(&spent, &asked).await }.in_current_span()))
            })
            .collect();
        let mut results = Vec::new();
        for (key, request) in requests {
            let answer = request.await.unwrap_or_else(|source| Err(task_failed(source)));
            let result = self.apply_token_response(state, answer, &key, &spent, asked_at, before, coordination).await;
            results.push((key, result));
        }
        self.note_pause(state, &results);
        results
    }

    /// Where Logto asked to be left alone, no request for this grant is made until then, whatever it is for.
    fn note_pause(&self, state: &FamilyState, results: &[(TokenKey, Result<StoredAccessToken>)]) {
        let failures = results.iter().filter_map(|(_, result)| result.as_ref().err());
        let longest = failures.max_by_key(|error| error.retry_after().filter(|_| error.is_transient()));
        if !results.is_empty() {
            let (name, now) = (PauseName::of(state.refresh_token.expose()), self.config().server.clock.now());
            self.0.under_way.pauses.note(name, longest, now);
        }
    }

    #[expect(clippy::too_many_arguments)] // An answer with all that it is judged by.
    async fn apply_token_response(
        &self,
        state: &mut FamilyState,
        answer: Result<TokenResponse>,
        key: &TokenKey,
        spent: &Secret,
        asked_at: i64,
        before: &Original,
        coordination: Option<Coordination<'_>>,
    ) -> Result<StoredAccessToken> {
        let mut tokens = match answer {
            Ok(tokens) => tokens,
            Err(error) if error.oauth_error().is_some_and(|oauth| oauth.error() == "invalid_grant") => {
                let ended =
                    Error::new(Code::SessionEnded, "Logto no longer honours the refresh token").caused_by(error);
                state.ended = Some(ended.clone());
                return Err(ended);
            }
            // The token without a resource or an organization is the application's own: a user who is refused it has lost access to the application,
            // and could not sign in again either.
            Err(error) if error.is(Code::TokenAccessDenied) && key.resource.is_none() && key.organization.is_none() => {
                let ended = Error::new(Code::SessionEnded, "Logto no longer lets the user into this application")
                    .caused_by(error)
                    .with_hint(Code::AccessDenied.hint());
                state.ended = Some(ended.clone());
                return Err(ended);
            }
            Err(error) => {
                if let Some(coordination) = coordination.filter(|_| error.kind() == ErrorKind::Forbidden) {
                    coordination.withdraw_result(spent, key).await;
                }
                return Err(error);
            }
        };
        // First of all, before anything else can fail: the old refresh token may be dead now.
        let verified = self.verify_refreshed(tokens.id_token.take(), before, &tokens).await;
        let another_user =
            verified.as_ref().is_err_and(|error| error.is(Code::IdTokenSub) || error.is(Code::IdTokenIss));
        if let Some(successor) = tokens.refresh_token.take().filter(|token| !another_user && token != spent) {
            state.refresh_token = successor;
        }
        match verified {
            Ok(id_token) => state.id_token = id_token.or(state.id_token.take()),
            // The key set is unreachable: the access token is valid, and the previous ID token stays.
            Err(error) if error.is_transient() => {
                tracing::warn!(target: "logto::refresh", %error, "the refreshed ID token could not be checked and is not used");
            }
            Err(error) => return Err(error),
        }
        state.answered_at = asked_at;
        // RFC 6749 section 6: without a `scope` those of the sign-in are asked for.
        let asked = if key.scopes.is_empty() { &self.config().scopes } else { &key.scopes };
        let access_token = stored_access_token(key.clone(), tokens, asked, asked_at);
        if let Some(coordination) = coordination {
            let result = SharedResult {
                refresh_token: state.refresh_token.clone(),
                id_token: state.id_token.clone(),
                access_token: access_token.clone(),
                at: asked_at,
            };
            coordination.publish_refresh_result(spent, &result, self.config().now()).await;
        }
        Ok(access_token)
    }

    /// Asks for tokens, and once more where the answer was lost on the way: inside Logto's grace a refresh token that was spent by the
    /// lost answer is good for another; beyond it, using it again would end the whole grant.
    async fn token_request(&self, refresh_token: &Secret, key: &TokenKey) -> Result<TokenResponse> {
        let metadata = self.metadata().await?;
        let client = self.credentials();
        token::refresh(self.transport(), &metadata.token_endpoint, &client, refresh_token, key).await
    }

    /// OpenID Connect Core 12.2: the new ID token is of the same issuer, the same user and the same login.
    async fn verify_refreshed(
        &self,
        id_token: Option<Secret>,
        before: &Original,
        tokens: &TokenResponse,
    ) -> Result<Option<Jwt>> {
        let Some(id_token) = id_token else {
            return Ok(None);
        };
        let expected = IdTokenExpectations { refreshed: Some(before), ..IdTokenExpectations::default() };
        let (id_token, _) = self.verify_id_token(&id_token, &tokens.access_token, expected).await?;
        Ok(Some(id_token))
    }
}
