//! The words of a sign-in: what to ask of Logto, and where to send the browser.

mod app_json;
mod destination;
mod device;
mod options;
mod response_mode;
mod words;
pub(crate) mod www_authenticate;

use std::{fmt, future::Future, pin::Pin, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) use self::{
    app_json::{AppJson, AppJsonError, MAX_APP_STATE_BYTES, MAX_DATA_BYTES},
    destination::{Application, Destination, Server, check_redirect_uri},
    options::TokenKey,
    words::{unknown_word, words},
};
pub use self::{
    device::Device,
    options::{ContextOptions, SignInOptions, SignOutOptions, TokenOptions},
    response_mode::ResponseMode,
};
use crate::error::{Code, Error};

/// A boxed future, as object-safe traits return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What Logto asks the user (OpenID Connect Core 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

words! { Prompt is "prompt":
    None = "none",
    Login = "login",
    Consent = "consent",
}

/// The page Logto shows first (`first_screen`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

words! { FirstScreen is "first_screen":
    SignIn = "sign_in",
    Register = "register",
    ResetPassword = "reset_password",
    IdentifierSignIn = "identifier:sign_in",
    IdentifierRegister = "identifier:register",
    SingleSignOn = "single_sign_on",
}

/// What a user may identify themselves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identifier {
    /// A username.
    Username,
    /// An email address.
    Email,
    /// A phone number.
    Phone,
}

words! { Identifier is "identifier":
    Username = "username",
    Email = "email",
    Phone = "phone",
}

/// Skips Logto's page and redirects to a social or enterprise connector (`direct_sign_in`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DirectSignIn(String);

impl DirectSignIn {
    /// Selects a social connector by its target: `DirectSignIn::social("kakao")` is "Continue with Kakao".
    #[must_use]
    pub fn social(target: impl fmt::Display) -> Self {
        Self(format!("social:{target}"))
    }

    /// Selects an enterprise connector by its id.
    #[must_use]
    pub fn sso(connector_id: impl fmt::Display) -> Self {
        Self(format!("sso:{connector_id}"))
    }

    /// Returns the value of `direct_sign_in`, which [`FromStr`] reads: `social:<target>` or `sso:<connector id>`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DirectSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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

/// A list of words, as scopes and authentication context classes are: each item is one, or several separated by spaces. Each counts once.
pub(crate) fn word_list<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for item in items {
        for word in item.as_ref().split_ascii_whitespace() {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
    }
    words
}

/// Whether this can name an API: an absolute URI without a fragment (RFC 8707 section 2). Logto splits at commas.
pub(crate) fn is_resource(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.fragment().is_none()) && !text.contains([',', ' '])
}

/// A redirect of the browser. It has no effect until it is returned as a response.
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

    /// Returns the value of the `Location` header.
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

#[cfg(test)]
mod tests;
