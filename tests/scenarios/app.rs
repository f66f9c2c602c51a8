//! An example's program, with a Logto in the test.

use logto::{
    scopes,
    testing::{MockApp, MockLogto, MockLogtoBuilder},
};
use serde_json::json;

use crate::{
    browser::{APP_SECRET, Browser, COOKIE_SECRET, Tab},
    example::Example,
    port::Port,
    program::{Program, command},
};

const APP_ID: &str = "app";
/// The API that the examples ask tokens for.
pub const BOOKS: &str = "https://api.example.test";

/// A running example.
pub struct App {
    pub mock: MockLogto,
    /// What browsers call it.
    pub base: String,
    pub port: u16,
    program: Program,
    _port: Port,
}

/// How it is set up.
pub struct Setup {
    world: MockLogtoBuilder,
    public_client: bool,
    back_channel: bool,
    form_post: bool,
    mount: &'static str,
    /// The path of the base URL.
    prefix: &'static str,
    /// Scheme and host of the base URL, if it is not at localhost.
    origin: Option<String>,
}

impl Setup {
    /// Changes the server's world.
    pub fn world(self, change: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder) -> Self {
        Self { world: change(self.world), ..self }
    }

    /// A client without a secret: Logto rotates its refresh token on each use.
    pub fn public_client(self) -> Self {
        Self { public_client: true, ..self }
    }

    /// Logto tells the application of sign-outs.
    pub fn back_channel(self) -> Self {
        Self { back_channel: true, ..self }
    }

    /// Logto's answer comes to the callback by POST.
    pub fn form_post(self) -> Self {
        Self { form_post: true, ..self }
    }

    /// Mounts the routes under a path.
    pub fn mount(self, path: &'static str) -> Self {
        Self { mount: path, ..self }
    }

    /// The base URL has this path.
    pub fn prefix(self, path: &'static str) -> Self {
        Self { prefix: path, ..self }
    }

    /// Browsers find it there.
    pub fn origin(self, origin: impl Into<String>) -> Self {
        Self { origin: Some(origin.into()), ..self }
    }
}

impl App {
    pub async fn start(example: Example) -> Self {
        Self::with(example, |setup| setup).await
    }

    pub async fn with(example: Example, change: impl FnOnce(Setup) -> Setup) -> Self {
        let setup = change(Setup {
            world: MockLogto::builder(),
            public_client: false,
            back_channel: false,
            form_post: false,
            mount: "",
            prefix: "",
            origin: None,
        });
        let reserved = Port::reserve();
        let port = reserved.number();
        let origin = setup.origin.unwrap_or_else(|| format!("http://localhost:{port}"));
        let base = format!("{origin}{}", setup.prefix);
        // To the letter, as in the Logto Console.
        let app =
            MockApp::new(APP_ID, APP_SECRET).redirect_uri(format!("{base}/callback")).post_logout_redirect_uri(&base);
        let app = if setup.public_client { app.public_client() } else { app };
        let back_channel = format!("http://127.0.0.1:{port}{}/logto/back-channel-logout", setup.mount);
        let app = if setup.back_channel { app.backchannel_logout_uri(back_channel) } else { app };
        let mock = setup.world.app(app).start().await.unwrap();

        let mut command = command(&example.binary());
        if example.request_log {
            command.env("REQUEST_LOG", "1");
        }
        if !setup.public_client {
            command.env("LOGTO_APP_SECRET", APP_SECRET);
        }
        if setup.form_post {
            command.env("LOGTO_RESPONSE_MODE", "form_post");
        }
        let scopes = [
            scopes::EMAIL,
            scopes::ROLES,
            scopes::ORGANIZATIONS,
            scopes::ORGANIZATION_ROLES,
            scopes::CUSTOM_DATA,
            scopes::IDENTITIES,
            "read:books",
            "write:books",
            "read:reports",
            "invite:member",
        ];
        command
            .env("PORT", port.to_string())
            .env("MOUNT", setup.mount)
            .env("LOGTO_BASE_URL", &base)
            .env("LOGTO_ENDPOINT", mock.endpoint())
            .env("LOGTO_APP_ID", APP_ID)
            .env("LOGTO_COOKIE_SECRET", COOKIE_SECRET)
            .env("LOGTO_SCOPES", scopes.join(" "))
            .env("LOGTO_RESOURCES", BOOKS)
            .env("LOGTO_TIMEOUT", "60")
            .env("NO_COLOR", "1");
        let start = format!("http://127.0.0.1:{port}{}/", setup.mount);
        Self { mock, base, port, program: Program::start(command, &start).await, _port: reserved }
    }

    /// An address below the base URL.
    pub fn url(&self, target: &str) -> String {
        format!("{}{target}", self.base)
    }

    /// The start page: the base URL, and not one letter more where that has a path.
    pub fn home(&self) -> String {
        self.base.parse::<url::Url>().unwrap().into()
    }

    /// What the program has printed.
    pub fn printed(&self) -> String {
        self.program.printed()
    }

    /// A tab of a new browser, at the start page.
    pub async fn visit(&self) -> Tab {
        let mut tab = Browser::new().tab();
        tab.open(&self.home()).await;
        tab
    }

    /// A tab of a new browser in which `ada` has signed in, and counts that begin here.
    pub async fn signed_in(&self) -> Tab {
        let mut tab = self.visit().await;
        tab.click("Sign in").await;
        tab.sign_in("ada", "lovelace").await;
        tab.shows("Hello, Ada Lovelace");
        self.mock.reset_counts();
        tab
    }

    /// Seconds that access tokens live from now on.
    pub fn access_tokens_live(&self, seconds: u64) {
        self.mock.tamper_token_response(move |answer| answer["expires_in"] = json!(seconds));
    }
}
