//! How a `MockLogto` is set up.

use std::{
    collections::HashMap,
    fmt, io,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    MockLogto,
    directory::{MockAccountCenter, MockApp, MockConnector, MockDirectory, MockOrganization, MockResource, MockUser},
    server::shared::Shared,
    state::{
        Lifetimes, State,
        account::AccountState,
        custom_jwt::CustomJwt,
        deliveries::Deliveries,
        devices::Devices,
        keys::{KeyRing, SigningAlg},
        store::Store,
        tampering::Tampering,
    },
};
use crate::{
    clock::{Clock, SystemClock},
    secret::Secret,
    testing::held_port::HeldPort,
};

/// Sets up a [`MockLogto`].
///
/// Of each kind of thing (apps, users, organizations, resources, roles) of which none is named, there are those of
/// [`MockLogto::start`]. Once one is named, there are only the named ones.
#[must_use]
pub struct MockLogtoBuilder {
    port: u16,
    on_this_runtime: bool,
    pub(super) directory: MockDirectory,
    clock: Arc<dyn Clock>,
    lifetimes: Lifetimes,
    step_up: bool,
    signing_alg: SigningAlg,
}

impl Default for MockLogtoBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            on_this_runtime: false,
            directory: MockDirectory::default(),
            clock: Arc::new(SystemClock),
            lifetimes: Lifetimes::default(),
            step_up: false,
            signing_alg: SigningAlg::default(),
        }
    }
}

impl MockLogtoBuilder {
    /// The port on 127.0.0.1. Without it, the system chooses a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Runs on the tokio runtime that starts it, instead of a thread of its own: for a test with tokio's paused clock
    /// (`#[tokio::test(start_paused = true)]`). That clock jumps to the next timer whenever its own runtime has nothing to do, so a request
    /// that another thread answers ends by its timeout.
    ///
    /// Such a server lives as long as the runtime, and answers when the test awaits something. A dropped one has let its port go once the
    /// runtime has come round to it; [`MockLogto::stop`] waits for that.
    pub fn on_this_runtime(mut self) -> Self {
        self.on_this_runtime = true;
        self
    }

    /// Registers an application. [`MockLogto::app_id`] tells of the first.
    pub fn app(mut self, app: MockApp) -> Self {
        self.directory.apps.push(app);
        self
    }

    /// Registers a machine-to-machine application.
    pub fn machine_to_machine_app(self, app: MockApp) -> Self {
        self.app(app.machine())
    }

    /// Adds a user.
    pub fn user(mut self, user: MockUser) -> Self {
        self.directory.users.push(user);
        self
    }

    /// Adds an organization.
    pub fn organization(mut self, organization: MockOrganization) -> Self {
        self.directory.organizations.push(organization);
        self
    }

    /// Registers an API resource.
    pub fn resource(mut self, resource: MockResource) -> Self {
        self.directory.resources.push(resource);
        self
    }

    /// Lets a role grant scopes of a resource. Name a role twice to have it grant scopes of two.
    pub fn role(mut self, name: impl Into<String>, resource: impl Into<String>, scopes: &[&str]) -> Self {
        let resource = resource.into();
        self.directory.define_role(&name.into(), |role| {
            for scope in scopes {
                role.grant(&resource, scope);
            }
        });
        self
    }

    /// Which extended claims are in ID tokens (Logto Console › Sign-in & account › ID token): of `roles`, `organizations`, `organization_roles`,
    /// `organization_data`, `custom_data`, `identities` and `sso_identities`. Without it, the first three. User info has them all.
    pub fn extended_id_token_claims(mut self, names: &[&str]) -> Self {
        self.directory.id_token_claims = Some(names.iter().map(|&name| name.to_owned()).collect());
        self
    }

    /// What users may see and change of their accounts. Without it, everything.
    pub fn account_center(mut self, center: MockAccountCenter) -> Self {
        self.directory.account_center = center;
        self
    }

    /// The second factors that users may add (Logto Console › Multi-factor auth): of `Totp`, `WebAuthn` and `BackupCode`. Without it, all.
    ///
    /// # Panics
    ///
    /// If there is no such factor.
    pub fn mfa_factors(mut self, names: &[&str]) -> Self {
        self.directory.set_mfa_factors(names);
        self
    }

