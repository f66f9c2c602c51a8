//! Personal access tokens of users, which are exchanged for access tokens.

use std::time::Duration;

use super::{Call, Route, users::user};
use crate::{
    error::Result,
    testing::mock::{
        MockLogto,
        directory::claims::millis,
        endpoints::account::{
            call::require,
            guard::{Guard, Rule},
            refusal::{Answer, no_such, not_found, refusal, senseless},
        },
        messages::{
            ordered::{list as json_list, object, text},
            reply::Reply,
        },
        state::{State, ids::random_letters, store::PersonalAccessToken},
    },
};

const LETTERS: usize = 32;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "users/:userId/personal-access-tokens", list),
    ("POST", "users/:userId/personal-access-tokens", create),
    ("DELETE", "users/:userId/personal-access-tokens/:name", delete),
    ("POST", "users/:userId/personal-access-tokens/delete", delete_named),
    ("PATCH", "users/:userId/personal-access-tokens/:name", rename),
    ("PATCH", "users/:userId/personal-access-tokens", rename_named),
];

fn shown(token: &PersonalAccessToken) -> String {
    object([
        ("tenantId", text("default")),
        ("userId", text(&token.user_id)),
        ("name", text(&token.name)),
        ("value", text(&token.value)),
        ("createdAt", millis(Some(token.created_at)).to_string()),
        ("expiresAt", token.expires_at.map_or_else(|| "null".to_owned(), |end| millis(Some(end)).to_string())),
    ])
}

/// GET `/api/users/{id}/personal-access-tokens`, the newest first.
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let id = &user(state, call)?.id;
    let own = state.store.personal_access_tokens.iter().rev().filter(|token| token.user_id == *id);
    Ok(Reply::json_text(200, json_list(own.map(shown))))
}

/// POST `/api/users/{id}/personal-access-tokens`.
fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text("name", Rule::NotEmpty);
    let expires_at = guard.optional_time("expiresAt");
    guard.finish()?;
    let created_at = state.now();
    let is_ahead = expires_at.is_none_or(|end| end > created_at);
    require(is_ahead, || senseless("The value of `expiresAt` must be in the future."))?;
    let user_id = call.param("userId").to_owned();
    require(state.directory.user(&user_id).is_some(), || refusal(404, "entity.relation_foreign_key_not_found"))?;
    require(place(state, &user_id, &name).is_none(), taken)?;
    let token = PersonalAccessToken { value: new_value()?, user_id, name, created_at, expires_at };
    let reply = Reply::json_text(201, shown(&token));
    state.store.personal_access_tokens.push(token);
    Ok(reply)
}

fn new_value() -> Result<String> {
    Ok(format!("pat_{}", random_letters(LETTERS)?))
}

fn place(state: &State, user_id: &str, name: &str) -> Option<usize> {
    state.store.personal_access_tokens.iter().position(|token| token.user_id == user_id && token.name == name)
}

fn taken() -> Reply {
    refusal(422, "user.personal_access_token_name_exists")
}

/// DELETE `/api/users/{id}/personal-access-tokens/{name}`.
fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    remove(state, call, call.param("name"))
}

/// POST `/api/users/{id}/personal-access-tokens/delete`.
fn delete_named(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text("name", Rule::Any);
    guard.finish()?;
    remove(state, call, &name)
}

fn remove(state: &mut State, call: &Call<'_>, name: &str) -> Answer {
    let place = place(state, call.param("userId"), name).ok_or_else(not_found)?;
    state.store.personal_access_tokens.remove(place);
    Ok(Reply::empty(204))
}

/// PATCH `/api/users/{id}/personal-access-tokens/{name}`.
fn rename(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let new = guard.text("name", Rule::NotEmpty);
    guard.finish()?;
    change_name(state, call, call.param("name"), new)
}

/// PATCH `/api/users/{id}/personal-access-tokens`.
fn rename_named(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let new = guard.text("name", Rule::NotEmpty);
    let old = guard.optional_text("currentName", Rule::Any);
    guard.finish()?;
    change_name(state, call, &old.unwrap_or_else(|| new.clone()), new)
}

fn change_name(state: &mut State, call: &Call<'_>, old: &str, new: String) -> Answer {
    let other = place(state, call.param("userId"), &new).filter(|_| old != new);
    let place = place(state, call.param("userId"), old).ok_or_else(|| no_such("personal_access_token"))?;
    require(other.is_none(), taken)?;
    let token = state.store.personal_access_tokens.get_mut(place).ok_or_else(not_found)?;
    token.name = new;
    Ok(Reply::json_text(200, shown(token)))
}

/// Tokens that users have.
impl MockLogto {
    /// A personal access token of a user, named by username or id. It works until it expires, if it does.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    #[allow(clippy::expect_used, reason = "a test cannot go on without the token it asks for")]
    #[must_use]
    pub fn create_personal_access_token(&self, user: &str, lifetime: Option<Duration>) -> String {
        let mut state = self.shared.state();
        let user_id = state.directory.user_called(user).expect("there is such a user").id.clone();
        let (created_at, expires_at) = (state.now(), lifetime.map(|lifetime| state.after(lifetime)));
        let value = new_value().expect("the system gives random bytes");
        // The value makes the name another than those there are.
        let token = PersonalAccessToken { name: format!("of {value}"), value, user_id, created_at, expires_at };
        let value = token.value.clone();
        state.store.personal_access_tokens.push(token);
        value
    }
}
