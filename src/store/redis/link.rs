//! The connection to one server, which is made again when it is lost, or leads to a server that cannot be written to.

use std::{
    io, mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use redis::{
    Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
    aio::{ConnectionLike, MultiplexedConnection},
};
use tokio::{sync::OnceCell, time::sleep};

use crate::types::BoxFuture;

/// The pause before a connection that was refused is tried again; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// So often a connection is tried before the command that waits for it fails. The next command tries again.
const MAX_CONNECT_ATTEMPTS: u32 = 4;
/// What a server says that cannot serve for now, although another one may be at its address already.
const UNFIT_SERVER_ERRORS: [&str; 5] = ["READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH"];

/// Makes a connection. It is asked again whenever the last one is lost.
pub(super) type Connect = Box<dyn Fn() -> BoxFuture<'static, RedisResult<MultiplexedConnection>> + Send + Sync>;

/// One connection that all commands share.
pub(super) struct Link {
    connect: Connect,
    current: Mutex<Arc<OnceCell<MultiplexedConnection>>>,
}

impl Link {
    pub(super) fn new(first: MultiplexedConnection, connect: Connect) -> Self {
        Self { connect, current: Mutex::new(Arc::new(OnceCell::new_with(Some(first)))) }
    }

    /// Sends a command over the connection, which is made if there is none. One that has failed is given up; the next command makes another.
    pub(super) async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        let current = Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner));
        let mut connection = current.get_or_try_init(|| self.connect()).await?.clone();
        // An answer that is an error is one.
        let answer = connection.req_packed_command(command).await.and_then(Value::extract_error);
        if answer.as_ref().is_err_and(|error| is_lost(error) || error.is_timeout()) {
            self.give_up(&current);
        }
        answer
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..MAX_CONNECT_ATTEMPTS {
            match (self.connect)().await {
                // A server that starts again takes connections soon.
                Err(error) if error.is_io_error() && !error.is_timeout() => {}
                connection => return connection,
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        (self.connect)().await
    }

    /// Another command may have done so.
    fn give_up(&self, lost: &Arc<OnceCell<MultiplexedConnection>>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, lost) {
            drop(mem::take(&mut *current));
        }
    }
}

/// Whether a command failed because the connection broke, or leads to a server that was demoted or is not ready. On another connection it may
/// succeed.
pub(super) fn is_lost(error: &RedisError) -> bool {
    let broken = error.is_connection_dropped() || error.is_unrecoverable_error();
    broken || error.code().is_some_and(|code| UNFIT_SERVER_ERRORS.contains(&code)) || is_unfit_in_script(error)
}

/// Before version 7 Redis tells of it as an error of the script: `ERR Error running script (…): -READONLY You can't write …`.
fn is_unfit_in_script(error: &RedisError) -> bool {
    let is_general = error.kind() == ErrorKind::Server(ServerErrorKind::ResponseError);
    let word_of = |detail: &str| UNFIT_SERVER_ERRORS.iter().any(|word| detail.contains(&format!("-{word} ")));
    is_general && error.detail().is_some_and(word_of)
}

/// An error as if the connection had been silent.
pub(super) fn timed_out(limit: Duration) -> RedisError {
    io::Error::new(io::ErrorKind::TimedOut, format!("Redis did not answer within {limit:?}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_tried_again_only_where_the_server_may_be_about_to_start() {
        let attempts = async |error: fn() -> RedisError| {
            let count = Arc::new(Mutex::new(0));
            let counted = Arc::clone(&count);
            let connect: Connect = Box::new(move || {
                *counted.lock().unwrap() += 1;
                Box::pin(async move { Err(error()) })
            });
            let link = Link { connect, current: Mutex::default() };
            assert!(link.connect().await.is_err());
            *count.lock().unwrap()
        };
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused).into();
        assert_eq!(attempts(refused).await, MAX_CONNECT_ATTEMPTS);
        assert_eq!(attempts(|| timed_out(Duration::from_secs(1))).await, 1);
        assert_eq!(attempts(|| answered("-WRONGPASS invalid username-password pair\r\n")).await, 1);
    }

    fn answered(error: &'static str) -> RedisError {
        redis::parse_redis_value(error.as_bytes()).unwrap().extract_error().unwrap_err()
    }

    #[test]
    fn a_server_that_was_demoted_or_is_not_ready_is_a_lost_connection_also_where_a_script_says_so() {
        for lost in [
            "-READONLY You can't write against a read only replica.\r\n",
            "-READONLY You can't write against a read only replica. script: 6b1bf486c81ceb7edf3c093f4c48582e38c0e791\r\n",
            "-ERR Error running script (call to f_6b1b): @user_script:2: @user_script: 2: -READONLY You can't write against a read only replica.\r\n",
            "-LOADING Redis is loading the dataset in memory\r\n",
            "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
            "-CLUSTERDOWN The cluster is down\r\n",
            "-NOAUTH Authentication required.\r\n",
        ] {
            assert!(is_lost(&answered(lost)), "{lost}");
        }
        for other in [
            "-ERR unknown command 'LOADING'\r\n",
            "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
            "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
            "-NOPERM User shop has no permissions to run the 'info' command\r\n",
        ] {
            assert!(!is_lost(&answered(other)), "{other}");
        }
        for broken in [
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::UnexpectedEof,
        ] {
            assert!(is_lost(&io::Error::from(broken).into()), "{broken:?}");
        }
        assert!(is_lost(&(ErrorKind::Parse, "half an answer").into()), "what follows cannot be read, either");
        assert!(!is_lost(&timed_out(Duration::from_secs(1))), "whatever does not answer is not asked twice");
    }
}
