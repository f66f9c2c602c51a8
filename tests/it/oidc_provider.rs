//! The crate against npm `oidc-provider`, the engine inside Logto: `tests/oidc-provider` says how it is set up.
//!
//! It needs Node, so it runs only where `LOGTO_TEST_OIDC_PROVIDER` is set; `bash tests/all.sh` sets it.

mod diagnosis;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use logto::{
    AccessToken, ErrorKind, LogtoClient, LogtoConfig, LogtoConfigBuilder, Prompt, Result, Secret, Session,
    SignInOptions, SignOutOptions, TokenOptions, UserInfo,
    api::{ApiAudience, ResourceServer},
    testing::TestClock,
};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::{
    plain_http::plain_http,
    skipped::skipped,
    support::{BASE_URL, BOOKS, Browser, COOKIE_SECRET},
};

/// Seconds an access token lives. The crate renews it in its last minute.
const LIFETIME: u64 = 120;

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_that_signs_with_es256_passes_every_flow() {
    everything("ES256", "ES384").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_that_signs_with_es384_passes_every_flow() {
    everything("ES384", "RS256").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_that_signs_with_es512_passes_every_flow() {
    everything("ES512", "ES512").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_that_signs_with_rs256_passes_every_flow() {
    everything("RS256", "PS256").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_that_signs_with_ps256_passes_every_flow() {
    everything("PS256", "ES256").await;
}

async fn everything(alg: &str, next_alg: &str) {
    let Some(engine) = Engine::start(alg) else {
        return;
    };
    for client in [&WEB, &SPA] {
        life_of_a_session(&engine, client).await;
        many_requests_at_once(&engine, client).await;
        fewer_scopes_and_more(&engine, client).await;
        a_user_who_cancels(&engine, client).await;
        silence(&engine, client).await;
        a_fresh_login(&engine, client).await;
    }
    a_wrong_secret(&engine).await;
    an_api(&engine, alg, next_alg).await;
    rotated_keys(&engine, next_alg).await;
}

/// From the sign-in to the sign-out, with every verb between.
async fn life_of_a_session(engine: &Engine, client: &Client) {
    let mut app = App::new(engine, client);
    app.sign_in("ada").await;

    let session = app.session().await;
    let claims = session.get_id_token_claims().unwrap();
    assert_eq!((claims.sub.as_str(), claims.iss), ("ada", format!("{}/oidc", engine.origin)));
    assert!(claims.aud.contains(client.id));
    assert_eq!((claims.username.as_deref(), claims.name.as_deref()), (Some("ada"), Some("User ada")));
    assert_eq!((claims.email.as_deref(), claims.email_verified), (Some("ada@example.test"), Some(true)));
    assert_eq!(claims.picture, None, "it is null");
    assert_eq!(claims.roles, ["librarian"]);
    assert!(claims.nonce.is_some() && claims.organizations.is_empty());

    // The opaque access token of the sign-in serves.
    let user_info = app.user_info().await.unwrap();
    assert_eq!((user_info.sub.as_str(), user_info.email.as_deref()), ("ada", Some("ada@example.test")));
    assert_eq!(user_info.roles, ["librarian"]);
    let opaque = app.token(TokenOptions::new()).await.unwrap();
    assert_eq!(opaque.claims().unwrap_err().code(), "access_token.opaque");

    // A token for the API, by a refresh, which replaces the refresh token.
    let first = session.get_refresh_token().unwrap().clone();
    let books = app.token(TokenOptions::new().resource(BOOKS)).await.unwrap();
    assert_eq!(books.scopes(), ["read:books", "write:books"]);
    let access = books.claims().unwrap();
    assert!(access.aud.contains(BOOKS) && access.scopes().eq(["read:books", "write:books"]));
    assert_eq!((access.sub.as_str(), access.client_id.as_deref()), ("ada", Some(client.id)));
    let second = app.refresh_token().await;
    assert_ne!(second, first);

    // Both are kept; when they end, each is renewed with the newest refresh token.
    let asked = engine.requests("/oidc/token").await;
    assert_eq!(app.token(TokenOptions::new().resource(BOOKS)).await.unwrap(), books);
    assert_eq!(app.token(TokenOptions::new()).await.unwrap(), opaque);
    assert_eq!(engine.requests("/oidc/token").await, asked);
    let mut known = vec![first, second];
    for _ in 0..3 {
        app.clock.advance(Duration::from_secs(LIFETIME));
        let renewed = app.token(TokenOptions::new().resource(BOOKS)).await.unwrap();
        assert_ne!(renewed, books);
        let newest = app.refresh_token().await;
        assert!(!known.contains(&newest));
        known.push(newest);
    }
    assert_eq!(engine.requests("/oidc/token").await, asked + 3);
    app.user_info().await.unwrap();

    sign_out(engine, client, app).await;
}

async fn sign_out(engine: &Engine, client: &Client, mut app: App<'_>) {
    let stolen = app.browser.clone();
    let revoked = engine.requests("/oidc/token/revocation").await;
    let mut cookies = app.browser.request();
    let redirect = app.logto.sign_out(&mut cookies, SignOutOptions::new().state("bye")).await.unwrap();
    app.browser.receive(&cookies.set_cookie_headers());
    assert!(app.browser.cookies.values().all(|value| value == "signed-out"), "{:?}", app.browser);
    assert_eq!(engine.requests("/oidc/token/revocation").await, revoked + 1);

    // The page that ends the session posts itself.
    let page = app.pages.get(redirect.location()).await;
    let fields = page.fields();
    assert!(fields.contains_key("xsrf") && fields["logout"] == "yes");
    let done: Url = app.pages.post(&page.action(), &fields).await.location().parse().unwrap();
    assert_eq!((done.origin().ascii_serialization(), done.query()), (BASE_URL.to_owned(), Some("state=bye")));

    // Who kept the cookies has nothing: here, on another instance, and at the engine.
    for (logto, code) in [(app.logto.clone(), "not_authenticated"), (app.another_instance(), "session.ended")] {
        let mut cookies = stolen.request();
        let books = TokenOptions::new().resource(BOOKS).force_refresh(true);
        let error = logto.get_access_token(&mut cookies, books).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.requires_sign_in()), (code, true));
    }

    // The session there has ended, too: the next sign-in asks for the password.
    let url = app.begin(SignInOptions::new()).await;
    let callback = app.pages.walk(&url, "grace").await;
    app.end(&callback).await.unwrap();
    assert_eq!(app.session().await.get_id_token_claims().unwrap().sub, "grace", "{}", client.id);
}

/// The engine has no grace for a refresh token that was used: a second use would end the session.
async fn many_requests_at_once(engine: &Engine, client: &Client) {
    let mut app = App::new(engine, client);
    app.sign_in("ada").await;
    app.token(TokenOptions::new().resource(BOOKS)).await.unwrap();
    let tokens = async |app: &App<'_>, options: [TokenOptions; 2]| {
        let calls: Vec<_> = (0..16)
            .map(|number: usize| {
                let (logto, browser, options) = (app.logto.clone(), app.browser.clone(), options[number % 2].clone());
                tokio::spawn(async move { get_access_token(&logto, browser, options).await })
            })
            .collect();
        let mut answers = Vec::new();
        for call in calls {
            let (token, browser) = call.await.unwrap();
            answers.push((token.unwrap(), browser));
        }
        answers
    };

    // All for one token: one exchange.
    app.clock.advance(Duration::from_secs(LIFETIME));
    let asked = engine.requests("/oidc/token").await;
    let books = TokenOptions::new().resource(BOOKS);
    let answers = tokens(&app, [books.clone(), books.clone()]).await;
    assert_eq!(engine.requests("/oidc/token").await, asked + 1);
    let token = answers[0].0.clone();
    assert!(answers.iter().all(|(other, _)| *other == token));

    // A request that was slow to come still carries the old cookies.
    let (late, _) = get_access_token(&app.logto, app.browser.clone(), books.clone()).await;
    assert_eq!(late.unwrap(), token);
    assert_eq!(engine.requests("/oidc/token").await, asked + 1);

    // Whichever answer the browser took last, it goes on; for two tokens with two exchanges, one after the other.
    app.browser = answers.into_iter().next_back().unwrap().1;
    app.clock.advance(Duration::from_secs(LIFETIME));
    let answers = tokens(&app, [books.clone(), TokenOptions::new()]).await;
    assert_eq!(engine.requests("/oidc/token").await, asked + 3);

    // The two kinds of answers hold different tokens, and every one of them leads on.
    for (_, browser) in answers.into_iter().take(2) {
        app.browser = browser;
        app.token(books.clone().force_refresh(true)).await.unwrap();
        app.clock.advance(Duration::from_secs(10));
    }
    app.clock.advance(Duration::from_secs(LIFETIME));
    app.token(books).await.unwrap();
    app.user_info().await.unwrap();
}

async fn fewer_scopes_and_more(engine: &Engine, client: &Client) {
    let mut app = App::new(engine, client);
    app.sign_in("ada").await;
    let read = app.token(TokenOptions::new().resource(BOOKS).scopes(["read:books"])).await.unwrap();
    assert_eq!(read.scopes(), ["read:books"]);
    let all = app.token(TokenOptions::new().resource(BOOKS)).await.unwrap();
    assert_eq!(all.scopes(), ["read:books", "write:books"]);
    assert_eq!(
        app.token(TokenOptions::new().resource(BOOKS).scopes(["read:books"])).await.unwrap(),
        read,
        "kept beside"
    );

    let error = app.token(TokenOptions::new().resource(BOOKS).scopes(["burn:books"])).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.kind()), ("token.scope_refused", ErrorKind::Config));
    app.token(TokenOptions::new().resource(BOOKS).force_refresh(true)).await.unwrap();

    let error = app.token(TokenOptions::new().resource("https://other.test")).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.kind()), ("token.resource_refused", ErrorKind::Config));
    assert!(app.session().await.is_authenticated());
    // This engine (unlike Logto) has used up the refresh token for that answer.
    let error = app.token(TokenOptions::new().resource(BOOKS).force_refresh(true)).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.requires_sign_in()), ("session.ended", true));
    assert!(!app.session().await.is_authenticated());
}

