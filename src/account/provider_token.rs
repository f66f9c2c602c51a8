//! Tokens of social and enterprise providers, which Logto keeps for the user (its secret vault).

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Account, VerifiedSocial, operation::Operation};
use crate::{
    clock,
    error::{Code, Result},
    logto_api::{ApiBody, ApiPath, lenient},
    scopes,
    secret::Secret,
};

/// An access token of a provider, for its own API.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderToken {
    /// The token.
    pub token: Secret,
    /// What it allows, in the provider's words. Empty where the provider does not say.
    pub scopes: Vec<String>,
    /// Its type, mostly `Bearer`.
    pub token_type: Option<String>,
    /// When it ends, by this machine's clock. `None` where the provider does not say.
    pub expires_at: Option<SystemTime>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    #[serde(default, deserialize_with = "lenient::loose")]
    scope: Option<String>,
    #[serde(default, deserialize_with = "lenient::loose")]
    token_type: Option<String>,
    /// A number, or one as text.
    #[serde(default)]
    expires_in: Value,
}

impl Answer {
    fn token(self, asked_at: i64) -> ProviderToken {
        let seconds = match &self.expires_in {
            Value::String(text) => text.trim().parse().ok(),
            number => lenient::whole(number),
        };
        // Some providers write their scopes with commas.
        let scopes = self.scope.as_deref().unwrap_or_default().replace(',', " ");
        ProviderToken {
            token: self.access_token,
            scopes: lenient::words(&scopes),
            token_type: self.token_type,
            expires_at: seconds
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map(|seconds| clock::after(clock::date(asked_at), Duration::from_secs(seconds))),
        }
    }
}

impl Account {
    /// The token of a social provider, by the connector's target (`github`). Logto gets a new one by itself where the old one is over and the provider gave a
    /// refresh token.
    ///
    /// # Errors
    /// `provider_token.missing` where Logto has none, or cannot renew it: let the user link the provider again
    /// ([`begin_link`](Self::begin_link), [`replace_social_token`](Self::replace_social_token)). See also [`Account`]; the Account API may be off.
    pub async fn social_token(&self, target: &str) -> Result<ProviderToken> {
        let path = self.id(ApiPath::new("my-account/identities"), target)?.then("access-token");
        self.provider_token(Operation::get(path, "read the token of the provider")).await
    }

    /// The token of an enterprise provider, by the id of its connector.
    ///
    /// # Errors
    /// See [`social_token`](Self::social_token). A user gets another one by signing in with the provider again.
    pub async fn sso_token(&self, connector_id: &str) -> Result<ProviderToken> {
        let path = self.id(ApiPath::new("my-account/sso-identities"), connector_id)?.then("access-token");
        self.provider_token(Operation::get(path, "read the token of the provider")).await
    }

    /// Has Logto keep the token that the user has just let the provider give, in the place of the one before, and gives it. The account at the provider must
    /// be the one that is linked.
    ///
    /// # Errors
    /// `provider_token.missing` where the connector keeps no tokens; `account.value_refused` for another account at the provider;
    /// `account.link_mismatched` for a link that is over, `account.verification_required` for another user's. See also [`Account`].
    pub async fn replace_social_token(&self, target: &str, social: &VerifiedSocial) -> Result<ProviderToken> {
        self.must_be_own(social.record(), Code::AccountVerification).await?;
        let path = self.id(ApiPath::new("my-account/identities"), target)?.then("access-token");
        let body = ApiBody::json(&json!({ "verificationRecordId": social.record().id().expose() }))?;
        let operation = Operation::put(path, "replace the token of the provider")
            .body(body)
            .unknown_record(Code::AccountLinkMismatched);
        self.provider_token(operation).await
    }

    async fn provider_token(&self, operation: Operation<'_>) -> Result<ProviderToken> {
        let asked_at = self.access.now()?;
        let operation = operation.scope(scopes::IDENTITIES).provider_token();
        Ok(self.access.read::<Answer>(operation).await?.token(asked_at))
    }
}
