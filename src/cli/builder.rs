//! The settings of a [`CliClient`], and the one place that checks them.

use std::{env, fmt, io, path::PathBuf, sync::Arc, time::Duration};

use super::{
    CliClient, Inner, LoginPrompt,
    headless::Headless,
    interrupt::Writes,
    login::{self, OnPrompt, OpenBrowser},
    storage::{Sealing, Storage, default_file},
};
use crate::{
    config::{
        problems::Problems,
        server::{ServerSettings, server_setters},
    },
    error::Result,
    secret::Secret,
    session::Keys,
    types::word_list,
};

/// How long a browser may take to come back.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// As many as the key that is derived from it has.
const MIN_KEY_BYTES: usize = 32;

/// Settings on their way to a [`CliClient`].
#[derive(Clone, Default)]
#[must_use]
pub struct CliClientBuilder {
    server: ServerSettings,
    application: Option<String>,
    app_id: Option<String>,
    device_app_id: Option<String>,
    scopes: Vec<String>,
    resources: Vec<String>,
    file: Option<PathBuf>,
    seal_key: Option<Secret>,
    #[cfg(feature = "cli-keyring")]
    keyring: bool,
    personal_access_token: Option<Secret>,
    redirect_port: Option<u16>,
    login_timeout: Option<Duration>,
    on_prompt: Option<Arc<OnPrompt>>,
    open_browser: Option<Arc<OpenBrowser>>,
}

impl CliClientBuilder {
    server_setters!(leeway);

