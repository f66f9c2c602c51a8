//! What the extractors of the frameworks give a handler.

use std::{fmt, marker::PhantomData, ops::Deref};

use super::{AuthInfo, ResourceServer, TokenRequirements};
use crate::error::{Code, Result};

/// Requirements by type, for [`ApiAuth`].
///
/// ```
/// use logto::api::{ApiPolicy, TokenRequirements};
///
/// struct ReadBooks;
///
/// impl ApiPolicy for ReadBooks {
///     fn requirements() -> TokenRequirements {
///         TokenRequirements::new().scopes(["read:books"])
///     }
/// }
/// ```
pub trait ApiPolicy {
    /// What a request must be allowed.
    fn requirements() -> TokenRequirements;
}

/// Nothing but a valid token.
impl ApiPolicy for () {
    fn requirements() -> TokenRequirements {
        TokenRequirements::new()
    }
}

/// The caller of an API, after the token was verified and the requirements of `R` were met: the argument of a handler.
///
/// Each framework's integration extracts it. Where the token is missing, wrong or not enough, the handler is not reached and the client gets the
/// challenge of RFC 6750. `Option<ApiAuth>` is for a public route: it is `None` without credentials, and invalid credentials are rejected.
///
/// ```
/// use logto::{Error, api::{ApiAuth, ApiPolicy, TokenRequirements}};
///
/// struct ReadBooks;
///
/// impl ApiPolicy for ReadBooks {
///     fn requirements() -> TokenRequirements {
///         TokenRequirements::new().scopes(["read:books"])
///     }
/// }
///
/// // By type: a token without the scope does not get here.
/// async fn books(auth: ApiAuth<ReadBooks>) -> String {
///     format!("the books of {}", auth.sub())
/// }
///
/// // By value, where what is required is known to the handler alone.
/// async fn books_of(organization: String, auth: ApiAuth) -> Result<String, Error> {
///     auth.require_scopes(["read:books"])?;
///     auth.require_organization(&organization)?;
///     Ok(format!("the books of {organization}"))
/// }
/// ```
pub struct ApiAuth<R = ()> {
    auth: AuthInfo,
    required: PhantomData<fn() -> R>,
}

impl<R: ApiPolicy> ApiAuth<R> {
    /// Verifies the values of a request's `Authorization` headers. For integrations.
    ///
    /// # Errors
    /// See [`ResourceServer::authorize`].
    pub async fn authorize<V: AsRef<[u8]>>(
        api: &ResourceServer,
        authorization: impl IntoIterator<Item = V>,
    ) -> Result<Self> {
        let auth = api.authorize(authorization, &R::requirements()).await?;
        Ok(Self { auth, required: PhantomData })
    }

    /// Verifies a request like [`authorize`](Self::authorize); `None` for a request without credentials. For integrations.
    ///
    /// # Errors
    /// See [`ResourceServer::authorize_optional`].
    pub async fn authorize_optional<V: AsRef<[u8]>>(
        api: &ResourceServer,
        authorization: impl IntoIterator<Item = V>,
    ) -> Result<Option<Self>> {
        let auth = api.authorize_optional(authorization, &R::requirements()).await?;
        Ok(auth.map(|auth| Self { auth, required: PhantomData }))
    }
}

/// What was verified needs no more where nothing is required.
impl From<AuthInfo> for ApiAuth {
    fn from(auth: AuthInfo) -> Self {
        Self { auth, required: PhantomData }
    }
}

impl<R> ApiAuth<R> {
    /// Returns the caller, `None` if no credentials were sent, or the rejection: for a handler that takes `Result<ApiAuth, Error>` because it must
    /// not start if the token is invalid. In actix-web and Rocket a handler with `Option<ApiAuth>` runs before such a request is refused; in axum it
    /// does not.
    ///
    /// ```
    /// # use logto::{Error, api::ApiAuth};
    /// async fn comment(auth: Result<ApiAuth, Error>) -> Result<String, Error> {
    ///     let auth = ApiAuth::optional(auth)?;
    ///     Ok(auth.map_or("a stranger's".to_owned(), |auth| auth.sub().to_owned()))
    /// }
    /// ```
    ///
    /// # Errors
    /// The result's, except `bearer_token.missing`.
    pub fn optional(auth: Result<Self>) -> Result<Option<Self>> {
        match auth {
            Err(error) if error.is(Code::BearerMissing) => Ok(None),
            auth => auth.map(Some),
        }
    }

    /// Returns the verified data of the caller.
    #[must_use]
    pub fn into_auth_info(self) -> AuthInfo {
        self.auth
    }
}

impl<R> Deref for ApiAuth<R> {
    type Target = AuthInfo;

    fn deref(&self) -> &AuthInfo {
        &self.auth
    }
}

impl<R> Clone for ApiAuth<R> {
    fn clone(&self) -> Self {
        Self { auth: self.auth.clone(), required: PhantomData }
    }
}

impl<R> fmt::Debug for ApiAuth<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApiAuth").field(&self.auth).finish()
    }
}
