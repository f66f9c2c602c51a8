//! Responses of an API that are read as they come.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use logto::{
    Result, TokenOptions,
    api_client::{ApiClient, ApiClientBuilder},
    integrate::{BodyChunks, BodyStream, BodyTooLarge, BoxError, BoxFuture, HttpClient},
    machine::MachineClient,
    testing::{Endpoint, MockApp, MockLogto},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

use crate::support::{APP_SECRET, BOOKS};

const TIMEOUT: Duration = Duration::from_secs(2);
const MAX_BODY: usize = 1000;
const DOWNLOAD: usize = 20_000_000;

/// An API that answers by the path of the request.
struct Api {
    base: String,
    /// The second event is sent when the test has seen the first.
    seen: Arc<Semaphore>,
    requests: Arc<AtomicUsize>,
    mock: MockLogto,
    machine: MachineClient,
}

impl Api {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (seen, requests) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let shared = (Arc::clone(&seen), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (seen, requests) = shared.clone();
                tokio::spawn(async move { _ = answer(client, &seen, &requests).await });
            }
        });
        let app = MockApp::new("machine", APP_SECRET).role("librarian");
        let mock = MockLogto::builder().machine_to_machine_app(app).start().await.unwrap();
        let machine = MachineClient::builder().endpoint(mock.endpoint()).app_id("machine").app_secret(APP_SECRET);
        Self { base, seen, requests, mock, machine: machine.build().unwrap() }
    }

    fn client(&self) -> ApiClientBuilder {
        let token = TokenOptions::new().resource(BOOKS).scopes(["read:books"]);
        ApiClient::builder().base_url(&self.base).token_options(token).timeout(TIMEOUT).max_body_bytes(MAX_BODY)
    }

    /// By the default client, and by one of the application.
    fn clients(&self) -> [ApiClient; 2] {
        let own = crate::http_browser::without_redirects();
        [self.client(), self.client().http_client(own)].map(|builder| builder.build().unwrap())
    }

    async fn stream(&self, client: &ApiClient, path: &str) -> Result<Response<BodyStream>> {
        in_any_task(client.send_streamed(&self.machine, Request::get(path).body(Vec::new()).unwrap())).await
    }
}

async fn answer(mut client: TcpStream, seen: &Semaphore, requests: &AtomicUsize) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(client.read_u8().await?);
    }
    let request = String::from_utf8(request).unwrap();
    let number = requests.fetch_add(1, Ordering::SeqCst);
    match request.split_whitespace().nth(1).unwrap() {
        "/events" => {
            client
                .write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: 1\n\n",
                )
                .await?;
            seen.acquire().await.unwrap().forget();
            client.write_all(b"data: 2\n\n").await
        }
        "/download" => {
            client.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {DOWNLOAD}\r\n\r\n").as_bytes()).await?;
            client.write_all(&vec![b'x'; DOWNLOAD]).await
        }
        "/half" => client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await,
        "/refuses-the-first" if number == 0 => {
            client
                .write_all(b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\ncontent-length: 9999\r\n\r\n")
                .await?;
            seen.acquire().await.unwrap().forget();
            Ok(())
        }
        "/breaks-the-first" if number == 0 => Ok(()),
        "/mute" => {
            seen.acquire().await.unwrap().forget();
            Ok(())
        }
        "/silent" => {
            client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n").await?;
            seen.acquire().await.unwrap().forget();
            Ok(())
        }
        _ => client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ngood").await,
    }
}

/// A future that a server with several threads takes.
fn in_any_task<F: Future + Send>(future: F) -> F {
    future
}

