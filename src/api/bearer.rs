//! The `Authorization` header (RFC 9110 section 11.6.2, RFC 6750 section 2.1).

use crate::error::{Code, Error, Result};

/// No honest access token is near this size: one of Logto has 600 bytes, and custom claims seldom add a thousand. A longer token is rejected without
/// further work.
pub(super) const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The `Authorization` header of a request, from the values of all that it has.
pub(super) fn header<V>(headers: impl IntoIterator<Item = V>) -> Result<Option<V>> {
    let mut headers = headers.into_iter();
    let header = headers.next();
    // RFC 9110 section 5.3: the field is not a list. Two servers on the way may take a different one of the two for the right one.
    if headers.next().is_some() {
        return Err(Error::new(Code::BearerRequest, "the request has several Authorization headers"));
    }
    Ok(header)
}

/// The token in that header.
///
/// A blank header and one of another scheme are "no credentials", like none at all, which is no mistake (RFC 6750 section 3.1). Tokens in
/// the body or in the query are not looked for: they end in logs and histories (RFC 9700 section 4.3.2).
pub(super) fn token(header: &[u8]) -> Result<Option<&str>> {
    let header = header.trim_ascii();
    let scheme = header.split(|byte| *byte == b' ').next().unwrap_or_default();
    // RFC 9110 section 11.1: the case of a scheme's name does not matter.
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    let token = header.get(scheme.len()..).unwrap_or_default().trim_ascii();
    check(token)?;
    std::str::from_utf8(token).map(Some).map_err(|_| not_a_token())
}

/// Whether this can be a token at all: the `b64token` of RFC 6750 section 2.1, of a bearable length.
pub(super) fn check(token: &[u8]) -> Result<()> {
    if token.is_empty() {
        return Err(Error::new(Code::BearerRequest, "the bearer token is empty"));
    }
    if token.len() > MAX_TOKEN_BYTES {
        let message = format!("the bearer token has {} bytes, at most {MAX_TOKEN_BYTES} are read", token.len());
        return Err(Error::new(Code::BearerRequest, message));
    }
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let text = token.get(..token.len() - padding).unwrap_or_default();
    #[allow(clippy::manual_contains, reason = "`contains` would search for each byte by a call")]
    let right = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".iter().any(|one| *one == byte);
    // Every byte is looked at, whatever the others are: so the compiler takes many at once. With an early end this costs more than SHA-256.
    if text.is_empty() || !text.iter().fold(true, |all, byte| all & right(*byte)) {
        return Err(not_a_token());
    }
    Ok(())
}

fn not_a_token() -> Error {
    Error::new(Code::BearerRequest, "what follows `Bearer` is not one token")
}

#[cfg(test)]
mod tests;