    /// Adds a social connector. Without any, there are `connector-kakao` for the target `kakao`, and `connector-github` for `github`, which
    /// keeps tokens.
    pub fn connector(mut self, connector: MockConnector) -> Self {
        self.directory.connectors.push(connector);
        self
    }

    /// The server's clock, which its `Date` headers go by, too. Without it, the system's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How long refresh tokens live. Without it, 14 days.
    pub fn refresh_token_ttl(mut self, ttl: Duration) -> Self {
        self.lifetimes.refresh_token = ttl;
        self
    }

    /// How long a refresh token that was replaced may still be used; using it later ends its whole grant. Without it, 3 seconds as at Logto.
    pub fn reuse_window(mut self, window: Duration) -> Self {
        self.lifetimes.reuse_window = window;
        self
    }

    /// How long ID tokens live. Without it, an hour.
    pub fn id_token_ttl(mut self, ttl: Duration) -> Self {
        self.lifetimes.id_token = ttl;
        self
    }

    /// Makes it a Logto with step-up authentication, which is newer than the recorded one: ID tokens and access tokens have `auth_time`,
    /// `acr` and `amr`, and `acr_values` count (`urn:logto:acr:1fa`, and `urn:logto:acr:mfa` for a user [with a second
    /// factor](MockUser::mfa)). Without it, there is `auth_time` in an ID token whose sign-in asked for `max_age`, and no more.
    pub fn step_up(mut self) -> Self {
        self.step_up = true;
        self
    }

    /// With what tokens are signed. Without it, ES384.
    pub fn signing_alg(mut self, alg: SigningAlg) -> Self {
        self.signing_alg = alg;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// If the port is taken, or the system gives no thread or no random bytes.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if it is to run [on that](Self::on_this_runtime).
    pub async fn start(self) -> io::Result<MockLogto> {
        let port = HeldPort::bind(self.port)?;
        let endpoint = format!("http://127.0.0.1:{}", port.number);
        let mut state = State {
            issuer: format!("{endpoint}/oidc"),
            endpoint,
            clock: self.clock,
            lifetimes: self.lifetimes,
            step_up: self.step_up,
            directory: MockDirectory::default(),
            keys: KeyRing::generate(self.signing_alg)?,
            tampering: Tampering::default(),
            custom_jwt: CustomJwt::default(),
            store: Store::default(),
            sessions: HashMap::new(),
            interactions: HashMap::new(),
            pushed: HashMap::new(),
            devices: Devices::default(),
            logouts: HashMap::new(),
            deliveries: Deliveries::default(),
            account: AccountState::default(),
        };
        let mut directory = self.directory.or_default();
        let users = std::mem::take(&mut directory.users);
        let app = directory.apps.first().cloned();
        state.directory = directory;
        let now = state.now();
        state.directory.begin(now);
        for user in users {
            state.add_user(user);
        }
        state.directory.complete_organization_template();
        let endpoint = state.endpoint.clone();
        tracing::warn!(
            endpoint,
            "MockLogto is listening. It is for development and tests only: it knows every password and guards nothing. NEVER USE IT IN PRODUCTION."
        );
        let (app_id, app_secret) = app.map(first_credentials).unwrap_or_default();
        let mock = MockLogto {
            shared: Arc::new(Shared::new(state)),
            address: Address { endpoint, app_id, app_secret },
            running: Mutex::default(),
            port,
            on_this_runtime: self.on_this_runtime,
            browser: Mutex::default(),
            on_its_way: tokio::sync::Mutex::default(),
        };
        mock.restart().await?;
        Ok(mock)
    }
}

fn first_credentials(app: MockApp) -> (String, Secret) {
    let secret = app.secrets.into_iter().next().map(|secret| secret.value);
    (app.id, secret.unwrap_or_default())
}

/// How an application reaches the server.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) endpoint: String,
    pub(super) app_id: String,
    pub(super) app_secret: Secret,
}

impl fmt::Debug for MockLogtoBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockLogtoBuilder")
            .field("port", &self.port)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}
