//! An HTTP client for tests in which time stands still: the requests are made on a thread of their own, and no timer runs out meanwhile.

use http::{Request, Response};
use logto::integrate::{BoxError, BoxFuture, HttpClient};
use serde_json::{Value, json};
use tokio::{runtime::Handle, sync::oneshot};

/// There is no network.
pub(super) struct Away;

type Tamper = dyn Fn(&str, usize) -> Option<Result<(u16, Value), Away>> + Send + Sync;

pub(super) struct OnTime {
    http: reqwest::Client,
    runtime: Handle,
    tamper: Box<Tamper>,
    count: std::sync::atomic::AtomicUsize,
}

impl OnTime {
    /// `tamper` is asked of each request to the token endpoint, by its number from 0 on: an answer in the place of the server's, or a network
    /// that is away.
    pub(super) fn new(
        tamper: impl Fn(&str, usize) -> Option<Result<(u16, Value), Away>> + Send + Sync + 'static,
    ) -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            sender.send(runtime.handle().clone()).unwrap();
            // Until the test's process ends.
            runtime.block_on(std::future::pending::<()>());
        });
        Self {
            http: crate::http_browser::without_redirects(),
            runtime: receiver.recv().unwrap(),
            tamper: Box::new(tamper),
            count: 0.into(),
        }
    }
}

/// An error of the token endpoint.
#[allow(clippy::unnecessary_wraps)] // As the other answers are.
pub(super) fn oauth(error: &str) -> Option<Result<(u16, Value), Away>> {
    Some(Ok((400, json!({ "error": error }))))
}

impl HttpClient for OnTime {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            if request.uri().path() == "/oidc/token" {
                let number = self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                match (self.tamper)("token", number) {
                    Some(Ok((status, body))) => {
                        return Ok(Response::builder().status(status).body(serde_json::to_vec(&body)?)?);
                    }
                    Some(Err(Away)) => return Err("the network is away".into()),
                    None => {}
                }
            }
            let (answer, mut answered) = oneshot::channel();
            let http = self.http.clone();
            self.runtime.spawn(async move { answer.send(HttpClient::send(&http, request, max_body_bytes).await) });
            loop {
                if let Ok(response) = answered.try_recv() {
                    return response;
                }
                // Busy, so that the clock stands.
                tokio::task::yield_now().await;
            }
        })
    }
}
