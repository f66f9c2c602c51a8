//! Secrets of an application.

use super::{SECRET_LETTERS, app, app_mut};
use crate::testing::mock::{
    directory::{AppSecret, claims::millis},
    endpoints::{
        account::{
            call::require,
            guard::{Guard, Rule},
            refusal::{Answer, no_such, not_found, refusal, senseless},
        },
        management::Call,
    },
    messages::{
        ordered::{list as json_list, object, text},
        reply::Reply,
    },
    state::{State, ids::random_letters},
};

fn shown(app: &str, secret: &AppSecret) -> String {
    object([
        ("tenantId", text("default")),
        ("applicationId", text(app)),
        ("name", text(&secret.name)),
        ("value", text(secret.value.expose())),
        ("createdAt", millis(secret.created_at).to_string()),
        ("expiresAt", secret.expires_at.map_or_else(|| "null".to_owned(), |end| millis(Some(end)).to_string())),
    ])
}

/// GET `/api/applications/{id}/secrets`.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let app = app(state, call.param("id"))?;
    Ok(Reply::json_text(200, json_list(app.secrets.iter().map(|secret| shown(&app.id, secret)))))
}

/// POST `/api/applications/{id}/secrets`.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text("name", Rule::NotEmpty);
    let expires_at = guard.optional_time("expiresAt");
    guard.finish()?;
    let now = state.now();
    let is_ahead = expires_at.is_none_or(|end| end > now);
    require(is_ahead, || senseless("The value of `expiresAt` must be in the future."))?;
    let app = app_mut(state, call.param("id"))?;
    let taken = app.secrets.iter().any(|secret| secret.name == name);
    require(!taken, || refusal(422, "application.secret_name_exists"))?;
    let value = random_letters(SECRET_LETTERS)?.into();
    let secret = AppSecret { name, value, created_at: Some(now), expires_at };
    let reply = Reply::json_text(201, shown(&app.id, &secret));
    app.secrets.push(secret);
    Ok(reply)
}

/// DELETE `/api/applications/{id}/secrets/{name}`.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    let app = app_mut(state, call.param("id"))?;
    let count = app.secrets.len();
    app.secrets.retain(|secret| secret.name != call.param("name"));
    require(app.secrets.len() < count, not_found)?;
    Ok(Reply::empty(204))
}

/// PATCH `/api/applications/{id}/secrets/{name}`.
pub(super) fn rename(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text("name", Rule::NotEmpty);
    guard.finish()?;
    let app = app_mut(state, call.param("id"))?;
    let old = call.param("name");
    let taken = old != name && app.secrets.iter().any(|secret| secret.name == name);
    let id = app.id.clone();
    let secret =
        app.secrets.iter_mut().find(|secret| secret.name == old).ok_or_else(|| no_such("application_secret"))?;
    require(!taken, || refusal(422, "application.secret_name_exists"))?;
    secret.name = name;
    Ok(Reply::json_text(200, shown(&id, secret)))
}
