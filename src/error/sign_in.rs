//! What an error tells of a sign-in that did not come to its end.

use super::{Code, Error};

/// A page of the application's own, in HTML.
#[derive(Clone)]
pub(crate) struct OwnPage {
    pub(crate) status: u16,
    pub(crate) html: String,
}

impl Error {
    pub(crate) fn with_page(mut self, page: OwnPage) -> Self {
        self.inner_mut().page = Some(page);
        self
    }

    pub(crate) fn page(&self) -> Option<&OwnPage> {
        self.0.page.as_ref()
    }

    /// Where the browser goes instead of seeing an error: a silent sign-in leads on, and so does a refusal with an address.
    pub(crate) fn goes_on_to(&self) -> Option<&str> {
        self.return_to().filter(|_| self.is(Code::SilentUnfinished) || self.is(Code::SignInRefused))
    }

    /// Marks a request that was not sent: what it would have used up is as good as before.
    pub(crate) fn unsent(mut self) -> Self {
        self.inner_mut().unsent = true;
        self
    }

    /// The same of a failure after which what came before it is used up all the same.
    pub(crate) fn after_sent(mut self) -> Self {
        if self.0.unsent {
            self.inner_mut().unsent = false;
        }
        self
    }

    pub(crate) fn is_unsent(&self) -> bool {
        self.0.unsent
    }
}
