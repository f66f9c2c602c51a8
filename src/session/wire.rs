//! The bytes of a session: what is sealed into a cookie or a store. `docs/architecture.md` shows them.
//!
//! All that can be read goes through one compressor, so that what two tokens say alike is there once. What makes a token worth something,
//! its signature or the whole of it, stays outside.

use std::{borrow::Cow, mem, net::IpAddr};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    app_data::AppData,
    compress::{Compressed, CompressionLevel},
    data::{Login, SessionData, StoredAccessToken, Subject},
    packed::{Jwt, Packed},
};
use crate::{
    error::{Code, Error, Result},
    store::SessionId,
    types::{AppJson, Device, TokenKey},
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

/// Behind that, and only where there is any: a session without it has the same bytes as ever, and who does not know of it passes it over.
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
pub(super) fn read(bytes: &[u8]) -> Option<SessionData> {
    let (&layout, body) = bytes.split_first()?;
    if layout != LAYOUT {
        return None;
    }
    let (wire, rest) = postcard::take_from_bytes::<Wire<'_>>(body).ok()?;
    let (WireAppData { slot, state }, rest) = match rest {
        [] => Default::default(),
        rest => postcard::take_from_bytes(rest).unwrap_or_default(),
    };
    let WireRest { refreshed_at, login, device } = match rest {
        [] => WireRest::default(),
        rest => postcard::from_bytes(rest).unwrap_or_default(),
    };
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
        refreshed_at,
        refreshes: wire.refreshes,
        subject: Subject { sub: readable.sub.to_owned(), sid: readable.sid.map(str::to_owned) },
        id_token: readable.id_token.signed(&wire.signature),
        login: login.map(Login::from_json),
        refresh_token: wire.refresh_token.map_or(Some(None), |token| token.unpack().map(Some))?,
        access_tokens,
        app_data: AppData::new(slot.map(AppJson::from_written), state.map(AppJson::from_written))
            .on(device.map(WireDevice::read)),
    })
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
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::secret::Secret;

    fn session() -> SessionData {
        let jwt = Jwt::parse("eyJ9.eyJ9.AAAA").unwrap();
        let mut data = SessionData::begin(jwt, Subject::of("ada", None), 1_795_385_600, 1_795_385_600).unwrap();
        data.refresh_token = Some(Secret::new("refresh-1"));
        data
    }

    fn written(data: &SessionData) -> Vec<u8> {
        write(data, CompressionLevel::Fast).unwrap().to_vec()
    }

    #[test]
    fn a_device_stands_behind_the_data_of_the_application() {
        let plain = session();
        let slot = AppData::new(Some(AppJson::from_written("1")), None);
        let device = Device::new().user_agent("Firefox");
        for (app_data, device) in [
            (slot.clone(), device.clone()),
            (slot.clone(), device.clone().address([192, 0, 2, 7])),
            (AppData::default(), device.address([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])),
            (AppData::default(), Device::new()),
        ] {
            let before = SessionData { app_data: app_data.clone(), ..plain.clone() };
            let data = SessionData { app_data: app_data.clone().on(Some(device)), ..plain.clone() };
            let bytes = written(&data);
            assert_eq!(read(&bytes).unwrap(), data);
            // A version that does not know of it reads the rest.
            let (_, rest) = postcard::take_from_bytes::<Wire<'_>>(&bytes[1..]).unwrap();
            let known: WireAppData<'_> = postcard::from_bytes(rest).unwrap();
            assert_eq!(known.slot, app_data.slot().map(AppJson::as_str));
            // What cannot be read of it is none, and the rest stays.
            assert_eq!(read(&bytes[..bytes.len() - 1]).unwrap(), before);
        }
    }

    #[test]
    fn data_of_the_application_stands_behind_the_bytes_of_a_session_without_it() {
        let plain = session();
        let bytes = written(&plain);
        let wire: Wire<'_> = postcard::from_bytes(&bytes[1..]).unwrap();
        assert_eq!(
            postcard::to_allocvec(&wire).unwrap(),
            &bytes[1..],
            "without it there is nothing behind the members of before"
        );
        let (slot, state) = (AppJson::from_written("{\"shop\":1}"), AppJson::from_written("\"pro\""));
        for app_data in [
            AppData::new(Some(slot.clone()), Some(state.clone())),
            AppData::new(Some(slot), None),
            AppData::new(None, Some(state)),
        ] {
            let data = SessionData { app_data, ..plain.clone() };
            let longer = written(&data);
            assert!(longer.starts_with(&bytes) && longer.len() > bytes.len());
            assert_eq!(read(&longer), Some(data));
            // A version that does not know of it reads the session.
            let wire: Wire<'_> = postcard::from_bytes(&longer[1..]).unwrap();
            assert_eq!(wire.id, *plain.id.as_bytes());
            // What cannot be read of it is none, and the session stays.
            assert_eq!(read(&longer[..longer.len() - 1]).unwrap().app_data, AppData::default());
        }
    }
}
