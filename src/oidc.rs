//! OpenID Connect as Logto speaks it: the requests, and the judgement of tokens.

pub(crate) mod alg;
pub(crate) mod algorithms;
pub(crate) mod authorize;
pub(crate) mod cached;
pub(crate) mod callback;
#[cfg(feature = "cli")]
pub(crate) mod device;
pub(crate) mod discovery;
pub(crate) mod id_token;
pub(crate) mod jwk;
pub(crate) mod jwks;
pub(crate) mod jws;
pub(crate) mod logout;
pub(crate) mod logout_token;
pub(crate) mod provider;
pub(crate) mod pushed;
pub(crate) mod token;
pub(crate) mod user_info;

#[cfg(test)]
mod test_support;
#[cfg(test)]
pub(crate) use self::test_support::{fixture, with, without};
