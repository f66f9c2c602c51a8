//! The claims of a user or a token. One rule for all: a null, an unknown or an oddly typed member never fails.

mod access_token;
mod actor;
mod audience;
pub(crate) mod custom;
pub(crate) mod id_token;
mod lenient;
mod members;
mod registered;
mod user_data;
pub(crate) mod user_info;
mod written;

#[cfg(test)]
mod tests;

pub(crate) use self::registered::{Claim, Registered};
pub use self::{
    access_token::AccessTokenClaims,
    actor::Actor,
    audience::Audience,
    user_data::{OrganizationData, SocialIdentity},
};
pub(crate) use self::{id_token::IdTokenClaims, user_info::UserInfo};
