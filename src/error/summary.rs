//! What a user is told of an error.

use super::{Code, Error, ErrorKind};

impl Error {
    /// One sentence for the user, in English, without a word of what is inside: what our own pages and JSON say.
    ///
    /// ```
    /// let error = logto::LogtoConfig::builder().build().unwrap_err();
    /// assert_eq!(error.summary(), "Something is wrong with the sign-in. Please try again later.");
    /// ```
    #[must_use]
    pub fn summary(&self) -> &'static str {
        if let Some(told) = self.of_an_account() {
            return told;
        }
        match self.kind() {
            ErrorKind::Cancelled | ErrorKind::Forbidden if self.is_about_the_sign_in() => {
                "The sign-in was cancelled or refused."
            }
            ErrorKind::Forbidden if self.is(Code::AccessDenied) || self.is(Code::SignInRefused) => {
                "You do not have access to this application."
            }
            _ if self.is(Code::NotSetUp) => "Nobody can sign in here: sign-in is not set up.",
            ErrorKind::Forbidden => "You do not have access to this page.",
            _ if self.is(Code::UnknownHost) => {
                "Nobody can sign in at this address. Please go to the application's own."
            }
            _ if self.is(Code::StepUpRequired) => "Please sign in once more to confirm that it is you.",
            ErrorKind::NotAuthenticated => "Please sign in.",
            ErrorKind::InvalidRequest if self.is(Code::MethodNotAllowed) => "Please confirm that you want to sign out.",
            ErrorKind::InvalidRequest if self.is(Code::Unconfirmed) => "Do you want to sign in?",
            ErrorKind::InvalidRequest if self.is(Code::NotAPage) => "A sign-in begins on a page of its own.",
            ErrorKind::InvalidRequest if self.is(Code::CrossSite) => {
                "This request came from another site and was refused."
            }
            ErrorKind::InvalidRequest if self.is_about_the_link() => {
                "The link that led here cannot be used to sign in."
            }
            _ if self.is(Code::LooksOnly) => "There is nothing to see here.",
            ErrorKind::InvalidRequest => "This sign-in cannot be completed. Please try again.",
            _ if self.is_transient() => {
                "The sign-in service cannot be reached right now. Please try again in a moment."
            }
            ErrorKind::Usage => "Something is wrong with this page. Please try again later.",
            _ => "Something is wrong with the sign-in. Please try again later.",
        }
    }

    /// What a user is told who was about to change an account.
    fn of_an_account(&self) -> Option<&'static str> {
        Some(match self.code_of() {
            Code::AccountCredentials => "The password or the code is wrong.",
            Code::AccountCode => "This code can no longer be used. Please ask for another one.",
            Code::AccountValue | Code::ManagementValue => "This cannot be used. Please choose something else.",
            Code::AccountNotFound | Code::ManagementNotFound => "It is not there any more.",
            Code::AccountVerification => "Please confirm that it is you.",
            Code::AccountLockedOut => "There were too many attempts. Please try again later.",
            Code::AccountFieldOff | Code::AccountMfaOff => "This cannot be changed here.",
            Code::AccountLinkMismatched => "The account was not linked. Please begin again.",
            Code::AccountLinkCancelled | Code::AccountLinkRefused => "The account was not linked.",
            Code::ProviderTokenMissing => "Please link your account at the provider again.",
            Code::AccountNoLogto
            | Code::AccountDisabled
            | Code::AccountNotSetUp
            | Code::AccountFailed
            | Code::AccountScopeMissing
            | Code::AccountAppRefused
            | Code::AccountTokenRefused
            | Code::ManagementTokenRefused
            | Code::ManagementForbidden
            | Code::ManagementNoRoute
            | Code::ManagementNotSetUp
            | Code::ManagementRateLimited
            | Code::ManagementFailed => "Something is wrong with the accounts here. Please try again later.",
            _ => return None,
        })
    }

    /// Whether a sign-in ended without a user, so that another may end with one.
    pub(crate) fn is_about_the_sign_in(&self) -> bool {
        [Code::UserCancelled, Code::AuthorizationRefused, Code::SilentUnfinished].into_iter().any(|code| self.is(code))
    }

    /// Whether the address that was opened is what is wrong, so that to open it again changes nothing.
    fn is_about_the_link(&self) -> bool {
        [Code::InvalidParameter, Code::ReturnToRefused, Code::InvalidInitiation].into_iter().any(|code| self.is(code))
    }
}
