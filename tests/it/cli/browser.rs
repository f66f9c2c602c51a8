//! The sign-in in the browser of the machine.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use logto::{
    cli::{CliClient, LoginMethod},
    testing::Endpoint,
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use url::Url;

use super::{World, books, refused, visit};

#[tokio::test]
async fn a_user_signs_in_in_the_browser_and_later_runs_have_tokens() {
    let world = World::start().await;
    let user = world.run().login().await.unwrap();
    assert_eq!((user.sub(), user.name()), ("user-ada", Some("Ada Lovelace")));
    assert_eq!(user.to_string(), "Ada Lovelace (ada@example.test)");
    // Discovery, the authorization by the browser, the code, and the keys.
    for (endpoint, count) in [(Endpoint::Discovery, 1), (Endpoint::Token, 1), (Endpoint::Jwks, 1)] {
        assert_eq!(world.mock.request_count(endpoint), count, "{endpoint:?}");
    }

    let another = world.run();
    assert_eq!(another.whoami().await.unwrap(), user);
    let token = another.get_access_token(books()).await.unwrap();
    assert_eq!(token.scopes(), ["read:books"]);
    assert_eq!(token.claims().unwrap().sub, "user-ada");
}

/// What the address asks for, and what comes back is checked against it.
#[tokio::test]
async fn the_address_asks_for_a_code_with_pkce_state_and_nonce() {
    let world = World::start().await;
    let (opened, mut addresses) = mpsc::unbounded_channel();
    let open = move |address: &str| opened.send(address.to_owned()).map_err(io::Error::other);
    let run = world.without_browser().open_browser(open).build().unwrap();
    let login = tokio::spawn(async move { run.login().await });
    let address: Url = addresses.recv().await.unwrap().parse().unwrap();
    let asked: std::collections::BTreeMap<_, _> = address.query_pairs().into_owned().collect();
    let redirect: Url = asked["redirect_uri"].parse().unwrap();
    assert_eq!((redirect.host_str(), redirect.path()), (Some("127.0.0.1"), "/callback"));
    assert_eq!((asked["code_challenge_method"].as_str(), asked["response_type"].as_str()), ("S256", "code"));
    assert_eq!((asked["prompt"].as_str(), asked["client_id"].as_str()), ("consent", "native"));
    assert_eq!(asked["scope"], "openid offline_access profile email read:books");
    assert!(asked["state"].len() >= 43 && asked["nonce"].len() >= 43 && asked["code_challenge"].len() == 43);
    assert!(world.prompt().is_open() && world.prompt().to_string().contains(address.as_str()));

    let callback = world.mock.sign_in(address.as_str(), "ada").await;
    let (status, page) = visit(&callback).await;
    assert_eq!(status, 200);
    assert!(page.contains("You are signed in") && page.contains("mytool"), "{page}");
    login.await.unwrap().unwrap();
    // Nobody listens any more.
    TcpStream::connect(("127.0.0.1", redirect.port().unwrap())).await.unwrap_err();
}

/// A program that waits, the address of its callback, and the callback of a sign-in that Ada has made.
struct Waiting {
    world: World,
    login: tokio::task::JoinHandle<logto::Result<logto::cli::CliUser>>,
    base: String,
    callback: String,
}

impl Waiting {
    async fn start() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(settings: impl FnOnce(logto::cli::CliClientBuilder) -> logto::cli::CliClientBuilder) -> Self {
        let world = World::start().await;
        let (opened, mut addresses) = mpsc::unbounded_channel();
        let open = move |address: &str| opened.send(address.to_owned()).map_err(io::Error::other);
        let run = settings(world.without_browser().open_browser(open)).build().unwrap();
        let login = tokio::spawn(async move { run.login().await });
        let address = addresses.recv().await.unwrap();
        let callback = world.mock.sign_in(&address, "ada").await;
        let base = callback.split("/callback").next().unwrap().to_owned();
        Self { world, login, base, callback }
    }

    fn host(&self) -> &str {
        self.base.strip_prefix("http://").unwrap()
    }

