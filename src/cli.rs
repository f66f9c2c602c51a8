//! Sign-in for programs without a web page: command line tools, and whatever a user starts on a machine of their own.
//!
//! The user signs in in the browser of the machine (RFC 8252) or on any other device (RFC 8628). The tokens stay in a file that only this user
//! can read, and each run of the program takes them from there. See the [guide](crate::guide::cli).

mod browser;
mod builder;
mod device;
mod display;
mod headless;
mod identity;
mod interrupt;
mod listener;
mod login;
mod prompt;
mod refresh;
mod storage;

use std::{fmt, sync::Arc, time::Duration};

use tracing::Level;

pub use self::{builder::CliClientBuilder, identity::CliUser, login::LoginMethod, prompt::LoginPrompt};
use self::{
    headless::Headless,
    interrupt::Writes,
    refresh::Wanted,
    storage::{Lock, Storage},
};
use crate::{
    api_client::TokenSource,
    client::AccessToken,
    clock::{Clock, moment, unix_seconds},
    config::server::Server,
    error::{Code, Error, Result},
    http::run_in_task,
    oidc::{provider::Provider, token},
    telemetry::in_operation,
    types::{BoxFuture, TokenOptions},
};

/// A program that users sign in to, and that calls APIs in their name. Cheap to clone.
///
/// ```no_run
/// # async fn example() -> logto::Result<()> {
/// use logto::{TokenOptions, cli::CliClient};
///
/// let logto = CliClient::builder()
///     .application("mytool")
///     .endpoint("https://my-tenant.logto.app")
///     .app_id("0oy4vc0dezrhkz2gm8mjb")
///     .device_app_id("d0b53ij7ow781fj4whela")
///     .build()?;
/// println!("Signed in as {}.", logto.login().await?);
/// // Another run, another day: from the file, without a request while the token lives.
/// let token = logto.get_access_token(TokenOptions::new().resource("https://api.example.com")).await?;
/// # drop(token); Ok(()) }
/// ```
///
/// It holds no tokens: each call looks at the file, which other runs of the program write, too. However many runs need a new access token at
/// once, one of them asks Logto.
#[derive(Clone)]
#[doc(alias = "device_flow")]
#[doc(alias = "native")]
pub struct CliClient(Arc<Inner>);

struct Inner {
    server: Server,
    /// The native app with redirect URIs.
    app_id: Option<String>,
    /// The native app for the device flow.
    device_app_id: Option<String>,
    application: String,
    scopes: Vec<String>,
    resources: Vec<String>,
    storage: Storage,
    /// What a program without a user goes by, in place of the file.
    headless: Option<Headless>,
    login: login::Settings,
    writes: Writes,
}

/// How often a run that waits for another looks again.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The hint after a sign-out whose file could not be read.
const NOT_REVOKED: &str = "The user is signed out here and the file is deleted. Its refresh token was not revoked: if others may have read the file, \
    end the session in the account settings of Logto.";

impl CliClient {
    /// Begins the settings.
    pub fn builder() -> CliClientBuilder {
        CliClientBuilder::default()
    }

    /// Signs the user in: in the browser of this machine, or by the device flow where there is none (no display, a session over SSH).
    ///
    /// The user is told what to do by [`on_prompt`](CliClientBuilder::on_prompt). Whoever was signed in before is replaced when the sign-in
    /// has succeeded, and not before. To give up drop the future, or see [`until_ctrl_c`](Self::until_ctrl_c).
    ///
    /// # Errors
    /// `cli.denied`, `cli.cancelled`, `cli.timeout`, `cli.expired`: nobody signed in. `cli.no_browser`, `cli.no_device_flow`, `cli.port`: see the
    /// hint. `cli.storage_failed`: the tokens could not be kept; that is found before the user is asked, if it can be.
    /// `client.invalid_credentials`, `token.resource_refused`, `id_token.…`, `network.…` as for other sign-ins.
    pub async fn login(&self) -> Result<CliUser> {
        self.login_by(LoginMethod::Auto).await
    }

    /// Signs the user in, in the way that is named.
    ///
    /// # Errors
    /// Those of [`login`](Self::login).
    pub async fn login_by(&self, method: LoginMethod) -> Result<CliUser> {
        in_operation!(Level::INFO, "cli_login", self.sign_in(method).await)
    }

    /// Signs the user out: revokes the refresh token, with all that Logto gave for it (RFC 7009), and deletes the file. Whether somebody was
    /// signed in.
    ///
    /// The file is deleted whatever Logto answers.
    ///
    /// # Errors
    /// `network.…` and others if Logto could not be told, and `cli.storage_unreadable` if the file could not be read: the user is signed out here. `cli.storage_failed` where the file cannot be deleted.
    pub async fn logout(&self) -> Result<bool> {
        let client = self.clone();
        let work = run_in_task(async move { client.sign_out().await });
        in_operation!(Level::INFO, "cli_logout", work.await?)
    }

