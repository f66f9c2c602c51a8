//! What everybody may know of the account center.

use crate::testing::mock::{messages::reply::Reply, state::State};

/// GET `/api/.well-known/account-center`.
pub(crate) fn center(state: &State) -> Reply {
    Reply::json(200, &state.directory.account_center.public())
}
