//! What integrations of frameworks need of an error.

use super::{Code, Error};

impl Error {
    /// For integrations: an extractor needs `layer`, which was not added to the application.
    #[must_use]
    pub fn integration_missing(layer: &str) -> Self {
        Self::new(Code::LayerMissing, format!("this route needs `{layer}`, which is not around it"))
            .with_hint(format!("Add `{layer}` to the application, after the routes that use it."))
    }

    /// For integrations: the same error, of which an [`AuthResponse`](crate::integrate::AuthResponse) was made already. Another
    /// response to the same request is not logged once more.
    #[must_use]
    pub fn logged(mut self) -> Self {
        self.inner_mut().logged = true;
        self
    }

    pub(crate) fn is_logged(&self) -> bool {
        self.0.logged
    }
}
