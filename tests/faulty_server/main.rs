//! Logto, or whoever answers in its place, at its worst: each call ends, with an error of its own, and nobody is signed out.
//!
//! `table.rs` tries every fault at every endpoint; the table itself is in `docs/testing.md`, which is compared with what is tried.

// A test has no outside, and may assume.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "the counts")]
#![allow(clippy::too_many_lines, clippy::type_complexity)]

#[path = "../it/plain_http.rs"]
mod plain_http;
#[path = "../it/port.rs"]
#[allow(dead_code, reason = "the other test binaries use the rest")]
mod port;
#[path = "../it/support.rs"]
#[allow(dead_code, reason = "the other test binaries use the rest")]
mod support;

mod bodies;
mod detour;
mod faults;
mod rotation;
mod skew;
mod table;
mod tls;
mod wire;
mod world;
