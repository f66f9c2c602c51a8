//! Sessions that were ended, over several processes.

use std::{
    future::ready,
    time::{Duration, SystemTime},
};

use crate::{
    error::{BoxError, Result},
    types::BoxFuture,
};

/// Records which sessions were ended, for sessions in cookies, which the server cannot delete.
///
/// What cannot be read or kept as it should be counts as ended: a time that is too late for the store becomes the latest that it can keep.
/// All methods may be called at once, for the same key, from several processes. `testing::revocation_conformance` checks a store of your own.
pub trait RevocationStore: Send + Sync + 'static {
    /// All sessions of `key` that began at `cutoff` or before are over. May be forgotten after `ttl`, when the last of them has expired. Of
    /// several calls for one key the latest `cutoff` stays, for the longest `ttl`.
    fn record<'a>(&'a self, key: &'a str, cutoff: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>>;

    /// The latest `cutoff` of any of `keys`.
    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>>;

    /// Takes `key` for `ttl`, in one step: of many calls at once exactly one gives `true`. `false` where it is taken, and where it was
    /// [`record`](Self::record)ed and not forgotten. `record` keeps a taken key for longer.
    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>>;

    /// Gives a key back, so that it can be taken again. One that is not there is no error.
    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>>;

    /// What may harm what it remembers, in sentences for an operator: [`LogtoClient::diagnose`](crate::LogtoClient::diagnose) tells them.
    /// Default: nothing.
    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    /// Whether it is known to be reached over a network without encryption: warned of at the start, and refused in a strict configuration.
    fn is_in_clear_text(&self) -> bool {
        false
    }
}
