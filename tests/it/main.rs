//! The crate from outside, against a Logto in the process. One binary, so that it links once.

#![allow(unreachable_pub)] // A test has no outside.

mod support;

mod axum;
mod bad_input;
mod flow;
mod forge;
mod logs;
mod oidc_provider;
mod recorded;
mod refresh;
