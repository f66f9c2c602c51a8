//! `MockLogto` against the answers of a real Logto, and against itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may assume")]

mod backchannel;
mod control;
mod faults;
mod pages;
mod recorded;
mod replay;
mod support;
mod tokens;
