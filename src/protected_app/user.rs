//! Who the edge says that the user is, after it was verified.

use std::fmt;

use crate::{
    claims::IdTokenClaims,
    error::{Code, Result},
};

/// The user of a request that came through Logto's edge, by an ID token that was verified: the argument of a handler.
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

    /// The claims of the ID token. Which of them there are is for Logto Console › Applications › the app and Logto Console › Custom JWT to say.
    #[must_use]
    pub fn claims(&self) -> &IdTokenClaims {
        &self.0
    }

    /// The claims, alone.
    #[must_use]
    pub fn into_claims(self) -> IdTokenClaims {
        *self.0
    }

    /// The user's id.
    #[must_use]
    pub fn sub(&self) -> &str {
        &self.0.sub
    }

    /// For a page that the edge also serves to users who are not signed in: `None` if the header is missing. In actix-web and Rocket a handler with
    /// `Option<ProtectedUser>` takes a bad token for none; with this it is refused.
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
