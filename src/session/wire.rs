//! The bytes of a session: what is sealed into a cookie or a store. `docs/architecture.md` shows them.
//!
//! All that can be read goes through one compressor, so that what two tokens say alike is there once. What makes a token worth something,
//! its signature or the whole of it, stays outside.

mod opened;

use std::{borrow::Cow, mem, net::IpAddr};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(super) use self::opened::{OpenedBytes, Touched};
use super::{
    compress::{Compressed, CompressionLevel},
    data::{Login, SessionData, SessionHead},
    packed::{Jwt, Packed},
};
use crate::{
    error::{Code, Error, Result},
    types::{AppJson, Device, TokenKey},
};

/// A new layout gets a new number, and the old ones stay readable.
const LAYOUT: u8 = 1;
/// Bytes that most sessions fit, so that a vector need not grow byte by byte.
const TYPICAL_BYTES: usize = 2048;

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    head: WireHead,
    #[serde(borrow)]
    packed: WirePacked<'a>,
}

/// What is there before anything is decompressed.
#[derive(Serialize, Deserialize)]
struct WireHead {
    id: [u8; 16],
    revision: u64,
    created_at: i64,
    touched_at: i64,
    issued_at: i64,
    refreshes: u64,
}

#[derive(Serialize, Deserialize)]
struct WirePacked<'a> {
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

/// Behind that, and only where there is any: a session without it has the same bytes as before, and who does not know of it passes it over.
#[derive(Default, Serialize, Deserialize)]
struct WireAppData<'a> {
    slot: Option<&'a str>,
    state: Option<&'a str>,
}

/// Behind that, and only where there is any.
#[derive(Default, Serialize, Deserialize)]
struct WireRest<'a> {
    /// When Logto last answered a refresh, or 0.
    refreshed_at: i64,
    /// What the ID token says no more of the login, as JSON.
    login: Option<&'a str>,
    #[serde(borrow)]
    device: Option<WireDevice<'a>>,
}

#[derive(Default, Serialize, Deserialize)]
struct WireDevice<'a> {
    user_agent: Option<&'a str>,
    address: Option<IpAddr>,
}

/// Everything but secrets.
#[derive(Serialize, Deserialize)]
struct Readable<'a> {
    #[serde(borrow)]
    id_token: Unsigned<'a>,
    #[serde(borrow)]
    rest: ReadableRest<'a>,
}

#[derive(Serialize, Deserialize)]
struct ReadableRest<'a> {
    sub: &'a str,
    sid: Option<&'a str>,
    #[serde(borrow)]
    access_tokens: Vec<ReadableToken<'a>>,
}

#[derive(Serialize, Deserialize)]
struct ReadableToken<'a> {
    #[serde(borrow)]
    key: ReadableKey<'a>,
    scope: &'a str,
    expires_at: i64,
    margin: i64,
    /// Of a JWT.
    #[serde(borrow)]
    jwt: Option<Unsigned<'a>>,
}

/// A [`TokenKey`].
#[derive(Serialize, Deserialize)]
struct ReadableKey<'a> {
    resource: Option<&'a str>,
    organization: Option<&'a str>,
    #[serde(borrow)]
    scopes: Vec<&'a str>,
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
        rest: ReadableRest {
            sub: &data.subject.sub,
            sid: data.subject.sid.as_deref(),
            access_tokens: (data.access_tokens.iter().zip(&parsed))
                .map(|(stored, jwt)| ReadableToken {
                    key: ReadableKey::of(&stored.key),
                    scope: &stored.scope,
                    expires_at: stored.expires_at,
                    margin: stored.margin,
                    jwt: jwt.as_ref().map(Unsigned::of),
                })
                .collect(),
        },
    };
    let unwritable = |source| Error::new(Code::SessionTooLarge, "the session cannot be written").with_source(source);
    let readable = postcard::to_extend(&readable, Vec::with_capacity(TYPICAL_BYTES)).map_err(unwritable)?;
    let packed = WirePacked {
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
    let wire = Wire { head: WireHead::of(&data.head), packed };
    let mut bytes = Vec::with_capacity(TYPICAL_BYTES);
    bytes.push(LAYOUT);
    let mut bytes = postcard::to_extend(&wire, bytes).map(Zeroizing::new).map_err(unwritable)?;
    let login = data.login.as_ref().map(Login::json);
    let rest = WireRest {
        refreshed_at: data.refreshed_at,
        login: login.as_deref(),
        device: data
            .app_data
            .device()
            .map(|device| WireDevice { user_agent: device.get_user_agent(), address: device.get_address() }),
    };
    let has_rest = rest.refreshed_at != 0 || rest.login.is_some() || rest.device.is_some();
    if data.app_data.is_empty() && !has_rest {
        return Ok(bytes);
    }
    let app_data = WireAppData {
        slot: data.app_data.slot().map(AppJson::as_str),
        state: data.app_data.carried().map(AppJson::as_str),
    };
    bytes = postcard::to_extend(&app_data, mem::take(&mut *bytes)).map(Zeroizing::new).map_err(unwritable)?;
    if has_rest {
        bytes = postcard::to_extend(&rest, mem::take(&mut *bytes)).map(Zeroizing::new).map_err(unwritable)?;
    }
    Ok(bytes)
}

/// Reads what [`write`] wrote. `None` for anything else.
fn read(bytes: &[u8]) -> Option<SessionData> {
    OpenedBytes::open(Zeroizing::new(bytes.to_vec()))?.read()
}

impl WireHead {
    /// The id, and five numbers of ten bytes at the most.
    const MAX_BYTES: usize = 16 + 5 * 10;

    fn of(head: &SessionHead) -> Self {
        Self {
            id: *head.id.as_bytes(),
            revision: head.revision,
            created_at: head.created_at,
            touched_at: head.touched_at,
            issued_at: head.issued_at,
            refreshes: head.refreshes,
        }
    }
}

impl<'a> ReadableKey<'a> {
    fn of(key: &'a TokenKey) -> Self {
        let (resource, organization) = (key.resource.as_deref(), key.organization.as_deref());
        Self { resource, organization, scopes: key.scopes.iter().map(String::as_str).collect() }
    }

    fn read(self) -> TokenKey {
        TokenKey {
            resource: self.resource.map(str::to_owned),
            organization: self.organization.map(str::to_owned),
            scopes: self.scopes.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl WireDevice<'_> {
    fn read(self) -> Device {
        let device = self.user_agent.map_or_else(Device::new, |user_agent| Device::new().user_agent(user_agent));
        self.address.into_iter().fold(device, Device::address)
    }
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

#[cfg(test)]
mod tests;
