//! An application with a Logto of its own, and users who sign in to it.

use std::time::Duration;

use logto::{
    Cookies, HeaderCookies, LogtoClient, LogtoConfig, SignInOptions, TokenOptions,
    testing::{Endpoint, Fault, MockApp, MockLogto, MockResource, MockUser, TestClock},
};

use crate::RESOURCE;

const BASE_URL: &str = "http://localhost:3000";
const CALLBACK: &str = "http://localhost:3000/callback";

pub struct Site {
    pub mock: MockLogto,
    pub logto: LogtoClient,
    pub clock: TestClock,
}

/// The `Cookie` header of a user.
pub type Browser = String;

impl Site {
    pub async fn start() -> Self {
        let clock = TestClock::new();
        let app = MockApp::new("app", "an app's secret").redirect_uri(CALLBACK);
        let mock = MockLogto::builder().app(app).user(MockUser::new("ada")).resource(MockResource::new(RESOURCE));
        let mock = mock.clock(clock.clone()).start().await.expect("a free port");
        Self { logto: client(&mock, &clock), mock, clock }
    }

    /// A client that has asked for nothing yet.
    pub fn new_client(&self) -> LogtoClient {
        client(&self.mock, &self.clock)
    }

    pub async fn sign_in(&self) -> Browser {
        let mut cookies = HeaderCookies::default();
        let redirect = self.logto.sign_in(&mut cookies, SignInOptions::new()).await.expect("a redirect");
        let callback = self.mock.sign_in(redirect.location(), "ada").await;
        drop(self.logto.handle_sign_in(&mut cookies, &callback).await.expect("a session"));
        header(&cookies)
    }

    /// The answer to a token request comes so much later.
    pub fn delay_tokens(&self, time: Duration) {
        self.mock.inject_fault(Endpoint::Token, Fault::delay(time));
    }

    /// A page that calls an API for the user.
    pub async fn page(&self, browser: &mut Browser, options: TokenOptions) {
        let mut cookies = HeaderCookies::parse(browser.as_str());
        self.logto.get_access_token(&mut cookies, options).await.expect("a token");
        *browser = header(&cookies);
    }
}

fn client(mock: &MockLogto, clock: &TestClock) -> LogtoClient {
    let config = LogtoConfig::builder().endpoint(mock.endpoint()).app_id("app").app_secret("an app's secret");
    let config = config.base_url(BASE_URL).cookie_secret("a secret for cookies, long enough");
    let config = config.resources([RESOURCE]).clock(clock.clone()).build().expect("settings");
    LogtoClient::new(config).expect("a client")
}

fn header(cookies: &HeaderCookies) -> Browser {
    let mut pairs = Vec::new();
    cookies.each(&mut |name, value| {
        if !value.is_empty() {
            pairs.push(format!("{name}={value}"));
        }
    });
    pairs.join("; ")
}
