//! How a Redis is reached: by what address, as whom, and with which certificates.

use std::{fmt, slice, sync::Arc, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    RedisError, RedisResult, TlsCertificates, TlsMode,
    aio::MultiplexedConnection,
    cluster::ClusterClientBuilder,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};

use super::{
    RedisStore,
    clear_text::{any_behind_sentinels, any_in_clear_text},
    condition::Condition,
    connection::{Connection, within},
    tls,
};
use crate::{
    error::{BoxError, Code, Error, Result},
    secret::Secret,
    types::BoxFuture,
};

/// For a TCP connection, TLS on it, and the greeting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// For an answer.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// For the first connection: nodes of a cluster and sentinels are asked one after another.
const FIRST_CONNECTION_TIMEOUT: Duration = Duration::from_secs(5);
/// After so much silence a peer is taken for dead and the connection for lost.
const MAX_SILENCE: Duration = Duration::from_secs(10);

/// Gives user and password.
type Credentials = dyn Fn() -> BoxFuture<'static, std::result::Result<(String, Secret), BoxError>> + Send + Sync;

/// Builder for a [`RedisStore`] that needs more than a URL: credentials that change, client certificates, Sentinel. Created by
/// [`RedisStore::builder`].
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// # async fn token_of_this_machine() -> Result<String, std::io::Error> { Ok(String::new()) }
/// use logto::store::RedisStore;
///
/// let store = RedisStore::builder("rediss://cache.internal:6380")
///     .client_certificate(std::fs::read("client.pem")?, std::fs::read("client.key")?)
///     .credentials(|| async { Ok(("shop".to_owned(), token_of_this_machine().await?.into())) })
///     .connect()
///     .await?;
/// # let _ = store;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct RedisStoreBuilder {
    url: String,
    sentinels: Vec<String>,
    certificates: TlsCertificates,
    credentials: Option<Arc<Credentials>>,
}

impl RedisStoreBuilder {
    pub(super) fn new(url: &str) -> Self {
        let certificates = TlsCertificates { client_tls: None, root_cert: None };
        Self { url: url.to_owned(), sentinels: Vec::new(), certificates, credentials: None }
    }

    /// Asks for user and password whenever a connection is made, instead of taking those of the URL: for passwords that change and for tokens of
    /// managed identities. A connection that Redis closes, or on which it requires authentication again, is re-established with the current
    /// credentials.
    pub fn credentials<F, Fut>(mut self, credentials: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = std::result::Result<(String, Secret), BoxError>> + Send + 'static,
    {
        self.credentials = Some(Arc::new(move || Box::pin(credentials())));
        self
    }

    /// Sets the certificate chain and the private key, in PEM, that this client shows to a server with `rediss://`.
    pub fn client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.certificates.client_tls = Some(ClientTlsConfig { client_cert: chain.into(), client_key: key.into() });
        self
    }

    /// Sets the authority, in PEM, that signed the server's certificate, instead of those of the system.
    pub fn root_certificate(mut self, authority: impl Into<Vec<u8>>) -> Self {
        self.certificates.root_cert = Some(authority.into());
        self
    }

    /// Asks Redis Sentinel for the master, whenever a connection is made. Of the URL of Redis the host is then the master's name at the
    /// sentinels: `redis://:password@mymaster/0`. User and password of the first sentinel's URL are used for all of them; so is the certificate.
    pub fn sentinels<U: AsRef<str>>(mut self, urls: impl IntoIterator<Item = U>) -> Self {
        self.sentinels = urls.into_iter().map(|url| url.as_ref().to_owned()).collect();
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// See [`RedisStore::connect`].
    pub async fn connect(self) -> Result<RedisStore> {
        let target = Arc::new(Target::new(self)?);
        // A wrong address or password is found when the application starts.
        let first = within(FIRST_CONNECTION_TIMEOUT, target.connect()).await.map_err(unreachable)?;
        let is_in_clear_text = target.is_in_clear_text();
        let again = move || -> BoxFuture<'static, RedisResult<MultiplexedConnection>> {
            let target = Arc::clone(&target);
            Box::pin(async move { target.connect().await })
        };
        begin(Connection::single(first, Box::new(again)).with_clear_text(is_in_clear_text)).await
    }

