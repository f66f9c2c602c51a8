//! The tokens that the server issues, and what they are good for.

pub(super) mod access;
pub(super) mod id_token;
pub(super) mod logout_token;
pub(super) mod permissions;
pub(super) mod refresh_token;
pub(super) mod response;
pub(super) mod totp;
