//! Who is signed in.

use std::fmt;

use crate::{
    claims::{IdTokenClaims, UserInfo},
    error::excerpt,
};

/// Who is signed in. `Display` is for people: the name and the address, or else the user name, or else the id, on one line.
#[derive(Debug, Clone, PartialEq)]
pub struct CliUser(Known);

#[derive(Debug, Clone, PartialEq)]
enum Known {
    IdToken(Box<IdTokenClaims>),
    UserInfo(Box<UserInfo>),
}

impl CliUser {
    pub(super) fn of_id_token(claims: IdTokenClaims) -> Self {
        Self(Known::IdToken(Box::new(claims)))
    }

    pub(super) fn of_user_info(user_info: UserInfo) -> Self {
        Self(Known::UserInfo(Box::new(user_info)))
    }

    /// The user's id.
    #[must_use]
    pub fn sub(&self) -> &str {
        match &self.0 {
            Known::IdToken(claims) => &claims.sub,
            Known::UserInfo(info) => &info.sub,
        }
    }

    /// The user's full name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Known::IdToken(claims) => claims.name.as_deref(),
            Known::UserInfo(info) => info.name.as_deref(),
        }
    }

    /// The name that the user signs in with.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        match &self.0 {
            Known::IdToken(claims) => claims.username.as_deref(),
            Known::UserInfo(info) => info.username.as_deref(),
        }
    }

    /// The user's email address, with the scope `email`.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        match &self.0 {
            Known::IdToken(claims) => claims.email.as_deref(),
            Known::UserInfo(info) => info.email.as_deref(),
        }
    }

    /// The claims of the ID token: of the sign-in, or of the last refresh. `None` with a personal access token.
    #[must_use]
    pub fn id_token_claims(&self) -> Option<&IdTokenClaims> {
        match &self.0 {
            Known::IdToken(claims) => Some(claims),
            Known::UserInfo(_) => None,
        }
    }
}

impl fmt::Display for CliUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Users choose their names, and a terminal obeys what it is shown.
        let name = self.name().or(self.username()).unwrap_or(self.sub());
        f.write_str(&excerpt(name))?;
        match self.email() {
            Some(email) => write!(f, " ({})", excerpt(email)),
            None => Ok(()),
        }
    }
}
