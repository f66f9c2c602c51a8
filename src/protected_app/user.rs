//! Who the edge says that the user is, after it was verified.

use std::fmt;

use crate::{
    claims::IdTokenClaims,
    error::{Code, Result},
};

/// The user of a request through Logto's edge, from a verified ID token: the argument of a handler.
///
/// Each framework's integration extracts it, with the [`ProtectedApp`](super::ProtectedApp) that the application gives it. Where the token is missing or
/// not good, the handler is not reached, and the answer is 401.
///
/// ```
/// use logto::protected_app::ProtectedUser;
///
/// async fn hello(user: ProtectedUser) -> String {
///     format!("hello, {}", user.claims().name.as_deref().unwrap_or(user.sub()))
/// }
/// ```
#[derive(Clone)]
pub struct ProtectedUser(Box<IdTokenClaims>);

impl ProtectedUser {
    pub(super) fn new(claims: IdTokenClaims) -> Self {
        Self(Box::new(claims))
    }

    /// Returns the claims of the ID token. Logto Console › Applications › the app and Logto Console › Custom JWT determine which claims it has.
    #[must_use]
    pub fn claims(&self) -> &IdTokenClaims {
        &self.0
    }

    /// Converts it into the claims.
    #[must_use]
    pub fn into_claims(self) -> IdTokenClaims {
        *self.0
    }

    /// Returns the user's id.
    #[must_use]
    pub fn sub(&self) -> &str {
        &self.0.sub
    }

    /// Returns `None` if the header is missing: for a page that the edge also serves to users who are not signed in. In actix-web and Rocket
    /// `Option<ProtectedUser>` is `None` for an invalid token, too; this function rejects it.
    ///
    /// ```
    /// # use logto::{Error, protected_app::ProtectedUser};
    /// async fn home(user: Result<ProtectedUser, Error>) -> Result<String, Error> {
    ///     let user = ProtectedUser::optional(user)?;
    ///     Ok(user.map_or("hello, stranger".to_owned(), |user| format!("hello, {}", user.sub())))
    /// }
    /// ```
    ///
    /// # Errors
    /// The result's, except `protected_app.token_missing`.
    pub fn optional(user: Result<Self>) -> Result<Option<Self>> {
        match user {
            Err(error) if error.is(Code::ProtectedMissing) => Ok(None),
            user => user.map(Some),
        }
    }
}

impl fmt::Debug for ProtectedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedUser").field("sub", &self.sub()).finish_non_exhaustive()
    }
}
