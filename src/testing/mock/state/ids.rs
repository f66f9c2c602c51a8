//! Ids and values as Logto makes them.

use crate::{
    clock::{random_bytes, random_token},
    error::Result,
};

/// The id of most things: 21 lower-case letters and digits.
pub(crate) fn short_id() -> Result<String> {
    let id: [u8; 21] = random_bytes()?;
    Ok(lower_case(&id))
}

/// The id of a user or an organization: 12 lower-case letters and digits.
pub(crate) fn user_id() -> Result<String> {
    let id: [u8; 12] = random_bytes()?;
    Ok(lower_case(&id))
}

/// The value of a secret: as many letters and digits, 64 at most.
pub(crate) fn random_letters(count: usize) -> Result<String> {
    let token = format!("{}{}", random_token()?, random_token()?);
    Ok(token.chars().filter(char::is_ascii_alphanumeric).take(count).collect())
}

fn lower_case(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 36)).copied().map(char::from);
    bytes.iter().filter_map(letter).collect()
}
