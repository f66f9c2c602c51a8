//! Ids as Logto makes them.

use crate::{clock::random_bytes, error::Result};

/// Small letters and digits, 21 of them.
pub(crate) fn short_id() -> Result<String> {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 36)).copied().map(char::from);
    Ok(random_bytes::<21>()?.into_iter().filter_map(letter).collect())
}
