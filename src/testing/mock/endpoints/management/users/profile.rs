//! What else a profile has.

use serde_json::{Map, Value};

use super::{user, user_mut};
use crate::testing::mock::{
    directory::profile::PROFILE,
    endpoints::{
        account::{
            guard::{Guard, Rule},
            refusal::Answer,
        },
        management::Call,
    },
    messages::{
        ordered::{object, stored},
        reply::Reply,
    },
    state::State,
};

/// PATCH `/api/users/{id}/profile`: the members given, beside those there are.
pub(super) fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let profile = guard.nested("profile", members);
    guard.finish()?;
    user_mut(state, call)?.extend_profile(profile.unwrap_or_default());
    let members = user(state, call)?.profile().map(|(name, value)| (name, stored(value)));
    Ok(Reply::json_text(200, object(members)))
}

/// The member `profile`, if the body has it.
pub(super) fn read(guard: &mut Guard) -> Option<Map<String, Value>> {
    if guard.members().contains_key("profile") { guard.nested("profile", members) } else { None }
}

fn members(guard: &mut Guard) -> Map<String, Value> {
    let mut profile = Map::new();
    for (_, name) in PROFILE {
        let value = match *name {
            "address" => guard.optional_object(name).map(Value::Object),
            _ => guard.optional_text(name, Rule::Any).map(Value::String),
        };
        profile.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    profile
}
