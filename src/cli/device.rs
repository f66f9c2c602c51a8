//! The device flow (RFC 8628): a code, an address, and questions at the server's pace until the user is done.

use std::time::Duration;

use super::{CliClient, CliUser, LoginPrompt};
use crate::{
    clock::moment,
    error::{Code, Error, Result},
    http::run_in_task,
    oidc::{
        device::{self, DeviceAuthorization, DeviceRequest, Poll},
        token::{Client, TokenResponse},
    },
};

/// RFC 8628 section 3.5.
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// A network that is away is asked for at least this often.
const MAX_INTERVAL: Duration = Duration::from_secs(30);

impl CliClient {
    pub(super) async fn sign_in_by_device(&self) -> Result<CliUser> {
        let app_id = self.0.device_app_id.as_deref().ok_or_else(no_device_flow)?;
        let waiting = self.begin_device(app_id).await?;
        self.show(&LoginPrompt::of_device(&waiting));
        self.wait_for_user(app_id, &waiting).await
    }

    async fn begin_device(&self, app_id: &str) -> Result<DeviceAuthorization> {
        let provider = self.provider()?;
        let metadata = provider.metadata().await?;
        let endpoint = metadata
            .device_authorization_endpoint
            .as_ref()
            .ok_or_else(|| Error::new(Code::CliNoDeviceFlow, "the server names no device_authorization_endpoint"))?;
        let server = &provider.addresses().endpoint;
        let asked = DeviceRequest { scopes: &self.0.scopes, resources: &self.0.resources, server };
        let client = Client { id: app_id, secret: None };
        device::authorize(provider.transport(), endpoint, &client, asked).await
    }

    /// Asks until there is an answer, or the code's life is over by the clock that waiting goes by: one that is set does not count.
    async fn wait_for_user(&self, app_id: &str, waiting: &DeviceAuthorization) -> Result<CliUser> {
        let begun = moment();
        let mut interval = waiting.interval;
        let mut pause = interval;
        let mut last_failure = None;
        loop {
            let left = waiting.lifetime.saturating_sub(begun.elapsed());
            tokio::time::sleep(pause.min(left)).await;
            if begun.elapsed() >= waiting.lifetime {
                let expired = Error::new(Code::CliExpired, "nobody entered the code in time");
                return Err(last_failure.map_or(expired.clone(), |cause| expired.caused_by(cause)));
            }
            match self.poll_and_accept(app_id, waiting).await {
                Ok(Progress::Done(user)) => return Ok(*user),
                Ok(Progress::Pending) => (pause, last_failure) = (interval, None),
                Ok(Progress::SlowDown) => {
                    interval = interval.saturating_add(SLOW_DOWN);
                    (pause, last_failure) = (interval, None);
                }
                // RFC 8628 section 3.5: less often after each timeout.
                Err(Failed::NoAnswer(error)) => {
                    pause = pause.saturating_mul(2).clamp(interval, MAX_INTERVAL.max(interval));
                    last_failure = Some(error);
                }
                Err(Failed::Over(error)) => return Err(error),
            }
        }
    }

    /// In a task of its own: a user who is done at that moment is signed in, whatever becomes of who waits.
    async fn poll_and_accept(&self, app_id: &str, waiting: &DeviceAuthorization) -> Result<Progress, Failed> {
        let (client, app_id, device_code) = (self.clone(), app_id.to_owned(), waiting.device_code.clone());
        let work = async move {
            let _write = client.0.writes.begin().await;
            let asked_at = client.now();
            let answer = async {
                let provider = client.provider()?;
                let metadata = provider.metadata().await?;
                let app = Client { id: &app_id, secret: None };
                device::poll(provider.transport(), &metadata.token_endpoint, &app, &device_code).await
            };
            match answer.await {
                Ok(Poll::Tokens(tokens)) => client.accepted(&app_id, *tokens, asked_at).await,
                Ok(Poll::Pending) => Ok(Progress::Pending),
                Ok(Poll::SlowDown) => Ok(Progress::SlowDown),
                Err(error) if error.is_transient() => Err(Failed::NoAnswer(error)),
                Err(error) => Err(Failed::Over(error)),
            }
        };
        run_in_task(work).await.map_err(Failed::Over)?
    }

    async fn accepted(&self, app_id: &str, tokens: TokenResponse, asked_at: i64) -> Result<Progress, Failed> {
        // The code is spent: what fails now is not asked for again.
        let user = self.accept(app_id, tokens, None, asked_at).await.map_err(Failed::Over)?;
        Ok(Progress::Done(Box::new(user)))
    }
}

enum Progress {
    Pending,
    SlowDown,
    Done(Box<CliUser>),
}

enum Failed {
    /// The server did not answer, or is broken for now. The code lives on.
    NoAnswer(Error),
    Over(Error),
}

fn no_device_flow() -> Error {
    Error::new(Code::CliNoDeviceFlow, "no app for the device flow is set")
}
