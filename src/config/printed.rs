//! Cookie secrets that everybody knows.

use subtle::{Choice, ConstantTimeEq};

use crate::secret::Secret;

/// Those of our documentation and examples, and the placeholder of Logto's guides.
const PRINTED: [&str; 5] = [
    "0123456789abcdef0123456789abcdef",
    "a secret for the examples alone, never for production",
    "a secret for this example alone, never for production",
    "at least 32 bytes, from `openssl rand -base64 32`",
    "complex_password_at_least_32_characters_long",
];

/// What is known of a secret, if everybody can know it.
pub(super) fn known(secret: &Secret) -> Option<&'static str> {
    let text = secret.expose().trim();
    let is_printed =
        PRINTED.iter().fold(Choice::from(0), |found, printed| found | text.as_bytes().ct_eq(printed.as_bytes()));
    let mut characters = text.chars();
    let first = characters.next();
    // Nothing but spaces is as easily guessed.
    let is_repeated = !secret.expose().is_empty() && characters.all(|character| Some(character) == first);
    match (is_printed.into(), is_repeated) {
        (true, _) => Some("is printed in documentation"),
        (false, true) => Some("is one repeated character"),
        (false, false) => None,
    }
}
