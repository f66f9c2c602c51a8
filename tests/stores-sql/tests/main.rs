//! The adapter for tower-sessions stores, on real databases.

// A test has no outside, and may assume.
#![allow(unreachable_pub, dead_code)]

#[path = "../../it/stores/life.rs"]
mod life;
mod postgres;
mod server;
mod sqlite;
#[path = "../../it/support.rs"]
mod support;
