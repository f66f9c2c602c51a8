//! What keeps a sign-in from becoming a session.

use std::{error::Error as StdError, fmt};

use serde::{Deserialize, Serialize};

use crate::error::BoxError;

/// The reason for which a [hook](crate::LogtoConfigBuilder::on_sign_in) does not accept a sign-in: it refuses the user, or it has failed.
///
/// A refusal is one that the hook makes with [`new`](Self::new), [`page`](Self::page) or [`redirect`](Self::redirect). Whatever `?` makes of an
/// error is a failure: the error `sign_in.hook_failed` with it as the cause, 500 and a page that does not tell it.
///
/// ```
/// use logto::{SignIn, SignInRefusal};
///
/// async fn members_only(sign_in: SignIn) -> Result<(), SignInRefusal> {
///     match sign_in.claims().organizations.iter().any(|organization| organization == "acme") {
///         true => Ok(()),
///         false => Err(SignInRefusal::new()),
///     }
/// }
/// ```
#[must_use = "nobody is refused until the hook returns it as its error"]
pub struct SignInRefusal(Refusal);

/// What becomes of the sign-in.
pub(crate) enum Refusal {
    Refused(Answer),
    /// It has failed.
    Failed(BoxError),
}

/// What the user gets to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The page of ours.
    Plain,
    Page {
        status: u16,
        html: String,
    },
    Address(String),
}

impl SignInRefusal {
    /// Refuses the user, who gets 403 and a page: "You do not have access to this application.", with a button that signs out at Logto, so that
    /// another user can sign in.
    pub fn new() -> Self {
        Self(Refusal::Refused(Answer::Plain))
    }

    /// Refuses the user with a page of the application, in HTML. An API client gets JSON with the code `sign_in.refused` and the same status.
    ///
    /// A `status` from 200 to 299 or from 400 to 599; any other is 403. To let the user sign in as somebody else, the page has a form that
    /// posts to the sign-out route. What comes from the user or from Logto is escaped by the application.
    pub fn page(status: u16, html: impl Into<String>) -> Self {
        let status = if matches!(status, 200..=299 | 400..=599) { status } else { 403 };
        Self(Refusal::Refused(Answer::Page { status, html: html.into() }))
    }

    /// Refuses the user and leads the browser to a page: a path of this application, or a URL on an allowed origin, as in
    /// [`SignInOptions::post_redirect_uri`](crate::SignInOptions::post_redirect_uri). Nobody is signed in there. An address that leads elsewhere
    /// is a failure of the hook.
    pub fn redirect(address: impl Into<String>) -> Self {
        Self(Refusal::Refused(Answer::Address(address.into())))
    }

    /// Creates a failure, as `?` does. For an error that `?` does not accept: `anyhow::Error`, `Box<dyn Error>` or text.
    ///
    /// ```
    /// # async fn query(sub: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> { Ok(()) }
    /// use logto::{SignIn, SignInRefusal};
    ///
    /// async fn upsert(sign_in: SignIn) -> Result<(), SignInRefusal> {
    ///     query(&sign_in.claims().sub).await.map_err(SignInRefusal::failure)
    /// }
    /// ```
    pub fn failure(error: impl Into<BoxError>) -> Self {
        Self(Refusal::Failed(error.into()))
    }

    pub(crate) fn into_inner(self) -> Refusal {
        self.0
    }
}

impl Default for SignInRefusal {
    fn default() -> Self {
        Self::new()
    }
}

/// A failure, whatever the error is.
impl<E: StdError + Send + Sync + 'static> From<E> for SignInRefusal {
    fn from(error: E) -> Self {
        Self::failure(error)
    }
}

impl fmt::Debug for SignInRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Refusal::Refused(_) => "SignInRefusal(…)",
            Refusal::Failed(_) => "SignInRefusal(failure)",
        })
    }
}
