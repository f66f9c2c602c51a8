//! Deliveries of webhooks, from the event to the receiver's answer.

use std::{fmt::Write, sync::Arc, time::SystemTime};

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::sync::Notify;

use crate::testing::mock::{
    directory::MockWebhook,
    messages::delivery::{MockDelivery, Outcome},
};

/// Oldest first.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    all: Vec<MockDelivery>,
    changed: Arc<Notify>,
}

impl Deliveries {
    /// Has it sent.
    pub(crate) fn send(&mut self, delivery: MockDelivery) {
        self.all.push(delivery);
        self.changed.notify_waiters();
    }

    /// The next that nobody has begun to send, with its number.
    pub(crate) fn next(&mut self) -> Option<(usize, MockDelivery)> {
        let is_waiting = |(_, delivery): &(usize, &mut MockDelivery)| matches!(delivery.outcome, Outcome::Waiting);
        let (number, delivery) = self.all.iter_mut().enumerate().find(is_waiting)?;
        delivery.outcome = Outcome::UnderWay;
        Some((number, delivery.clone()))
    }

    /// Keeps how a delivery ended. The first end counts.
    pub(crate) fn end(&mut self, number: usize, outcome: Outcome) {
        if let Some(delivery) = self.all.get_mut(number).filter(|delivery| delivery.is_open()) {
            delivery.outcome = outcome;
        }
        self.changed.notify_waiters();
    }

    pub(crate) fn all(&self) -> &[MockDelivery] {
        &self.all
    }

    /// Told of each delivery that is to be sent, and of each that has ended.
    pub(crate) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }
}

/// A delivery to a webhook, signed, with the header fields that were recorded.
pub(crate) fn signed(webhook: &MockWebhook, event: &str, body: String, happened_at: SystemTime) -> MockDelivery {
    let (headers, outcome) = match headers(webhook, &body) {
        Some(headers) => (headers, Outcome::Waiting),
        None => (HeaderMap::new(), Outcome::Failed("a header field of the webhook is not valid".to_owned())),
    };
    MockDelivery {
        event: event.to_owned(),
        hook_id: webhook.id.clone(),
        url: webhook.url.clone(),
        headers,
        body,
        happened_at,
        outcome,
    }
}

/// A field of the webhook's own replaces any of the server's but the signature.
fn headers(webhook: &MockWebhook, body: &str) -> Option<HeaderMap> {
    let signature = HeaderValue::try_from(signature(webhook.signing_key.expose(), body)).ok()?;
    let signature_header = HeaderName::from_static("logto-signature-sha-256");
    let mut headers = HeaderMap::new();
    headers.insert(signature_header.clone(), signature.clone());
    headers.insert(header::USER_AGENT, HeaderValue::from_static("Logto (https://logto.io/)"));
    for (name, value) in &webhook.headers {
        headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json"),
        (header::ACCEPT, "*/*"),
        (header::ACCEPT_LANGUAGE, "*"),
        (HeaderName::from_static("sec-fetch-mode"), "cors"),
        (header::ACCEPT_ENCODING, "gzip, deflate"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.insert(signature_header, signature);
    Some(headers)
}

/// The HMAC-SHA256 of the body, in 64 digits of lower case.
fn signature(key: &str, body: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), body.as_bytes());
    tag.as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
