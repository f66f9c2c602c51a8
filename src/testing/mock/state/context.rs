//! How the user authenticated: `acr`, `amr` and `auth_time`, as Logto tells of them since it has step-up authentication.
//! The server that the recordings are of has not; there, `acr_values` are not looked at.

use serde_json::{Map, Value};

use super::State;
use crate::testing::mock::{
    directory::{MockDirectory, MockUser},
    messages::error::OidcError,
};

/// Logto's classes (`acr_values_supported`), the weaker one first.
pub(crate) const CLASSES: [&str; 2] = ["urn:logto:acr:1fa", "urn:logto:acr:mfa"];

/// What the user of a session has shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context {
    acr: Option<&'static str>,
    amr: &'static [&'static str],
}

impl Context {
    /// What a user shows who signs in for these classes: the second factor only if it is asked for.
    pub(crate) fn reached(directory: &MockDirectory, user_id: &str, asked: &[String]) -> Self {
        let [first_factor, mfa] = CLASSES;
        match directory.user(user_id) {
            Some(user) if user.has_mfa() && asked.iter().any(|class| class == mfa) => {
                Self { acr: Some(mfa), amr: &["pwd", "otp", "mfa"] }
            }
            // Whoever comes by way of a social connector shows Logto itself nothing.
            Some(MockUser { password: None, .. }) | None => Self::default(),
            Some(_) => Self { acr: Some(first_factor), amr: &["pwd"] },
        }
    }

    /// `acr` and `amr`, as far as they are known.
    pub(super) fn claims(self) -> Map<String, Value> {
        let mut claims = Map::new();
        claims.extend(self.acr.map(|acr| ("acr".to_owned(), acr.into())));
        claims.extend((!self.amr.is_empty()).then(|| ("amr".to_owned(), self.amr.to_vec().into())));
        claims
    }

    fn meets(self, asked: &[String]) -> bool {
        asked.is_empty() || asked.iter().any(|class| self.acr == Some(class.as_str()))
    }
}

impl State {
    /// Whether a session does not show what an authorization request asks for.
    pub(crate) fn is_unmet(&self, asked: &[String], shown: Context) -> bool {
        self.step_up && !shown.meets(asked)
    }

    /// Refuses an authorization request of which no class is known (OpenID Connect Unmet Authentication Requirements 1.0).
    pub(crate) fn check_classes(&self, asked: &[String]) -> Result<(), OidcError> {
        let unknown = self.step_up && !asked.is_empty() && !asked.iter().any(|class| CLASSES.contains(&class.as_str()));
        if unknown { Err(unmet()) } else { Ok(()) }
    }
}

/// Logto's name; the description is our own, for no recording has it.
pub(crate) fn unmet() -> OidcError {
    OidcError::new(400, "unmet_authentication_requirements", "the requested authentication requirements are not met")
}
