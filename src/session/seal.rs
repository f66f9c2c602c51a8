//! Authenticated encryption of what goes into a cookie.
//!
//! `base64url(version ‖ key id ‖ nonce ‖ AES-256-GCM ciphertext and tag)`. The key is derived from the secret by HKDF-SHA256 (RFC 5869); version, key
//! id, cookie name and App ID are associated data, so a value cannot move to another cookie or application.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, Nonce, Tag,
    aead::{AeadInOut, KeyInit},
};
use base64_simd::{AsOut, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    clock,
    error::{Code, Error, Result},
    secret::Secret,
};

/// The layout above. A later layout gets a later number, and this one stays readable.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
/// Version, key id and nonce.
const PREFIX_BYTES: usize = 2 + NONCE_BYTES;
const TAG_BYTES: usize = 16;
/// Far above any session; whatever is longer is not ours. What is sealed is held to it, too, so that it can be opened.
const MAX_SEALED_BYTES: usize = 512 * 1024;
/// What of it is left for the plaintext, without base64, version, key id, nonce and tag.
pub(super) const MAX_PLAINTEXT_BYTES: usize = MAX_SEALED_BYTES / 4 * 3 - PREFIX_BYTES - TAG_BYTES;

/// Version, key id, nonce and tag in base64, without anything sealed.
const MIN_SEALED_BYTES: usize = (PREFIX_BYTES + TAG_BYTES) / 3 * 4;

/// Why a text was not opened, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unopened {
    /// It is nothing that was ever sealed.
    Malformed,
    /// It names a key that is none of ours.
    OtherKey,
    /// It names a key of ours and was not sealed with it like this: changed, cut, or moved from another cookie.
    Forged,
}

/// The current key and those before it.
#[derive(Clone)]
pub(crate) struct Keys {
    app_id: String,
    current: Key,
    previous: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: u8,
    cipher: Aes256Gcm,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("previous", &self.previous.len()).finish_non_exhaustive()
    }
}

impl Keys {
    pub(crate) fn derive(app_id: &str, current: &Secret, previous: &[Secret]) -> Result<Self> {
        let previous = previous.iter().map(Key::derive).collect::<Result<_>>()?;
        Ok(Self { app_id: app_id.to_owned(), current: Key::derive(current)?, previous })
    }

    /// Seals `plaintext` for the cookie `name`.
    pub(crate) fn seal(&self, name: &str, plaintext: &[u8]) -> Result<String> {
        let nonce = clock::random_bytes::<NONCE_BYTES>()?;
        let prefix = [VERSION, self.current.id];
        // Encrypted where it stands, in its place before the tag.
        let mut bytes = Vec::with_capacity(PREFIX_BYTES + plaintext.len() + TAG_BYTES);
        bytes.extend_from_slice(&prefix);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(plaintext);
        let (_, text) = bytes.split_at_mut(PREFIX_BYTES);
        let aad = self.associated_data(prefix, name);
        let tag = self.current.cipher.encrypt_inout_detached(&Nonce::from(nonce), &aad, text.into());
        let tag = tag.map_err(|_| Error::new(Code::SessionTooLarge, "the session cannot be encrypted"))?;
        bytes.extend_from_slice(&tag);
        let sealed = URL_SAFE_NO_PAD.encode_to_string(bytes);
        match sealed.len() <= MAX_SEALED_BYTES {
            true => Ok(sealed),
            false => {
                Err(Error::new(Code::SessionTooLarge, format!("the session has more than {MAX_SEALED_BYTES} bytes")))
            }
        }
    }

    /// Opens what [`seal`](Self::seal) made. `None` for everything else: foreign, truncated, changed, moved, or sealed with a forgotten key.
    pub(crate) fn open(&self, name: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
        if text.len() > MAX_SEALED_BYTES {
            return None;
        }
        let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode_to_vec(text).ok()?);
        let (prefix, rest) = bytes.split_first_chunk_mut::<2>()?;
        let (nonce, rest) = rest.split_first_chunk_mut::<NONCE_BYTES>()?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG_BYTES>()?;
        let [version, key_id] = *prefix;
        if version != VERSION {
            return None;
        }
        let aad = self.associated_data(*prefix, name);
        let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
        // A key id is one byte, so two keys may share it: try each that does. One that does not fit leaves the text as it is.
        std::iter::once(&self.current)
            .chain(&self.previous)
            .filter(|key| key.id == key_id)
            .find_map(|key| key.cipher.decrypt_inout_detached(&nonce, &aad, (&mut *text).into(), &tag).ok())?;
        let end = bytes.len().saturating_sub(TAG_BYTES);
        bytes.truncate(end);
        bytes.drain(..PREFIX_BYTES);
        Some(bytes)
    }

    /// Whether a text begins as what one of the keys has sealed. It costs no decryption.
    pub(super) fn may_open(&self, text: &str) -> bool {
        prefix_of(text).is_some_and(|[version, id]| {
            version == VERSION && std::iter::once(&self.current).chain(&self.previous).any(|key| key.id == id)
        })
    }

    /// Why a text that [`open`](Self::open) did not open was not sealed here.
    pub(super) fn why_unopened(&self, text: &str) -> Unopened {
        match prefix_of(text) {
            Some([VERSION, _]) if text.len() < MIN_SEALED_BYTES => Unopened::Malformed,
            Some([VERSION, _]) if self.may_open(text) => Unopened::Forged,
            Some([VERSION, _]) => Unopened::OtherKey,
            _ => Unopened::Malformed,
        }
    }

    /// Whose cookies these are.
    pub(super) fn app_id(&self) -> &str {
        &self.app_id
    }

    fn associated_data(&self, prefix: [u8; 2], name: &str) -> Vec<u8> {
        [prefix.as_slice(), name.as_bytes(), b"\0", self.app_id.as_bytes()].concat()
    }
}

/// The version and the key id that a text begins with.
fn prefix_of(text: &str) -> Option<[u8; 2]> {
    let mut start = [0; 3];
    URL_SAFE_NO_PAD.decode(text.as_bytes().get(..4)?, start.as_mut_slice().as_out()).ok()?;
    let [version, id, _] = start;
    Some([version, id])
}

impl Key {
    fn derive(secret: &Secret) -> Result<Self> {
        let hkdf = Hkdf::<Sha256>::new(None, secret.expose().as_bytes());
        let (mut key, mut id) = (Zeroizing::new([0; 32]), [0; 1]);
        hkdf.expand(b"logto session key v1", key.as_mut_slice())
            .and_then(|()| hkdf.expand(b"logto session key id v1", &mut id))
            .map_err(|_| Error::new(Code::ConfigInvalid, "no key can be derived from the cookie secret"))?;
        let cipher = Aes256Gcm::new_from_slice(key.as_slice())
            .map_err(|_| Error::new(Code::ConfigInvalid, "no key can be derived from the cookie secret"))?;
        Ok(Self { id: u8::from_be_bytes(id), cipher })
    }
}
