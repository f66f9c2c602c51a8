//! The options of the operations. All have sensible defaults.

mod context;
mod sign_in;
mod sign_out;
mod token;

pub(crate) use self::token::TokenKey;
pub use self::{context::ContextOptions, sign_in::SignInOptions, sign_out::SignOutOptions, token::TokenOptions};
