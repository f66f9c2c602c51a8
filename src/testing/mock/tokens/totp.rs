//! Codes of authenticator apps (RFC 6238, with SHA-1, six digits and steps of 30 seconds).

use std::time::SystemTime;

use aws_lc_rs::hmac;

use crate::{
    clock::{random_bytes, unix_seconds},
    error::Result,
};

const STEP: i64 = 30;
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Twenty random bytes in Base32.
pub(crate) fn new_secret() -> Result<String> {
    let bits = random_bytes::<32>()?;
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).copied().map(char::from);
    Ok(bits.into_iter().filter_map(letter).collect())
}

/// Whether a text can be a secret: Base32 with its padding, from 16 to 32 letters.
pub(crate) fn is_secret(secret: &str) -> bool {
    let letters = secret.trim_end_matches('=').len();
    let padding = secret.len().saturating_sub(letters);
    let is_whole = matches!((letters % 8, padding), (0, 0) | (2, 6) | (4, 4) | (5, 3) | (7, 1));
    (16..=32).contains(&secret.len()) && is_whole && decoded(secret).is_some()
}

/// Whether it is the code of this moment, or of the step before or after.
pub(crate) fn is_code(secret: &str, typed: &str, now: SystemTime) -> bool {
    let step = unix_seconds(now) / STEP;
    [-1, 0, 1].into_iter().any(|drift| at(secret, step.saturating_add(drift)).as_deref() == Some(typed))
}

/// The code of a moment.
pub(crate) fn code(secret: &str, now: SystemTime) -> Option<String> {
    at(secret, unix_seconds(now) / STEP)
}

/// RFC 4226 section 5.3.
fn at(secret: &str, step: i64) -> Option<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &decoded(secret)?);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(tag.as_ref().last()? & 15);
    let part: [u8; 4] = tag.as_ref().get(offset..)?.first_chunk().copied()?;
    Some(format!("{:06}", (u32::from_be_bytes(part) & 0x7fff_ffff) % 1_000_000))
}

/// The bytes of Base32 (RFC 4648 section 6).
fn decoded(secret: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for letter in secret.trim_end_matches('=').bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        bits = (bits & 0x7ff) << 5 | u32::try_from(value).ok()?;
        held = held.saturating_add(5);
        if held >= 8 {
            held = held.saturating_sub(8);
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may assume")]

    use std::time::{Duration, UNIX_EPOCH};

    use super::{code, is_code, is_secret, new_secret};

    /// `12345678901234567890`, the secret of RFC 6238 appendix B. The codes there have eight digits, of which these are the last six.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, UNIX_EPOCH + Duration::from_secs(seconds)).unwrap(), expected, "{seconds}");
        }
    }

    #[test]
    fn a_code_works_in_its_step_and_the_ones_beside_it() {
        let typed = code(SECRET, UNIX_EPOCH + Duration::from_secs(1000)).unwrap();
        let works = |seconds| is_code(SECRET, &typed, UNIX_EPOCH + Duration::from_secs(seconds));
        assert!(works(960) && works(1000) && works(1049));
        assert!(!works(959) && !works(1050));
    }

    #[test]
    fn a_secret_is_base32_of_a_fair_length() {
        for secret in [new_secret().unwrap().as_str(), SECRET, "GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQGE======"] {
            assert!(is_secret(secret), "{secret}");
        }
        for secret in
            ["", "GEZDGNBVGY3TQOJ", "gezdgnbvgy3tqojq", "GEZDGNBVGY3TQOJ1", "GEZDGNBVGY3TQOJQG", &SECRET.repeat(2)]
        {
            assert!(!is_secret(secret), "{secret}");
        }
    }
}
