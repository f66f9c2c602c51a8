//! What the applications share: a place to listen with a Logto beside it, and a browser. Whatever goes wrong is a panic, and the application's
//! failure.

mod browser;
mod passwords;

use axum::Router;
use logto::{
    LogtoClient, LogtoConfig, LogtoConfigBuilder,
    testing::{MockApp, MockLogto, MockLogtoBuilder},
};
use tokio::net::TcpListener;

pub use self::{
    browser::{Answer, Browser},
    passwords::{COOKIE, Passwords},
};

/// Where an application listens, and its Logto.
pub struct Place {
    pub logto: MockLogto,
    /// `http://localhost:…`
    pub origin: String,
}

impl Place {
    /// A place for an application in axum, which is served on the listener.
    pub async fn new(world: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder) -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (Self::at(port, world).await, listener)
    }

    /// A place for an application that listens by itself.
    pub async fn at(port: u16, world: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder) -> Self {
        let app = MockApp::new("app", "the secret of the app").allow_any_loopback_redirect();
        let logto = world(MockLogto::builder().app(app)).start().await.unwrap();
        Self { logto, origin: format!("http://localhost:{port}") }
    }

    /// What each application sets.
    pub fn settings(&self) -> LogtoConfigBuilder {
        LogtoConfig::builder()
            .endpoint(self.logto.endpoint())
            .app_id(self.logto.app_id())
            .app_secret(self.logto.app_secret())
            .base_url(self.origin.as_str())
            .cookie_secret("kFvhX7IfZ0sL2m9QpTn4RbYw8uEaCdGj")
    }

    /// A browser with no cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }
}

pub fn client(settings: LogtoConfigBuilder) -> LogtoClient {
    LogtoClient::new(settings.build().unwrap()).unwrap()
}

/// Serves the application while the program runs.
pub fn serve(listener: TcpListener, app: Router) {
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
}
