//! Settings that are valid, and bite all the same: told when the client is made.

use std::time::SystemTime;

use super::LogtoConfig;
use crate::session::SessionFormat;

impl LogtoConfig {
    /// Each with what to do. `diagnose` says the same at greater length.
    pub(crate) fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.base_url.scheme() == "http" && !self.is_local() {
            warnings.push("base_url is http on another machine: codes and cookies travel in the clear, so serve the application by https");
        }
        if self.doubles_callback() {
            warnings.push(
                "base_url ends with the callback path, which is added to it once more: leave the path out of base_url",
            );
        }
        warnings
    }

    /// Whether `base_url` ends as the callback path does, which makes a redirect URI `…/callback/callback`.
    pub(crate) fn doubles_callback(&self) -> bool {
        self.path_prefix().ends_with(&self.routes.callback)
    }
}

pub(super) fn warn_of_a_move_that_is_over(format: SessionFormat, until: Option<SystemTime>, now: SystemTime) {
    if format == SessionFormat::FromNext && until.is_some_and(|until| until <= now) {
        tracing::warn!(target: "logto::config", "`from_next_until` has passed: cookies of Next.js are ignored; leave `session_format` out");
    }
}
