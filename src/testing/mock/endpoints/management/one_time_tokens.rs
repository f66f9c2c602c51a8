//! One-time tokens, which magic links carry.

use std::time::Duration;

use serde_json::Value;

use super::{Call, Route, paging::page_if_asked};
use crate::testing::mock::{
    directory::claims::millis,
    endpoints::{
        account::{
            call::require,
            guard::{Guard, Rule, wrong_query},
            refusal::{Answer, not_found, not_there, refusal},
        },
        one_time_token,
    },
    messages::{
        ordered::{object, stored, text},
        reply::Reply,
    },
    state::{
        State,
        ids::{random_letters, short_id},
        one_time_tokens::{OneTimeToken, Status},
    },
};

const LIFETIME: Duration = Duration::from_secs(600);
const LETTERS: usize = 32;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "one-time-tokens", list),
    ("GET", "one-time-tokens/:id", show),
    ("POST", "one-time-tokens", create),
    ("POST", "one-time-tokens/verify", verify),
    ("PUT", "one-time-tokens/:id/status", change_status),
    ("DELETE", "one-time-tokens/:id", delete),
];

fn shown(state: &State, token: &OneTimeToken) -> String {
    object([
        ("tenantId", text("default")),
        ("id", text(&token.id)),
        ("email", text(&token.email)),
        ("token", text(&token.token)),
        ("context", stored(&Value::Object(token.context.clone()))),
        ("status", text(token.status(state.now()).name())),
        ("createdAt", millis(Some(token.created_at)).to_string()),
        ("expiresAt", millis(Some(token.expires_at)).to_string()),
    ])
}

/// GET `/api/one-time-tokens`, the newest first.
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let value = |name| call.request.query_value(name);
    let (email, status) = (value("email"), value("status"));
    if let Some(unknown) = status.filter(|status| Status::called(status).is_none()) {
        return Err(wrong_query("status", unknown, Status::NAMES));
    }
    let now = state.now();
    let found = state.store.one_time_tokens.iter().rev().filter(|token| {
        email.is_none_or(|email| token.email == email) && status.is_none_or(|status| token.status(now).name() == status)
    });
    page_if_asked(state, call, found.map(|token| shown(state, token)))
}

fn place(state: &State, call: &Call<'_>) -> Option<usize> {
    state.store.one_time_tokens.iter().position(|token| token.id == call.param("id"))
}

fn token<'a>(state: &'a State, call: &Call<'_>) -> Answer<&'a OneTimeToken> {
    let token = place(state, call).and_then(|place| state.store.one_time_tokens.get(place));
    token.ok_or_else(|| not_there("one_time_tokens", call.param("id")))
}

/// GET `/api/one-time-tokens/{id}`.
fn show(state: &mut State, call: &Call<'_>) -> Answer {
    Ok(Reply::json_text(200, shown(state, token(state, call)?)))
}

/// POST `/api/one-time-tokens`. There need not be a user of this address.
fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let email = guard.text("email", Rule::NotEmpty);
    let context = guard.optional_object("context");
    let lifetime = guard.optional_number("expiresIn");
    guard.finish()?;
    let lifetime = lifetime.map_or(Some(LIFETIME), |seconds| Duration::try_from_secs_f64(seconds).ok());
    let (created_at, expires_at) = (state.now(), state.after(lifetime.unwrap_or(LIFETIME)));
    let mut token = OneTimeToken::new(short_id()?, random_letters(LETTERS)?, email, created_at, expires_at);
    token.context = context.unwrap_or_default();
    let reply = Reply::json_text(201, shown(state, &token));
    state.store.one_time_tokens.push(token);
    Ok(reply)
}

/// POST `/api/one-time-tokens/verify`, which uses the token up.
fn verify(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let (value, email) = (guard.text("token", Rule::NotEmpty), guard.text("email", Rule::NotEmpty));
    guard.finish()?;
    let token = one_time_token::consume(state, &value, &email, None)?;
    Ok(Reply::json_text(200, shown(state, &token)))
}

/// PUT `/api/one-time-tokens/{id}/status`.
fn change_status(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let status = guard.choice("status", Status::NAMES);
    guard.finish()?;
    token(state, call)?;
    let status = Status::called(&status).filter(|status| *status != Status::Active);
    let status = status.ok_or_else(|| refusal(400, "one_time_token.cannot_reactivate_token"))?;
    let known = place(state, call).and_then(|place| state.store.one_time_tokens.get_mut(place));
    known.ok_or_else(not_found)?.set_status(status);
    show(state, call)
}

/// DELETE `/api/one-time-tokens/{id}`.
fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    let place = place(state, call);
    require(place.is_some(), not_found)?;
    state.store.one_time_tokens.retain(|token| token.id != call.param("id"));
    Ok(Reply::empty(204))
}
