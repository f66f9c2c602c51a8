//! The relying-party tests of the OpenID Foundation's certification, as a suite of our own: one test for each module, named after it, against
//! the program of `examples/certification_rp.rs`. `docs/certification.md` has the list.
//!
//! Each module plays the suite's side from its written description, and judges by what the suite sees: the requests that come. It runs twice:
//! against ours (`ours::…`), which passes, and against a naive relying party (`naive::…`), which fails, and for the right reason. So no
//! module passes by itself.
//!
//! `cargo nextest run --all-features --test certification`

// A test has no outside, and may assume.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice, clippy::print_stderr, clippy::struct_field_names, clippy::format_collect)]

// The browser of the scenarios, which does more than is needed here.
#[allow(dead_code)]
#[path = "../scenarios/browser.rs"]
mod browser;
#[allow(dead_code)]
#[path = "../scenarios/jar.rs"]
mod jar;
#[allow(dead_code)]
#[path = "../scenarios/page.rs"]
mod page;
#[path = "../it/plain_http.rs"]
mod plain_http;
#[path = "../it/port.rs"]
mod port;
#[allow(dead_code)]
#[path = "../scenarios/program.rs"]
mod program;

mod naive;
mod op;
#[macro_use]
mod suite;

mod back_channel_logout;
#[macro_use]
mod basic;
mod config;
mod form_post;
mod list;
mod refresh_token;
mod rp_initiated_logout;
mod third_party_initiated_login;
