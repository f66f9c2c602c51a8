//! The two cookie formats, written a second time after `docs/architecture.md`: with the right key a target reaches what is behind the seal.

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};

use crate::{APP_ID, COOKIE_SECRET};

/// The name of the session cookie, in both formats.
pub const NAME: &str = "logto_app";
const NONCE: [u8; 12] = [7; 12];

/// The crate's own format.
pub fn logto(plaintext: &[u8]) -> String {
    let hkdf = Hkdf::<Sha256>::new(None, COOKIE_SECRET.as_bytes());
    let (mut key, mut id) = ([0; 32], [0; 1]);
    hkdf.expand(b"logto session key v1", &mut key).expect("32 bytes");
    hkdf.expand(b"logto session key id v1", &mut id).expect("1 byte");
    let prefix = [1, id[0]];
    let aad = [&prefix, NAME.as_bytes(), b"\0", APP_ID.as_bytes()].concat();
    let ciphertext = encrypt(&key, Payload { msg: plaintext, aad: &aad });
    URL_SAFE_NO_PAD.encode([prefix.as_slice(), &NONCE, &ciphertext].concat())
}

/// The plaintext of a cookie in the crate's own format.
pub fn open_logto(value: &str) -> Vec<u8> {
    let bytes = URL_SAFE_NO_PAD.decode(value).expect("base64url");
    let hkdf = Hkdf::<Sha256>::new(None, COOKIE_SECRET.as_bytes());
    let mut key = [0; 32];
    hkdf.expand(b"logto session key v1", &mut key).expect("32 bytes");
    let aad = [&bytes[..2], NAME.as_bytes(), b"\0", APP_ID.as_bytes()].concat();
    let nonce: [u8; 12] = bytes[2..14].try_into().expect("12 bytes");
    cipher(&key).decrypt(&Nonce::from(nonce), Payload { msg: &bytes[14..], aad: &aad }).expect("our own cookie")
}

/// The format of `@logto/node`.
pub fn next(plaintext: &[u8]) -> String {
    let key: [u8; 32] = Sha256::digest(COOKIE_SECRET).into();
    let ciphertext = encrypt(&key, Payload { msg: plaintext, aad: b"" });
    format!("{}.{}", STANDARD.encode(ciphertext), STANDARD.encode(NONCE))
}

fn encrypt(key: &[u8; 32], payload: Payload<'_, '_>) -> Vec<u8> {
    cipher(key).encrypt(&Nonce::from(NONCE), payload).expect("it fits")
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(key.into())
}
