//! The cookie that names the browser's session at the server.

use crate::testing::mock::{
    messages::{reply::Reply, request::RecordedRequest},
    state::session::LIFETIME,
};

const COOKIE: &str = "_session";

/// The id of the session that the browser presents.
pub(crate) fn presented(request: &RecordedRequest) -> Option<&str> {
    request.cookie(COOKIE)
}

impl Reply {
    pub(crate) fn with_session(self, id: &str) -> Self {
        self.header(
            "set-cookie",
            format!("{COOKIE}={id}; path=/; samesite=lax; httponly; max-age={}", LIFETIME.as_secs()),
        )
    }

    pub(crate) fn without_session(self) -> Self {
        self.header("set-cookie", format!("{COOKIE}=; path=/; samesite=lax; httponly; max-age=0"))
    }

    /// The session that this reply sets, for the browser inside `MockLogto`.
    pub(crate) fn new_session(&self) -> Option<&str> {
        self.value("set-cookie")?.strip_prefix(COOKIE)?.strip_prefix('=')?.split(';').next()
    }

    pub(crate) fn session_cookie(id: &str) -> String {
        format!("{COOKIE}={id}")
    }
}
