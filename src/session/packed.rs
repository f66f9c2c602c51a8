//! A token without the waste: what is base64 inside is kept as its bytes, and a JWT's claims may be compressed.

use std::{
    fmt,
    io::{Read, Write},
    mem,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::Secret;

/// Far above any claims that fit four cookies; keeps a crafted stream from filling the memory.
const MAX_INFLATED: u64 = 1024 * 1024;

#[derive(Serialize, Deserialize)]
pub(crate) enum Packed {
    /// As it is.
    Text(String),
    /// The bytes of one base64url word: Logto's refresh tokens and opaque access tokens.
    Word(#[serde(with = "serde_bytes")] Vec<u8>),
    /// A compact JWS.
    Jwt(Jwt),
    /// The same with a compressed payload. Claims alone: a secret is never compressed together with them (CRIME).
    Deflated(Jwt),
}

/// The bytes of the three parts of a compact JWS (RFC 7515 section 7.1).
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Jwt {
    #[serde(with = "serde_bytes")]
    header: Vec<u8>,
    #[serde(with = "serde_bytes")]
    payload: Vec<u8>,
    #[serde(with = "serde_bytes")]
    signature: Vec<u8>,
}

impl Packed {
    pub(crate) fn pack(token: &str, compress: bool) -> Self {
        // The encoding is canonical, so whatever decodes comes back letter by letter.
        match (Jwt::parse(token), URL_SAFE_NO_PAD.decode(token)) {
            (Some(jwt), _) => Self::pack_jwt(&jwt, compress),
            (None, Ok(word)) => Self::Word(word),
            (None, Err(_)) => Self::Text(token.to_owned()),
        }
    }

    pub(crate) fn pack_jwt(jwt: &Jwt, compress: bool) -> Self {
        match compress.then(|| deflate(&jwt.payload)).flatten() {
            Some(payload) => {
                Self::Deflated(Jwt { header: jwt.header.clone(), payload, signature: jwt.signature.clone() })
            }
            None => Self::Jwt(jwt.clone()),
        }
    }

    pub(crate) fn unpack(mut self) -> Option<Secret> {
        match &mut self {
            Self::Text(text) => return Some(Secret::new(mem::take(text))),
            Self::Word(word) => return Some(Secret::new(URL_SAFE_NO_PAD.encode(word))),
            Self::Jwt(_) | Self::Deflated(_) => {}
        }
        Some(self.unpack_jwt()?.compact())
    }

    pub(crate) fn unpack_jwt(mut self) -> Option<Jwt> {
        match &mut self {
            Self::Jwt(jwt) => Some(mem::take(jwt)),
            Self::Deflated(jwt) => {
                jwt.payload = inflate(&jwt.payload)?;
                Some(mem::take(jwt))
            }
            Self::Text(_) | Self::Word(_) => None,
        }
    }
}

// Tokens are wiped when they are let go, as a `Secret` is.
impl Drop for Packed {
    fn drop(&mut self) {
        match self {
            Self::Text(text) => text.zeroize(),
            Self::Word(word) => word.zeroize(),
            Self::Jwt(_) | Self::Deflated(_) => {}
        }
    }
}

impl Drop for Jwt {
    fn drop(&mut self) {
        [&mut self.header, &mut self.payload, &mut self.signature].into_iter().for_each(Zeroize::zeroize);
    }
}

impl Jwt {
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        match (parts.next()??, parts.next()??, parts.next()??, parts.next()) {
            (header, payload, signature, None) => Some(Self { header, payload, signature }),
            _ => None,
        }
    }

    /// The claims, as JSON text. Whether the signature was checked is the caller's affair: a session only ever holds tokens that were.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The token as it travels.
    pub(crate) fn compact(&self) -> Secret {
        let mut token = String::with_capacity(self.size() * 4 / 3 + 8);
        URL_SAFE_NO_PAD.encode_string(&self.header, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&self.payload, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&self.signature, &mut token);
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

fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut inflated = Vec::new();
    DeflateDecoder::new(bytes).take(MAX_INFLATED).read_to_end(&mut inflated).ok()?;
    Some(inflated)
}
