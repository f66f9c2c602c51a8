//! A session as a request has it: what each request asks for is read at once, the tokens and all else when something asks for them.

use std::{borrow::Cow, fmt, sync::OnceLock};

use zeroize::Zeroizing;

use super::{
    data::{SessionData, SessionHead},
    wire::{OpenedBytes, Touched},
};

/// In a box: it is passed from the code that opens it to the code that reads it.
#[derive(Clone)]
pub(super) enum LazySession {
    Opened(Box<Opened>),
    /// One that began in this request, was changed by it, or has another form.
    Whole(Box<SessionData>),
}

#[derive(Clone)]
pub(super) struct Opened {
    bytes: OpenedBytes,
    /// All that is in the bytes, once something has asked for it.
    whole: OnceLock<Option<Box<SessionData>>>,
}

impl LazySession {
    /// Opens what [`write`](super::wire::write) wrote. `None` for anything else.
    pub(super) fn open(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        let bytes = OpenedBytes::open(bytes)?;
        Some(Self::Opened(Box::new(Opened { bytes, whole: OnceLock::new() })))
    }

    pub(super) fn head(&self) -> &SessionHead {
        match self {
            Self::Opened(opened) => opened.bytes.head(),
            Self::Whole(data) => &data.head,
        }
    }

    pub(super) fn has_refresh_token(&self) -> bool {
        match self {
            Self::Opened(opened) => opened.bytes.has_refresh_token(),
            Self::Whole(data) => data.refresh_token.is_some(),
        }
    }

    /// The claims, as JSON text: see [`SessionData::claims`].
    pub(super) fn claims(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Opened(opened) if let Some(claims) = opened.bytes.claims() => Some(claims.into()),
            Self::Opened(_) | Self::Whole(_) => self.get().map(SessionData::claims),
        }
    }

    /// All of it. Always `Some`: what could not be read later was not opened.
    pub(super) fn get(&self) -> Option<&SessionData> {
        match self {
            Self::Opened(opened) => opened.whole.get_or_init(|| opened.bytes.read().map(Box::new)).as_deref(),
            Self::Whole(data) => Some(data),
        }
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self) -> Option<&mut SessionData> {
        if let Self::Opened(opened) = self {
            let whole = opened.whole.take().unwrap_or_else(|| opened.bytes.read().map(Box::new));
            *self = Self::Whole(whole?);
        }
        match self {
            Self::Opened(_) => None,
            Self::Whole(data) => Some(data),
        }
    }

    pub(super) fn into_whole(mut self) -> Option<SessionData> {
        self.get_mut()?;
        match self {
            Self::Opened(_) => None,
            Self::Whole(data) => Some(*data),
        }
    }

    /// The bytes of a session that nothing was changed of, but for the time of the write. `None` where it has to be packed again.
    pub(super) fn touched(&self, now: i64) -> Option<Touched> {
        match self {
            Self::Opened(opened) => opened.bytes.touched(now),
            Self::Whole(_) => None,
        }
    }
}

impl From<SessionData> for LazySession {
    fn from(data: SessionData) -> Self {
        Self::Whole(Box::new(data))
    }
}

impl fmt::Debug for LazySession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazySession").field(self.head()).finish()
    }
}
