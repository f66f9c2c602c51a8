//! Whether the routes are where guards send users.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::LogtoClient;
use crate::config::LogtoConfig;

/// Users who were sent to sign in and did not arrive, as many as say that something is wrong. One or two may have changed their minds.
const NOBODY_CAME: u32 = 5;

/// What this process has seen of its routes. Another instance behind the same proxy may serve them, so there is a warning and no more.
#[derive(Default)]
pub(crate) struct Mounting {
    /// Whether a router was given the routes, or a request came to them.
    serves: AtomicBool,
    /// Whether somebody came to the sign-in route.
    reached: AtomicBool,
    sent: AtomicU32,
    told: AtomicBool,
}

impl Mounting {
    pub(crate) fn serves(&self) {
        if !self.serves.load(Ordering::Relaxed) {
            self.serves.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn reached(&self) {
        self.reached.store(true, Ordering::Relaxed);
    }

    /// A user is sent to the sign-in. Says once if the route is not there.
    pub(crate) fn sends_to_sign_in(&self, config: &LogtoConfig) {
        if config.sign_in_page().is_some() || self.reached.load(Ordering::Relaxed) || self.told.load(Ordering::Relaxed)
        {
            return;
        }
        let sent = self.sent.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let serves = self.serves.load(Ordering::Relaxed);
        if (serves && sent < NOBODY_CAME) || self.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let sign_in = config.routes().sign_in_path();
        if serves {
            tracing::warn!(
                target: "logto",
                sign_in,
                "{sent} requests were sent to the sign-in route, and none came to it: the routes may be below a prefix (a scope, a nested router, a \
                 mount point); add them where their paths are those of `base_url`, or set `Routes` or `sign_in_page`"
            );
        } else {
            tracing::warn!(
                target: "logto",
                sign_in,
                "a user is sent to the sign-in route, which this process does not serve: add `.merge(logto::axum::routes(&logto))`, \
                 `.configure(logto::actix_web::routes(&logto))` or `.mount(\"/\", logto::rocket::routes(&logto))`, call `handle_auth_routes`, or set \
                 `sign_in_page` to a page of your own"
            );
        }
    }
}

impl LogtoClient {
    pub(crate) fn mounting(&self) -> &Mounting {
        &self.0.mounting
    }

    /// Returns the paths of the authentication routes, for a router that calls [`handle_auth_routes`](Self::handle_auth_routes) for each of them.
    /// After this call the routes count as mounted in this process; otherwise the log warns when the first user is redirected to sign-in.
    #[must_use]
    pub fn route_paths(&self) -> Vec<&str> {
        self.mounting().serves();
        self.config().routes().paths()
    }
}
