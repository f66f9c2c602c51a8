//! The client of an application that can do without, or whose settings change while it runs.

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Inner, LogtoClient, mounting::Mounting};
use crate::{
    config::{LogtoConfig, Routes, problems::Problems},
    error::Result,
};

/// The current client, or none. For an application in which sign-in is optional, or whose settings change while it runs.
///
/// Layers, middleware, fairings and routes of this crate take one wherever they take a [`LogtoClient`], and ask it for each request. All clones are
/// one: what [`replace`](Self::replace) puts in, all serve from then on. A running request keeps the client with which it started.
///
/// Without a client nobody is signed in: [`LogtoContext`](crate::LogtoContext) says so and `Option<SignedIn>` is `None`. What needs a user
/// is refused with `sign_in.not_set_up`, the authentication routes are too.
///
/// ```
/// use logto::{LogtoConfigBuilder, integrate::CurrentClient};
///
/// /// What the page of the settings does: a mistake is shown, and what was in force stays so.
/// fn save(current: &CurrentClient, settings: Option<LogtoConfigBuilder>) -> Result<(), String> {
///     match settings {
///         Some(settings) => settings.build().and_then(|config| current.replace(config)).map_err(|error| error.to_string()),
///         None => {
///             current.remove();
///             Ok(())
///         }
///     }
/// }
///
/// let current = CurrentClient::default();
/// assert!(current.get().is_none());
/// assert!(save(&current, Some(LogtoConfigBuilder::from_env())).unwrap_err().contains("endpoint is missing"));
/// ```
#[derive(Clone)]
pub struct CurrentClient(Arc<Slot>);

struct Slot {
    routes: Routes,
    /// That of each client: the routes are mounted once, also where there is no client yet.
    mounting: Arc<Mounting>,
    /// The client that it began with, for as long as that one serves: asking for it takes no lock then.
    first: Weak<Inner>,
    was_replaced: AtomicBool,
    present: RwLock<Present>,
}

struct Present {
    client: Option<LogtoClient>,
    /// The last one, where there is none now: who comes back to its application goes on where it was.
    last: Option<LogtoClient>,
}

impl CurrentClient {
    /// Creates a `CurrentClient` without a client, for an application whose authentication routes have these paths. With the default paths it is
    /// `CurrentClient::default()`.
    #[must_use]
    pub fn with_routes(routes: Routes) -> Self {
        Self::of(routes, None)
    }

    fn of(routes: Routes, client: Option<LogtoClient>) -> Self {
        let mounting = client.as_ref().map_or_else(Arc::default, |client| Arc::clone(&client.0.mounting));
        let first = client.as_ref().map_or_else(Weak::new, |client| Arc::downgrade(&client.0));
        let present = RwLock::new(Present { client, last: None });
        Self(Arc::new(Slot { routes, mounting, first, was_replaced: AtomicBool::new(false), present }))
    }

    /// Returns the current client. Call it once for each request.
    #[must_use]
    pub fn get(&self) -> Option<LogtoClient> {
        let slot = &*self.0;
        if !slot.was_replaced.load(Ordering::Acquire)
            && let Some(first) = slot.first.upgrade()
        {
            return Some(LogtoClient(first));
        }
        slot.present.read().unwrap_or_else(PoisonError::into_inner).client.clone()
    }

    /// Returns the paths of the authentication routes. They are mounted once, so they do not change.
    pub fn routes(&self) -> &Routes {
        &self.0.routes
    }

    /// Returns the paths of the authentication routes, for a router: see [`LogtoClient::route_paths`].
    #[must_use]
    pub fn route_paths(&self) -> Vec<&str> {
        self.0.mounting.serves();
        self.routes().paths()
    }

    /// Replaces the current client by one with these settings.
    ///
    /// Sessions stay valid if their cookies can still be opened: with the same App ID and cookie names (or the old ones among the previous ones), and
    /// a cookie secret that is the old one or has it among the previous ones. With the same App ID and issuer, running refreshes and pending sign-ins
    /// continue, too. Where nothing else is set to remember which sessions ended, what was remembered in memory stays.
    ///
    /// # Errors
    /// `config.http_client`; `config.invalid` where the settings have other [`routes`](Self::routes). What was in force stays so.
    pub fn replace(&self, config: LogtoConfig) -> Result<()> {
        if config.routes() != self.routes() {
            let mut problems = Problems::default();
            let problem = "routes are not those that the application has mounted (restart it to change them)";
            problems.add("routes", problem.into());
            return Err(problems.into_error());
        }
        let before = {
            let present = self.0.present.read().unwrap_or_else(PoisonError::into_inner);
            present.client.clone().or_else(|| present.last.clone())
        };
        // Without the lock: an HTTP client may be made, which takes its time.
        let client = match before {
            Some(before) => before.followed_by(config)?,
            None => LogtoClient::with(config, Arc::default(), Arc::clone(&self.0.mounting))?,
        };
        self.put(|present| *present = Present { client: Some(client), last: None });
        Ok(())
    }

    /// Removes the current client: nobody is signed in. This ends no session: sessions are valid again with a client that can open their cookies.
    pub fn remove(&self) {
        self.put(|present| {
            let last = present.client.take().or_else(|| present.last.take());
            *present = Present { client: None, last };
        });
    }

    fn put(&self, change: impl FnOnce(&mut Present)) {
        let mut present = self.0.present.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut present);
        self.0.was_replaced.store(true, Ordering::Release);
    }
}

impl Default for CurrentClient {
    fn default() -> Self {
        Self::with_routes(Routes::default())
    }
}

impl fmt::Debug for CurrentClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CurrentClient").field(&self.get()).finish()
    }
}

/// Each conversion of a client makes a `CurrentClient` of its own: to replace it, keep that one.
impl From<LogtoClient> for CurrentClient {
    fn from(client: LogtoClient) -> Self {
        Self::of(client.config().routes().clone(), Some(client))
    }
}

impl From<&LogtoClient> for CurrentClient {
    fn from(client: &LogtoClient) -> Self {
        client.clone().into()
    }
}

impl From<Option<LogtoClient>> for CurrentClient {
    fn from(client: Option<LogtoClient>) -> Self {
        client.map_or_else(Self::default, Self::from)
    }
}

impl From<Option<&LogtoClient>> for CurrentClient {
    fn from(client: Option<&LogtoClient>) -> Self {
        client.cloned().into()
    }
}

impl From<&Self> for CurrentClient {
    fn from(current: &Self) -> Self {
        current.clone()
    }
}

impl LogtoClient {
    /// The client that serves after this one.
    fn followed_by(&self, config: LogtoConfig) -> Result<Self> {
        let mine = self.config();
        let is_same = mine.app_id() == config.app_id() && mine.issuer() == config.issuer();
        let under_way = if is_same { Arc::clone(&self.0.under_way) } else { Arc::default() };
        Self::with(config.remembering_endings_of(mine), under_way, Arc::clone(&self.0.mounting))
    }
}
