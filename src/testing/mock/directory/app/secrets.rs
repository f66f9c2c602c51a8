//! Secrets of an application.

use std::time::SystemTime;

use super::MockApp;
use crate::secret::Secret;

/// A secret, by which the application shows that it is it.
#[derive(Debug, Clone)]
pub(crate) struct AppSecret {
    /// No two of an application have one.
    pub(crate) name: String,
    pub(crate) value: Secret,
    /// `None` until the server knows it.
    pub(crate) created_at: Option<SystemTime>,
    /// `None`: never.
    pub(crate) expires_at: Option<SystemTime>,
}

impl AppSecret {
    /// The one that a new application has.
    pub(crate) fn first(value: String) -> Self {
        Self { name: "Default secret".to_owned(), value: Secret::new(value), created_at: None, expires_at: None }
    }
}

impl MockApp {
    /// Whether one of its secrets is this, and has not expired.
    pub(crate) fn is_secret(&self, presented: &str, now: SystemTime) -> bool {
        let presented = Secret::new(presented);
        let alive = |secret: &&AppSecret| secret.expires_at.is_none_or(|end| end > now);
        self.secrets.iter().filter(alive).any(|secret| secret.value == presented)
    }
}