async fn a_user_who_cancels(engine: &Engine, client: &Client) {
    let mut app = App::new(engine, client);
    let url = app.begin(SignInOptions::new()).await;
    let login = app.pages.get(&url).await.location().to_owned();
    app.pages.get(&login).await;
    let resume = app.pages.get(&format!("{login}/abort")).await.location().to_owned();
    let callback = app.pages.get(&resume).await.location().to_owned();
    let error = app.end(&callback).await.unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.kind(), error.http_status()),
        ("user_cancelled", ErrorKind::Cancelled, 403)
    );
    assert_eq!(error.oauth_error().unwrap().error(), "access_denied");

    // And changes their mind.
    app.sign_in("ada").await;
}

async fn silence(engine: &Engine, client: &Client) {
    let silent = || SignInOptions::new().prompt([Prompt::None]);
    let mut app = App::new(engine, client);
    let url = app.begin(silent()).await;
    let callback = app.pages.walk(&url, "nobody").await;
    assert!(callback.contains("error=login_required"), "{callback}");
    app.end(&callback).await.unwrap();
    assert!(!app.session().await.is_authenticated(), "back on the page, as nobody");

    // With a session at the engine it succeeds, and gives no refresh token: nobody consented.
    app.sign_in("ada").await;
    app.browser = Browser::default();
    let url = app.begin(silent()).await;
    let callback = app.pages.get(&url).await.location().to_owned();
    app.end(&callback).await.unwrap();
    let session = app.session().await;
    assert_eq!((session.get_id_token_claims().unwrap().sub.as_str(), session.get_refresh_token()), ("ada", None));
    let error = app.token(TokenOptions::new().resource(BOOKS)).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.requires_sign_in()), ("session.no_refresh_token", true));
    app.user_info().await.unwrap();
}

