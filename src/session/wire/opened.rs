//! A session in its bytes. They are looked through when it is opened, so that all of it can be read later.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{LAYOUT, ReadableRest, Unsigned, Wire, WireAppData, WireDevice, WireHead, WireRest};
use crate::{
    session::{
        app_data::AppData,
        data::{Login, SessionData, SessionHead, StoredAccessToken, Subject},
        packed::Packed,
    },
    store::SessionId,
    types::AppJson,
};

#[derive(Clone)]
pub(in crate::session) struct OpenedBytes {
    head: SessionHead,
    /// All of it, the secrets among it.
    bytes: Zeroizing<Vec<u8>>,
    /// Where in `bytes` that begins which comes after the head.
    body: usize,
    /// What can be read, decompressed. No secret is in it.
    text: Vec<u8>,
    /// Where in `text` the claims of the ID token are.
    claims: Range<usize>,
    has_login: bool,
    has_refresh_token: bool,
    is_small: bool,
    /// Unix seconds at which the first of the access tokens ends.
    first_end: Option<i64>,
}

/// A session with a later time of its last write, and nothing else changed.
pub(in crate::session) struct Touched {
    pub(in crate::session) head: SessionHead,
    pub(in crate::session) bytes: Zeroizing<Vec<u8>>,
    /// Whether it is compressed as far as it can be.
    pub(in crate::session) is_small: bool,
}

/// The parts that stand one after another. What is behind the first may be missing; what cannot be read of that is none.
struct Parts<'a> {
    wire: Wire<'a>,
    body: usize,
    app_data: WireAppData<'a>,
    rest: WireRest<'a>,
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (&layout, wire) = bytes.split_first()?;
        if layout != LAYOUT {
            return None;
        }
        let (head, body) = postcard::take_from_bytes::<WireHead>(wire).ok()?;
        let (body, rest) = (bytes.len().checked_sub(body.len())?, body);
        let (packed, rest) = postcard::take_from_bytes(rest).ok()?;
        let (app_data, rest) = match rest {
            [] => Default::default(),
            rest => postcard::take_from_bytes(rest).unwrap_or_default(),
        };
        let rest = match rest {
            [] => WireRest::default(),
            rest => postcard::from_bytes(rest).unwrap_or_default(),
        };
        Some(Self { wire: Wire { head, packed }, body, app_data, rest })
    }
}

impl OpenedBytes {
    /// `None` for what [`write`](super::write) did not write.
    pub(in crate::session) fn open(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        let Parts { wire: Wire { head, packed }, body, rest, .. } = Parts::of(&bytes)?;
        let text = packed.readable.text()?;
        let (id_token, after) = postcard::take_from_bytes::<Unsigned<'_>>(&text).ok()?;
        let end = text.len().checked_sub(after.len())?;
        let claims = end.checked_sub(id_token.payload.len())?..end;
        let readable: ReadableRest<'_> = postcard::from_bytes(after).ok()?;
        let is_whole = |(is_jwt, secret): (bool, &Packed<'_>)| is_jwt == matches!(secret, Packed::Signature(_));
        let tokens = readable.access_tokens.iter().map(|token| token.jwt.is_some()).zip(&packed.access_tokens);
        if !tokens.chain(packed.refresh_token.iter().map(|token| (false, token))).all(is_whole) {
            return None;
        }
        let head = SessionHead {
            id: SessionId::from_bytes(head.id),
            revision: head.revision,
            created_at: head.created_at,
            touched_at: head.touched_at,
            issued_at: head.issued_at,
            refreshed_at: rest.refreshed_at,
            refreshes: head.refreshes,
            subject: Subject::of(readable.sub, readable.sid),
        };
        let first_end = readable.access_tokens.iter().map(|token| token.expires_at).min();
        let (has_login, has_refresh_token) = (rest.login.is_some(), packed.refresh_token.is_some());
        let is_small = packed.readable.is_small();
        drop((readable, packed));
        Some(Self { head, bytes, body, text, claims, has_login, has_refresh_token, is_small, first_end })
    }

    pub(in crate::session) fn head(&self) -> &SessionHead {
        &self.head
    }

    pub(in crate::session) fn has_refresh_token(&self) -> bool {
        self.has_refresh_token
    }

    /// The claims, as JSON text, where they are those of the ID token alone.
    pub(in crate::session) fn claims(&self) -> Option<&[u8]> {
        self.text.get(self.claims.clone()).filter(|_| !self.has_login)
    }

    /// All of it.
    pub(in crate::session) fn read(&self) -> Option<SessionData> {
        let Parts { wire: Wire { packed, .. }, app_data, rest, .. } = Parts::of(&self.bytes)?;
        let (id_token, after) = postcard::take_from_bytes::<Unsigned<'_>>(&self.text).ok()?;
        let readable: ReadableRest<'_> = postcard::from_bytes(after).ok()?;
        let access_tokens = (readable.access_tokens.into_iter().zip(&packed.access_tokens))
            .map(|(token, secret)| {
                Some(StoredAccessToken {
                    token: match (token.jwt, secret) {
                        (Some(jwt), Packed::Signature(signature)) => jwt.signed(signature).compact(),
                        (None, secret) => secret.unpack()?,
                        (Some(_), _) => return None,
                    },
                    key: token.key.read(),
                    scope: token.scope.to_owned(),
                    expires_at: token.expires_at,
                    margin: token.margin,
                })
            })
            .collect::<Option<_>>()?;
        Some(SessionData {
            head: self.head.clone(),
            id_token: id_token.signed(&packed.signature),
            login: rest.login.map(Login::from_json),
            refresh_token: packed.refresh_token.as_ref().map_or(Some(None), |token| token.unpack().map(Some))?,
            access_tokens,
            app_data: AppData::new(app_data.slot.map(AppJson::from_written), app_data.state.map(AppJson::from_written))
                .on(rest.device.map(WireDevice::read)),
        })
    }

    /// The same with a time of its last write. `None` where an access token has ended, which is not kept.
    pub(in crate::session) fn touched(&self, now: i64) -> Option<Touched> {
        if self.first_end.is_some_and(|end| end <= now) {
            return None;
        }
        let revision = self.head.revision.saturating_add(1);
        let head = SessionHead { revision, touched_at: now, ..self.head.clone() };
        let body = self.bytes.get(self.body..)?;
        let mut bytes = Vec::with_capacity(1 + WireHead::MAX_BYTES + body.len());
        bytes.push(LAYOUT);
        let mut bytes = postcard::to_extend(&WireHead::of(&head), bytes).map(Zeroizing::new).ok()?;
        bytes.extend_from_slice(body);
        Some(Touched { head, bytes, is_small: self.is_small })
    }
}