    async fn sends(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.host()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

/// Every program of the machine and every page in the browser can reach the port.
#[tokio::test]
async fn requests_that_do_not_belong_to_the_sign_in_change_nothing() {
    let waiting = Waiting::start().await;
    for (path, status) in [
        ("/", 404),
        ("/favicon.ico", 404),
        ("/callback/x?code=a&state=b", 404),
        ("/callback?code=a&state=forged", 400),
        ("/callback?error=access_denied&state=forged", 400),
        ("/callback?code=a", 400),
        ("/callback?code=a&code=b&state=c", 400),
    ] {
        let (found, page) = visit(&format!("{}{path}", waiting.base)).await;
        assert_eq!(found, status, "{path}");
        assert!(page.contains("There is nothing to see here") && !page.contains("forged"), "{page}");
    }
    let path = waiting.callback.strip_prefix(&waiting.base).unwrap();
    let host = waiting.host();
    for (request, status) in [
        (format!("POST {path} HTTP/1.1\r\nhost: {host}\r\n\r\n"), "405"),
        (format!("GET {path} HTTP/1.1\r\nhost: evil.test\r\n\r\n"), "421"),
        (format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nsec-fetch-mode: no-cors\r\n\r\n"), "403"),
        ("GET /callback HTTP/1.1\r\nsec-fetch-mode: cors\r\n\r\n".to_owned(), "403"),
        ("GET /callback HTTP/1.1\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: iframe\r\n\r\n".to_owned(), "403"),
    ] {
        let answer = waiting.sends(request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    assert_eq!(waiting.sends(b"\x16\x03\x01 garbage\r\n\r\n").await, "");
    assert!(!waiting.login.is_finished());
    assert_eq!(visit(&waiting.callback).await.0, 200);
    assert_eq!(waiting.login.await.unwrap().unwrap().sub(), "user-ada");
}

/// Browsers open connections ahead of their need, and some programs send nothing at all.
#[tokio::test]
async fn connections_that_send_nothing_keep_no_browser_waiting() {
    let waiting = Waiting::start().await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(waiting.host()).await.unwrap());
    }
    assert_eq!(visit(&waiting.callback).await.0, 200);
    waiting.login.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_answer_of_another_server_is_refused() {
    let waiting = Waiting::start().await;
    let issuer = url::form_urlencoded::byte_serialize(waiting.world.mock.issuer().as_bytes()).collect::<String>();
    let forged = waiting.callback.replace(&issuer, "https%3A%2F%2Fevil.test%2Foidc");
    assert_ne!(forged, waiting.callback);
    let (status, page) = visit(&forged).await;
    assert!(status == 400 && page.contains("The sign-in failed"), "{status} {page}");
    let error = waiting.login.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("evil.test"), "{error}");
    assert!(!waiting.world.file().exists());
}

#[tokio::test]
async fn the_id_token_has_to_have_the_nonce_of_the_sign_in() {
    let waiting = Waiting::start().await;
    waiting.world.mock.tamper_id_token(|_, claims| claims["nonce"] = json!("another"));
    assert_eq!(visit(&waiting.callback).await.0, 400);
    refused(waiting.login.await.unwrap(), "id_token.invalid_nonce");
    assert!(!waiting.world.file().exists());
}

#[tokio::test]
async fn a_user_who_leaves_the_sign_in_is_told_so() {
    let world = World::start().await;
    let mock = Arc::clone(&world.mock);
    let pages = Arc::new(Mutex::new(None));
    let (page, open_mock) = (Arc::clone(&pages), Arc::clone(&mock));
    let open = move |address: &str| {
        let (mock, page, address) = (Arc::clone(&open_mock), Arc::clone(&page), address.to_owned());
        tokio::spawn(async move {
            let shown = visit(&mock.cancel_sign_in(&address).await).await;
            *page.lock().unwrap() = Some(shown);
        });
        Ok(())
    };
    refused(world.without_browser().open_browser(open).build().unwrap().login().await, "cli.cancelled");
    assert!(!world.file().exists());

    // "Cancel" on the consent page leads to the bare redirect URI.
    let open = |address: &str| {
        let address: Url = address.parse().unwrap();
        let redirect = address.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
        tokio::spawn(async move { visit(&redirect).await });
        Ok(())
    };
    refused(world.without_browser().open_browser(open).build().unwrap().login().await, "cli.cancelled");
}

#[tokio::test]
async fn a_browser_that_never_comes_back_ends_the_wait() {
    let world = World::start().await;
    let run = world.without_browser().open_browser(|_| Ok(())).login_timeout(Duration::from_millis(50));
    let told = refused(run.build().unwrap().login().await, "cli.timeout");
    assert!(told.contains("did not come back"), "{told}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let world = World::start().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let told = refused(world.builder().redirect_port(port).build().unwrap().login().await, "cli.port");
    assert!(told.contains(&port.to_string()), "{told}");
    // Without one the system chooses.
    world.run().login().await.unwrap();
}

#[tokio::test]
async fn without_a_browser_the_device_flow_takes_over() {
    let world = World::start().await;
    let run = world.without_browser().build().unwrap();
    let login = tokio::spawn(async move { run.login().await });
    while world.prompts.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(world.prompt().user_code().is_some());
    login.abort();

    // Where there is no app for it, the user can open the address by hand.
    let builder = CliClient::builder().application("mytool").endpoint(world.mock.endpoint()).app_id("native");
    let builder = builder.file(world.file()).login_timeout(Duration::from_millis(50)).on_prompt(|_| {});
    let run = builder.clone().open_browser(|_| Err(io::ErrorKind::NotFound.into())).build().unwrap();
    refused(run.login().await, "cli.timeout");
    refused(run.login_by(LoginMethod::Device).await, "cli.no_device_flow");
    let run = CliClient::builder().application("mytool").endpoint(world.mock.endpoint()).device_app_id("device");
    let run = run.file(world.file()).build().unwrap();
    refused(run.login_by(LoginMethod::Browser).await, "cli.no_browser");
}

/// A caller that gives up when the code is on its way: the sign-in is made, and its tokens are kept.
#[tokio::test]
async fn a_caller_that_goes_away_after_the_answer_is_signed_in() {
    let gate = crate::gate::Gate::new();
    let waiting = Waiting::with(|builder| builder.http_client(gate.clone())).await;
    gate.close();
    let callback = waiting.callback.clone();
    let browser = tokio::spawn(async move { visit(&callback).await });
    gate.someone_waits().await;
    waiting.login.abort();
    waiting.login.await.unwrap_err();
    gate.open();
    assert_eq!(browser.await.unwrap().0, 200);
    assert_eq!(waiting.world.run().whoami().await.unwrap().sub(), "user-ada");
}

/// The next sign-in is a clean one.
#[tokio::test]
async fn a_caller_that_goes_away_before_the_answer_leaves_nothing_behind() {
    let waiting = Waiting::start().await;
    let before = waiting.world.folder.names();
    assert_eq!(before, ["tokens.lock"]);
    waiting.login.abort();
    waiting.login.await.unwrap_err();
    TcpStream::connect(waiting.base.strip_prefix("http://").unwrap()).await.unwrap_err();
    refused(waiting.world.run().whoami().await, "cli.not_signed_in");
    waiting.world.run().login().await.unwrap();
}
