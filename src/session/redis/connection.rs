//! One connection for everything. It comes back when Redis does; a Redis that is dead or mute is an error soon, and never a wait.

use std::{fmt, io, time::Duration};

use redis::{
    Client, Cmd, ErrorKind, IntoConnectionInfo, Pipeline, RedisError, RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig},
    cluster::ClusterClientBuilder,
    cluster_async::ClusterConnection,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};
use tokio::time::timeout;

use super::tls;
use crate::{Error, Result, error::Code};

/// For a TCP connection, and TLS on it.
const CONNECT: Duration = Duration::from_secs(1);
/// For an answer.
const ANSWER: Duration = Duration::from_secs(2);
/// For a command in all, a reconnection and a second try included.
const COMMAND: Duration = Duration::from_millis(2500);
/// For the first connection: a cluster's nodes are asked one after another.
const FIRST: Duration = Duration::from_secs(5);
/// After so much silence a peer is taken for dead and the connection for lost.
const SILENCE: Duration = Duration::from_secs(10);
/// So often a lost connection is tried again before the command that waits for it fails. The next command tries anew.
const RETRIES: usize = 3;

/// A connection to one server or to a cluster. Clones share it.
#[derive(Clone)]
pub(super) struct Connection {
    server: Server,
    /// Whether a command is sent again when the connection broke under it and nobody knows whether it was carried out.
    repeats: bool,
}

#[derive(Clone)]
enum Server {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) async fn single(url: &str) -> Result<Self> {
        let info = url.into_connection_info().map_err(invalid)?.set_tcp_settings(tcp());
        provide_cryptography([url])?;
        let client = Client::open(info).map_err(invalid)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_number_of_retries(RETRIES)
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(400));
        let manager = within(FIRST, ConnectionManager::new_with_config(client, config)).await.map_err(unreachable)?;
        Ok(Self { server: Server::Single(manager), repeats: true })
    }

    pub(super) async fn cluster(urls: Vec<String>) -> Result<Self> {
        provide_cryptography(urls.iter().map(String::as_str))?;
        let client = ClusterClientBuilder::new(urls)
            .connection_timeout(CONNECT)
            .response_timeout(ANSWER)
            .retries(3)
            .min_retry_wait(20)
            .max_retry_wait(400)
            .tcp_settings(tcp())
            .build()
            .map_err(invalid)?;
        let connection = within(FIRST, client.get_async_connection()).await.map_err(unreachable)?;
        Ok(Self { server: Server::Cluster(connection), repeats: true })
    }

    /// The same connection for a command that must not be carried out twice.
    pub(super) fn once(&self) -> Self {
        Self { server: self.server.clone(), repeats: false }
    }

    async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self.server.send(command).await {
            // The connection is being made again; this time the command waits for it.
            Err(error) if self.repeats && error.is_connection_dropped() => self.server.send(command).await,
            answer => answer,
        }
    }
}

impl Server {
    async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(command).await,
            Self::Cluster(connection) => connection.req_packed_command(command).await,
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(within(COMMAND, self.send(command)))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.server {
            Server::Single(connection) => connection.req_packed_commands(commands, offset, count),
            Server::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.server {
            Server::Single(connection) => connection.get_db(),
            Server::Cluster(connection) => connection.get_db(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.server {
            Server::Single(_) => "one server",
            Server::Cluster(_) => "a cluster",
        })
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("Redis did not answer within {limit:?}")).into())
    })
}

/// No waiting to fill a packet, and no connection to a peer that is there no more.
fn tcp() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(TcpKeepalive::new().with_time(SILENCE));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(SILENCE);
    settings
}

fn provide_cryptography<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<()> {
    if urls.into_iter().any(|url| url.starts_with("rediss")) { tls::provide_cryptography() } else { Ok(()) }
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
