//! What integrations of frameworks need of an error.

use super::{Code, Error};

impl Error {
    /// For integrations: an extractor needs `layer`, which was not added to the application.
    #[must_use]
    pub fn integration_missing(layer: &str) -> Self {
        Self::new(Code::LayerMissing, format!("this route needs `{layer}`, which is not around it"))
            .with_hint(format!("Add `{layer}` to the application, after the routes that use it."))
    }

    /// For integrations: the authentication routes were asked for below `prefix`, which neither their paths nor `base_url` have. `mount` is how they are
    /// mounted instead.
    #[must_use]
    pub fn integration_nested(prefix: &str, mount: &str) -> Self {
        let message = format!("the authentication routes are nested below `{prefix}`, which is not in their paths");
        Self::new(Code::RoutesNested, message).with_hint(format!(
            "Mount them with `{mount}`, outside of every prefix. For other paths, set `routes` (`Routes::below(\"{prefix}\")`), and register the callback's address in Logto Console."
        ))
    }

    /// For integrations: the same error, of which an [`AuthResponse`](crate::integrate::AuthResponse) was made already. Another
    /// response to the same request is not logged once more.
    #[must_use]
    pub fn logged(mut self) -> Self {
        self.inner_mut().logged = true;
        self
    }

    /// For integrations: whether an extractor that is optional has nobody to give. The user would have to sign in, or the application has no
    /// client at the moment. Any other error is a failure, of which an `Option` must not make nobody.
    #[must_use]
    pub fn means_nobody(&self) -> bool {
        self.requires_sign_in() || self.is(Code::NotSetUp)
    }

    /// The application has no client at the moment.
    pub(crate) fn not_set_up() -> Self {
        Self::new(Code::NotSetUp, "the application has no sign-in at the moment")
    }

    pub(crate) fn is_logged(&self) -> bool {
        self.0.logged
    }
}
