//! `MockLogto`: a Logto server in the process.
//!
//! A request is read into a plain value and answered with one (`messages`); [`endpoints::handle`] makes the reply of the
//! request and of the `state`, and only `server` knows the network. Statuses, member names, header fields and error bodies are
//! those that were recorded from a real server (`tests/fixtures/logto`).
//!
//! Each of these folders uses only those before it, and no two files use each other:
//!
//! - `directory`: apps, users, organizations, resources and roles, as the Logto Console knows them;
//! - `messages`: requests, replies, errors and pages as plain values;
//! - `state`: what the server knows, such as sessions, grants, tokens and keys;
//! - `tokens`: what is issued;
//! - `endpoints`: what judges a request and answers it;
//! - `server`: the network and its faults.
//!
//! The files beside them are what a test calls: `builder` sets up, `control` looks and changes, `browser` and `device_user` do
//! what people do, and `webhooks` registers webhooks and shows what they were sent.

mod browser;
mod builder;
mod control;
mod device_user;
mod directory;
mod endpoints;
pub(super) mod messages;
mod server;
mod state;
mod tokens;
mod webhooks;

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::{
    builder::Address,
    server::{running::Running, shared::Shared},
};
pub use self::{
    builder::MockLogtoBuilder,
    directory::{
        MockAccessControl, MockAccountCenter, MockApp, MockConnector, MockOrganization, MockProviderToken,
        MockResource, MockUser, MockWebhook,
    },
    messages::{delivery::MockDelivery, endpoint::Endpoint, request::RecordedRequest},
    server::fault::Fault,
    state::{custom_jwt::CustomJwtScript, keys::SigningAlg},
};
use super::held_port::HeldPort;

/// A Logto server in the process, for development and tests. Never for production.
///
/// It listens on 127.0.0.1, answers as a real Logto does (the answers were recorded from one), and stops when it is
/// dropped; by then its port is free. Beside the HTTP side, which applications use, it has these methods, which tests use.
///
/// It runs on a thread of its own. So a test may block while it waits for an answer, and one mock serves all tests of a program, although
/// each of them has a runtime of its own:
///
/// ```
/// use logto::testing::MockLogto;
/// use tokio::sync::OnceCell;
///
/// async fn logto() -> &'static MockLogto {
///     static LOGTO: OnceCell<MockLogto> = OnceCell::const_new();
///     LOGTO.get_or_init(MockLogto::start).await
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() { assert_eq!(logto().await.issuer(), logto().await.issuer()); }
/// ```
///
/// Tests with tokio's paused clock need [another](MockLogtoBuilder::on_this_runtime).
///
/// # Default apps and users
///
/// - App `mock-app-id` with secret `mock-app-secret`; any loopback redirect URI.
/// - User `ada` with password `lovelace`: name, email, phone, role `librarian`, `admin` of `org-acme`, `member` of `org-globex`.
/// - User `bob` with password `builder`: a username and nothing else.
/// - Connectors `connector-kakao` (`kakao`) and `connector-github` (`github`), by which users link accounts. The second keeps tokens.
/// - The account center is on, and every field can be changed; so are all second factors.
/// - Resource `https://api.example.test` with `read:books` and `write:books`, which `librarian` grants, and `delete:books`, which no role does.
///
/// A user's id is `user-` with the username: `user-ada`. The id of a role is `role-` with its name: `role-librarian`.
///
/// The Management API works on the same data: a user made by `POST /api/users` can sign in, and a role given there is in the next token. Machines
/// call it with a token for `https://default.logto.app/api`: [`MockApp::management_api_access`].
///
/// # Not covered
///
/// Implicit and hybrid flow, enterprise SSO, the pages of MFA. Of the Management API: the settings of the server, connectors, audit logs, custom
/// domains, and digests of passwords but SHA-256 and SHA-1. Of the Account API:
/// passwords that have leaked, the attestation and the key of a passkey, the limit of messages for an address, and trusted devices.
pub struct MockLogto {
    shared: Arc<Shared>,
    address: Address,
    /// Before the port, which is let go when nobody listens on it.
    running: Mutex<Option<Running>>,
    port: HeldPort,
    on_this_runtime: bool,
    /// The session cookie of the browser inside: see [`MockLogto::sign_in`].
    browser: Mutex<Option<String>>,
    /// Held while that browser is on its way, so that tests on several threads do not meet in it.
    on_its_way: tokio::sync::Mutex<()>,
}

impl MockLogto {
    /// Starts a server with the default apps and users on a free port.
    ///
    /// # Panics
    ///
    /// If it cannot listen on 127.0.0.1. [`MockLogto::builder`] gives the error instead.
    #[allow(clippy::expect_used, reason = "a test has nothing better to do without its server")]
    pub async fn start() -> Self {
        Self::builder().start().await.expect("MockLogto listens on 127.0.0.1")
    }

    /// Sets up a server.
    pub fn builder() -> MockLogtoBuilder {
        MockLogtoBuilder::default()
    }

    /// The server's address, without `/oidc`: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.address.endpoint.clone()
    }

    /// The issuer: the endpoint with `/oidc`.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}/oidc", self.address.endpoint)
    }

    /// The id of the first app.
    #[must_use]
    pub fn app_id(&self) -> String {
        self.address.app_id.clone()
    }

    /// The secret of the first app.
    #[must_use]
    pub fn app_secret(&self) -> String {
        self.address.app_secret.expose().to_owned()
    }

    /// Stops listening and drops every connection. What the server knows is kept for [`restart`](Self::restart), and so is its port, which
    /// nobody else is given meanwhile.
    pub async fn stop(&self) {
        let running = self.running().take();
        if let Some(running) = running {
            running.stop().await;
        }
        // Whoever waits for deliveries waits in vain now.
        self.shared.state().deliveries.changed().notify_waiters();
    }

    /// Listens again on the same port, with everything as it was.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread or listen. The port is there, but on a system where it cannot be held while nobody listens.
    pub async fn restart(&self) -> io::Result<()> {
        self.stop().await;
        *self.running() = Some(self.run()?);
        Ok(())
    }

    fn run(&self) -> io::Result<Running> {
        let run = if self.on_this_runtime { Running::on_this_runtime } else { Running::on_a_thread };
        run(&self.port, self.shared.clone())
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MockLogto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockLogto").field("address", &self.address).finish_non_exhaustive()
    }
}
