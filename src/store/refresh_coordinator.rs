//! One refresh at a time over several processes.

use std::time::Duration;

use crate::{
    error::{BoxError, Result},
    types::BoxFuture,
};

/// Lets several processes run one token request at a time for a refresh token, and share its result.
///
/// Keys are hashes and values are sealed: it learns no token.
pub trait RefreshCoordinator: Send + Sync + 'static {
    /// Takes the lock `key` for at most `ttl`, after which it is free again by itself (its holder may have crashed). `None` if it is
    /// taken; else what [`unlock`](Self::unlock) needs to know its holder.
    fn lock<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>>;

    /// Gives the lock back, if `holder` still holds it.
    fn unlock<'a>(&'a self, key: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), BoxError>>;

    /// A shared value.
    fn load_result<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>>;

    /// Shares a value for `ttl`.
    fn store_result<'a>(&'a self, key: &'a str, value: &'a str, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Whether it is known to be reached over a network without encryption: warned of at the start, and refused in a strict configuration.
    fn is_in_clear_text(&self) -> bool {
        false
    }
}
