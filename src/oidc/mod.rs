//! OpenID Connect as Logto speaks it.

pub(crate) mod authorize;
pub(crate) mod callback;
pub(crate) mod discovery;
pub(crate) mod logout;
pub(crate) mod token;
pub(crate) mod user_info;
