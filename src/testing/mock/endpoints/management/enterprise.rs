//! Enterprise connectors. There is none here.

use super::{Call, Route, paging::page_if_asked};
use crate::testing::mock::{
    endpoints::account::refusal::{Answer, not_there},
    state::State,
};

pub(super) const ROUTES: &[Route] = &[("GET", "sso-connectors", list), ("GET", "sso-connectors/:id", show)];

/// GET `/api/sso-connectors`.
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    page_if_asked(state, call, [])
}

/// GET `/api/sso-connectors/{id}`.
fn show(_: &mut State, call: &Call<'_>) -> Answer {
    Err(not_there("sso_connectors", call.param("id")))
}
