//! The Management API: its routes, on the same data that sign-in uses.
//!
//! Where no recording shows an answer, it is that of Logto's description of the API (`management.openapi.json`) and of its source.

pub(super) mod access;
mod applications;
mod enterprise;
mod holding;
mod one_time_tokens;
mod organizations;
mod paging;
mod personal_access_tokens;
mod resources;
mod roles;
mod searching;
mod subject_tokens;
mod telling;
mod users;

use self::access::turned_away;
use super::{
    account::refusal::Answer,
    path::{Params, params},
};
use crate::testing::mock::{
    messages::{reply::Reply, request::RecordedRequest},
    state::State,
};

/// What answers a request to a route.
pub(crate) type Handler = fn(&mut State, &Call<'_>) -> Answer;

/// Method, path below `/api`, and handler. A segment that begins with `:` stands for one of any value.
pub(crate) type Route = (&'static str, &'static str, Handler);

/// Each part of the API has a table. An earlier table, and in a table an earlier line, comes first.
const TABLES: &[&[Route]] = &[
    organizations::ROUTES,
    organizations::members::ROUTES,
    organizations::member_roles::ROUTES,
    organizations::jit::ROUTES,
    organizations::memberships::ROUTES,
    organizations::roles::ROUTES,
    organizations::role_permissions::ROUTES,
    organizations::scopes::ROUTES,
    organizations::invitations::ROUTES,
    users::ROUTES,
    personal_access_tokens::ROUTES,
    roles::ROUTES,
    resources::ROUTES,
    applications::ROUTES,
    one_time_tokens::ROUTES,
    subject_tokens::ROUTES,
    enterprise::ROUTES,
];

/// A request to a route, by a client that may make it.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a RecordedRequest,
    /// The path of the table.
    route: &'static str,
    params: Params,
}

impl Call<'_> {
    /// What stands in the path in the place of `:name`, decoded.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Whether the query says `true` or the like.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.request.query_value(name).is_some_and(|value| matches!(value, "true" | "1" | "yes" | "y" | "on"))
    }
}

/// Anything under `/api` that is no other API's: a client that may not call it does not learn what is there.
pub(crate) fn api(state: &mut State, request: &RecordedRequest) -> Reply {
    if let Some(refusal) = turned_away(state, request) {
        return refusal;
    }
    state.directory.define_roles();
    let routes = || TABLES.iter().copied().flatten();
    let here =
        || routes().filter_map(|(method, route, handler)| Some((*method, *route, *handler, params(request, route)?)));
    let method = if request.method() == "HEAD" { "GET" } else { request.method() };
    let Some((_, route, handler, params)) = here().find(|(known, ..)| *known == method) else {
        return no_route(here().map(|(method, ..)| method));
    };
    let call = Call { request, route, params };
    let reply = handler(state, &call).unwrap_or_else(|refusal| refusal);
    telling::tell(state, &call, &reply);
    reply
}

/// 404, or 405 with the methods that the path has (`90-management/auth/11-unknown-method.json`).
fn no_route(known: impl Iterator<Item = &'static str>) -> Reply {
    let mut methods = Vec::new();
    for method in known.flat_map(|method| if method == "GET" { vec!["HEAD", "GET"] } else { vec![method] }) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    match methods.is_empty() {
        true => Reply::text(404, "Not Found"),
        false => Reply::text(405, "Method Not Allowed").header("allow", methods.join(", ")),
    }
}
