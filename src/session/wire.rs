//! The bytes of a session: what is sealed into a cookie or a store. `docs/architecture.md` shows them.
//!
//! All that can be read goes through one compressor, so that what two tokens say alike is there once. What makes a token worth something,
//! its signature or the whole of it, stays outside.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    compress::{Compressed, CompressionLevel},
    data::{SessionData, StoredAccessToken, Subject},
    packed::{Jwt, Packed},
};
use crate::{
    error::{Code, Error, Result},
    store::SessionId,
    types::TokenKey,
};

/// A new layout gets a new number, and the old ones stay readable.
const LAYOUT: u8 = 1;
/// Bytes that most sessions fit, so that a vector need not grow byte by byte.
const TYPICAL_BYTES: usize = 2048;

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    id: [u8; 16],
    revision: u64,
    created_at: i64,
    touched_at: i64,
    issued_at: i64,
    refreshes: u64,
    #[serde(borrow)]
    readable: Compressed<'a>,
    #[serde(borrow, with = "serde_bytes")]
    signature: Cow<'a, [u8]>,
    #[serde(borrow)]
    refresh_token: Option<Packed<'a>>,
    /// One for each access token.
    #[serde(borrow)]
    access_tokens: Vec<Packed<'a>>,
}

/// Everything but secrets.
#[derive(Serialize, Deserialize)]
struct Readable<'a> {
    #[serde(borrow)]
    id_token: Unsigned<'a>,
    sub: &'a str,
    sid: Option<&'a str>,
    #[serde(borrow)]
    access_tokens: Vec<ReadableToken<'a>>,
}

#[derive(Serialize, Deserialize)]
struct ReadableToken<'a> {
    key: Cow<'a, TokenKey>,
    scope: &'a str,
    expires_at: i64,
    margin: i64,
    /// Of a JWT.
    #[serde(borrow)]
    jwt: Option<Unsigned<'a>>,
}

/// A JWT without its signature.
#[derive(Serialize, Deserialize)]
struct Unsigned<'a> {
    #[serde(borrow, with = "serde_bytes")]
    header: Cow<'a, [u8]>,
    #[serde(borrow, with = "serde_bytes")]
    payload: Cow<'a, [u8]>,
}

pub(super) fn write(data: &SessionData, level: CompressionLevel) -> Result<Zeroizing<Vec<u8>>> {
    let parsed: Vec<_> = data.access_tokens.iter().map(|stored| Jwt::parse(stored.token.expose())).collect();
    let readable = Readable {
        id_token: Unsigned::of(&data.id_token),
        sub: &data.subject.sub,
        sid: data.subject.sid.as_deref(),
        access_tokens: (data.access_tokens.iter().zip(&parsed))
            .map(|(stored, jwt)| ReadableToken {
                key: Cow::Borrowed(&stored.key),
                scope: &stored.scope,
                expires_at: stored.expires_at,
                margin: stored.margin,
                jwt: jwt.as_ref().map(Unsigned::of),
            })
            .collect(),
    };
    let unwritable = |source| Error::new(Code::SessionTooLarge, "the session cannot be written").with_source(source);
    let readable = postcard::to_extend(&readable, Vec::with_capacity(TYPICAL_BYTES)).map_err(unwritable)?;
    let wire = Wire {
        id: *data.id.as_bytes(),
        revision: data.revision,
        created_at: data.created_at,
        touched_at: data.touched_at,
        issued_at: data.issued_at,
        refreshes: data.refreshes,
        readable: Compressed::of(&readable, level),
        signature: data.id_token.signature().into(),
        refresh_token: data.refresh_token.as_ref().map(Packed::pack),
        access_tokens: (data.access_tokens.iter().zip(&parsed))
            .map(|(stored, jwt)| match jwt {
                Some(jwt) => Packed::Signature(jwt.signature().into()),
                None => Packed::pack(&stored.token),
            })
            .collect(),
    };
    let mut bytes = Vec::with_capacity(TYPICAL_BYTES);
    bytes.push(LAYOUT);
    postcard::to_extend(&wire, bytes).map(Zeroizing::new).map_err(unwritable)
}

/// Reads what [`write`] wrote. `None` for anything else.
pub(super) fn read(bytes: &[u8]) -> Option<SessionData> {
    let (&layout, body) = bytes.split_first()?;
    if layout != LAYOUT {
        return None;
    }
    let wire: Wire<'_> = postcard::from_bytes(body).ok()?;
    let text = wire.readable.text()?;
    let readable: Readable<'_> = postcard::from_bytes(&text).ok()?;
    let access_tokens = (readable.access_tokens.into_iter().zip(&wire.access_tokens))
        .map(|(token, secret)| {
            Some(StoredAccessToken {
                token: match (token.jwt, secret) {
                    (Some(jwt), Packed::Signature(signature)) => jwt.signed(signature).compact(),
                    (None, secret) => secret.unpack()?,
                    (Some(_), _) => return None,
                },
                key: token.key.into_owned(),
                scope: token.scope.to_owned(),
                expires_at: token.expires_at,
                margin: token.margin,
            })
        })
        .collect::<Option<_>>()?;
    Some(SessionData {
        id: SessionId::from_bytes(wire.id),
        revision: wire.revision,
        created_at: wire.created_at,
        touched_at: wire.touched_at,
        issued_at: wire.issued_at,
        refreshes: wire.refreshes,
        subject: Subject { sub: readable.sub.to_owned(), sid: readable.sid.map(str::to_owned) },
        id_token: readable.id_token.signed(&wire.signature),
        refresh_token: wire.refresh_token.map_or(Some(None), |token| token.unpack().map(Some))?,
        access_tokens,
    })
}

impl SessionData {
    /// The session as bytes, for another instance.
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>> {
        write(self, CompressionLevel::Fast)
    }

    /// What [`to_bytes`](Self::to_bytes) gave. `None` for anything else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        read(bytes)
    }
}

impl<'a> Unsigned<'a> {
    fn of(jwt: &'a Jwt) -> Self {
        Self { header: jwt.header().into(), payload: jwt.payload().into() }
    }

    fn signed(self, signature: &[u8]) -> Jwt {
        Jwt::new(self.header.into_owned(), self.payload.into_owned(), signature.to_vec())
    }
}
