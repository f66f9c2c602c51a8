//! How `@logto/node` seals a session: `base64(ciphertext and tag).base64(nonce)`, AES-256-GCM.
//!
//! The key is the bare SHA-256 of the secret, and nothing binds a value to its cookie. Both are theirs, and cannot be made better from here.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit},
};
use base64_simd::STANDARD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    clock,
    error::{Code, Error, Result},
    secret::Secret,
};

const NONCE_BYTES: usize = 12;
/// No header carries more.
const MAX_VALUE_BYTES: usize = 64 * 1024;

/// The current key and those before it. Only the current one is known to `@logto/node`.
#[derive(Clone)]
pub(super) struct Keys(Vec<Aes256Gcm>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    pub(super) fn derive(current: &Secret, previous: &[Secret]) -> Self {
        let secrets = std::iter::once(current).chain(previous);
        let key = |secret: &Secret| Zeroizing::new(<[u8; 32]>::from(Sha256::digest(secret.expose().as_bytes())));
        Self(secrets.map(|secret| Aes256Gcm::new(&(*key(secret)).into())).collect())
    }

    pub(super) fn seal(&self, plaintext: &[u8]) -> Result<String> {
        let nonce = clock::random_bytes::<NONCE_BYTES>()?;
        let sealed = self.0.first().and_then(|key| key.encrypt(&Nonce::from(nonce), plaintext).ok());
        let ciphertext = sealed.ok_or_else(|| Error::new(Code::SessionTooLarge, "the session cannot be encrypted"))?;
        Ok(format!("{}.{}", STANDARD.encode_to_string(ciphertext), STANDARD.encode_to_string(nonce)))
    }

    /// Opens a cookie's value. `None` for whatever was not sealed like this with one of the keys.
    pub(super) fn open(&self, value: &str) -> Option<Zeroizing<Vec<u8>>> {
        if value.len() > MAX_VALUE_BYTES {
            return None;
        }
        let value = unescape(value);
        let (ciphertext, nonce) = value.split_once('.')?;
        let ciphertext = STANDARD.decode_to_vec(ciphertext).ok()?;
        let nonce = <[u8; NONCE_BYTES]>::try_from(STANDARD.decode_to_vec(nonce).ok()?).ok()?;
        let open = |key: &Aes256Gcm| key.decrypt(&Nonce::from(nonce), ciphertext.as_slice()).ok();
        self.0.iter().find_map(open).map(Zeroizing::new)
    }
}

/// The cookie libraries of Next.js write `+`, `/` and `=` as percent escapes, and read both. Here they are written as they are.
fn unescape(value: &str) -> String {
    value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
}

/// Bytes that a sealed text grows by when Next.js writes it.
pub(super) fn escapes(value: &str) -> usize {
    2 * value.bytes().filter(|byte| matches!(byte, b'+' | b'/' | b'=')).count()
}