    /// Who is signed in, by the file: no request. Of a personal access token it is Logto that knows, which is asked.
    ///
    /// # Errors
    /// `cli.not_signed_in`, `cli.storage_unreadable`, `cli.storage_failed`; those of [`get_access_token`](Self::get_access_token) and
    /// `fetch_user_info_failed` with a personal access token.
    pub async fn whoami(&self) -> Result<CliUser> {
        in_operation!(Level::DEBUG, "cli_whoami", self.who().await)
    }

    /// An access token of the user who is signed in: for an API resource, an organization, or (neither) for Logto's own endpoints.
    ///
    /// One that lives for another minute is taken from the file. Else Logto is asked for one, by one run of the program for all. The
    /// new refresh token is on the disk before anything else is done with the answer; a caller that goes away does not keep it from there.
    /// Where Logto is out of reach, a token that lives serves to its end.
    ///
    /// # Errors
    /// `cli.not_signed_in`, `cli.sign_in_ended`, `cli.storage_unreadable`, `cli.storage_failed`; `options.invalid`; `token.…`, `organization.…` and
    /// `network.…` as [`LogtoClient`](crate::LogtoClient) has them; `token_exchange.subject_refused` for a personal access token.
    pub async fn get_access_token(&self, options: TokenOptions) -> Result<AccessToken> {
        self.access_token_as(options.key(), Wanted::by(&options)).await
    }

    async fn access_token_as(&self, key: crate::types::TokenKey, wanted: Wanted) -> Result<AccessToken> {
        in_operation!(Level::DEBUG, "cli_get_access_token", {
            key.check()?;
            match &self.0.headless {
                Some(headless) => headless.token(self, key, wanted).await,
                None => self.token(key, wanted).await,
            }
        })
    }

    async fn who(&self) -> Result<CliUser> {
        match &self.0.headless {
            Some(headless) => headless.who(self).await,
            None => Ok(CliUser::of_id_token(self.signed_in()?.claims)),
        }
    }

    async fn sign_out(self) -> Result<bool> {
        let lock = self.lock().await?;
        let _write = self.0.writes.begin().await;
        // A file that cannot be read is deleted, too. Logto cannot be told then, and the caller learns that.
        let user = self.0.storage.read();
        let was_there = self.0.storage.remove(&lock)?;
        drop(lock);
        let user = user.map_err(|error| error.with_hint(NOT_REVOKED))?;
        if let Some((user, refresh_token)) = user.and_then(|user| Some((user.client_id, user.refresh_token?))) {
            let metadata = self.provider()?.metadata().await?;
            if let Some(endpoint) = &metadata.revocation_endpoint {
                let client = token::Client { id: &user, secret: None };
                token::revoke(self.provider()?.transport(), endpoint, &client, &refresh_token).await?;
            }
        }
        Ok(was_there)
    }

    fn signed_in(&self) -> Result<storage::SignedInUser> {
        self.0.storage.read()?.ok_or_else(|| Error::new(Code::CliNotSignedIn, "nobody is signed in"))
    }

    /// The lock, when nobody else has it.
    ///
    /// # Errors
    /// `cli.storage_failed` where another run has it for longer than its requests may take.
    async fn lock(&self) -> Result<Lock> {
        let begun = moment();
        loop {
            if let Some(lock) = self.0.storage.try_lock()? {
                return Ok(lock);
            }
            self.wait_for_lock(begun.elapsed()).await?;
        }
    }

    /// A moment of the time that a lock is waited for.
    async fn wait_for_lock(&self, waited: Duration) -> Result<()> {
        // Discovery, the token and the keys, of the run before us and of the one before that.
        if waited > self.0.server.timeout.saturating_mul(6) {
            let message = format!("another run of the program holds the lock beside {}", self.0.storage.shown());
            return Err(Error::new(Code::CliStorageFailed, message));
        }
        tokio::time::sleep(LOCK_POLL_INTERVAL).await;
        Ok(())
    }

    /// Made when it is first needed: a run that finds its token in the file needs no HTTP client.
    fn provider(&self) -> Result<Arc<Provider>> {
        self.0.server.provider()
    }

    fn now(&self) -> i64 {
        unix_seconds(self.0.server.clock.now())
    }

    fn clock(&self) -> &dyn Clock {
        &*self.0.server.clock
    }
}

impl TokenSource for CliClient {
    fn access_token<'a>(&'a self, options: &'a TokenOptions) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.get_access_token(options.clone()))
    }

    fn replace_rejected<'a>(
        &'a self,
        refused: &'a AccessToken,
        options: &'a TokenOptions,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.access_token_as(options.key(), Wanted::instead_of(refused)))
    }
}

impl fmt::Debug for CliClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CliClient")
            .field("endpoint", &self.0.server.addresses.endpoint.as_str())
            .field("app_id", &self.0.app_id)
            .field("device_app_id", &self.0.device_app_id)
            .field("file", &self.0.storage.shown())
            .finish_non_exhaustive()
    }
}
