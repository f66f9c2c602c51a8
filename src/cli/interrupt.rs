//! Ctrl-C and SIGTERM: the work ends, and what is being written is written first.

use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use super::CliClient;
use crate::error::{Code, Error};

/// The refreshes and sign-ins whose tokens are on their way to the file.
#[derive(Default)]
pub(super) struct Writes(Arc<RwLock<()>>);

/// Held until what Logto gave is in the file.
pub(super) struct Write(#[expect(dead_code, reason = "it is held, and released at the end")] OwnedRwLockReadGuard<()>);

impl Writes {
    pub(super) async fn begin(&self) -> Write {
        Write(Arc::clone(&self.0).read_owned().await)
    }

    async fn finished(&self) {
        drop(self.0.write().await);
    }
}

impl CliClient {
    /// Does the work until it is done, or until Ctrl-C (on Unix also SIGTERM). Put it around all that the program does: without it, the end of `main`
    /// ends a refresh that is under way.
    ///
    /// After Ctrl-C the work is dropped. A refresh that Logto may have answered already is waited for, at most as long as its requests may take,
    /// so that the new refresh token is not lost: Logto takes the old one for three seconds more, and then ends the sign-in. A second Ctrl-C
    /// waits for nothing.
    ///
    /// ```no_run
    /// # async fn example(logto: logto::cli::CliClient) -> logto::Result<()> {
    /// let user = logto.until_ctrl_c(async { logto.login().await }).await?;
    /// # drop(user); Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `cli.cancelled` after Ctrl-C; else those of the work.
    pub async fn until_ctrl_c<T, E: From<Error>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let done = {
            let mut work = std::pin::pin!(work);
            tokio::select! {
                biased;
                result = &mut work => Some(result),
                told = interrupted() => match told {
                    Ok(()) => None,
                    // This process cannot be told: then the system ends it.
                    Err(_) => Some(work.await),
                },
            }
        };
        // A part of the work that was given up may have asked Logto already, however the work ended.
        tokio::select! {
            () = self.0.writes.finished() => {}
            Ok(()) = interrupted() => {}
        }
        done.unwrap_or_else(|| Err(Error::new(Code::CliCancelled, "the program was interrupted").into()))
    }
}

/// Ctrl-C; on Unix also what `kill` sends.
async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            told = tokio::signal::ctrl_c() => told,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
