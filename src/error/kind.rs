//! Whose turn it is after an error.

/// Who is to act on an [`Error`](super::Error).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operator: a setting here or in the Logto Console is wrong.
    Config,
    /// The application's programmer: the crate was called in a way it cannot serve.
    Usage,
    /// The application: its own code has failed.
    Application,
    /// The request: its callback does not belong to a sign-in that this browser began here, a parameter or the method is wrong, or it came from
    /// another site.
    InvalidRequest,
    /// The sign-in ended without a user, and nobody said no: they left it, or it was a silent one.
    Cancelled,
    /// Logto, or the API on its rules, said no.
    Forbidden,
    /// The user: nobody is signed in, or the session has ended. See [`Error::requires_sign_in`](super::Error::requires_sign_in).
    NotAuthenticated,
    /// A token failed one of its checks.
    InvalidToken,
    /// Logto answered, and the answer cannot be used.
    Provider,
    /// Logto could not be asked: nobody's session is affected, try again.
    Network,
    /// The session store failed: nobody's session is affected, try again.
    Store,
    /// The session does not fit the browser's limits for cookies.
    SessionTooLarge,
}
