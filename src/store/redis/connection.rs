//! One connection for everything. It comes back when Redis does; a Redis that is dead or mute is an error soon, and never a wait.

use std::{fmt, io, sync::Arc, time::Duration};

use redis::{
    Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisFuture, RedisResult, ScriptInvocation, ServerErrorKind,
    Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
};
use tokio::time::timeout;

use super::link::{Connect, Link, is_lost, timed_out};
use crate::{
    store::breaker::{Breaker, OPEN_MESSAGE},
    types::BoxFuture,
};

/// For a command in all, a reconnection and a second try included.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(2500);

/// A connection to one server or to a cluster. Clones share it.
///
/// A command whose connection broke is sent once more, and nobody knows whether it was carried out before: so each is one that can be
/// carried out twice.
#[derive(Clone)]
pub(super) struct Connection {
    server: Server,
    breaker: Arc<Breaker>,
    is_in_clear_text: bool,
}

/// Gives a connection of the application's own.
pub(super) type Lend = dyn Fn() -> BoxFuture<'static, RedisResult<Box<dyn ConnectionLike + Send>>> + Send + Sync;

#[derive(Clone)]
enum Server {
    Single(Arc<Link>),
    Cluster(ClusterConnection),
    Lent(Arc<Lend>),
}

impl Connection {
    pub(super) fn single(first: MultiplexedConnection, connect: Connect) -> Self {
        Self::to(Server::Single(Arc::new(Link::new(first, connect))))
    }

    pub(super) fn cluster(connection: ClusterConnection) -> Self {
        Self::to(Server::Cluster(connection))
    }

    pub(super) fn lent(lend: Arc<Lend>) -> Self {
        Self::to(Server::Lent(lend))
    }

    fn to(server: Server) -> Self {
        Self { server, breaker: Arc::default(), is_in_clear_text: false }
    }

    /// The same, known to be reached over a network without encryption or not.
    pub(super) fn with_clear_text(self, is_in_clear_text: bool) -> Self {
        Self { is_in_clear_text, ..self }
    }

    /// Whether it is known to be reached over a network without encryption.
    pub(super) fn is_in_clear_text(&self) -> bool {
        self.is_in_clear_text
    }

    /// Runs a script. Also where the connection led to another server under it, which does not know the script.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> RedisResult<T> {
        let mut connection = self.clone();
        match script.invoke_async(&mut connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                script.invoke_async(&mut connection).await
            }
            answer => answer,
        }
    }

    /// Whether what belongs together may be on different servers.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.server, Server::Cluster(_))
    }

    /// Sessions, locks and revocations share the connection, so a request waits once for a Redis that hangs.
    async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        if !self.breaker.lets_pass(COMMAND_TIMEOUT) {
            return Err(io::Error::other(OPEN_MESSAGE).into());
        }
        let answer = within(COMMAND_TIMEOUT, self.try_twice(command)).await;
        self.breaker.learn(answer.as_ref().is_err_and(RedisError::is_timeout));
        answer
    }

    async fn try_twice(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self.server.send(command).await {
            // The connection is made again; this time the command waits for it.
            Err(error) if is_lost(&error) => self.server.send(command).await,
            answer => answer,
        }
    }
}

impl Server {
    async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        let answer = match self {
            Self::Single(link) => link.send(command).await,
            Self::Cluster(connection) => connection.req_packed_command(command).await,
            Self::Lent(lend) => lend().await?.req_packed_command(command).await,
        };
        answer.and_then(Value::extract_error).map_err(told)
    }
}

/// Of a command that another node of a cluster would have to answer.
fn told(error: RedisError) -> RedisError {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            (ErrorKind::Client, "this Redis is a node of a cluster", "use RedisStore::connect_cluster".to_owned())
                .into()
        }
        _ => error,
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.send(command))
    }

    /// One after another.
    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for command in commands.cmd_iter() {
                answers.push(self.req_packed_command(command).await?);
            }
            Ok(answers.into_iter().skip(offset).take(count).collect())
        })
    }

    fn get_db(&self) -> i64 {
        0
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.server {
            Server::Single(_) => "one server",
            Server::Cluster(_) => "a cluster",
            Server::Lent(_) => "connections of the application",
        })
    }
}

pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(timed_out(limit)))
}
