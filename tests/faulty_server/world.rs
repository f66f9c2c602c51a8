//! A site whose user is signed in, and the call that reaches each endpoint.

use std::time::Duration;

use logto::{
    Error, LogtoClient, LogtoConfigBuilder, Result, SignInOptions, SignOutOptions, TokenOptions,
    api::{ApiAudience, ResourceServer},
    testing::{Endpoint, another_instance},
};

use crate::{
    detour::Detour,
    support::{APP_SECRET, BOOKS, Browser, Site, settings},
};

/// What is asked of Logto, in the order of the table's columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Call {
    Discovery,
    Keys,
    /// The exchange of a code, in the callback of a user who is signed in already.
    Code,
    Refresh,
    UserInfo,
    Introspection,
    Revocation,
}

impl Call {
    pub const ALL: [Self; 7] =
        [Self::Discovery, Self::Keys, Self::Code, Self::Refresh, Self::UserInfo, Self::Introspection, Self::Revocation];

    pub fn endpoint(self) -> Endpoint {
        match self {
            Self::Discovery => Endpoint::Discovery,
            Self::Keys => Endpoint::Jwks,
            Self::Code | Self::Refresh => Endpoint::Token,
            Self::UserInfo => Endpoint::UserInfo,
            Self::Introspection => Endpoint::Introspection,
            Self::Revocation => Endpoint::Revocation,
        }
    }
}

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

/// Makes the call, as the user of `browser`. Gives what came of it: the code of an error, or a word.
pub async fn make(world: &World, call: Call, logto: &LogtoClient, browser: &mut Browser) -> Outcome {
    let made = tokio::time::timeout(HANGS, ask(world, call, logto, browser)).await.expect("every call ends");
    match made {
        Ok(word) => Outcome { code: word, error: None },
        Err(error) => Outcome { code: error.code().as_str(), error: Some(error) },
    }
}

pub struct Outcome {
    pub code: &'static str,
    pub error: Option<Error>,
}

async fn ask(world: &World, call: Call, logto: &LogtoClient, browser: &mut Browser) -> Result<&'static str> {
    match call {
        // A client that has just started knows neither.
        Call::Discovery => {
            let cold = LogtoClient::new(another_instance(logto.config()))?;
            token(&cold, browser, TokenOptions::new().resource(BOOKS).force_refresh(true)).await?;
        }
        Call::Keys => sign_in(world, &LogtoClient::new(another_instance(logto.config()))?, browser).await?,
        Call::Code => sign_in(world, logto, browser).await?,
        Call::Refresh => {
            token(logto, browser, TokenOptions::new().resource(BOOKS).force_refresh(true)).await?;
        }
        Call::UserInfo => {
            let mut cookies = browser.request();
            let user = logto.fetch_user_info(&mut cookies).await;
            browser.receive(&cookies.set_cookie_headers());
            user?;
        }
        Call::Introspection => {
            let opaque = token(logto, browser, TokenOptions::new()).await?;
            let api = ResourceServer::builder().config(logto.config()).audience(ApiAudience::resource(BOOKS));
            api.introspection("app", APP_SECRET).build()?.verify(&opaque).await?;
        }
        Call::Revocation => {
            let mut cookies = browser.request();
            let redirect = logto.sign_out(&mut cookies, SignOutOptions::new()).await?;
            browser.receive(&cookies.set_cookie_headers());
            assert!(redirect.location().contains("/oidc/session/end?"), "the session at Logto ends, too");
            return Ok("signed out");
        }
    }
    Ok("served")
}

async fn sign_in(world: &World, logto: &LogtoClient, browser: &mut Browser) -> Result<()> {
    let mut cookies = browser.request();
    let redirect = logto.sign_in(&mut cookies, SignInOptions::new()).await?;
    browser.receive(&cookies.set_cookie_headers());
    let callback = world.site.mock.sign_in(redirect.location(), "ada").await;
    let mut cookies = browser.request();
    let ended = logto.handle_sign_in(&mut cookies, &callback).await;
    browser.receive(&cookies.set_cookie_headers());
    ended.map(drop)
}

async fn token(logto: &LogtoClient, browser: &mut Browser, options: TokenOptions) -> Result<String> {
    let mut cookies = browser.request();
    let token = logto.get_access_token(&mut cookies, options).await;
    browser.receive(&cookies.set_cookie_headers());
    token.map(|token| token.token().to_owned())
}
