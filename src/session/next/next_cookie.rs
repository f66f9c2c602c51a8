//! How the cookie of `@logto/next` is named and sealed, and how far it is used.

use std::time::SystemTime;

use super::seal::Keys;
use crate::{clock, secret::Secret, session::format::SessionFormat};

/// The cookie of `@logto/next`, where this application reads it.
#[derive(Debug, Clone)]
pub(crate) struct NextCookie {
    name: String,
    pub(super) app_id: String,
    pub(super) keys: Keys,
    /// Whether sessions are written in this format, too, or only taken over from it.
    shared: bool,
    /// Unix seconds from which on none is taken over.
    until: Option<i64>,
}

impl NextCookie {
    /// `None` where the format has nothing to do with Next.js.
    pub(crate) fn new(format: SessionFormat, app_id: &str, secret: &Secret, previous: &[Secret]) -> Option<Self> {
        let shared = match format {
            SessionFormat::Logto => return None,
            SessionFormat::Next => true,
            SessionFormat::FromNext => false,
        };
        let keys = Keys::derive(secret, previous);
        Some(Self { name: format!("logto_{app_id}"), app_id: app_id.to_owned(), keys, shared, until: None })
    }

    /// The same, taken over until then.
    pub(crate) fn until(self, until: Option<SystemTime>) -> Self {
        Self { until: until.map(clock::unix_seconds), ..self }
    }

    pub(in crate::session) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::session) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Whether the cookie is neither looked at nor deleted. Anyone below the domain can set it, and nothing tells whose it is.
    ///
    /// A move that is over takes nothing more; and where the cookie came twice, one of them was set by somebody else, so neither is taken over.
    pub(in crate::session) fn is_ignored(&self, cookies: &[(String, String)], now: i64) -> bool {
        let times = cookies.iter().filter(|(name, _)| *name == self.name).count();
        !self.shared && (times > 1 || self.until.is_some_and(|until| now >= until))
    }
}
