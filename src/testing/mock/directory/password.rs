//! A user's password, as it is kept.

use aws_lc_rs::digest;

use crate::secret::Secret;

/// What a typed password is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Password {
    Plain(Secret),
    /// A digest that came from elsewhere, in small hexadecimal digits.
    Digest(Algorithm, String),
}

/// What a digest was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha1,
    Sha256,
}

impl Password {
    pub(super) fn is(&self, typed: &str) -> bool {
        match self {
            Self::Plain(password) => *password == Secret::new(typed),
            Self::Digest(algorithm, digest) => algorithm.digest(typed) == *digest,
        }
    }

    /// What a person types, if it is known.
    pub(crate) fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(password) => Some(password.expose()),
            Self::Digest(..) => None,
        }
    }
}

impl Algorithm {
    /// By the name that the Management API has for it.
    pub(crate) fn called(name: &str) -> Option<Self> {
        match name {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            _ => None,
        }
    }

    fn digest(self, text: &str) -> String {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        };
        let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0'));
        digest::digest(algorithm, text.as_bytes()).as_ref().iter().flat_map(digits).collect()
    }
}
