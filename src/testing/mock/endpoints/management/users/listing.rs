//! Lists of users.

use serde_json::json;

use crate::testing::mock::{
    directory::MockUser,
    endpoints::{
        account::refusal::{Answer, senseless},
        management::{
            Call,
            paging::page,
            searching::{Field, Search},
        },
    },
    messages::reply::Reply,
    state::{State, webhook_json::user_json},
};

/// What users are searched by.
pub(in super::super) const FIELDS: &[Field<MockUser>] = &[
    ("id", |user| Some(&user.id)),
    ("primary_email", |user| user.email.as_deref()),
    ("primary_phone", |user| user.phone.as_deref()),
    ("username", |user| user.username.as_deref()),
    ("name", |user| user.name.as_deref()),
];

/// GET `/api/users`, the newest first.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let value = |name| call.request.query_value(name).filter(|value| !value.is_empty());
    let (role, organization) = (value("excludeRoleId"), value("excludeOrganizationId"));
    if role.is_some() && organization.is_some() {
        let why = "Parameter `excludeRoleId` and `excludeOrganizationId` cannot be used at the same time.";
        return Err(senseless(why));
    }
    let role = role.and_then(|id| state.directory.role(id));
    let search = Search::read(call, FIELDS)?;
    let found = state.directory.users.iter().rev().filter(|user| {
        let has_role = role.is_some_and(|role| user.roles.contains(&role.name));
        let is_member = |id: &str| user.memberships.iter().any(|membership| membership.organization == id);
        search.finds(user) && !has_role && !organization.is_some_and(is_member)
    });
    page(state, call, found.map(|user| user_json(user, true)))
}

/// GET `/api/dashboard/users/total`.
#[allow(clippy::unnecessary_wraps, reason = "it is one of the handlers")]
pub(super) fn total(state: &mut State, _: &Call<'_>) -> Answer {
    Ok(Reply::json(200, &json!({ "totalUserCount": state.directory.users.len() })))
}
