//! A signed token in its compact form (RFC 7515), be it an ID token, an access token or a logout token.

use std::{borrow::Cow, fmt};

use base64_simd::URL_SAFE_NO_PAD;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{alg::Alg, algorithms::Algorithms};
use crate::error::{Error, excerpt};

/// The ID token of a user in 400 organizations is 20 KB; nothing honest is near this.
const MAX_TOKEN_BYTES: usize = 256 * 1024;

/// A token whose signature has not been checked yet. Its payload is not accessible until [`KeySet::verify`](super::jwks::KeySet::verify).
pub(crate) struct Jws<'a> {
    pub(crate) alg: Alg,
    pub(crate) kid: Option<String>,
    pub(crate) typ: Option<String>,
    /// The one algorithm of an RSA key that names none.
    pub(super) rsa: Alg,
    pub(super) signing_input: &'a str,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// Why a token is rejected. It does not say which kind of token it was: the caller knows.
#[derive(Debug)]
pub(crate) enum JwsError {
    /// It is not a JWS that we read.
    Malformed(Cow<'static, str>),
    /// It is signed with an algorithm that we do not accept.
    Alg(String),
    /// It is signed with an algorithm that the settings leave out.
    NotAdmitted { alg: Alg, algorithms: Algorithms },
    /// The key set has no key for it.
    UnknownKey { kid: Option<String>, alg: Alg, known: usize },
    /// No key that could have signed it did.
    BadSignature { alg: Alg },
    /// The key set could not be fetched, so nothing is known about the token.
    Keys(Error),
}

impl<'a> Jws<'a> {
    /// Takes a token apart. Whatever can be refused without a key is refused here, before anyone is asked for one.
    pub(crate) fn parse(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwsError::malformed(format!(
                "it has {} bytes, at most {MAX_TOKEN_BYTES} are read",
                token.len()
            )));
        }
        // RFC 7515 section 7.1: exactly three parts. Five would be an encrypted token, which nobody here has asked for.
        let (signing_input, signature) = token.rsplit_once('.').ok_or_else(not_three_parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or_else(not_three_parts)?;
        if payload.contains('.') {
            return Err(not_three_parts());
        }

        let header: Header = serde_json::from_slice(&decode_object("header", header)?)
            .map_err(|error| JwsError::malformed(format!("its header is not a JOSE header: {error}")))?;
        // Sections 4.1.11 and RFC 7797 section 6: an extension that is not understood must be refused. We understand none.
        if header.crit || header.b64 {
            return Err(JwsError::malformed("its header has `crit` or `b64`, which is not supported"));
        }
        // RFC 8725 section 3.1: the algorithm comes from our list. `none` and the HMAC family are not on it, so a public key is never
        // taken for a shared secret. `jku`, `x5u`, `jwk` and `x5c` are not even read: the token does not choose its own key.
        let Some(alg) = header.alg.as_deref().and_then(Alg::from_name) else {
            return Err(JwsError::Alg(header.alg.as_deref().map(excerpt).unwrap_or_default().into_owned()));
        };

        Ok(Self {
            alg,
            kid: header.kid,
            typ: header.typ,
            rsa: Alg::Rs256,
            signing_input,
            payload: decode_object("payload", payload)?,
            signature: decode("signature", signature)?,
        })
    }

    /// The token, if the settings take its algorithm.
    pub(crate) fn admitted_by(self, algorithms: Algorithms) -> Result<Self, JwsError> {
        if algorithms.admit(self.alg) {
            return Ok(Self { rsa: algorithms.of_unnamed_rsa_keys(), ..self });
        }
        Err(JwsError::NotAdmitted { alg: self.alg, algorithms })
    }

    /// Whether the header's `typ` is `expected`, compared as RFC 7515 section 4.1.9 says.
    pub(crate) fn is_typ(&self, expected: &str) -> bool {
        let typ = self.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ) == expected
    }
}

/// The claims of a token that somebody else has verified or will verify, or that is only to be shown. An opaque token has none.
///
/// Never decide anything on them.
pub(crate) fn decode_unverified<T: DeserializeOwned>(token: &str) -> Result<Option<T>, JwsError> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    if token.len() > MAX_TOKEN_BYTES {
        return Err(JwsError::malformed(format!("it has {} bytes, at most {MAX_TOKEN_BYTES} are read", token.len())));
    }
    serde_json::from_slice(&decode("payload", payload)?)
        .map(Some)
        .map_err(|error| JwsError::malformed(format!("its payload cannot be read: {error}")))
}

impl JwsError {
    pub(crate) fn malformed(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed(reason.into())
    }
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => write!(f, "is malformed: {reason}"),
            Self::Alg(found) if found.is_empty() => write!(f, "names no signature algorithm, expected {}", Alg::NAMES),
            Self::Alg(found) => write!(f, "is signed with `{found}`, expected {}", Alg::NAMES),
            Self::NotAdmitted { alg, algorithms } => {
                write!(f, "is signed with `{}`, expected {algorithms}", alg.as_str())
            }
            Self::UnknownKey { kid: Some(kid), alg, known } => {
                write!(
                    f,
                    "is signed with key `{}`, which is none of the {known} keys for {}",
                    excerpt(kid),
                    alg.as_str()
                )
            }
            Self::UnknownKey { kid: None, alg, .. } => {
                write!(f, "names no key, and Logto has none for {}", alg.as_str())
            }
            Self::BadSignature { alg } => write!(f, "has an {} signature that does not verify", alg.as_str()),
            Self::Keys(_) => f.write_str("cannot be verified without Logto's keys"),
        }
    }
}

/// The header, as far as it is read (RFC 7515 section 4.1). A member that is there twice is refused, as section 4 asks.
#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    kid: Option<String>,
    typ: Option<String>,
    #[serde(default, deserialize_with = "is_present")]
    crit: bool,
    #[serde(default, deserialize_with = "is_present")]
    b64: bool,
}

/// Notes that a member is there, whatever its value: null, too.
pub(super) fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Base64url in its one canonical form (RFC 7515 section 2): no padding, no spare bits, so that one token has one spelling.
fn decode(part: &str, text: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| JwsError::malformed(format!("its {part} is not base64url")))
}

/// A part that is a JSON object (RFC 7515 section 4, RFC 7519 section 3). serde would fill a struct from an array, too, member by member.
fn decode_object(part: &str, text: &str) -> Result<Vec<u8>, JwsError> {
    let bytes = decode(part, text)?;
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(JwsError::malformed(format!("its {part} is not a JSON object")));
    }
    Ok(bytes)
}

fn not_three_parts() -> JwsError {
    JwsError::malformed("it has not the three parts of a JWS")
}

#[cfg(test)]
mod tests;
