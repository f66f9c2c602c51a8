//! The crate from outside, against a Logto in the process. One binary, so that it links once.

// A test has no outside, and may assume.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::format_push_string, clippy::type_complexity, clippy::too_many_lines)]

mod support;

#[cfg(feature = "actix-web")]
mod actix_web;
mod api_client;
mod axum;
mod back_channel;
mod bad_input;
mod bare;
mod coordinator;
mod diagnose;
mod ended_sessions;
mod examples;
mod flow;
mod forge;
mod form_post;
mod instances;
mod jose;
mod leaks;
mod login_initiation;
mod logs;
mod machine;
mod mistakes;
mod next;
mod oidc_provider;
mod organizations;
mod parity;
#[rustfmt::skip]
#[allow(unused_imports, reason = "that they can be imported is the test")]
mod parity_paths;
mod processes;
mod recorded;
mod redis;
mod redis_server;
mod refresh;
mod resource_server;
#[cfg(feature = "rocket")]
mod rocket;
mod step_up;
mod stores;
