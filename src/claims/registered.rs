//! The claims that are validated, read so that "missing" and "of the wrong type" are distinguished.

use serde::{Deserialize, Deserializer};

use super::{
    Audience,
    lenient::{FromLoose, Loose},
};

/// The claims of an ID token that its validation needs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Registered {
    pub(crate) iss: Claim<String>,
    pub(crate) sub: Claim<String>,
    pub(crate) aud: Claim<Audience>,
    pub(crate) azp: Claim<String>,
    pub(crate) exp: Claim<i64>,
    pub(crate) nbf: Claim<i64>,
    pub(crate) iat: Claim<i64>,
    pub(crate) auth_time: Claim<i64>,
    pub(crate) acr: Claim<String>,
    pub(crate) nonce: Claim<String>,
    pub(crate) at_hash: Claim<String>,
    pub(crate) sid: Claim<String>,
}

/// A claim that is validated. Null counts as missing; another type is never taken for missing.
#[derive(Debug, Default)]
pub(crate) enum Claim<T> {
    #[default]
    Missing,
    WrongType,
    Present(T),
}

impl<T> Claim<T> {
    /// The claim, or what is wrong with it.
    pub(crate) fn required(self) -> Result<T, &'static str> {
        self.optional()?.ok_or("is missing")
    }

    /// The claim if there is one, or what is wrong with it.
    pub(crate) fn optional(self) -> Result<Option<T>, &'static str> {
        match self {
            Self::Present(value) => Ok(Some(value)),
            Self::Missing => Ok(None),
            Self::WrongType => Err("is of the wrong type"),
        }
    }
}

impl<'de, T: FromLoose> Deserialize<'de> for Claim<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Loose::deserialize(deserializer)? {
            Loose::Null => Self::Missing,
            loose => T::from_loose(loose).map_or(Self::WrongType, Self::Present),
        })
    }
}
