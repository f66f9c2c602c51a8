//! Second factors of a user.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::iso::iso;
use crate::secret::Secret;

/// The factors that the Account API adds, by Logto's names.
pub(crate) const FACTORS: [&str; 3] = ["Totp", "WebAuthn", "BackupCode"];

/// A second factor that a user has.
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    pub(crate) id: String,
    /// `None` until the server knows the user.
    pub(crate) created_at: Option<SystemTime>,
    pub(crate) kind: FactorKind,
}

#[derive(Debug, Clone)]
pub(crate) enum FactorKind {
    /// Nobody is asked for its code later, so the secret is not kept.
    Totp,
    BackupCodes(Vec<Secret>),
    Passkey {
        name: Option<String>,
        agent: String,
        credential: Credential,
    },
}

/// A passkey as far as it is kept: what excludes it from being registered again.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) transports: Value,
}

/// What the user chose about second factors.
#[derive(Debug, Clone, Default)]
pub(crate) struct MfaChoices {
    /// `None`: never asked.
    pub(crate) enabled: Option<bool>,
    pub(crate) skipped: bool,
    pub(crate) skip_on_sign_in: bool,
    pub(crate) passkey_skipped: bool,
}

impl Factor {
    pub(crate) fn kind_name(&self) -> &'static str {
        match self.kind {
            FactorKind::Totp => "Totp",
            FactorKind::BackupCodes(_) => "BackupCode",
            FactorKind::Passkey { .. } => "WebAuthn",
        }
    }

    pub(crate) fn shown(&self) -> Value {
        let created_at = self.created_at.map(iso);
        let mut shown = json!({ "id": self.id, "createdAt": created_at, "type": self.kind_name() });
        let more = match &self.kind {
            FactorKind::Totp => json!({}),
            FactorKind::BackupCodes(codes) => json!({ "remainCodes": codes.len() }),
            FactorKind::Passkey { name: Some(name), agent, .. } => json!({ "agent": agent, "name": name }),
            FactorKind::Passkey { name: None, agent, .. } => json!({ "agent": agent }),
        };
        if let (Some(shown), Value::Object(more)) = (shown.as_object_mut(), more) {
            shown.extend(more);
        }
        shown
    }
}

impl MfaChoices {
    /// `mfa` and `passkeySignIn` of the user's Logto configuration.
    pub(crate) fn shown(&self) -> Value {
        let mut mfa = json!({ "skipped": self.skipped, "skipMfaOnSignIn": self.skip_on_sign_in });
        if let (Some(mfa), Some(enabled)) = (mfa.as_object_mut(), self.enabled) {
            mfa.insert("enabled".to_owned(), enabled.into());
        }
        json!({ "mfa": mfa, "passkeySignIn": { "skipped": self.passkey_skipped } })
    }
}
