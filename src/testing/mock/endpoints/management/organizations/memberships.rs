//! The organizations that a user, or a machine-to-machine application, is a member of.

use super::shown::{organization_json, with_roles};
use crate::testing::mock::{
    directory::{Membership, MockDirectory},
    endpoints::{
        account::refusal::{Answer, not_found, not_there},
        management::{Call, Route, paging::page_if_asked},
    },
    messages::{ordered::list, reply::Reply},
    state::State,
};

pub(in super::super) const ROUTES: &[Route] =
    &[("GET", "users/:userId/organizations", of_user), ("GET", "applications/:id/organizations", of_application)];

fn of_user(state: &mut State, call: &Call<'_>) -> Answer {
    let user = state.directory.user(call.param("userId")).ok_or_else(not_found)?;
    Ok(Reply::json_text(200, list(shown(&state.directory, &user.memberships))))
}

fn of_application(state: &mut State, call: &Call<'_>) -> Answer {
    let id = call.param("id");
    let app = state.directory.app(id).ok_or_else(|| not_there("applications", id))?;
    page_if_asked(state, call, shown(&state.directory, &app.memberships))
}

fn shown<'a>(directory: &'a MockDirectory, memberships: &'a [Membership]) -> impl Iterator<Item = String> {
    memberships.iter().filter_map(|membership| {
        let organization = directory.organization(&membership.organization)?;
        Some(with_roles(&organization_json(organization, Vec::new()), directory, &membership.roles))
    })
}