    /// The name of the program: of its folder for data, of its entry in the keyring, and on the page that the browser shows at the end.
    /// Letters, digits, `-`, `_`, `.` and spaces. Required.
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = Some(name.into());
        self
    }

    /// The app id of a native app with redirect URIs (Logto Console › Applications › Native app), for the sign-in in a browser of this machine.
    /// Register `http://127.0.0.1/callback` and `http://[::1]/callback`: Logto takes any port of them. This or
    /// [`device_app_id`](Self::device_app_id) is required.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.app_id = Some(id.into());
        self
    }

    /// The app id of a native app for the device flow. At Logto it is another app than [`app_id`](Self::app_id): one that is made for the device
    /// flow has no redirect URIs.
    pub fn device_app_id(mut self, id: impl Into<String>) -> Self {
        self.device_app_id = Some(id.into());
        self
    }

    /// What is asked for beside `openid`, `offline_access` and `profile`: claims, and the permissions of [`resources`](Self::resources).
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = word_list(scopes);
        self
    }

    /// The identifiers of the API resources to get access tokens for (RFC 8707).
    pub fn resources<S: Into<String>>(mut self, resources: impl IntoIterator<Item = S>) -> Self {
        self.resources = resources.into_iter().map(Into::into).collect();
        self
    }

    /// The file that holds the tokens. Default: one in the platform's folder for data, below the name of the
    /// [`application`](Self::application), with a name of its own for each server and app.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Seals the file with a key that is derived from this secret, of at least 32 bytes: AES-256-GCM. A file that is not sealed with it is not
    /// read.
    pub fn seal_key(mut self, key: impl Into<Secret>) -> Self {
        self.seal_key = Some(key.into());
        self
    }

    /// Seals the file with a key that the system's keyring keeps: Keychain of macOS, Credential Manager of Windows, the Secret Service of a Linux
    /// desktop. Where there is none, the file is not sealed, and the log says so. [`seal_key`](Self::seal_key) goes before it.
    #[cfg(feature = "cli-keyring")]
    pub fn keyring(mut self, keyring: bool) -> Self {
        self.keyring = keyring;
        self
    }

    /// A personal access token of a user. With it there is no sign-in, and no file: access tokens are exchanged for it (RFC 8693). The app has
    /// to be allowed to: Logto Console › Applications › the app › Token exchange. An empty one is none.
    pub fn personal_access_token(mut self, token: impl Into<Secret>) -> Self {
        self.personal_access_token = Some(token.into());
        self
    }

    /// The same, out of an environment variable such as `MYTOOL_TOKEN`, if it is set.
    pub fn personal_access_token_from_env(self, variable: &str) -> Self {
        self.optional(env::var(variable).ok(), Self::personal_access_token)
    }

    /// The port of the redirect URI. Default: one that the system chooses, at each sign-in. For a server that compares the port.
    pub fn redirect_port(mut self, port: u16) -> Self {
        self.redirect_port = Some(port);
        self
    }

    /// How long the user may take in the browser. Default: five minutes. Of the device flow it is the server that says so.
    pub fn login_timeout(mut self, timeout: Duration) -> Self {
        self.login_timeout = Some(timeout);
        self
    }

    /// What tells the user what to do. Default: lines on the standard error.
    pub fn on_prompt(mut self, tell: impl Fn(&LoginPrompt) + Send + Sync + 'static) -> Self {
        self.on_prompt = Some(Arc::new(tell));
        self
    }

    /// What opens the browser at an address. Default: the system's browser, if the machine has a display and is not reached by SSH. With an opener of
    /// your own neither is asked.
    ///
    /// # Errors
    /// What the closure gives where it cannot: then the device flow is used, if there is a [`device_app_id`](Self::device_app_id).
    pub fn open_browser(mut self, open: impl Fn(&str) -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.open_browser = Some(Arc::new(open));
        self
    }

    /// Checks everything. Nothing is fetched, and no file is looked at.
    ///
    /// # Errors
    /// `config.invalid`, which names every setting that is missing or wrong, each with what to do; `cli.storage_failed` where the user has no
    /// home folder and no [`file`](Self::file) is set.
    pub fn build(self) -> Result<CliClient> {
        let mut problems = Problems::default();
        let server = self.server.check(&mut problems);
        let given = |id: Option<String>| id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        let (app_id, device_app_id) = (given(self.app_id), given(self.device_app_id));
        problems.unless("app_id", app_id.is_some() || device_app_id.is_some(), || {
            "app_id and device_app_id are missing (set the ids of native apps of Logto Console › Applications)".into()
        });
        let application = self.application.unwrap_or_default();
        problems.unless("application", is_name(&application), || {
            "application is missing or no name (letters, digits, `-`, `_`, `.` and spaces, at most 64)".into()
        });
        let key = self.seal_key.as_ref();
        problems.unless("seal_key", key.is_none_or(|key| key.expose().len() >= MIN_KEY_BYTES), || {
            format!("seal_key has less than {MIN_KEY_BYTES} bytes (it needs as many: `openssl rand -base64 32`)")
        });
        let scopes = problems.scopes(&self.scopes, true);
        let resources = problems.resources(self.resources, &scopes);
        let (Some(server), true) = (server, problems.0.is_empty()) else {
            return Err(problems.into_error());
        };
        let client_ids: Vec<_> = [&app_id, &device_app_id].into_iter().flatten().cloned().collect();
        let issuer = server.addresses.issuer.clone();
        let path = match self.file {
            Some(path) => path,
            None => default_file(&application, &issuer, &client_ids)?,
        };
        let owner = client_ids.first().cloned().unwrap_or_default();
        let sealing = match &self.seal_key {
            Some(key) => Sealing::Key(Box::new(Keys::derive(&owner, key, &[])?)),
            #[cfg(feature = "cli-keyring")]
            None if self.keyring => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Sealing::Keyring(super::storage::Keyring::new(&application, name, &owner))
            }
            None => Sealing::None,
        };
        let token = self.personal_access_token.map(|token| Secret::new(token.expose().trim()));
        let token = token.filter(|token| !token.expose().is_empty());
        Ok(CliClient(Arc::new(Inner {
            headless: token.map(|token| Headless::new(token, owner, server.timeout)),
            app_id,
            device_app_id,
            application,
            scopes,
            resources,
            storage: Storage::new(path, sealing, &issuer, client_ids),
            login: login::Settings {
                timeout: self.login_timeout.unwrap_or(LOGIN_TIMEOUT),
                redirect_port: self.redirect_port,
                on_prompt: self.on_prompt.unwrap_or_else(|| Arc::new(LoginPrompt::write_to_stderr)),
                opens_itself: self.open_browser.is_some(),
                open_browser: self
                    .open_browser
                    .unwrap_or_else(|| Arc::new(|address: &str| open::that_detached(address))),
            },
            writes: Writes::default(),
            server,
        })))
    }
}

/// A name of a folder, on any system.
fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    (1..=64).contains(&name.len())
        && name.chars().all(is_plain)
        && !name.starts_with(['.', ' '])
        && !name.ends_with(['.', ' '])
}

impl fmt::Debug for CliClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing was checked, so anything may hold a secret.
        f.debug_struct("CliClientBuilder").finish_non_exhaustive()
    }
}
