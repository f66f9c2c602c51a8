//! Why the cookies of a request gave no session, for the log.

use super::{chunks, data::SessionHead, own_cookies::OwnCookies, revocation, seal::Unopened, settings::CookieSettings};
use crate::{events::EventKind, store::SessionId};

/// What was found in place of a session.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    kind: EventKind,
    reason: &'static str,
    id: Option<SessionId>,
    sub: Option<String>,
}

impl Refused {
    /// A session whose time was over at `now`, by the longer of its two lifetimes if by both.
    pub(super) fn expired(settings: &CookieSettings, data: &SessionHead, now: i64) -> Self {
        let is_absolute = now >= settings.lifetime.absolute_end(data.created_at);
        Self::of(EventKind::SessionExpired, if is_absolute { "absolute" } else { "idle" }, data)
    }

    /// A session that was ended. What was signed out of in its own browser comes from a copy, or from a response that was late.
    pub(super) async fn ended(settings: &CookieSettings, data: &SessionHead) -> Self {
        match revocation::is_signed_out(settings, &data.id).await {
            true => Self::of(EventKind::SessionRefused, "replayed", data),
            false => Self::revoked(data),
        }
    }

    /// A session that was ended from elsewhere.
    pub(super) fn revoked(data: &SessionHead) -> Self {
        Self::of(EventKind::SessionRevoked, "revoked", data)
    }

    /// One that its store does not have: it expired there, or was ended.
    pub(super) async fn not_stored(settings: &CookieSettings, id: SessionId) -> Self {
        let (kind, reason) = match revocation::is_signed_out(settings, &id).await {
            true => (EventKind::SessionRefused, "replayed"),
            // It may be a browser that was closed meanwhile.
            false => (EventKind::SessionRevoked, "not_stored"),
        };
        Self { kind, reason, id: Some(id), sub: None }
    }

    /// What could be opened and is no session.
    pub(super) fn unreadable() -> Self {
        Self { kind: EventKind::SessionRefused, reason: "unreadable", id: None, sub: None }
    }

    /// Cookies that could not be opened, given as (name, value): the gravest reason of all.
    pub(super) fn unopened(settings: &CookieSettings, cookies: &[(String, String)]) -> Option<Self> {
        let is_head = |name: &str| settings.all_own().any(|own| name == own.session_name());
        let heads = cookies.iter().filter(|(name, value)| is_head(name) && !OwnCookies::is_sign_out_marker(value));
        let worst = heads.map(|(_, value)| settings.keys.why_unopened(chunks::counted(value).1)).max()?;
        let reason = match worst {
            Unopened::Malformed => "malformed",
            Unopened::OtherKey => "other_key",
            Unopened::Forged => "forged",
        };
        Some(Self { kind: EventKind::SessionRefused, reason, id: None, sub: None })
    }

    fn of(kind: EventKind, reason: &'static str, data: &SessionHead) -> Self {
        Self { kind, reason, id: Some(data.id), sub: Some(data.subject.sub.clone()) }
    }

    /// Tells of it: once for each time that a request's cookies are read.
    pub(super) fn write(&self, settings: &CookieSettings) {
        let mut event = self.kind.event().client_id(settings.keys.app_id()).reason(self.reason);
        if let Some(id) = &self.id {
            event = event.session(id.as_bytes());
        }
        if let Some(sub) = &self.sub {
            event = event.sub(sub);
        }
        event.write();
    }
}

/// A session that was found to be over while a request with it was running.
pub(super) fn write_ended_meanwhile(settings: &CookieSettings, data: &SessionHead) {
    Refused { reason: "ended_meanwhile", ..Refused::revoked(data) }.write(settings);
}
