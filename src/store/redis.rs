//! Sessions, refresh locks and revocations in Redis, for several instances that share their users.

mod builder;
mod clear_text;
mod condition;
mod connection;
mod coordinator;
mod keys;
mod link;
mod revocations;
mod sessions;
mod tls;

use std::{fmt, sync::Arc};

use redis::{RedisResult, aio::ConnectionLike};

pub use self::{builder::RedisStoreBuilder, coordinator::RedisCoordinator, revocations::RedisRevocations};
use self::{connection::Connection, keys::Keys};
use crate::{
    clock::{Clock, SystemClock},
    error::Result,
    types::BoxFuture,
};

/// Sessions in Redis (6 or newer, Valkey, or a service with their protocol), shared by all instances of an application.
///
/// Clones share one connection, which comes back by itself when Redis does. Whatever Redis does not answer within about two seconds is an
/// error: nothing waits for a dead server. What is stored is sealed, so a dump of Redis gives no tokens.
///
/// ```no_run
/// # async fn example() -> logto::Result<()> {
/// use logto::{LogtoClient, LogtoConfig, store::RedisStore};
///
/// let store = RedisStore::connect("redis://localhost:6379").await?;
/// let config = LogtoConfig::builder()
///     // …
///     .session_store(store)
///     .build()?;
/// # let _ = LogtoClient::new(config)?;
/// # Ok(())
/// # }
/// ```
///
/// Where sessions stay in cookies, Redis can still make refreshes exclusive and remember who was signed out: see
/// [`coordinator`](Self::coordinator) and [`revocations`](Self::revocations).
#[derive(Clone)]
pub struct RedisStore {
    connection: Connection,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

impl RedisStore {
    /// Connects to one Redis: `redis://[user:password@]host[:port][/database]`, `rediss://…` with TLS, `redis+unix:///path` for a socket.
    ///
    /// # Errors
    /// `config.invalid` if the URL is none of these, or leads to a node of a cluster; `store.failed` if Redis cannot be reached within five
    /// seconds or refuses the password.
    pub async fn connect(url: impl AsRef<str>) -> Result<Self> {
        Self::builder(url).connect().await
    }

    /// Creates a builder for a store that needs more than a URL: credentials that change, client certificates, Sentinel.
    pub fn builder(url: impl AsRef<str>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url.as_ref())
    }

    /// Connects to a Redis Cluster by the URLs of some of its nodes, which name the others. All have the same scheme and password. With
    /// certificates: [`RedisStoreBuilder::connect_cluster`].
    ///
    /// # Errors
    /// `config.invalid` if the URLs are none of a cluster; `store.failed` if no node can be reached within five seconds.
    pub async fn connect_cluster<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Result<Self> {
        let urls: Vec<String> = urls.into_iter().map(|url| url.as_ref().to_owned()).collect();
        builder::cluster(urls, None).await
    }

    /// Uses connections of the application to one Redis, which is not a node of a cluster: `lend` returns one for each command, from a pool or as a
    /// clone of a `ConnectionManager`. Where a connection breaks under a command, `lend` is asked once more. It is asked for up to a hundred at once,
    /// where all sessions of a user end.
    ///
    /// ```
    /// # fn example(manager: redis::aio::ConnectionManager) {
    /// use logto::store::RedisStore;
    ///
    /// let store = RedisStore::from_connections(move || std::future::ready(Ok(manager.clone())));
    /// # let _ = store;
    /// # }
    /// ```
    pub fn from_connections<F, Fut, C>(lend: F) -> Self
    where
        C: ConnectionLike + Send + 'static,
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = RedisResult<C>> + Send + 'static,
    {
        let lend = move || -> BoxFuture<'static, RedisResult<Box<dyn ConnectionLike + Send>>> {
            let lent = lend();
            Box::pin(async move {
                let connection: Box<dyn ConnectionLike + Send> = Box::new(lent.await?);
                Ok(connection)
            })
        };
        Self::over(Connection::lent(Arc::new(lend)))
    }

    fn over(connection: Connection) -> Self {
        Self { connection, keys: Keys::default(), clock: Arc::new(SystemClock) }
    }

    /// Sets the prefix of all key names. Default: `logto:`. Applications that share a Redis need different prefixes.
    #[must_use]
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.keys = Keys::new(prefix.as_ref());
        self
    }

    /// Sets the clock that determines how long a session is valid. Redis uses its own clock for expiry.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Refreshes that are exclusive over all instances: comes with this store, and serves sessions in cookies as well.
    #[must_use]
    pub fn coordinator(&self) -> RedisCoordinator {
        RedisCoordinator::new(self.connection.clone(), self.keys.clone())
    }

    /// Remembers which sessions were ended: comes with this store, and serves sessions in cookies as well.
    #[must_use]
    pub fn revocations(&self) -> RedisRevocations {
        RedisRevocations::new(self.connection.clone(), self.keys.clone())
    }
}

/// The URL, which may hold a password, is not told.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("keys", &self.keys).field("on", &self.connection).finish_non_exhaustive()
    }
}
