//! How the user authenticated: `acr`, `amr` and `auth_time`, as Logto tells of them since it has step-up authentication.
//! The server that the recordings are of has not; there, `acr_values` are not looked at.

use serde_json::{Map, Value};

use super::{
    error::OidcError,
    state::State,
    store::Authorized,
    world::{MockUser, World},
};

/// Logto's classes (`acr_values_supported`), the weaker one first.
pub(super) const CLASSES: [&str; 2] = ["urn:logto:acr:1fa", "urn:logto:acr:mfa"];

/// What the user of a session has shown.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    acr: Option<&'static str>,
    amr: &'static [&'static str],
}

impl Context {
    /// What a user shows who signs in for these classes: the second factor only if it is asked for.
    pub(super) fn reached(world: &World, user_id: &str, asked: &[String]) -> Self {
        let [first_factor, mfa] = CLASSES;
        match world.user(user_id) {
            Some(MockUser { mfa: true, .. }) if asked.iter().any(|class| class == mfa) => {
                Self { acr: Some(mfa), amr: &["pwd", "otp", "mfa"] }
            }
            // Whoever comes by way of a social connector shows Logto itself nothing.
            Some(MockUser { password: None, .. }) | None => Self::default(),
            Some(_) => Self { acr: Some(first_factor), amr: &["pwd"] },
        }
    }

    fn meets(self, asked: &[String]) -> bool {
        asked.is_empty() || asked.iter().any(|class| self.acr == Some(class.as_str()))
    }
}

impl State {
    /// Whether a session does not show what an authorization request asks for.
    pub(super) fn is_unmet(&self, asked: &[String], shown: Context) -> bool {
        self.step_up && !shown.meets(asked)
    }

    /// The claims about the authentication, in ID tokens and access tokens.
    pub(super) fn authentication(&self, what: &Authorized) -> Map<String, Value> {
        let Context { acr, amr } = what.context;
        let mut claims = Map::new();
        if self.step_up {
            claims.extend(acr.map(|acr| ("acr".to_owned(), acr.into())));
            claims.extend((!amr.is_empty()).then(|| ("amr".to_owned(), amr.to_vec().into())));
            claims.extend(what.auth_time.map(|time| ("auth_time".to_owned(), time.into())));
        }
        claims
    }

    /// Refuses an authorization request of which no class is known (OpenID Connect Unmet Authentication Requirements 1.0).
    pub(super) fn check_classes(&self, asked: &[String]) -> Result<(), OidcError> {
        let unknown = self.step_up && !asked.is_empty() && !asked.iter().any(|class| CLASSES.contains(&class.as_str()));
        if unknown { Err(unmet()) } else { Ok(()) }
    }
}

/// Logto's name; the description is our own, for no recording has it.
pub(super) fn unmet() -> OidcError {
    OidcError::new(400, "unmet_authentication_requirements", "the requested authentication requirements are not met")
}
