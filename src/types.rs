//! The words of a sign-in: what to ask of Logto, and where to send the browser.

mod destination;
mod options;
mod response_mode;
mod step_up;
pub(crate) mod www_authenticate;

use std::{fmt, future::Future, pin::Pin, str::FromStr};

use serde::{Deserialize, Serialize};

pub(crate) use self::{
    destination::{Application, Destination, Server},
    options::TokenKey,
};
pub use self::{
    options::{ContextOptions, SignInOptions, SignOutOptions, TokenOptions},
    response_mode::ResponseMode,
};
use crate::error::{Code, Error};
pub use crate::step_up::StepUp;

/// A boxed future, as object-safe traits return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The scopes that Logto knows by itself. An application's own scopes belong to its API resources and organizations.
pub mod scopes {
    /// Always needed: makes it a sign-in (OpenID Connect Core 3.1.2.1).
    pub const OPENID: &str = "openid";
    /// Gives a refresh token, provided that `prompt` holds `consent`.
    pub const OFFLINE_ACCESS: &str = "offline_access";
    /// Name, user name, picture and the like.
    pub const PROFILE: &str = "profile";
    /// E-mail address.
    pub const EMAIL: &str = "email";
    /// Phone number.
    pub const PHONE: &str = "phone";
    /// Postal address.
    pub const ADDRESS: &str = "address";
    /// Custom data, at the userinfo endpoint.
    pub const CUSTOM_DATA: &str = "custom_data";
    /// Linked social and enterprise identities, at the userinfo endpoint.
    pub const IDENTITIES: &str = "identities";
    /// Global roles.
    pub const ROLES: &str = "roles";
    /// The user's organizations, and organization tokens.
    pub const ORGANIZATIONS: &str = "urn:logto:scope:organizations";
    /// The user's roles in each organization. Needs [`ORGANIZATIONS`].
    pub const ORGANIZATION_ROLES: &str = "urn:logto:scope:organization_roles";
    /// The user's own sessions, for the Account API.
    pub const SESSIONS: &str = "urn:logto:scope:sessions";
}

/// The resource indicator that lets a refresh token ask for organization tokens.
pub const ORGANIZATIONS_RESOURCE: &str = "urn:logto:resource:organizations";

/// What begins the audience of an organization token: `urn:logto:organization:<id>`.
pub const ORGANIZATION_URN_PREFIX: &str = "urn:logto:organization:";

/// What Logto asks the user (OpenID Connect Core 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Prompt {
    /// Nothing: succeed at once or answer `login_required`.
    None,
    /// The password again, even with a session.
    Login,
    /// The consent step, which is what makes Logto give a refresh token. The default.
    Consent,
}

impl Prompt {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
        }
    }
}

impl FromStr for Prompt {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "none" => Ok(Self::None),
            "login" => Ok(Self::Login),
            "consent" => Ok(Self::Consent),
            _ => Err(Error::new(Code::InvalidOption, "prompt is `none`, `login` or `consent`")),
        }
    }
}

/// The page Logto shows first (`first_screen`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FirstScreen {
    /// Sign-in. The default.
    SignIn,
    /// Registration.
    Register,
    /// Forgotten password.
    ResetPassword,
    /// Sign-in with only the [`Identifier`]s that the options name.
    IdentifierSignIn,
    /// Registration with only the [`Identifier`]s that the options name.
    IdentifierRegister,
    /// Enterprise single sign-on.
    SingleSignOn,
}

impl FirstScreen {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Register => "register",
            Self::ResetPassword => "reset_password",
            Self::IdentifierSignIn => "identifier:sign_in",
            Self::IdentifierRegister => "identifier:register",
            Self::SingleSignOn => "single_sign_on",
        }
    }
}

impl FromStr for FirstScreen {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "sign_in" => Ok(Self::SignIn),
            "register" => Ok(Self::Register),
            "reset_password" => Ok(Self::ResetPassword),
            "identifier:sign_in" => Ok(Self::IdentifierSignIn),
            "identifier:register" => Ok(Self::IdentifierRegister),
            "single_sign_on" => Ok(Self::SingleSignOn),
            _ => Err(Error::new(
                Code::InvalidOption,
                "first_screen is `sign_in`, `register`, `reset_password`, `identifier:sign_in`, `identifier:register` or `single_sign_on`",
            )),
        }
    }
}

/// What a user may identify themselves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identifier {
    /// A user name.
    Username,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

impl Identifier {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

/// Skips Logto's page and goes straight to a social or enterprise connector (`direct_sign_in`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectSignIn(String);

impl DirectSignIn {
    /// A social connector by its target: `DirectSignIn::social("kakao")` is "Continue with Kakao".
    pub fn social(target: impl fmt::Display) -> Self {
        Self(format!("social:{target}"))
    }

    /// An enterprise connector by its id.
    pub fn sso(connector_id: impl fmt::Display) -> Self {
        Self(format!("sso:{connector_id}"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DirectSignIn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(':') {
            Some(("social" | "sso", target)) if !target.is_empty() => Ok(Self(text.to_owned())),
            _ => Err(Error::new(Code::InvalidOption, "direct_sign_in is `social:<target>` or `sso:<connector id>`")),
        }
    }
}

/// Where to send the browser. A value: nothing happens until it is returned as a response.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "the browser goes nowhere until the redirect is returned as a response"]
pub struct Redirect {
    location: Destination,
}

impl Redirect {
    pub(crate) fn to(location: Destination) -> Self {
        Self { location }
    }

    pub(crate) fn destination(&self) -> &Destination {
        &self.location
    }

    /// The value of the `Location` header.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }
}

impl fmt::Debug for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redirect").field("location", &without_query(&self.location)).finish()
    }
}

/// An address as a log may have it: the query of one of Logto's holds `state` and `nonce`, or the ID token.
pub(crate) fn without_query(address: &str) -> String {
    match address.split_once('?') {
        Some((path, _)) => format!("{path}?…"),
        None => address.to_owned(),
    }
}

impl fmt::Display for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.location)
    }
}
