//! Tokens without the waste: what is base64 inside is kept as its bytes.

use std::{borrow::Cow, fmt};

use base64_simd::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::secret::Secret;

/// What is secret of a token.
#[derive(Serialize, Deserialize)]
pub(super) enum Packed<'a> {
    /// As it is.
    Text(#[serde(borrow)] Cow<'a, str>),
    /// The bytes of one base64url word: Logto's refresh tokens and opaque access tokens.
    Word(#[serde(borrow, with = "serde_bytes")] Cow<'a, [u8]>),
    /// The signature of a JWT, whose other parts are elsewhere.
    Signature(#[serde(borrow, with = "serde_bytes")] Cow<'a, [u8]>),
}

/// The bytes of the three parts of a compact JWS (RFC 7515 section 7.1).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Jwt {
    #[serde(with = "serde_bytes")]
    header: Vec<u8>,
    #[serde(with = "serde_bytes")]
    payload: Vec<u8>,
    #[serde(with = "serde_bytes")]
    signature: Vec<u8>,
}

impl<'a> Packed<'a> {
    pub(super) fn pack(token: &'a Secret) -> Self {
        // The encoding is canonical, so encoding the decoded bytes returns the same text.
        match URL_SAFE_NO_PAD.decode_to_vec(token.expose()) {
            Ok(word) => Self::Word(word.into()),
            Err(_) => Self::Text(token.expose().into()),
        }
    }

    /// The token, but for a signature, which is none.
    pub(super) fn unpack(&self) -> Option<Secret> {
        match self {
            Self::Text(text) => Some(Secret::new(&**text)),
            Self::Word(word) => Some(Secret::new(URL_SAFE_NO_PAD.encode_to_string(word))),
            Self::Signature(_) => None,
        }
    }
}

// Tokens are wiped when they are let go, as a `Secret` is. What is borrowed is wiped by its owner.
impl Drop for Packed<'_> {
    fn drop(&mut self) {
        match self {
            Self::Text(Cow::Owned(text)) => text.zeroize(),
            Self::Word(Cow::Owned(bytes)) | Self::Signature(Cow::Owned(bytes)) => bytes.zeroize(),
            Self::Text(_) | Self::Word(_) | Self::Signature(_) => {}
        }
    }
}

// Without its signature a token is worthless, and any code may read its claims.
impl Drop for Jwt {
    fn drop(&mut self) {
        self.signature.zeroize();
    }
}

impl Jwt {
    pub(super) fn new(header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>) -> Self {
        Self { header, payload, signature }
    }

    pub(crate) fn parse(token: &str) -> Option<Self> {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode_to_vec(part).ok());
        match (parts.next()??, parts.next()??, parts.next()??, parts.next()) {
            (header, payload, signature, None) => Some(Self { header, payload, signature }),
            _ => None,
        }
    }

    pub(super) fn header(&self) -> &[u8] {
        &self.header
    }

    /// The claims, as JSON text. Whether the signature was checked is the caller's affair: a session only ever holds tokens that were.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The token as it travels.
    pub(crate) fn compact(&self) -> Secret {
        let mut token = String::with_capacity(self.size() * 4 / 3 + 8);
        URL_SAFE_NO_PAD.encode_append(&self.header, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_append(&self.payload, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_append(&self.signature, &mut token);
        Secret::new(token)
    }

    /// Bytes, decoded.
    pub(crate) fn size(&self) -> usize {
        self.header.len() + self.payload.len() + self.signature.len()
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jwt(…)")
    }
}
