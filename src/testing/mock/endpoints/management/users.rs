//! Users.

mod changing;
mod creation;
mod factors;
mod grants;
mod identities;
mod listing;
mod password;
mod profile;
mod roles;
mod sessions;

pub(super) use self::listing::FIELDS;
use super::{Call, Route};
use crate::testing::mock::{
    directory::MockUser,
    endpoints::account::refusal::{Answer, not_found},
    messages::reply::Reply,
    state::{State, webhook_json::user_json},
};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "users/:userId", changing::show),
    ("GET", "users/:userId/custom-data", changing::custom_data),
    ("PATCH", "users/:userId/custom-data", changing::change_custom_data),
    ("GET", "users/:userId/logto-configs", factors::choices),
    ("PATCH", "users/:userId/logto-configs", factors::change_choices),
    ("PATCH", "users/:userId/profile", profile::change),
    ("POST", "users", creation::create),
    ("PATCH", "users/:userId", changing::change),
    ("PATCH", "users/:userId/password", password::change),
    ("POST", "users/:userId/password/verify", password::verify),
    ("GET", "users/:userId/has-password", password::is_set),
    ("PATCH", "users/:userId/is-suspended", changing::suspend),
    ("DELETE", "users/:userId", changing::delete),
    ("GET", "users", listing::list),
    ("GET", "users/:userId/roles", roles::list),
    ("POST", "users/:userId/roles", roles::add),
    ("PUT", "users/:userId/roles", roles::replace),
    ("DELETE", "users/:userId/roles/:roleId", roles::remove),
    ("PUT", "users/:userId/identities/:target", identities::put),
    ("POST", "users/:userId/identities", identities::link),
    ("DELETE", "users/:userId/identities/:target", identities::remove),
    ("GET", "users/:userId/identities/:target", identities::show),
    ("GET", "users/:userId/all-identities", identities::all),
    ("GET", "users/:userId/sso-identities/:ssoConnectorId", identities::enterprise),
    ("GET", "users/:userId/mfa-verifications", factors::list),
    ("POST", "users/:userId/mfa-verifications", factors::add),
    ("DELETE", "users/:userId/mfa-verifications/:verificationId", factors::remove),
    ("GET", "users/:userId/sessions", sessions::list),
    ("GET", "users/:userId/sessions/:sessionId", sessions::show),
    ("DELETE", "users/:userId/sessions/:sessionId", sessions::end),
    ("GET", "users/:userId/grants", grants::list),
    ("DELETE", "users/:userId/grants/:grantId", grants::end),
    ("GET", "dashboard/users/total", listing::total),
];

/// The user that the path names.
pub(super) fn user<'a>(state: &'a State, call: &Call<'_>) -> Answer<&'a MockUser> {
    state.directory.user(call.param("userId")).ok_or_else(not_found)
}

/// The same, who is about to be changed.
pub(super) fn user_mut<'a>(state: &'a mut State, call: &Call<'_>) -> Answer<&'a mut MockUser> {
    let now = state.now();
    let user = state.directory.user_mut(call.param("userId")).ok_or_else(not_found)?;
    user.updated_at = Some(now);
    Ok(user)
}

/// The user as an answer shows it.
fn shown(state: &State, call: &Call<'_>) -> Answer {
    Ok(Reply::json_text(200, user_json(user(state, call)?, true)))
}
