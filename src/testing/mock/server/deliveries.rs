//! Deliveries of webhooks on their way: each goes by itself, and once, whatever the receiver answers.

use std::{error::Error, pin::pin, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{outgoing, shared::Shared};
use crate::testing::mock::messages::delivery::{MockDelivery, Outcome};

/// Logto's own (`92-webhooks/07-recent-logs.json`).
const TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_LIMIT: usize = 64 * 1024;

/// Sends what is there and what comes, for ever. A slow receiver holds up no other delivery.
pub(crate) async fn send_all(shared: Arc<Shared>) {
    let changed = shared.state().deliveries.changed();
    let mut client = None;
    let mut under_way = JoinSet::new();
    loop {
        let mut news = pin!(changed.notified());
        // From here on nothing that is added is missed.
        news.as_mut().enable();
        loop {
            let next = shared.state().deliveries.next();
            let Some((number, delivery)) = next else { break };
            if client.is_none() {
                client = outgoing::client(|client| client.timeout(TIMEOUT));
            }
            let open = Open { shared: Arc::clone(&shared), number };
            under_way.spawn(deliver(client.clone(), delivery, open));
        }
        tokio::select! {
            () = news => {}
            Some(_) = under_way.join_next() => {}
        }
    }
}

async fn deliver(client: Option<reqwest::Client>, delivery: MockDelivery, open: Open) {
    let outcome = match client {
        Some(client) => send(&client, &delivery).await.unwrap_or_else(|error| Outcome::Failed(with_causes(&error))),
        None => Outcome::Failed("MockLogto has no HTTP client".to_owned()),
    };
    match &outcome {
        Outcome::Failed(error) => {
            tracing::warn!(url = delivery.url, event = delivery.event, error, "a webhook was not delivered");
        }
        outcome => tracing::debug!(url = delivery.url, event = delivery.event, ?outcome, "a webhook was delivered"),
    }
    open.end(outcome);
}

async fn send(client: &reqwest::Client, delivery: &MockDelivery) -> reqwest::Result<Outcome> {
    let request = client.post(&delivery.url).headers(delivery.headers.clone()).body(delivery.body.clone());
    let mut response = request.send().await?;
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await?.filter(|_| answer.len() < ANSWER_LIMIT) {
        answer.extend_from_slice(&chunk);
    }
    answer.truncate(ANSWER_LIMIT);
    Ok(Outcome::Answered { status: response.status().as_u16(), body: String::from_utf8_lossy(&answer).into_owned() })
}

fn with_causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A delivery that has an end in any case: whoever waits for it waits for no server that has stopped.
struct Open {
    shared: Arc<Shared>,
    number: usize,
}

impl Open {
    fn end(self, outcome: Outcome) {
        self.shared.state().deliveries.end(self.number, outcome);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let error = "MockLogto stopped before the answer came".to_owned();
        self.shared.state().deliveries.end(self.number, Outcome::Failed(error));
    }
}
