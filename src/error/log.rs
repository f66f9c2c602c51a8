//! The log of errors, once for each.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{Error, ErrorKind};

/// Whether somebody has seen to an error of a request: it was logged, or known to be none. Its clones share it, and so do errors that it caused.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<AtomicBool>);

impl Error {
    /// Writes the error to the log, at the level at which the routes and pages of this crate do: loud where somebody has to act, quiet where a
    /// user only has to sign in again.
    ///
    /// For an application that answers errors by itself, on cookies of its own. What a [`RequestSession`](crate::RequestSession) failed with is logged when
    /// the response begins, if the application has not made an [`AuthResponse`](crate::integrate::AuthResponse) of it.
    pub fn log(&self) {
        let is_seen = self.0.seen.as_ref().is_some_and(|seen| seen.0.swap(true, Ordering::Relaxed));
        if is_seen || self.is_logged() {
            return;
        }
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(target: "logto", code = self.code().as_str(), error = %self, hint = self.hint(), "answered with an error")
            };
        }
        match self.kind() {
            _ if self.is_quiet() || self.0.is_event => log!(debug),
            ErrorKind::InvalidRequest => log!(info),
            // The application is meant to run without.
            _ if self.is(super::Code::NotSetUp) => log!(info),
            // Anyone can send an API a bad token, and as many as they like.
            _ if self.challenge().is_some() => log!(info),
            _ if self.is_transient() => log!(warn),
            _ => log!(error),
        }
    }

    /// The same error, of which a security event tells at a level that is seen: what the log says of it beside that is for whoever looks into it.
    pub(crate) fn told_by_event(mut self) -> Self {
        self.inner_mut().is_event = true;
        self
    }

    /// Whether a security event tells of it.
    pub(crate) fn is_event(&self) -> bool {
        self.0.is_event
    }

    /// The same error, of which will be known whether somebody has seen to it. An error that several requests share is told apart for each.
    pub(crate) fn handed_out(mut self) -> Self {
        if !self.is_quiet() {
            self.inner_mut().seen = Some(Seen::default());
        }
        self
    }

    /// Whether it was handed out, and nobody has seen to it.
    pub(crate) fn is_unseen(&self) -> bool {
        self.0.seen.as_ref().is_some_and(|seen| !seen.0.load(Ordering::Relaxed))
    }

    /// Nothing is wrong after all, or another place tells of it.
    pub(crate) fn set_seen(&self) {
        if let Some(seen) = &self.0.seen {
            seen.0.store(true, Ordering::Relaxed);
        }
    }

    /// Whether nobody has to act.
    fn is_quiet(&self) -> bool {
        matches!(self.kind(), ErrorKind::Cancelled | ErrorKind::Forbidden | ErrorKind::NotAuthenticated)
            || self.is(super::Code::LooksOnly)
            || self.is(super::Code::Unconfirmed)
    }
}
