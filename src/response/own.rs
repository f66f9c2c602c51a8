//! Answers of the application's own in place of our error pages.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{AuthResponse, ResponseFormat};
use crate::{
    error::{Error, Result},
    types::{Application, Destination, Redirect},
};

/// The function for a custom response to an error: `None` for the crate's own page. See
/// [`LogtoConfigBuilder::error_pages`](crate::LogtoConfigBuilder::error_pages).
pub type ErrorPages = dyn Fn(&Error, &ErrorPageRequest<'_>) -> Option<AuthResponse> + Send + Sync;

/// The request that failed, as far as an error page needs to know it.
pub struct ErrorPageRequest<'a> {
    pub(crate) format: ResponseFormat,
    pub(crate) path: &'a str,
    pub(crate) links: Links<'a>,
    pub(crate) application: Application<'a>,
}

/// Where a page of ours leads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Links<'a> {
    pub(crate) home: &'a Destination,
    pub(crate) sign_in: &'a Destination,
    pub(crate) sign_out: &'a Destination,
}

impl ErrorPageRequest<'_> {
    /// Returns the kind of client that sent the request.
    #[must_use]
    pub fn format(&self) -> ResponseFormat {
        self.format
    }

    /// Returns the path that was asked for, without its query. Anyone can write it: escape it before it reaches a page.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path
    }

    /// Returns the address of the start page.
    #[must_use]
    pub fn home(&self) -> &str {
        self.links.home
    }

    /// Returns the address of the sign-in, with the address to return to if it is known.
    #[must_use]
    pub fn sign_in(&self) -> &str {
        self.links.sign_in
    }

    /// Returns the address of the sign-out, for a POST request.
    #[must_use]
    pub fn sign_out(&self) -> &str {
        self.links.sign_out
    }

    /// Returns a redirect to a page of the application, or to one on an allowed origin.
    ///
    /// # Errors
    /// `sign_in.return_to_refused` where it leads elsewhere.
    pub fn redirect_to(&self, address: &str) -> Result<AuthResponse> {
        Ok(AuthResponse::see_other(&Redirect::to(self.application.return_to(address)?)))
    }
}

impl fmt::Debug for ErrorPageRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorPageRequest")
            .field("format", &self.format)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What the application answers. If it panics, the page is ours: there is an error to tell of already.
pub(super) fn ask(own: &Arc<ErrorPages>, error: &Error, request: &ErrorPageRequest<'_>) -> Option<AuthResponse> {
    catch_unwind(AssertUnwindSafe(|| own(error, request))).unwrap_or_else(|_| {
        tracing::error!(target: "logto", "the application's `error_pages` panicked; the page is the crate's own");
        None
    })
}
