//! One-time tokens: an e-mail address signs in with one, once.

use std::time::SystemTime;

use serde_json::{Map, Value};

/// A token of the Management API, which a magic link carries.
#[derive(Debug, Clone)]
pub(crate) struct OneTimeToken {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) context: Map<String, Value>,
    status: Status,
    pub(crate) created_at: SystemTime,
    pub(crate) expires_at: SystemTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Consumed,
    Revoked,
    Expired,
}

impl Status {
    pub(crate) const NAMES: &[&str] = &["active", "consumed", "revoked", "expired"];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Consumed => "consumed",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    pub(crate) fn called(name: &str) -> Option<Self> {
        [Self::Active, Self::Consumed, Self::Revoked, Self::Expired].into_iter().find(|status| status.name() == name)
    }
}

impl OneTimeToken {
    /// A token that is active from now on.
    pub(crate) fn new(
        id: String,
        token: String,
        email: String,
        created_at: SystemTime,
        expires_at: SystemTime,
    ) -> Self {
        Self { id, email, token, context: Map::new(), status: Status::Active, created_at, expires_at }
    }

    /// An active token expires by itself.
    pub(crate) fn status(&self, now: SystemTime) -> Status {
        if self.status == Status::Active && self.expires_at <= now { Status::Expired } else { self.status }
    }

    pub(crate) fn set_status(&mut self, status: Status) {
        self.status = status;
    }

    /// A member of the context that is a text.
    pub(crate) fn interaction_event(&self) -> Option<&str> {
        self.context.get("interactionEvent").and_then(Value::as_str)
    }

    /// The organizations that the user becomes a member of.
    pub(crate) fn organizations(&self) -> impl Iterator<Item = &str> {
        let ids = self.context.get("jitOrganizationIds").and_then(Value::as_array);
        ids.into_iter().flatten().filter_map(Value::as_str)
    }
}