    /// Connects to a Redis Cluster, of which the URL is that of one node and `others` are those of further ones, if any: the nodes name each other.
    /// User and password are those of the URL for as long as the store lives.
    ///
    /// # Errors
    /// See [`RedisStore::connect_cluster`]; `config.invalid`, too, with [`credentials`](Self::credentials) and [`sentinels`](Self::sentinels),
    /// which are for one server.
    pub async fn connect_cluster<U: AsRef<str>>(self, others: impl IntoIterator<Item = U>) -> Result<RedisStore> {
        if self.credentials.is_some() || !self.sentinels.is_empty() {
            let message = "a Redis Cluster is reached without sentinels, and with the user and password of its URL";
            return Err(Error::new(Code::ConfigInvalid, message));
        }
        let others = others.into_iter().map(|url| url.as_ref().to_owned());
        cluster(std::iter::once(self.url).chain(others).collect(), given(self.certificates)).await
    }
}

/// The URL, which may hold a password, is not told.
impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder").field("sentinels", &self.sentinels.len()).finish_non_exhaustive()
    }
}

/// Connects to a cluster.
pub(super) async fn cluster(urls: Vec<String>, certificates: Option<TlsCertificates>) -> Result<RedisStore> {
    let infos: Vec<_> = urls.iter().map(|url| parse(url)).collect::<Result<_>>()?;
    infos.iter().try_for_each(provide_cryptography)?;
    infos.iter().try_for_each(|info| check_certificates(certificates.as_ref(), info))?;
    let is_in_clear_text = any_in_clear_text(&infos);
    let client = ClusterClientBuilder::new(infos);
    let client = match certificates {
        Some(certificates) => client.certs(certificates),
        None => client,
    };
    let client = client
        .connection_timeout(CONNECT_TIMEOUT)
        .response_timeout(RESPONSE_TIMEOUT)
        .retries(3)
        .min_retry_wait(20)
        .max_retry_wait(400)
        .tcp_settings(tcp())
        .build()
        .map_err(invalid)?;
    let connection = within(FIRST_CONNECTION_TIMEOUT, client.get_async_connection()).await.map_err(unreachable)?;
    begin(Connection::cluster(connection).with_clear_text(is_in_clear_text)).await
}

/// The store, once it was looked at what its sessions may expect there.
async fn begin(connection: Connection) -> Result<RedisStore> {
    match Condition::of(&connection).await {
        Ok(condition) => {
            if condition.is_node && !connection.is_cluster() {
                return Err(Error::new(
                    Code::ConfigInvalid,
                    "this Redis is a node of a cluster, and would answer for some sessions alone: use RedisStore::connect_cluster",
                ));
            }
            for warning in condition.warnings() {
                tracing::warn!(target: "logto::session", "{warning}");
            }
        }
        // An ACL may forbid it.
        Err(error) => tracing::debug!(target: "logto::session", %error, "Redis does not tell of itself (INFO)"),
    }
    Ok(RedisStore::over(connection))
}

/// A server, or the sentinels that know it.
struct Target {
    info: ConnectionInfo,
    sentinels: Vec<ConnectionInfo>,
    certificates: Option<TlsCertificates>,
    credentials: Option<Arc<Credentials>>,
}

impl Target {
    fn new(builder: RedisStoreBuilder) -> Result<Self> {
        let info = parse(&builder.url)?.set_tcp_settings(tcp());
        let sentinels: Vec<_> = builder.sentinels.iter().map(|url| parse(url)).collect::<Result<_>>()?;
        sentinels.iter().chain([&info]).try_for_each(provide_cryptography)?;
        let certificates = given(builder.certificates);
        check_certificates(certificates.as_ref(), &info)?;
        let target = Self { info, sentinels, certificates, credentials: builder.credentials };
        // What cannot be used is found before anybody waits for a network.
        match target.sentinels.as_slice() {
            [] => target.client(target.info.clone()).map(drop),
            _ => target.sentinel(&target.info).map(drop),
        }
        .map_err(invalid)?;
        Ok(target)
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        let info = self.authenticated().await?;
        match self.sentinels.as_slice() {
            [] => self.client(info)?.get_multiplexed_async_connection_with_config(&config).await,
            _ => self.sentinel(&info)?.get_async_connection_with_config(&config).await,
        }
    }