async fn a_fresh_login(engine: &Engine, client: &Client) {
    let mut app = App::new(engine, client);
    app.sign_in("ada").await;
    assert_eq!(app.session().await.get_id_token_claims().unwrap().auth_time, None);
    let url = app.begin(SignInOptions::new().max_age(Duration::ZERO)).await;
    let callback = app.pages.walk(&url, "ada").await;
    app.end(&callback).await.unwrap();
    let claims = app.session().await.get_id_token_claims().unwrap();
    let apart = claims.iat.duration_since(claims.auth_time.unwrap()).unwrap_or_else(|after| after.duration());
    assert!(apart < Duration::from_secs(60));
}

async fn a_wrong_secret(engine: &Engine) {
    let mut app = App::new(engine, &Client { id: WEB.id, secret: Some("not it: +/%") });
    let url = app.begin(SignInOptions::new()).await;
    let callback = app.pages.walk(&url, "ada").await;
    let error = app.end(&callback).await.unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.kind(), error.is_transient()),
        ("client.invalid_credentials", ErrorKind::Config, false)
    );
}

/// The access tokens of the engine, at an API: before and after its keys change.
async fn an_api(engine: &Engine, alg: &str, next_alg: &str) {
    let mut app = App::new(engine, &WEB);
    app.sign_in("ada").await;
    let api = |audience| ResourceServer::builder().config(app.logto.config()).audience(audience).build().unwrap();
    let books = api(ApiAudience::resource(BOOKS));
    let other = api(ApiAudience::resource("https://other.test"));
    for (rotated, alg) in [(false, alg), (true, next_alg), (true, alg)] {
        if rotated {
            engine.rotate_keys(alg).await;
            // After a rotation, the next one is noticed ten seconds later.
            app.clock.advance(Duration::from_secs(10));
        }
        let token = app.token(TokenOptions::new().resource(BOOKS).force_refresh(true)).await.unwrap();
        assert_eq!(
            (&header(&token.token().into())["alg"], &header(&token.token().into())["typ"]),
            (&alg.into(), &"at+jwt".into())
        );
        for _ in 0..2 {
            let auth = books.verify(token.token()).await.unwrap();
            assert_eq!((auth.sub(), auth.client_id(), auth.organization_id()), ("ada", WEB.id, None));
            auth.require_scopes(["read:books", "write:books"]).unwrap();
        }
        assert_eq!(other.verify(token.token()).await.unwrap_err().code(), "bearer_token.invalid_aud");
        let id_token = app.session().await.get_id_token().unwrap();
        assert_eq!(books.verify(id_token.expose()).await.unwrap_err().code(), "bearer_token.id_token");
    }
    let opaque = app.token(TokenOptions::new()).await.unwrap();
    assert_eq!(books.verify(opaque.token()).await.unwrap_err().code(), "bearer_token.opaque");
}

