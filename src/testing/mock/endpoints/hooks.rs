//! The part of the Management API that is about webhooks.

mod shown;

use serde_json::{Map, Value, json};

use self::shown::{recent, shown, statistics};
use super::{account::refusal::failure, management::access::turned_away};
use crate::testing::mock::{
    directory::{
        MockWebhook,
        webhook::{EVENTS, is_event},
    },
    messages::{error::OidcResult, ordered::list, reply::Reply, request::RecordedRequest},
    state::{
        State,
        ids::{random_letters, short_id},
    },
};

/// Answers, and tells webhooks of the users that the answer changed.
pub(crate) fn told(
    state: &mut State,
    request: &RecordedRequest,
    answer: impl FnOnce(&mut State, &RecordedRequest) -> Reply,
) -> Reply {
    if state.directory.webhooks.is_empty() {
        return answer(state, request);
    }
    let before = state.directory.users.clone();
    let reply = answer(state, request);
    let path = request.path().strip_prefix("/api").unwrap_or_default();
    for user in &before {
        state.tell_changed_by_account(user, request.method(), path, reply.status);
    }
    reply
}

/// Anything under `/api/hooks`.
pub(crate) fn hooks(state: &mut State, request: &RecordedRequest) -> OidcResult {
    if let Some(refusal) = turned_away(state, request) {
        return Ok(refusal);
    }
    let mut segments = request.path().split('/').skip(3);
    let (id, what) = (segments.next().unwrap_or_default(), segments.next());
    if segments.next().is_some() {
        return Ok(Reply::text(404, "Not Found"));
    }
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    if id.is_empty() {
        return match request.method() {
            "GET" => {
                Ok(Reply::json_text(200, list(state.directory.webhooks.iter().map(|webhook| shown(webhook, None)))))
            }
            "POST" => create(state, &body),
            _ => Ok(Reply::text(404, "Not Found")),
        };
    }
    let Some(webhook) = state.directory.webhooks.iter().find(|webhook| webhook.id == id).cloned() else {
        return Ok(failure(404, "entity.not_found", "The resource does not exist."));
    };
    match (request.method(), what) {
        ("GET", None) => {
            let stats = request.query_value("includeExecutionStats").filter(|value| *value == "true");
            Ok(Reply::json_text(200, shown(&webhook, stats.map(|_| statistics(state, id)))))
        }
        ("PATCH", None) => Ok(change(state, webhook, &body)),
        ("PATCH", Some("signing-key")) => {
            let webhook = webhook.signing_key(random_letters(32)?);
            Ok(replace(state, webhook))
        }
        ("POST", Some("test")) => Ok(test(state, webhook, &body)),
        ("GET", Some("recent-logs")) => Ok(recent(state, id, request)),
        _ => Ok(Reply::text(404, "Not Found")),
    }
}

fn create(state: &mut State, body: &Value) -> OidcResult {
    let events = match events(body) {
        Ok(events) => events,
        Err(refusal) => return Ok(refusal),
    };
    let id = short_id()?;
    let webhook = MockWebhook::new("").id(id).events(events).signing_key(random_letters(32)?);
    let webhook = MockWebhook { created_at: Some(state.now()), ..webhook };
    match with_settings(webhook, body) {
        Some(webhook) if !webhook.url.is_empty() => {
            let reply = Reply::json_text(201, shown(&webhook, None));
            state.directory.webhooks.push(webhook);
            Ok(reply)
        }
        _ => Ok(invalid()),
    }
}

fn change(state: &mut State, webhook: MockWebhook, body: &Value) -> Reply {
    let webhook = match body.get("events").map(|_| events(body)) {
        Some(Err(refusal)) => return refusal,
        Some(Ok(events)) => webhook.events(events),
        None => webhook,
    };
    match with_settings(webhook, body) {
        Some(webhook) => replace(state, webhook),
        None => invalid(),
    }
}

/// A test goes where its body says, which the Console fills with what is on the page.
fn test(state: &mut State, webhook: MockWebhook, body: &Value) -> Reply {
    let events = match events(body) {
        Ok(events) => events,
        Err(refusal) => return refusal,
    };
    let Some(webhook) = with_settings(MockWebhook { headers: Vec::new(), ..webhook }, body) else { return invalid() };
    state.test_webhook(&webhook, &events);
    Reply::empty(204)
}

/// Name, address, header fields and switch, as far as the body has them. `None`: one is of another type.
fn with_settings(mut webhook: MockWebhook, body: &Value) -> Option<MockWebhook> {
    if let Some(name) = body.get("name") {
        name.as_str()?.clone_into(&mut webhook.name);
    }
    if let Some(enabled) = body.get("enabled") {
        webhook.enabled = enabled.as_bool()?;
    }
    if let Some(config) = body.get("config") {
        config.get("url")?.as_str()?.clone_into(&mut webhook.url);
        webhook.headers.clear();
        let none = Map::new();
        for (name, value) in config.get("headers").map_or(Some(&none), Value::as_object)? {
            webhook = webhook.header(name, value.as_str()?);
        }
    }
    Some(webhook)
}

fn replace(state: &mut State, webhook: MockWebhook) -> Reply {
    let reply = Reply::json_text(200, shown(&webhook, None));
    if let Some(known) = state.directory.webhooks.iter_mut().find(|known| known.id == webhook.id) {
        *known = webhook;
    }
    reply
}

/// The events of the body, or why they are none.
fn events(body: &Value) -> std::result::Result<Vec<String>, Reply> {
    let Some(names) = body.get("events").and_then(Value::as_array) else { return Err(invalid()) };
    if names.is_empty() {
        let message = "Array must contain at least 1 element(s)";
        let issue = json!({
            "code": "too_small", "minimum": 1, "type": "array", "inclusive": true, "exact": false, "message": message, "path": ["events"],
        });
        return Err(refused(&issue, "events", &format!("(too_small) {message}")));
    }
    for (place, name) in names.iter().enumerate() {
        if !name.as_str().is_some_and(is_event) {
            let received = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
            let options: Vec<_> = EVENTS.iter().map(|name| format!("'{name}'")).collect();
            let message = format!("Invalid enum value. Expected {}, received '{received}'", options.join(" | "));
            let issue = json!({
                "received": received, "code": "invalid_enum_value", "options": EVENTS, "path": ["events", place], "message": message,
            });
            return Err(refused(&issue, &format!("events.{place}"), &format!("(invalid_enum_value) {message}")));
        }
    }
    Ok(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn refused(issue: &Value, path: &str, why: &str) -> Reply {
    let body = json!({
        "code": "guard.invalid_input", "data": { "issues": [issue], "name": "ZodError" },
        "details": format!("Error in key path \"{path}\": {why}"), "message": INVALID,
    });
    Reply::json(400, &body)
}

const INVALID: &str = "The request body is invalid.";

fn invalid() -> Reply {
    failure(400, "guard.invalid_input", INVALID)
}