/// What comes until it is as long as `expected`.
async fn read(body: &mut BodyStream, expected: &str) {
    let mut text = Vec::new();
    while text.len() < expected.len() {
        text.extend(in_any_task(body.chunk()).await.unwrap().unwrap());
    }
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[tokio::test]
async fn server_sent_events_are_read_on_arrival_for_longer_than_the_timeout() {
    let api = Api::start().await;
    for client in api.clients() {
        let response = api.stream(&client, "/events").await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut body = response.into_body();
        read(&mut body, "data: 1\n\n").await;
        tokio::time::sleep(TIMEOUT + Duration::from_millis(200)).await;
        api.seen.add_permits(1);
        read(&mut body, "data: 2\n\n").await;
        assert_eq!(body.chunk().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_download_larger_than_max_body_is_accepted_only_as_a_stream() {
    let api = Api::start().await;
    for client in api.clients() {
        let mut body = api.stream(&client, "/download").await.unwrap().into_body();
        let mut length = 0;
        while let Some(chunk) = body.chunk().await.unwrap() {
            assert!(chunk.iter().all(|byte| *byte == b'x'));
            length += chunk.len();
        }
        assert_eq!(length, DOWNLOAD);
        let whole = client.send(&api.machine, Request::get("/download").body(Vec::new()).unwrap()).await;
        assert_eq!(whole.unwrap_err().code(), "network.body_too_large");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_or_falls_silent_or_never_begins_is_an_error_of_the_network() {
    let api = Api::start().await;
    for client in api.clients() {
        let mut half = api.stream(&client, "/half").await.unwrap().into_body();
        read(&mut half, "abc").await;
        let broken = half.chunk().await.unwrap_err();
        assert_eq!(broken.code(), "network.unreachable", "{broken}");

        let silent = api.stream(&client, "/silent").await.unwrap().into_body();
        let late = silent.idle_limit(Duration::from_millis(50)).chunk().await.unwrap_err();
        assert_eq!(late.code(), "network.timeout", "{late}");

        let late = api.stream(&client, "/mute").await.unwrap_err();
        assert_eq!(late.code(), "network.timeout");
        assert!(late.hint().contains("raise `timeout` of its `ApiClient`"), "{}", late.hint());
    }
}

#[tokio::test]
async fn a_stream_is_requested_again_after_a_refused_token_or_a_broken_connection() {
    let api = Api::start().await;
    for client in api.clients() {
        for (path, tokens) in [("/refuses-the-first", 1), ("/breaks-the-first", 0)] {
            api.machine.get_access_token(TokenOptions::new().resource(BOOKS).scopes(["read:books"])).await.unwrap();
            api.requests.store(0, Ordering::SeqCst);
            api.mock.reset_counts();
            let response = api.stream(&client, path).await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            read(&mut response.into_body(), "good").await;
            assert_eq!(
                (api.requests.load(Ordering::SeqCst), api.mock.request_count(Endpoint::Token)),
                (2, tokens),
                "{path}"
            );
        }
    }
}

/// A client that knows of no streams.
struct Plain;

impl HttpClient for Plain {
    fn send(&self, _: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async { Ok(Response::new(Vec::new())) })
    }
}

#[tokio::test]
async fn a_client_that_cannot_give_streams_says_so() {
    let api = Api::start().await;
    for client in [api.client().http_client(Plain), api.client().http_client(Arc::new(Plain))] {
        let error = api.stream(&client.build().unwrap(), "/events").await.unwrap_err();
        assert_eq!(error.code(), "config.http_client");
        assert!(error.to_string().contains("stream"), "{error}");
    }
}

/// A client that fails before it has connected, and counts how often it is asked.
struct Failing(Arc<AtomicUsize>);

impl HttpClient for Failing {
    fn send(&self, _: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async { Err(BodyTooLarge::default().into()) })
    }

    fn send_streamed(&self, _: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Box<dyn BodyChunks>>, BoxError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err(BodyTooLarge::default().into()) })
    }
}

#[tokio::test]
async fn a_stream_is_requested_once_when_the_failure_is_not_of_the_connection() {
    let api = Api::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let client = api.client().http_client(Failing(Arc::clone(&asked))).build().unwrap();
    assert_eq!(api.stream(&client, "/events").await.unwrap_err().code(), "network.body_too_large");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
