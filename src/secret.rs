//! A string that is redacted in `Debug` output.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};
use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A token, a secret or a key: redacted in `Debug` output, compared in constant time, wiped from memory when dropped.
///
/// ```
/// let token = logto::Secret::new("s3cret");
/// assert_eq!(format!("{token:?}"), "Secret(…)");
/// assert_eq!(token.expose(), "s3cret");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

// It is wiped when dropped, and all of it: another member, or another type for this one, does not compile.
const _: () = {
    const fn is_wiped<T: ZeroizeOnDrop>(_: fn(&Secret) -> &T) {}
    is_wiped(|Secret(text)| text);
};

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the text itself, for the place that needs it: a header, a form, a key derivation.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Secret {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own error would quote what is no text.
        String::deserialize(deserializer).map(Self::new).map_err(|_| D::Error::custom("a secret is not text"))
    }
}
