//! An HTTP client that holds the answers of the token endpoint back, so that a test and no clock says what happens meanwhile.

use std::sync::Arc;

use http::{Request, Response};
use logto::integrate::{BoxError, BoxFuture, HttpClient};
use tokio::sync::watch;

/// It is open at first.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    closed: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

impl Gate {
    pub fn new() -> Self {
        let http = crate::http_browser::without_redirects();
        Self(Arc::new(Inner { http, closed: watch::Sender::new(false), waiting: watch::Sender::new(0) }))
    }

    /// From now on answers wait.
    pub fn close(&self) {
        self.0.closed.send_replace(true);
    }

    pub fn open(&self) {
        self.0.closed.send_replace(false);
    }

    /// Until an answer waits: Logto has exchanged the refresh token, and nobody here knows it.
    pub async fn someone_waits(&self) {
        self.0.waiting.subscribe().wait_for(|waiting| *waiting > 0).await.unwrap();
    }

    async fn pass(&self) {
        self.0.waiting.send_modify(|waiting| *waiting += 1);
        self.0.closed.subscribe().wait_for(|closed| !closed).await.unwrap();
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

impl HttpClient for Gate {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            let exchanges = request.uri().path() == "/oidc/token";
            let response = HttpClient::send(&self.0.http, request, max_body_bytes).await?;
            if exchanges {
                self.pass().await;
            }
            Ok(response)
        })
    }
}
