//! `MockLogto` against the answers of a real Logto, and against itself.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may assume")]

mod backchannel;
mod control;
mod custom_claims;
mod exchange;
mod faults;
mod pages;
mod permissions;
mod recorded;
mod recording;
mod replay;
mod support;
mod tokens;
