//! What the benchmarks share: the things that are measured, ready to be called.

mod api;
mod delivery;
mod site;
mod user;

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

pub use self::{
    api::{MORE_THAN_REMEMBERED, RESOURCE, SCOPE, World, header, point, signed_parts},
    delivery::Delivery,
    site::{Browser, Site},
    user::{Floor, User},
};

/// The outcome of a future that has nothing to wait for, without a runtime.
pub fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it waits for something"),
    }
}
