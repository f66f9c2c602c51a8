//! Whether a session is over, by the clock of this machine.

use super::{data::SessionData, refused::Refused, settings::CookieSettings};

impl SessionData {
    /// Whether it begins after `now`: a clock was or is wrong. Such a session would live for too long, so it signs nobody in.
    pub(super) fn begins_later(&self, settings: &CookieSettings, now: i64) -> bool {
        self.created_at.max(self.issued_at) > now.saturating_add(settings.clock_tolerance())
    }

    /// The session, unless its time is over at `now`.
    pub(super) fn unless_expired(mut self, settings: &CookieSettings, now: i64) -> Result<Self, Refused> {
        // One that was only written by a clock that was ahead lives on, and is written again with the right time.
        if self.touched_at > now.saturating_add(settings.clock_tolerance()) {
            self.touched_at = now.saturating_sub(settings.lifetime.touch_interval());
            // Nor is it known when its access tokens end. Others are to be had.
            if self.refresh_token.is_some() {
                self.access_tokens.clear();
            }
        }
        // When Logto last answered is not known either. The claims then count as those of the sign-in.
        if self.refreshed_at > now.saturating_add(settings.clock_tolerance()) {
            self.refreshed_at = 0;
        }
        match now < settings.lifetime.ends_at(self.created_at, self.touched_at) {
            true => Ok(self),
            false => Err(Refused::expired(settings, &self, now)),
        }
    }
}
