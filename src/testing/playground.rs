//! What the examples run on: a Logto, and pages to look at.

mod api;
mod page;
mod port;

use std::{env, fmt, sync::Arc};

use serde::Serialize;

pub use self::api::ApiPlayground;
use self::port::{Port, in_use};
use super::{MockApp, MockLogto};
use crate::{
    client::{LogtoClient, LogtoContext},
    config::{LogtoConfig, LogtoConfigBuilder},
    scopes,
};

const APP_ID: &str = "example";
const APP_SECRET: &str = "the secret of the example app";
/// The machine-to-machine app for the Management API of the Logto inside.
const MACHINE_ID: &str = "example-machine";
const MACHINE_SECRET: &str = "the secret of the example machine";
/// Which role opens the Management API.
const MACHINE_ROLE: &str = "Logto Management API access";

/// A client to try things with, and the pages of the examples: for a first hour with any framework, not for production.
///
/// With `LOGTO_ENDPOINT` (or `LOGTO_ISSUER`) in the environment it is a client for that Logto, set up by the `LOGTO_…` variables. Without, a [`MockLogto`] runs
/// inside, with user `ada`, password `lovelace`, and its other [default apps and users](MockLogto#default-apps-and-users).
///
/// | Variable | Default | |
/// |---|---|---|
/// | `PORT` | 3000 | where the application listens; `PORT` + 1 is for the Logto inside; with 0 the system chooses free ports |
/// | `LOGTO_BASE_URL` | `http://localhost:PORT` | what browsers call the application, if something stands before it |
/// | `MOUNT` | | the path under which the application mounts its routes, such as `/app` |
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use logto::testing::Playground;
///
/// let playground = Playground::start().await?;
/// let logto = playground.client();
/// println!("{playground}"); // where to look, and as whom to sign in
/// # drop(logto); Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Playground {
    client: LogtoClient,
    port: Port,
    mount: String,
    resource: String,
    /// It lives as long as the last clone.
    embedded: Option<Arc<MockLogto>>,
}

/// Why a [`Playground`] did not start, in a sentence for whoever started it.
// `main` prints the `Debug` of the error it returns, so that is the sentence, too.
pub struct PlaygroundError(String);

impl std::error::Error for PlaygroundError {}

impl fmt::Display for PlaygroundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PlaygroundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Playground {
    /// Starts it.
    ///
    /// # Errors
    /// If a variable of the environment is wrong or a port is taken.
    pub async fn start() -> Result<Self, PlaygroundError> {
        Self::start_with(|settings| settings).await
    }

    /// Starts it with settings that the environment does not give, such as a session store or scopes. They come last.
    ///
    /// # Errors
    /// If a variable of the environment or a setting is wrong, or a port is taken.
    pub async fn start_with(
        settings: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder,
    ) -> Result<Self, PlaygroundError> {
        let port = Port::from_env()?;
        let base_url =
            env::var("LOGTO_BASE_URL").unwrap_or_else(|_| format!("http://localhost:{}{}", port.number, mount_path()));
        let from_env = LogtoConfigBuilder::from_env();
        let is_set = |name| env::var_os(name).is_some();
        let (before, embedded) = if is_set("LOGTO_ENDPOINT") || is_set("LOGTO_ISSUER") {
            (from_env, None)
        } else {
            let mock = embedded(&port, &base_url).await?;
            (embedded_settings(from_env, &mock)?, Some(Arc::new(mock)))
        };
        let client = settings(before)
            .base_url(&base_url)
            .build()
            .and_then(LogtoClient::new)
            .map_err(|cause| error(cause.to_string()))?;
        Ok(Self { client, port, mount: mount_path(), resource: resource(), embedded })
    }

    /// The client, as an application makes it with `LogtoClient::from_env()`.
    #[must_use]
    pub fn client(&self) -> LogtoClient {
        self.client.clone()
    }

    /// The Logto inside: for what an administrator does there, and for what it would have sent by e-mail. `None` with a Logto of the environment.
    #[must_use]
    pub fn mock(&self) -> Option<&MockLogto> {
        self.embedded.as_deref()
    }

    /// The Management API, as an application makes it with `Management::from_env()`: of the Logto inside, or of the Logto of the environment, with
    /// `LOGTO_MANAGEMENT_APP_ID` and `LOGTO_MANAGEMENT_APP_SECRET`.
    ///
    /// # Errors
    /// `config.invalid`, which names everything that is missing or wrong.
    #[cfg(feature = "management")]
    pub fn management(&self) -> crate::error::Result<crate::management::Management> {
        use crate::{machine::MachineClient, management::Management};
        if self.embedded.is_none() {
            return Management::from_env();
        }
        let machine = MachineClient::builder().config(self.config()).app_id(MACHINE_ID).app_secret(MACHINE_SECRET);
        Management::new(machine.build()?)
    }

