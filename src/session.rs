//! Sessions: loaded once, changed as a value, and committed once if changed.

mod app_data;
mod candidates;
mod chunks;
mod compress;
mod cookies;
mod data;
mod derived_id;
mod ended;
mod expiry;
mod format;
mod largest;
mod lazy;
mod lifetime;
mod limits;
mod listing;
mod loaded;
pub(crate) mod logout_tokens;
mod next;
mod opened;
mod own_cookies;
mod packed;
mod pending;
mod persist;
mod refused;
mod remembered;
mod retry;
pub(crate) mod revocation;
mod seal;
mod settings;
mod store_failed;
mod stored_copy;
mod transaction;
mod wire;

pub(crate) use self::{
    app_data::AppData,
    data::{SessionData, StoredAccessToken, Subject},
    derived_id::{shown_id, sign_in_id},
    ended::{EndedSessions, end_session, is_over},
    listing::sessions_of,
    loaded::{LoadedSession, has_transaction},
    next::next_cookie::NextCookie,
    own_cookies::{CookieAttributes, OwnCookies, without_prefix},
    packed::Jwt,
    seal::Keys,
    settings::{CookieSettings, SIGN_IN_TIMEOUT_SECONDS, Stores},
    stored_copy::StoredCopy,
    transaction::{Hints, Silent, Transaction},
};
pub use self::{
    cookies::{Cookies, HeaderCookies},
    format::SessionFormat,
    lifetime::SessionLifetime,
};

#[cfg(test)]
mod tests;
