//! What the targets share: an application, a Logto that answers with what it is told, and tokens that are good.

pub mod seal;
mod server;
mod token;

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use logto::{
    ContextOptions, Cookies, Error, HeaderCookies, LogtoClient, LogtoConfig, LogtoConfigBuilder, SignInOptions,
    api::ResourceServer, integrate::Clock,
};

pub use self::{
    server::{Server, discovery},
    token::{Tokens, access_token, id_token, is_genuine, jwks, logout_token},
};

pub const ENDPOINT: &str = "https://logto.example.test";
pub const ISSUER: &str = "https://logto.example.test/oidc";
pub const APP_ID: &str = "app";
pub const SITE: &str = "http://localhost:3000/";
pub const RESOURCE: &str = "https://api.example.test";
pub const COOKIE_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const SUB: &str = "ada";
/// The time at which everything happens, in seconds since 1970.
pub const NOW: u64 = 1_790_000_000;

struct At;

impl Clock for At {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW)
    }
}

/// The application's settings.
pub fn config(server: &Arc<Server>) -> LogtoConfigBuilder {
    LogtoConfig::builder()
        .endpoint(ENDPOINT)
        .app_id(APP_ID)
        .app_secret("app-secret")
        .base_url(SITE)
        .cookie_secret(COOKIE_SECRET)
        .resources([RESOURCE])
        .http_client(Arc::clone(server))
        .clock(At)
}

pub fn client(config: LogtoConfigBuilder) -> LogtoClient {
    LogtoClient::new(config.build().expect("the settings are right")).expect("a client")
}

pub fn resource_server(server: &Arc<Server>) -> ResourceServer {
    let audience = logto::api::ApiAudience::resource(RESOURCE);
    let builder =
        ResourceServer::builder().endpoint(ENDPOINT).audience(audience).http_client(Arc::clone(server)).clock(At);
    builder.build().expect("the settings are right")
}

/// Runs a future to its end. Nothing here waits for a network; what sleeps would be seen as a hang.
pub fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// A sign-in that has come as far as Logto: the browser's cookies, and `state` and `nonce`.
pub struct UnderWay {
    pub cookie_header: String,
    pub state: String,
    pub nonce: String,
}

pub async fn begin_sign_in(logto: &LogtoClient, options: SignInOptions) -> Result<UnderWay, Error> {
    let mut cookies = HeaderCookies::parse("");
    let redirect = logto.sign_in(&mut cookies, options).await?;
    let url = url::Url::parse(redirect.location()).expect("a URL");
    let parameter = |name: &str| url.query_pairs().find(|(key, _)| key == name).expect("a parameter").1.into_owned();
    Ok(UnderWay { cookie_header: cookie_header(&cookies), state: parameter("state"), nonce: parameter("nonce") })
}

/// The cookies of a user who has signed in and has the refresh token `refresh-1`.
pub async fn signed_in(logto: &LogtoClient, server: &Server) -> String {
    let under_way = begin_sign_in(logto, SignInOptions::new()).await.expect("a sign-in begins");
    server.grants(&Tokens { nonce: Some(&under_way.nonce), refresh_token: "refresh-1" });
    let mut cookies = HeaderCookies::parse(&under_way.cookie_header);
    let query = format!("code=code&state={}&iss={ISSUER}", under_way.state);
    let _home = logto.handle_sign_in(&mut cookies, &query).await.expect("a sign-in");
    cookie_header(&cookies)
}

/// What the browser sends next: a deletion has no value.
pub fn cookie_header(cookies: &HeaderCookies) -> String {
    let mut pairs = Vec::new();
    cookies.each(&mut |name, value| pairs.extend((!value.is_empty()).then(|| format!("{name}={value}"))));
    pairs.join("; ")
}

/// Who is signed in; and what is written of a session comes back as the same session.
pub async fn user_of(logto: &LogtoClient, cookies: &mut HeaderCookies) -> Option<String> {
    let context = match logto.get_context(cookies, ContextOptions::new()).await {
        Ok(context) => context,
        Err(error) => {
            assert_explained(&error);
            return None;
        }
    };
    let user = context.claims().map(|claims| claims.sub.clone());
    let mut again = HeaderCookies::parse(cookie_header(cookies));
    let reread = logto.get_context(&mut again, ContextOptions::new()).await.expect("what was written can be read");
    assert_eq!(reread.claims().map(|claims| claims.sub.clone()), user, "the session has changed by being written");
    user
}

/// Header lines that a browser takes: none too large, no line breaks, and not without bound.
pub fn assert_sendable(cookies: &HeaderCookies) {
    let lines = cookies.set_cookie_headers();
    assert!(lines.len() <= 64, "{} Set-Cookie headers", lines.len());
    for line in lines {
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
        assert!(line.len() <= 4096, "{} bytes", line.len());
    }
}

/// Every error has a code, a hint and one line of message.
pub fn assert_explained(error: &Error) {
    assert!(!error.code().as_str().is_empty() && !error.hint().is_empty());
    let message = error.to_string();
    assert!(!message.chars().any(char::is_control), "{message:?}");
    // Who only looks is answered with no content.
    assert!((400..=599).contains(&error.http_status()) || error.code() == "request.looks_only");
}
