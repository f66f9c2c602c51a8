//! The sessions of a user, as a page like "Where you are signed in" shows them.
//!
//! [`RequestSession::own_sessions`](crate::RequestSession::own_sessions) lists them, [`end_own_session`](crate::RequestSession::end_own_session) ends one
//! and [`revoke_others`](crate::RequestSession::revoke_others) all but the present one. An operator has
//! [`LogtoClient::sessions_of`](crate::LogtoClient::sessions_of) and [`end_session_of`](crate::LogtoClient::end_session_of). It takes a store that lists:
//! [`SessionStore::list`](crate::store::SessionStore::list).

pub use crate::{client::ListedSession, types::Device};
