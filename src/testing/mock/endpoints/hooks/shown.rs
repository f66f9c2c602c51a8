//! Webhooks and their deliveries as the Management API shows them.

use crate::testing::mock::{
    directory::{MockWebhook, claims::millis},
    messages::{
        delivery::{MockDelivery, Outcome},
        ordered::{list, object, stored, text},
        reply::Reply,
        request::RecordedRequest,
    },
    state::State,
};

const PAGE_SIZE: usize = 20;

pub(super) fn shown(webhook: &MockWebhook, statistics: Option<String>) -> String {
    let mut config = vec![("url", text(&webhook.url))];
    if !webhook.headers.is_empty() {
        config.push(("headers", object(webhook.headers.iter().map(|(name, value)| (name.as_str(), text(value))))));
    }
    let members = [
        ("tenantId", text("default")),
        ("id", text(&webhook.id)),
        ("name", text(&webhook.name)),
        ("event", "null".to_owned()),
        ("events", list(webhook.events.iter().map(|name| text(name)))),
        ("config", object(config)),
        ("signingKey", text(webhook.signing_key.expose())),
        ("enabled", webhook.enabled.to_string()),
        ("createdAt", millis(webhook.created_at).to_string()),
    ];
    object(members.into_iter().chain(statistics.map(|statistics| ("executionStats", statistics))))
}

pub(super) fn statistics(state: &State, id: &str) -> String {
    let of_this = |delivery: &&MockDelivery| delivery.hook_id == id && !delivery.is_open();
    let ended: Vec<_> = state.deliveries.all().iter().filter(of_this).collect();
    let good = ended.iter().filter(|delivery| delivery.succeeded()).count();
    object([("successCount", good.to_string()), ("requestCount", ended.len().to_string())])
}

/// The newest comes first.
pub(super) fn recent(state: &State, id: &str, request: &RecordedRequest) -> Reply {
    let number = |name: &str| request.query_value(name).and_then(|value| value.parse::<usize>().ok());
    let size = number("page_size").unwrap_or(PAGE_SIZE);
    let skipped = number("page").unwrap_or(1).saturating_sub(1).saturating_mul(size);
    let all = state.deliveries.all().iter().enumerate().rev();
    let of_this = all.filter(|(_, delivery)| delivery.hook_id == id && !delivery.is_open());
    Reply::json_text(200, list(of_this.skip(skipped).take(size).map(|(number, delivery)| log(number, delivery))))
}

fn log(number: usize, delivery: &MockDelivery) -> String {
    let key = || text(&format!("TriggerHook.{}", delivery.event));
    let result = if delivery.succeeded() { "Success" } else { "Error" };
    let mut payload = vec![("key", key()), ("result", text(result))];
    payload.extend(error(delivery).map(|error| ("error", text(&error))));
    payload.push(("hookId", text(&delivery.hook_id)));
    if let Some(status) = delivery.status() {
        payload.push(("response", object([("body", text(delivery.answer())), ("statusCode", status.to_string())])));
    }
    payload.push(("hookRequest", object([("body", stored(&delivery.json()))])));
    object([
        ("id", text(&format!("delivery-{number}"))),
        ("key", key()),
        ("payload", object(payload)),
        ("createdAt", millis(Some(delivery.happened_at)).to_string()),
    ])
}

fn error(delivery: &MockDelivery) -> Option<String> {
    match &delivery.outcome {
        Outcome::Failed(error) => Some(error.clone()),
        Outcome::Answered { status, .. } if !delivery.succeeded() => {
            Some(format!("HTTPError: Request failed with status code {status}"))
        }
        _ => None,
    }
}