    /// The port to listen on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number
    }

    /// Where to listen: on this machine alone.
    #[must_use]
    pub fn address(&self) -> ([u8; 4], u16) {
        ([127, 0, 0, 1], self.port.number)
    }

    /// The path under which the application mounts its routes; empty unless `MOUNT` says otherwise.
    #[must_use]
    pub fn mount_path(&self) -> &str {
        &self.mount
    }

    /// The API resource to ask a token for: the first of `LOGTO_RESOURCES`, or the one of the Logto inside.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The start page: who is signed in, with links to everything else.
    #[must_use]
    pub fn home(&self, context: &LogtoContext) -> String {
        page::home(self.config(), context)
    }

    /// A page that shows a value as JSON.
    #[must_use]
    pub fn page(&self, title: &str, value: &impl Serialize) -> String {
        page::value(self.config(), title, value)
    }

    /// The path of the base URL, which links of a page written by hand begin with; empty if it has none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        page::base_path(self.config())
    }

    /// The style sheet of [`home`](Self::home) and [`page`](Self::page), for pages written by hand.
    #[must_use]
    pub fn style(&self) -> &'static str {
        page::STYLE
    }

    fn config(&self) -> &LogtoConfig {
        self.client.config()
    }
}

/// Where to look and as whom to sign in.
impl fmt::Display for Playground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.config();
        match &self.embedded {
            Some(mock) => writeln!(
                f,
                "An embedded Logto answers at {}: the user is `ada`, the password `lovelace`.",
                mock.endpoint()
            )?,
            None => writeln!(
                f,
                "Register in the Logto Console: redirect URI {}, post sign-out redirect URI {}",
                config.redirect_uri(),
                config.base_url()
            )?,
        }
        writeln!(f, "\n  Open {} in a browser.", config.base_url())
    }
}

impl fmt::Debug for Playground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Playground").field("port", &self.port.number).finish_non_exhaustive()
    }
}

async fn embedded(port: &Port, base_url: &str) -> Result<MockLogto, PlaygroundError> {
    let port = port.next()?;
    let app = MockApp::new(APP_ID, APP_SECRET)
        .redirect_uri(format!("{base_url}/callback"))
        .post_logout_redirect_uri(base_url);
    let machine = MockApp::new(MACHINE_ID, MACHINE_SECRET).role(MACHINE_ROLE);
    let mock = MockLogto::builder().port(port).app(app).machine_to_machine_app(machine);
    let mock = mock.start().await.map_err(|cause| in_use(port, &cause))?;
    // What Logto calls custom claims: examples/custom_claims.rs reads them.
    mock.update_user("ada", |ada| ada.access_token_claim("plan", "pro").access_token_claim("seats", 5));
    Ok(mock)
}

/// The cookie secret is another with each start, as everything that the Logto inside knows.
fn embedded_settings(settings: LogtoConfigBuilder, mock: &MockLogto) -> Result<LogtoConfigBuilder, PlaygroundError> {
    let cookie_secret = crate::clock::random_token().map_err(|cause| error(cause.to_string()))?;
    Ok(settings
        .endpoint(mock.endpoint())
        .app_id(APP_ID)
        .app_secret(APP_SECRET)
        .cookie_secret(cookie_secret)
        .scopes([
            scopes::EMAIL,
            scopes::ROLES,
            scopes::ORGANIZATIONS,
            scopes::ORGANIZATION_ROLES,
            scopes::CUSTOM_DATA,
            scopes::IDENTITIES,
            "read:books",
            "write:books",
        ])
        .resources([resource()]))
}

fn mount_path() -> String {
    env::var("MOUNT").unwrap_or_default().trim_end_matches('/').to_owned()
}

fn resource() -> String {
    first_resource().unwrap_or_else(|| "https://api.example.test".to_owned())
}

fn first_resource() -> Option<String> {
    let resources = env::var("LOGTO_RESOURCES").ok()?;
    resources.split([' ', ',']).find(|word| !word.is_empty()).map(str::to_owned)
}

fn error(message: impl Into<String>) -> PlaygroundError {
    PlaygroundError(message.into())
}
