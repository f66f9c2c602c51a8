//! `aud`: one recipient or several.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::lenient::{self, FromLoose, Loose};

/// The audience of a token (RFC 7519 section 4.1.3). In JSON a string, or an array of strings.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Audience(Vec<String>);

impl Audience {
    /// Returns whether the token is for `recipient`: an App ID, an API resource or `urn:logto:organization:<id>`.
    #[must_use]
    pub fn contains(&self, recipient: &str) -> bool {
        self.iter().any(|one| one == recipient)
    }

    /// The first recipient that is neither this one nor trusted.
    pub(crate) fn untrusted(&self, recipient: &str, trusted: &[String]) -> Option<&str> {
        self.iter().find(|one| *one != recipient && !trusted.iter().any(|known| known == one))
    }

    /// Returns all recipients, in the token's order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromLoose for Audience {
    const EXPECTED: &str = "text or an array of text";

    fn from_loose(loose: Loose) -> Option<Self> {
        match loose {
            Loose::Text(one) => Some(Self(vec![one])),
            // An audience we cannot read may be one we must not trust: nothing is skipped here.
            Loose::List { texts, only_texts: true } => Some(Self(texts)),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            several => serializer.collect_seq(several),
        }
    }
}
