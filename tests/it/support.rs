//! A site with a Logto of its own, and a browser that keeps cookies by the rules.

use std::{collections::BTreeMap, time::Duration};

use logto::{
    ContextOptions, HeaderCookies, LogtoClient, LogtoConfig, LogtoConfigBuilder, LogtoContext, SignInOptions,
    TokenOptions, scopes,
    testing::{MockApp, MockLogto, MockLogtoBuilder, TestClock, another_instance},
};

pub const BASE_URL: &str = "http://localhost:3000";
pub const BOOKS: &str = "https://api.example.test";
pub const COOKIE_SECRET: &str = "the cookie secret of the tests: SENTINEL-COOKIE-SECRET";
pub const APP_SECRET: &str = "SENTINEL-APP-SECRET";

/// An application with a Logto of its own and a clock that both go by.
pub struct Site {
    pub mock: MockLogto,
    pub logto: LogtoClient,
    pub clock: TestClock,
}

impl Site {
    pub async fn start() -> Self {
        Self::with(|mock| mock, |config| config).await
    }

    /// A site whose app is registered otherwise.
    pub async fn build_with(app: impl FnOnce(MockApp) -> MockApp) -> Self {
        let differs = app(self::app("app"));
        Self::build(TestClock::new(), differs, |mock| mock, |mock, clock| settings(mock, clock).app_secret(APP_SECRET))
            .await
    }

    /// A site that is a public client: it has no secret, and Logto rotates its refresh token on each use.
    pub async fn rotating() -> Self {
        Self::rotating_with(|config| config).await
    }

    pub async fn rotating_with(config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Self {
        Self::rotating_in(|mock| mock, config).await
    }

    pub async fn rotating_in(
        world: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder,
        config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder,
    ) -> Self {
        let config = |mock: &MockLogto, clock: &TestClock| config(settings(mock, clock).app_id("spa"));
        Self::build(TestClock::new(), app("spa").public_client(), world, config).await
    }

    pub async fn with(
        world: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder,
        config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder,
    ) -> Self {
        Self::with_clock(TestClock::new(), world, config).await
    }

    pub async fn with_clock(
        clock: TestClock,
        world: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder,
        config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder,
    ) -> Self {
        let config = |mock: &MockLogto, clock: &TestClock| config(settings(mock, clock).app_secret(APP_SECRET));
        Self::build(clock, app("app"), world, config).await
    }

    /// The same site after its settings were changed.
    pub fn redeployed(&self, config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> LogtoClient {
        let settings = settings(&self.mock, &self.clock).app_secret(APP_SECRET);
        LogtoClient::new(config(settings).build().unwrap()).unwrap()
    }

    /// Another instance with the same settings and stores, which has just started.
    pub fn another_instance(&self) -> LogtoClient {
        LogtoClient::new(another_instance(self.logto.config())).unwrap()
    }

    async fn build(
        clock: TestClock,
        app: MockApp,
        world: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder,
        config: impl FnOnce(&MockLogto, &TestClock) -> LogtoConfigBuilder,
    ) -> Self {
        let mock = world(MockLogto::builder().app(app).clock(clock.clone())).start().await.unwrap();
        let logto = LogtoClient::new(config(&mock, &clock).build().unwrap()).unwrap();
        Self { mock, logto, clock }
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Begins a sign-in; gives the authorization URL.
    pub async fn begin(&self, browser: &mut Browser, options: SignInOptions) -> String {
        let mut cookies = browser.request();
        let redirect = self.logto.sign_in(&mut cookies, options).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        redirect.location().to_owned()
    }

    /// Ends a sign-in; gives where the user is sent, or the error.
    pub async fn end(&self, browser: &mut Browser, callback: &str) -> logto::Result<String> {
        let mut cookies = browser.request();
        let result = self.logto.handle_sign_in(&mut cookies, callback).await;
        browser.receive(&cookies.set_cookie_headers());
        result.map(|redirect| redirect.location().to_owned())
    }

    /// A browser in which `user` has signed in.
    pub async fn signed_in(&self, user: &str) -> Browser {
        let mut browser = Browser::default();
        let url = self.begin(&mut browser, SignInOptions::new()).await;
        let callback = self.mock.sign_in(&url, user).await;
        self.end(&mut browser, &callback).await.unwrap();
        self.mock.reset_counts();
        browser
    }

    pub async fn context(&self, browser: &mut Browser, options: ContextOptions) -> logto::Result<LogtoContext> {
        let mut cookies = browser.request();
        let context = self.logto.get_context(&mut cookies, options).await;
        browser.receive(&cookies.set_cookie_headers());
        context
    }

    pub async fn is_signed_in(&self, browser: &Browser) -> bool {
        self.logto.is_authenticated(&browser.request()).await.unwrap()
    }
}

pub fn app(id: &str) -> MockApp {
    MockApp::new(id, APP_SECRET).redirect_uri(format!("{BASE_URL}/callback")).post_logout_redirect_uri(BASE_URL)
}

/// Settings without a secret.
pub fn settings(mock: &MockLogto, clock: &TestClock) -> LogtoConfigBuilder {
    LogtoConfig::builder()
        .endpoint(mock.endpoint())
        .app_id("app")
        .base_url(BASE_URL)
        .cookie_secret(COOKIE_SECRET)
        .scopes([
            scopes::EMAIL,
            scopes::ROLES,
            scopes::ORGANIZATIONS,
            scopes::ORGANIZATION_ROLES,
            scopes::CUSTOM_DATA,
            "read:books",
            "write:books",
        ])
        .resources([BOOKS])
        .clock(clock.clone())
}

/// Keeps cookies as browsers do: nothing over 4096 bytes, at most 180, `Max-Age=0` deletes.
#[derive(Default, Clone, Debug)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn request(&self) -> HeaderCookies {
        HeaderCookies::parse(self.header())
    }

    pub fn header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// One request in which `logto` is asked for a token for the books.
    pub async fn get_token(&mut self, logto: &LogtoClient) -> logto::Result<String> {
        let mut cookies = self.request();
        let token = logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await;
        self.receive(&cookies.set_cookie_headers());
        token.map(|token| token.token().to_owned())
    }

    pub fn receive(&mut self, set_cookie_headers: &[String]) {
        for header in set_cookie_headers {
            let cookie = cookie::Cookie::parse(header.clone()).unwrap();
            if cookie.max_age().is_some_and(cookie::time::Duration::is_zero) {
                self.cookies.remove(cookie.name());
            } else if header.len() <= 4096 {
                self.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        assert!(self.cookies.len() <= 180);
    }
}