async fn rotated_keys(engine: &Engine, next_alg: &str) {
    let mut app = App::new(engine, &WEB);
    app.sign_in("ada").await;
    let mut before = app.session().await.get_id_token().unwrap();
    // Twice in a row: the second time the first key is the one that leaves.
    for alg in [next_alg, "ES384"] {
        engine.rotate_keys(alg).await;
        app.clock.advance(Duration::from_secs(LIFETIME));
        app.token(TokenOptions::new().resource(BOOKS)).await.unwrap();
        let after = app.session().await.get_id_token().unwrap();
        assert_eq!(header(&after)["alg"], alg);
        assert_ne!(header(&after)["kid"], header(&before)["kid"], "the session holds a token of the new key");
        before = after;

        let mut other = App { browser: Browser::default(), pages: Pages::new(), logto: app.logto.clone(), ..app };
        other.sign_in("grace").await;
        assert_eq!(header(&other.session().await.get_id_token().unwrap())["alg"], alg);
        app = App { browser: app.browser, pages: app.pages, ..other };
    }
}

fn header(jwt: &Secret) -> Value {
    let (header, _) = jwt.expose().split_once('.').unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The engine in a process of its own; it ends with the test.
struct Engine {
    process: Child,
    origin: String,
    http: reqwest::Client,
}

impl Engine {
    fn start(alg: &str) -> Option<Self> {
        if std::env::var_os("LOGTO_TEST_OIDC_PROVIDER").is_none() {
            skipped("the tests with npm oidc-provider", "they need Node and LOGTO_TEST_OIDC_PROVIDER");
            return None;
        }
        let mut process = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc-provider/server.mjs"))
            .envs([("PORT", "0"), ("ALG", alg), ("ACCESS_TOKEN_TTL", &LIFETIME.to_string())])
            .envs([("REDIRECT_URI", format!("{BASE_URL}/callback")), ("POST_LOGOUT_URI", BASE_URL.to_owned())])
            // Open as long as the test lives: the engine ends with it.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node is installed");
        let origin = ready(&mut process, Duration::from_secs(30));
        let origin = origin.unwrap_or_else(|why| panic!("no engine (`npm ci` in tests/oidc-provider?): {why}"));
        Some(Self { process, origin, http: plain_http().build().unwrap() })
    }

    /// How often `path` was asked.
    async fn requests(&self, path: &str) -> u64 {
        let answer = self.http.get(format!("{}/control/stats", self.origin)).send().await.unwrap();
        let counts: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        counts[path].as_u64().unwrap_or_default()
    }

    async fn rotate_keys(&self, alg: &str) {
        let url = format!("{}/control/rotate-keys?alg={alg}", self.origin);
        let answer = self.http.post(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

/// The origin of a line `ready <origin>`. A process that does not print one in time is ended.
fn ready(process: &mut Child, time: Duration) -> std::result::Result<String, String> {
    let output = process.stdout.take().unwrap();
    let (send, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // To the end, also when nobody listens: a process whose output nobody reads ends at its next line.
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            _ = send.send(line);
        }
    });
    let (began, mut printed) = (Instant::now(), Vec::new());
    loop {
        match lines.recv_timeout(time.saturating_sub(began.elapsed())) {
            Ok(line) => match line.strip_prefix("ready ") {
                Some(origin) => return Ok(origin.to_owned()),
                None => printed.push(line),
            },
            Err(error) => {
                process.kill().unwrap();
                process.wait().unwrap();
                return Err(format!("no line `ready` within {time:?} ({error}); it printed {printed:?}"));
            }
        }
    }
}

#[test]
fn an_engine_that_is_never_ready_is_told_with_what_it_printed() {
    let run = |script: &str, time: Duration| {
        let mut process = Command::new("/bin/sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let told = ready(&mut process, time);
        if told.is_ok() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
        told
    };
    let long = Duration::from_secs(20);
    assert_eq!(
        run("echo first; echo ready http://localhost:1; exec /bin/sleep 60", long).unwrap(),
        "http://localhost:1"
    );
    let hangs = run("echo a wrong port; exec /bin/sleep 60", Duration::from_millis(500)).unwrap_err();
    assert!(hangs.contains(r#"["a wrong port"]"#), "{hangs}");
    let ends = run("echo no module; exit 1", long).unwrap_err();
    assert!(ends.contains(r#"["no module"]"#), "{ends}");
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

struct Client {
    id: &'static str,
    secret: Option<&'static str>,
}

/// The secret is one that only arrives if it was form-urlencoded before base64.
const WEB: Client = Client { id: "web-app", secret: Some("web secret:+/%") };
const SPA: Client = Client { id: "spa-app", secret: None };

/// An application in front of the engine, and a user with two sides: the cookies of the application, and those of the engine.
struct App<'a> {
    engine: &'a Engine,
    logto: LogtoClient,
    settings: LogtoConfigBuilder,
    clock: TestClock,
    browser: Browser,
    pages: Pages,
}

impl<'a> App<'a> {
    fn new(engine: &'a Engine, client: &Client) -> Self {
        let clock = TestClock::new();
        let settings = LogtoConfig::builder()
            .endpoint(&engine.origin)
            .app_id(client.id)
            .base_url(BASE_URL)
            .cookie_secret(COOKIE_SECRET)
            .scopes(["email", "roles", "read:books", "write:books"])
            .resources([BOOKS])
            .clock(clock.clone());
        let settings = match client.secret {
            Some(secret) => settings.app_secret(secret),
            None => settings,
        };
        let logto = LogtoClient::new(settings.clone().build().unwrap()).unwrap();
        Self { engine, logto, settings, clock, browser: Browser::default(), pages: Pages::new() }
    }

    /// A client that knows nothing of what this one did.
    fn another_instance(&self) -> LogtoClient {
        LogtoClient::new(self.settings.clone().build().unwrap()).unwrap()
    }

    async fn begin(&mut self, options: SignInOptions) -> String {
        let mut cookies = self.browser.request();
        let redirect = self.logto.sign_in(&mut cookies, options).await.unwrap();
        self.browser.receive(&cookies.set_cookie_headers());
        assert!(redirect.location().starts_with(&self.engine.origin));
        redirect.location().to_owned()
    }

    async fn end(&mut self, callback: &str) -> Result<()> {
        let mut cookies = self.browser.request();
        let result = self.logto.handle_sign_in(&mut cookies, callback).await;
        self.browser.receive(&cookies.set_cookie_headers());
        result.map(|_| ())
    }

    async fn sign_in(&mut self, login: &str) {
        let url = self.begin(SignInOptions::new()).await;
        let callback = self.pages.walk(&url, login).await;
        self.end(&callback).await.unwrap();
    }

    async fn session(&self) -> Session {
        self.logto.load_session(&self.browser.request()).await.unwrap()
    }

    async fn refresh_token(&self) -> Secret {
        self.session().await.get_refresh_token().unwrap().clone()
    }

    async fn token(&mut self, options: TokenOptions) -> Result<AccessToken> {
        let (token, browser) = get_access_token(&self.logto, self.browser.clone(), options).await;
        self.browser = browser;
        token
    }

    async fn user_info(&mut self) -> Result<UserInfo> {
        let mut cookies = self.browser.request();
        let result = self.logto.fetch_user_info(&mut cookies).await;
        self.browser.receive(&cookies.set_cookie_headers());
        result
    }
}

/// One request with the cookies of `browser`; gives the browser as it is afterwards.
async fn get_access_token(
    logto: &LogtoClient,
    mut browser: Browser,
    options: TokenOptions,
) -> (Result<AccessToken>, Browser) {
    let mut cookies = browser.request();
    let token = logto.get_access_token(&mut cookies, options).await;
    browser.receive(&cookies.set_cookie_headers());
    (token, browser)
}

/// A browser at the engine's pages: it keeps cookies by their path and follows nothing by itself.
struct Pages {
    http: reqwest::Client,
    cookies: BTreeMap<(String, String), String>,
}

struct Page {
    url: Url,
    status: u16,
    location: Option<String>,
    body: String,
}

impl Pages {
    fn new() -> Self {
        let http = crate::http_browser::without_redirects();
        Self { http, cookies: BTreeMap::new() }
    }

    async fn get(&mut self, url: &str) -> Page {
        let request = self.http.get(url);
        self.send(request, url).await
    }

    async fn post(&mut self, url: &str, fields: &BTreeMap<String, String>) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        self.send(request, url).await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder, url: &str) -> Page {
        let url = Url::parse(url).unwrap();
        let sent = |path: &str| {
            path == "/" || url.path() == path || url.path().strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        };
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .filter(|((_, path), _)| sent(path))
            .map(|((name, _), value)| format!("{name}={value}"))
            .collect();
        let request = request.header("accept", "text/html").header("cookie", cookies.join("; "));
        let answer = request.send().await.unwrap();
        for header in answer.headers().get_all("set-cookie") {
            let cookie = cookie::Cookie::parse(header.to_str().unwrap().to_owned()).unwrap();
            let key = (cookie.name().to_owned(), cookie.path().unwrap_or("/").to_owned());
            if cookie.value().is_empty() {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, cookie.value().to_owned());
            }
        }
        let location = answer.headers().get("location").map(|location| {
            assert_eq!(answer.status(), 303, "{url}");
            url.join(location.to_str().unwrap()).unwrap().into()
        });
        let status = answer.status().as_u16();
        Page { url, status, location, body: answer.text().await.unwrap() }
    }

    /// Logs in where the page asks for that, agrees where it asks for that, and gives the callback URL.
    async fn walk(&mut self, url: &str, login: &str) -> String {
        let mut page = self.get(url).await;
        for _ in 0..12 {
            page = match page.location {
                Some(callback) if callback.starts_with(BASE_URL) => return callback,
                Some(next) => self.get(&next).await,
                None => {
                    let mut fields = page.fields();
                    match fields["prompt"].as_str() {
                        "login" => {
                            fields.insert("login".to_owned(), login.to_owned());
                            fields.insert("password".to_owned(), "any".to_owned());
                        }
                        prompt => assert_eq!(prompt, "consent"),
                    }
                    self.post(&page.action(), &fields).await
                }
            };
        }
        panic!("the pages lead nowhere: {}", page.url);
    }
}

impl Page {
    #[track_caller]
    fn location(&self) -> &str {
        self.location.as_deref().unwrap_or_else(|| panic!("{} leads nowhere: {} {}", self.url, self.status, self.body))
    }

    /// Where the page's form is posted to.
    #[track_caller]
    fn action(&self) -> String {
        let form = self.tags("<form ").next().unwrap_or_else(|| panic!("{}: {} {}", self.url, self.status, self.body));
        self.url.join(attribute(form, "action").unwrap()).unwrap().into()
    }

    /// What the page's form holds.
    fn fields(&self) -> BTreeMap<String, String> {
        self.tags("<input ")
            .filter_map(|tag| {
                Some((attribute(tag, "name")?.to_owned(), attribute(tag, "value").unwrap_or_default().to_owned()))
            })
            .collect()
    }

    fn tags<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        self.body.split(start).skip(1).map(|rest| rest.split('>').next().unwrap())
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}
