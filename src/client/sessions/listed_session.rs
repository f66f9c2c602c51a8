//! What a list tells of a session.

use std::{fmt, net::IpAddr, time::SystemTime};

use crate::{
    clock::system_time,
    session::{self, SessionData},
    types::Device,
};

/// A session of a user, as [`own_sessions`](crate::Session::own_sessions) and [`sessions_of`](crate::LogtoClient::sessions_of) list it.
#[derive(Clone, PartialEq, Eq)]
pub struct ListedSession {
    id: String,
    created_at: SystemTime,
    last_seen: SystemTime,
    device: Option<Device>,
    is_current: bool,
}

impl ListedSession {
    pub(super) fn of(data: &SessionData) -> Self {
        Self {
            id: session::shown_id(&data.id),
            created_at: system_time(data.created_at),
            last_seen: system_time(data.touched_at),
            device: data.app_data.device().cloned(),
            is_current: false,
        }
    }

    /// That of the request.
    pub(super) fn current(data: &SessionData, now: i64) -> Self {
        Self { last_seen: system_time(now), is_current: true, ..Self::of(data) }
    }

    pub(super) fn order(&self) -> impl Ord + use<> {
        (self.last_seen, self.created_at, self.id.clone())
    }

    /// Returns the id for ending the session: 22 characters, the same during the whole session. It gives no access and cannot be converted into the
    /// session's cookie, so a page may show it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns when the user signed in.
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        self.created_at
    }

    /// Returns when it was last seen, with a resolution of a tenth of [`SessionLifetime::idle`](crate::SessionLifetime::idle), at most a day, because
    /// it is recorded that often. For the request's own session it is the current time.
    #[must_use]
    pub fn last_seen(&self) -> SystemTime {
        self.last_seen
    }

    /// Returns the user agent, where the application has [told it](crate::Session::set_device). A browser has sent it: escape it in a page.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.device.as_ref()?.get_user_agent()
    }

    /// Returns the address, where the application has [told it](crate::Session::set_device).
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.device.as_ref()?.get_address()
    }

    /// Returns whether it is the session of the current request.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.is_current
    }
}

/// Without the device: that is personal data.
impl fmt::Debug for ListedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListedSession")
            .field("id", &self.id)
            .field("created_at", &self.created_at)
            .field("last_seen", &self.last_seen)
            .field("is_current", &self.is_current)
            .finish_non_exhaustive()
    }
}
