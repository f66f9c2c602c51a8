//! An HTTP client that tells when something happens, so that a caller can hang up just then.

use std::{future::Future, pin::pin};

use http::{Request, Response};
use logto::integrate::{BoxError, BoxFuture, HttpClient};
use tokio::sync::watch;

/// It counts: one for each request that begins, one for each answer.
#[derive(Clone)]
pub struct Milestones {
    http: reqwest::Client,
    passed: watch::Sender<usize>,
}

impl Milestones {
    pub fn new() -> Self {
        let http = crate::http_browser::without_redirects();
        Self { http, passed: watch::Sender::new(0) }
    }

    /// Runs a call until so many things have happened, and then drops it. Says whether it came to its end before.
    pub async fn leaves_at<T>(&self, moment: usize, call: impl Future<Output = T>) -> bool {
        self.passed.send_replace(0);
        let (mut passed, call) = (self.passed.subscribe(), pin!(call));
        tokio::select! {
            biased;
            _ = passed.wait_for(|passed| *passed >= moment) => false,
            _ = call => true,
        }
    }

    async fn pass(&self) {
        self.passed.send_modify(|passed| *passed += 1);
        // So that who waits for it comes first.
        tokio::task::yield_now().await;
    }
}

impl HttpClient for Milestones {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            self.pass().await;
            let answer = HttpClient::send(&self.http, request, max_body_bytes).await;
            self.pass().await;
            answer
        })
    }
}