    fn is_in_clear_text(&self) -> bool {
        match self.sentinels.as_slice() {
            [] => any_in_clear_text(slice::from_ref(&self.info)),
            sentinels => any_behind_sentinels(sentinels, &self.info),
        }
    }

    async fn authenticated(&self) -> RedisResult<ConnectionInfo> {
        let Some(credentials) = &self.credentials else {
            return Ok(self.info.clone());
        };
        let (user, password) = credentials().await.map_err(|error| {
            (ErrorKind::AuthenticationFailed, "the application gave no credentials for Redis", error.to_string())
        })?;
        let settings = self.info.redis_settings().clone().set_username(user).set_password(password.expose());
        Ok(self.info.clone().set_redis_settings(settings))
    }

    fn client(&self, info: ConnectionInfo) -> RedisResult<Client> {
        match &self.certificates {
            Some(certificates) => Client::build_with_tls(info, certificates.clone()),
            None => Client::open(info),
        }
    }

    fn sentinel(&self, info: &ConnectionInfo) -> RedisResult<SentinelClient> {
        let addresses = self.sentinels.iter().map(|sentinel| sentinel.addr().clone());
        let redis = info.redis_settings();
        let mut builder = SentinelClientBuilder::new(addresses, host(info), SentinelServerType::Master)?
            .set_client_to_redis_db(redis.db())
            .set_client_to_redis_tcp_settings(tcp())
            .set_client_to_sentinel_tcp_settings(tcp());
        if let Some(user) = redis.username() {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = redis.password() {
            builder = builder.set_client_to_redis_password(password);
        }
        if is_encrypted(info) {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        }
        if let Some(first) = self.sentinels.first() {
            if let Some(user) = first.redis_settings().username() {
                builder = builder.set_client_to_sentinel_username(user);
            }
            if let Some(password) = first.redis_settings().password() {
                builder = builder.set_client_to_sentinel_password(password);
            }
            if is_encrypted(first) {
                builder = builder.set_client_to_sentinel_tls_mode(TlsMode::Secure);
            }
        }
        if let Some(certificates) = &self.certificates {
            builder = builder
                .set_client_to_redis_certificates(certificates.clone())
                .set_client_to_sentinel_certificates(certificates.clone());
        }
        builder.build()
    }
}

fn parse(url: &str) -> Result<ConnectionInfo> {
    url.into_connection_info().map_err(invalid)
}

fn given(certificates: TlsCertificates) -> Option<TlsCertificates> {
    (certificates.client_tls.is_some() || certificates.root_cert.is_some()).then_some(certificates)
}

fn check_certificates(certificates: Option<&TlsCertificates>, info: &ConnectionInfo) -> Result<()> {
    match certificates {
        Some(_) if !is_encrypted(info) => {
            Err(Error::new(Code::ConfigInvalid, "certificates for Redis need a URL with rediss://"))
        }
        _ => Ok(()),
    }
}

fn is_encrypted(info: &ConnectionInfo) -> bool {
    matches!(info.addr(), ConnectionAddr::TcpTls { .. })
}

fn host(info: &ConnectionInfo) -> &str {
    match info.addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host,
        _ => "",
    }
}

/// No waiting to fill a packet, and no connection to a peer that is there no more.
fn tcp() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(TcpKeepalive::new().with_time(MAX_SILENCE));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(MAX_SILENCE);
    settings
}

fn provide_cryptography(info: &ConnectionInfo) -> Result<()> {
    if is_encrypted(info) { tls::provide_cryptography() } else { Ok(()) }
}

fn invalid(error: RedisError) -> Error {
    Error::new(Code::ConfigInvalid, "the URL of Redis cannot be used").with_source(error)
}

fn unreachable(error: RedisError) -> Error {
    match error.kind() {
        ErrorKind::InvalidClientConfig => invalid(error),
        _ => Error::new(Code::StoreFailed, "no connection to Redis").with_source(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_redis_cannot_use_is_told_from_a_redis_that_is_away() {
        let failed = |kind: ErrorKind| unreachable((kind, "why").into());
        assert!(failed(ErrorKind::InvalidClientConfig).is(Code::ConfigInvalid));
        assert!(failed(ErrorKind::Io).is(Code::StoreFailed));
    }
}
