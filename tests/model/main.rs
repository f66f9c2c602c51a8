//! Random histories against small models: a session in its cookies, refreshes of many instances at once, and what ends a
//! session in copies, slow responses, stores, formats and wrong clocks.
//!
//! A history is made from its seed alone: the runtime has one thread and a clock that stands still while anything is to be done, so each
//! wait has its place. `LOGTO_TEST_HISTORIES=100000 cargo nextest run --test model` makes more of them; a failure names its seed, and
//! `LOGTO_TEST_SEED` plays that one again.

// A test has no outside, and may assume.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

#[path = "../it/coordinator.rs"]
#[allow(dead_code, reason = "the other test binaries use the rest")]
mod coordinator;
mod dice;
mod endings;
mod provider;
mod refresh;
mod session;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use dice::Dice;

/// Plays a history for each seed.
fn histories(usual: u64, play: impl AsyncFn(Dice)) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds = match number("LOGTO_TEST_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LOGTO_TEST_HISTORIES").unwrap_or(usual),
    };
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(play(Dice::new(seed)))));
        if let Err(panic) = outcome {
            eprintln!("LOGTO_TEST_SEED={seed} plays this history again");
            resume_unwind(panic);
        }
    }
}
