//! Whoever deliveries of webhooks are for.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Receiver {
    address: String,
    received: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answer: Arc<Mutex<(u16, &'static str)>>,
    /// How many came. A receiver that waits is counted, too.
    count: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap().to_string(),
            received: Arc::default(),
            answer: Arc::new(Mutex::new((200, ""))),
            count: watch::Sender::new(0),
            open: watch::Sender::new(true),
        };
        let app = Router::new().route("/hook", post(Self::receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    async fn receive(State(this): State<Self>, headers: HeaderMap, body: String) -> (StatusCode, &'static str) {
        this.received.lock().unwrap().push((headers, body));
        this.count.send_modify(|count| *count += 1);
        this.open.subscribe().wait_for(|open| *open).await.unwrap();
        let (status, answer) = *this.answer.lock().unwrap();
        (StatusCode::from_u16(status).unwrap(), answer)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn answer(&self, status: u16, body: &'static str) {
        *self.answer.lock().unwrap() = (status, body);
    }

    /// Whether it answers at all. What came meanwhile is answered then.
    pub(crate) fn answers(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// What came since the last call.
    pub(crate) fn take(&self) -> Vec<(HeaderMap, String)> {
        std::mem::take(&mut self.received.lock().unwrap())
    }

    /// Waits until so many came in all.
    pub(crate) async fn received(&self, number: usize) {
        self.count.subscribe().wait_for(|count| *count >= number).await.unwrap();
    }
}
