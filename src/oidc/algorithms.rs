//! Which signature algorithms are taken (RFC 8725 section 3.1): those that the settings name, and never what a token asks for.

use std::fmt;

use super::alg::Alg;

/// The name of the setting for all tokens.
const ACCEPTED: &str = "accepted_algorithms";
/// The name of the setting for ID tokens and logout tokens.
const AGREED: &str = "id_token_signed_response_alg";

/// A set of algorithms, and the setting that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Algorithms {
    admitted: [bool; Alg::ALL.len()],
    setting: Option<&'static str>,
}

impl Default for Algorithms {
    /// All that are known.
    fn default() -> Self {
        Self { admitted: [true; Alg::ALL.len()], setting: None }
    }
}

impl Algorithms {
    /// Those of `accepted_algorithms`.
    ///
    /// # Errors
    /// The first name that is none of an algorithm; empty where there is no name at all.
    pub(crate) fn accepted(names: &[String]) -> Result<Self, &str> {
        if names.is_empty() {
            return Err("");
        }
        match names.iter().find(|name| Alg::from_name(name).is_none()) {
            Some(unknown) => Err(unknown),
            None => Ok(Self::of(|alg| names.iter().any(|name| name == alg.as_str()), ACCEPTED)),
        }
    }

    /// Of these the one that was agreed upon with the server, if one was.
    pub(crate) fn agreed(self, agreed: Option<&str>) -> Self {
        match agreed {
            Some(agreed) => Self::of(|alg| alg.as_str() == agreed && self.admit(alg), AGREED),
            None => self,
        }
    }

    fn of(admits: impl Fn(Alg) -> bool, setting: &'static str) -> Self {
        Self { admitted: Alg::ALL.map(admits), setting: Some(setting) }
    }

    pub(crate) fn admit(self, alg: Alg) -> bool {
        self.all().any(|one| one == alg)
    }

    /// A key is used with one algorithm. An RSA key that names none is for RS256, the default of OpenID Connect (Core 3.1.3.7 step 7), and for
    /// PS256 only where the settings take no RS256.
    pub(super) fn of_unnamed_rsa_keys(self) -> Alg {
        if self.admit(Alg::Ps256) && !self.admit(Alg::Rs256) { Alg::Ps256 } else { Alg::Rs256 }
    }

    fn all(self) -> impl Iterator<Item = Alg> {
        Alg::ALL.into_iter().zip(self.admitted).filter_map(|(alg, admitted)| admitted.then_some(alg))
    }
}

/// `ES384 or RS256 (accepted_algorithms)`.
impl fmt::Display for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.all().map(Alg::as_str).collect::<Vec<_>>().join(" or "))?;
        match self.setting {
            Some(setting) => write!(f, ", as {setting} says"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
