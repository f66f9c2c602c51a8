//! Whether a session is over, by the clock of this machine.

use super::{
    data::{SessionData, SessionHead},
    lazy::LazySession,
    refused::Refused,
    settings::CookieSettings,
};

impl SessionHead {
    /// Whether it begins after `now`: a clock was or is wrong. Such a session would live for too long, so it signs nobody in.
    pub(super) fn begins_later(&self, settings: &CookieSettings, now: i64) -> bool {
        self.created_at.max(self.issued_at) > now.saturating_add(settings.clock_tolerance())
    }

    /// Whether it was written by a clock that was ahead.
    fn is_ahead(&self, settings: &CookieSettings, now: i64) -> bool {
        self.touched_at.max(self.refreshed_at) > now.saturating_add(settings.clock_tolerance())
    }

    /// Why it is none, if its time is over at `now`.
    fn check_end(&self, settings: &CookieSettings, now: i64) -> Result<(), Refused> {
        match now < settings.lifetime.ends_at(self.created_at, self.touched_at) {
            true => Ok(()),
            false => Err(Refused::expired(settings, self, now)),
        }
    }
}

impl SessionData {
    /// The session, unless its time is over at `now`.
    pub(super) fn unless_expired(mut self, settings: &CookieSettings, now: i64) -> Result<Self, Refused> {
        // One that was only written by a clock that was ahead stays valid, and is written again with the right time.
        if self.touched_at > now.saturating_add(settings.clock_tolerance()) {
            self.touched_at = now.saturating_sub(settings.lifetime.touch_interval());
            // Nor is it known when its access tokens end. Others can be requested.
            if self.refresh_token.is_some() {
                self.access_tokens.clear();
            }
        }
        // When Logto last answered is not known either. The claims then count as those of the sign-in.
        if self.refreshed_at > now.saturating_add(settings.clock_tolerance()) {
            self.refreshed_at = 0;
        }
        self.check_end(settings, now)?;
        Ok(self)
    }
}

impl LazySession {
    /// The session, unless its time is over at `now`. What is wrong with one is put right in the whole of it.
    pub(super) fn unless_expired(self, settings: &CookieSettings, now: i64) -> Result<Self, Refused> {
        if self.head().is_ahead(settings, now) {
            return self.into_whole().ok_or_else(Refused::unreadable)?.unless_expired(settings, now).map(Self::from);
        }
        self.head().check_end(settings, now)?;
        Ok(self)
    }
}
