//! Sessions: loaded once, changed as a value, committed once, and only if changed.

mod bounded;
mod breaker;
mod candidates;
mod chunks;
mod compress;
pub(crate) mod cookies;
mod data;
mod derived_id;
mod ended;
mod expiry;
mod format;
mod largest;
mod lifetime;
mod limits;
mod loaded;
pub(crate) mod logout_tokens;
pub(crate) mod memory;
mod next;
mod opened;
mod own_cookies;
mod packed;
mod pending;
mod persist;
#[cfg(feature = "redis")]
pub(crate) mod redis;
mod retry;
pub(crate) mod revocation;
pub(crate) mod revocation_keys;
mod seal;
mod settings;
pub(crate) mod store;
mod store_failed;
mod stored_copy;
#[cfg(feature = "tower-sessions")]
pub(crate) mod tower_sessions;
mod transaction;
mod wire;

pub(crate) use self::{
    data::{SessionData, StoredAccessToken, Subject},
    derived_id::sign_in_id,
    ended::{EndedSessions, end_session, is_over},
    loaded::{LoadedSession, has_transaction},
    next::NextCookie,
    packed::Jwt,
    seal::Keys,
    settings::{CookieSettings, SIGN_IN_TIMEOUT_SECONDS, Stores},
    stored_copy::StoredCopy,
    transaction::{Silent, Transaction},
};
pub use self::{format::SessionFormat, lifetime::SessionLifetime};
pub(crate) use crate::store::bounded::Bounded;

#[cfg(test)]
mod tests;
