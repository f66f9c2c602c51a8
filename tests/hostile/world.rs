//! A site whose user is signed in, and the call that reaches each endpoint.

use std::time::Duration;

use logto::{
    ApiAudience, Error, LogtoClient, LogtoConfigBuilder, ResourceServer, Result, SignInOptions, SignOutOptions,
    TokenOptions, testing::Endpoint,
};

use crate::{
    detour::Detour,
    support::{APP_SECRET, BOOKS, Browser, Site, settings},
};

/// In the order of the table's columns.
pub const ENDPOINTS: [Endpoint; 6] = [
    Endpoint::Discovery,
    Endpoint::Jwks,
    Endpoint::Token,
    Endpoint::UserInfo,
    Endpoint::Introspection,
    Endpoint::Revocation,
];

/// What a fault that is waited for is given. The shortest there is.
const SHORT: Duration = Duration::from_secs(1);
/// What all others are given, so that a slow machine is no fault.
const LONG: Duration = Duration::from_secs(60);
/// No call takes this long. It says that a call hangs, and nothing of how fast it is.
const HANGS: Duration = Duration::from_secs(120);

pub struct World {
    pub site: Site,
    pub detour: Detour,
}

impl World {
    pub async fn start() -> Self {
        Self { site: Site::start().await, detour: Detour::new() }
    }

    fn config(&self, hasty: bool) -> LogtoConfigBuilder {
        settings(&self.site.mock, &self.site.clock).app_secret(APP_SECRET).timeout(if hasty { SHORT } else { LONG })
    }

    /// A client on the crate's own HTTP client.
    pub fn plain(&self, hasty: bool) -> LogtoClient {
        LogtoClient::new(self.config(hasty).build().unwrap()).unwrap()
    }

    /// A client on the detour.
    pub fn detoured(&self, hasty: bool) -> LogtoClient {
        LogtoClient::new(self.config(hasty).http_client(self.detour.clone()).build().unwrap()).unwrap()
    }

    /// What the cooldowns take to pass.
    pub fn wait(&self) {
        self.site.advance(11);
    }
}

/// Does what needs this endpoint, as the user of `browser`. Gives what came of it: the code of an error, or a word.
pub async fn call(world: &World, endpoint: Endpoint, logto: &LogtoClient, browser: &mut Browser) -> Outcome {
    let done = tokio::time::timeout(HANGS, ask(world, endpoint, logto, browser)).await.expect("every call ends");
    match done {
        Ok(word) => Outcome { code: word, error: None },
        Err(error) => Outcome { code: error.code(), error: Some(error) },
    }
}

pub struct Outcome {
    pub code: &'static str,
    pub error: Option<Error>,
}

async fn ask(world: &World, endpoint: Endpoint, logto: &LogtoClient, browser: &mut Browser) -> Result<&'static str> {
    match endpoint {
        Endpoint::Discovery => {
            let cold = LogtoClient::new(logto.config().clone())?;
            token(&cold, browser, TokenOptions::resource(BOOKS).force_refresh(true)).await?;
        }
        Endpoint::Jwks => {
            let cold = LogtoClient::new(logto.config().clone())?;
            let mut cookies = browser.request();
            let redirect = cold.sign_in(&mut cookies, SignInOptions::new()).await?;
            browser.receive(&cookies.set_cookie_headers());
            let callback = world.site.mock.sign_in(redirect.location(), "ada").await;
            let mut cookies = browser.request();
            let ended = cold.handle_sign_in(&mut cookies, &callback).await;
            browser.receive(&cookies.set_cookie_headers());
            ended.map(drop)?;
        }
        Endpoint::Token => {
            token(logto, browser, TokenOptions::resource(BOOKS).force_refresh(true)).await?;
        }
        Endpoint::UserInfo => {
            let mut cookies = browser.request();
            let user = logto.fetch_user_info(&mut cookies).await;
            browser.receive(&cookies.set_cookie_headers());
            user?;
        }
        Endpoint::Introspection => {
            let opaque = token(logto, browser, TokenOptions::new()).await?;
            let api = ResourceServer::builder().config(logto.config()).audience(ApiAudience::resource(BOOKS));
            api.introspection("app", APP_SECRET).build()?.verify(&opaque).await?;
        }
        Endpoint::Revocation => {
            let mut cookies = browser.request();
            let redirect = logto.sign_out(&mut cookies, SignOutOptions::new()).await?;
            browser.receive(&cookies.set_cookie_headers());
            assert!(redirect.location().contains("/oidc/session/end?"), "the session at Logto ends, too");
            return Ok("signed out");
        }
        other => panic!("{other:?} is asked by browsers alone"),
    }
    Ok("served")
}

async fn token(logto: &LogtoClient, browser: &mut Browser, options: TokenOptions) -> Result<String> {
    let mut cookies = browser.request();
    let token = logto.get_access_token(&mut cookies, options).await;
    browser.receive(&cookies.set_cookie_headers());
    token.map(|token| token.token().to_owned())
}
