//! An application on a port of its own, with a Logto behind it and a browser in front of it.

use std::sync::Arc;

use logto::{
    LogtoClient,
    integrate::CurrentClient,
    testing::{MockLogto, TestClock},
};
use reqwest::{Method, Response};

use super::pages::Late;
use crate::{
    counted_store::Counted,
    http_browser::{location, request, without_redirects},
    required_revocations::Failing,
    support::{APP_SECRET, Browser, app, settings},
};

/// How a framework serves an application with the pages of [`super::pages`]:
///
/// - `GET /`, `GET` and `POST /me`, `GET /maybe`, `GET /late` and `GET /static`.
/// - `GET /result` takes `Result<SignedIn, Error>`.
/// - `GET /hand/…` is [`by_hand`](super::pages::by_hand), over the cookies as the framework has them.
/// - `GET /books` takes `SignedIn` and answers with the scopes as JSON.
/// - `GET /cookies` refreshes the access token, sets the cookies `theme` and `lang` and says `Cache-Control: private`.
/// - `POST /kakao` begins a sign-in.
/// - The routes of the client.
pub trait Adapter: Copy {
    type Listener;

    /// Whether the cookies that a handler sets are in the response in the order in which it set them, before those of the session.
    const KEEPS_THE_ORDER_OF_COOKIES: bool;

    /// A port of its own, and its number.
    fn listen(self) -> (Self::Listener, u16);

    /// Returns once requests are answered.
    async fn serve(self, listener: Self::Listener, application: Application);
}

pub struct Application {
    pub logto: CurrentClient,
    /// The path below which all is mounted; empty for none.
    pub mount: &'static str,
    pub late: Arc<Late>,
}

/// Where an application is, and where its sessions are.
#[derive(Default)]
pub struct Setup {
    /// The path of the base URL.
    prefix: &'static str,
    mount: &'static str,
    store: Option<Counted>,
    /// A revocation store without which no session is read.
    revocations: Option<Failing>,
    /// Whether it is at `127.0.0.1`, too, and below one label of `example.localhost`.
    hosts: bool,
    /// Whether it begins without a client.
    without_client: bool,
    strict: bool,
}

impl Setup {
    /// At a base URL with a path, which the application serves itself.
    pub fn below(prefix: &'static str) -> Self {
        Self { prefix, mount: prefix, ..Self::default() }
    }

    /// The same behind a proxy that takes the path off.
    pub fn behind_a_proxy(prefix: &'static str) -> Self {
        Self { prefix, ..Self::default() }
    }

    pub fn store(store: &Counted) -> Self {
        Self { store: Some(store.clone()), ..Self::default() }
    }

    pub fn required(revocations: &Failing) -> Self {
        Self { revocations: Some(revocations.clone()), ..Self::default() }
    }

    pub fn several_hosts() -> Self {
        Self { hosts: true, ..Self::default() }
    }

    pub fn strict() -> Self {
        Self { strict: true, ..Self::default() }
    }

    pub fn without_client() -> Self {
        Self { without_client: true, ..Self::default() }
    }

    pub fn without_client_below(prefix: &'static str) -> Self {
        Self { without_client: true, ..Self::below(prefix) }
    }
}

pub struct Served {
    pub mock: MockLogto,
    pub clock: TestClock,
    #[cfg_attr(not(feature = "rocket"), allow(dead_code))]
    pub logto: LogtoClient,
    /// What the application serves with.
    pub current: CurrentClient,
    pub late: Arc<Late>,
    /// The base URL without its path.
    pub origin: String,
    pub browser: Browser,
    pub http: reqwest::Client,
}

impl Served {
    pub async fn start(framework: impl Adapter) -> Self {
        Self::with(framework, Setup::default()).await
    }

    pub async fn with(framework: impl Adapter, setup: Setup) -> Self {
        let (listener, port) = framework.listen();
        Self::at(port, setup, async |application| framework.serve(listener, application).await).await
    }

    /// `serve` listens on `port`.
    pub async fn at(port: u16, setup: Setup, serve: impl AsyncFnOnce(Application)) -> Self {
        let Setup { prefix, mount, store, revocations, hosts, without_client, strict } = setup;
        let origin = format!("http://localhost:{port}");
        let base = format!("{origin}{prefix}");
        let clock = TestClock::new();
        let registered = app("app")
            .redirect_uri(format!("{base}/callback"))
            .redirect_uri(format!("{base}/hand/callback"))
            .post_logout_redirect_uri(&base)
            .backchannel_logout_uri(format!("{base}/logto/back-channel-logout"));
        let other = format!("http://127.0.0.1:{port}");
        let registered = registered.redirect_uri(format!("{other}/callback")).post_logout_redirect_uri(&other);
        let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
        let config = settings(&mock, &clock).app_secret(APP_SECRET).base_url(&base).strict(strict);
        let config = match hosts {
            true => config.further_base_urls([other, format!("http://*.example.localhost:{port}")]),
            false => config,
        };
        let config = match revocations {
            Some(store) => config.revocation_store(store).require_revocation_store(true),
            None => config,
        };
        let config = match store {
            Some(store) => config.session_store(store),
            None => config,
        };
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        let late = Arc::new(Late::default());
        let current = if without_client { CurrentClient::default() } else { CurrentClient::from(&logto) };
        serve(Application { logto: current.clone(), mount, late: Arc::clone(&late) }).await;
        Self { mock, clock, logto, current, late, origin, browser: Browser::default(), http: without_redirects() }
    }

    pub async fn ask(&mut self, method: Method, target: &str, headers: &[(&str, &str)]) -> Response {
        self.browser.send(request(&self.http, method, &self.origin, target, headers)).await
    }

    pub async fn post(&mut self, target: &str, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Response {
        let request = request(&self.http, Method::POST, &self.origin, target, headers);
        self.browser.send(request.body(body)).await
    }

    /// As a browser asks for a page.
    pub async fn navigate(&mut self, target: &str) -> Response {
        let headers =
            [("accept", "text/html,*/*;q=0.8"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin")];
        self.ask(Method::GET, target, &headers).await
    }

    /// From `target` to Logto and back, as `ada`; gives where the user lands.
    pub async fn sign_in(&mut self, target: &str) -> String {
        let response = self.navigate(target).await;
        assert_eq!(response.status(), 302);
        let callback = self.mock.sign_in(location(&response), "ada").await;
        let response = self.navigate(&callback).await;
        assert_eq!(response.status(), 302, "{}", response.text().await.unwrap());
        location(&response).to_owned()
    }
}
