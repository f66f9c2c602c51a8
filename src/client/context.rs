//! Tells who is signed in.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{AccessToken, RequestSession, Session, freshness::FreshnessPolicy, session::not_authenticated};
use crate::{
    claims::{IdTokenClaims, UserInfo},
    error::{Error, Result},
    types::{ContextOptions, TokenKey, TokenOptions},
};

/// The authentication state of a request: whether a user is signed in, the claims, and the data that [`ContextOptions`] requested. It is not an error
/// if nobody is signed in.
///
/// As JSON it has the members of `@logto/next`'s context, without any token; claims that are null and lists that are empty are left out.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LogtoContext {
    is_authenticated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Box<IdTokenClaims>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_info: Option<Box<UserInfo>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    #[serde(skip)]
    access_token: Option<AccessToken>,
    #[serde(skip)]
    organization_tokens: BTreeMap<String, AccessToken>,
    #[serde(skip)]
    organization_errors: BTreeMap<String, Error>,
}

/// The context as `@logto/next` answers it: the claims as they are in the ID token, with null members and empty lists.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserJson {
    is_authenticated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<serde_json::Value>,
}

impl UserJson {
    /// The same with those claims alone, where the names are given. Of an empty list nothing is left, not even an empty object.
    pub(crate) fn with_claims_of(mut self, names: Option<&[String]>) -> Self {
        let Some(names) = names else { return self };
        if let Some(claims) = self.claims.as_mut().and_then(serde_json::Value::as_object_mut) {
            claims.retain(|name, _| names.contains(name));
        }
        self.claims = self.claims.filter(|_| !names.is_empty());
        self
    }
}

impl RequestSession {
    /// Who is signed in, for the user route.
    pub(crate) async fn user_json(&self) -> Result<UserJson> {
        let context = self.get_context(ContextOptions::new()).await?;
        let session = self.open().await?;
        let state = session.read();
        let claims = state.claims().filter(|_| context.is_authenticated);
        let claims = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
        Ok(UserJson { is_authenticated: claims.is_some(), claims })
    }
}

impl LogtoContext {
    /// Returns whether a user is signed in.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.is_authenticated
    }

    /// Returns the claims of the ID token, if a user is signed in.
    #[must_use]
    pub fn claims(&self) -> Option<&IdTokenClaims> {
        self.claims.as_deref()
    }

    /// Returns the user info, if it was requested.
    #[must_use]
    pub fn user_info(&self) -> Option<&UserInfo> {
        self.user_info.as_deref()
    }

    /// Returns the access token, if it was requested.
    #[must_use]
    pub fn access_token(&self) -> Option<&AccessToken> {
        self.access_token.as_ref()
    }

    /// Returns the scopes of the access token, if it was requested.
    #[must_use]
    pub fn scopes(&self) -> Option<&[String]> {
        self.scopes.as_deref()
    }

    /// Returns a token for each organization, by organization id, if they were requested. Refusals of Logto are in
    /// [`organization_errors`](Self::organization_errors).
    #[must_use]
    pub fn organization_tokens(&self) -> &BTreeMap<String, AccessToken> {
        &self.organization_tokens
    }

    /// Returns the errors of organizations that the ID token names and for which there is no token, by organization id: the user is not a member any
    /// more, or the organization requires MFA.
    #[must_use]
    pub fn organization_errors(&self) -> &BTreeMap<String, Error> {
        &self.organization_errors
    }
}

impl Session {
    /// Returns the signed-in user and the data that `options` request. With the default options it sends a request only if the claims are older than
    /// [`claims_max_age`](crate::LogtoConfigBuilder::claims_max_age) allows, and writes a cookie only then.
    ///
    /// A session that Logto has ended is a context without a user. If Logto is unreachable, the result has the previous claims; with
    /// [`ContextOptions::claims_max_age`] that is an error.
    ///
    /// # Errors
    /// Where `options` ask for more: those of [`get_access_token`](Self::get_access_token) and
    /// [`fetch_user_info`](Self::fetch_user_info), but for `session.ended`. Where Logto refuses one organization, the context has the
    /// tokens of the others; where it cannot be asked, there is no context, and the session keeps the tokens that came before.
    pub async fn get_context(&mut self, options: ContextOptions) -> Result<LogtoContext> {
        match self.signed_in_context(options).await {
            Err(_) if !self.is_authenticated() => Ok(LogtoContext::default()),
            result => result,
        }
    }

    /// Requests new tokens for everything in the session: the ID token, and each access and organization token. Call it after roles or organizations
    /// changed: the claims are then the present ones, without the permissions that were removed.
    ///
    /// A permission of an API resource that came with a role after the sign-in is not among the new ones: Logto gives those that the user had
    /// at the sign-in, less what was taken since. It comes with a new sign-in: see [`SignInOptions::silent`](crate::SignInOptions::silent).
    ///
    /// # Errors
    /// Those of [`get_access_token`](Self::get_access_token). The session is kept, with what was renewed so far. An organization that
    /// refuses the user is no failure: its tokens go, and the context says why in [`LogtoContext::organization_errors`].
    pub async fn refresh_session(&mut self) -> Result<LogtoContext> {
        let mut keys: Vec<_> = {
            let loaded = self.read();
            let data = loaded.data().ok_or_else(not_authenticated)?;
            data.access_tokens.iter().map(|token| token.key.clone()).collect()
        };
        // The token without a resource brings the ID token, so it is always among them.
        if !keys.contains(&TokenKey::default()) {
            keys.push(TokenKey::default());
        }
        let mut refused = BTreeMap::new();
        for (key, token) in self.tokens_for(keys, FreshnessPolicy { force: true, ..FreshnessPolicy::default() }).await?
        {
            let Err(error) = token else { continue };
            if let Some(data) = self.write()?.data_mut() {
                data.access_tokens.retain(|stored| stored.key != key);
            }
            refused.insert(key.organization.ok_or(error.clone())?, error);
        }
        let context = self.get_context(ContextOptions::new()).await?;
        Ok(LogtoContext { organization_errors: refused, ..context })
    }

    // What may have to ask Logto is in a box that is made only then: most requests do not, and carry no space for it.
    async fn signed_in_context(&mut self, options: ContextOptions) -> Result<LogtoContext> {
        let mut context = LogtoContext::default();
        match options.claims_max_age {
            Some(max_age) => Box::pin(self.refresh_claims_older_than(max_age)).await?,
            None => self.renew_due_claims().await,
        }
        if let Some(token) = options.access_token {
            let token = Box::pin(self.get_access_token(token)).await?;
            context.scopes = Some(token.scopes().to_vec());
            context.access_token = Some(token);
        }
        if options.fetch_user_info {
            context.user_info = Some(Box::new(Box::pin(self.fetch_user_info()).await?));
        }
        if options.organization_tokens {
            let organizations = self.get_id_token_claims().map(|claims| claims.organizations).unwrap_or_default();
            let keys = organizations.into_iter().map(|id| TokenOptions::new().organization(id).key()).collect();
            for (key, token) in Box::pin(self.tokens_for(keys, FreshnessPolicy::default())).await? {
                match (key.organization.unwrap_or_default(), token) {
                    (id, Ok(token)) => _ = context.organization_tokens.insert(id, token),
                    (id, Err(error)) => _ = context.organization_errors.insert(id, error),
                }
            }
        }
        // Last, since a refresh brings newer claims.
        context.claims = self.get_id_token_claims().map(Box::new);
        context.is_authenticated = context.claims.is_some();
        Ok(context)
    }
}
