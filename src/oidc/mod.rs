//! OpenID Connect as Logto speaks it: the only part of the crate that reaches the network or judges a token.

pub(crate) mod cached;
pub(crate) mod claims;
pub(crate) mod id_token;
pub(crate) mod jwk;
pub(crate) mod jwks;
pub(crate) mod jws;

#[cfg(test)]
mod test_support;
