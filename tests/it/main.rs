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
mod cookies_of_one_name;
mod coordinator;
mod diagnose;
mod double_callback;
mod ended_sessions;
mod endings;
mod examples;
mod flow;
mod forge;
mod form_post;
mod gate;
mod hanging_store;
mod idle_connections;
mod instances;
mod jose;
mod leaks;
mod lifetimes;
mod login_initiation;
mod logs;
mod machine;
mod mistakes;
mod next;
mod oidc_provider;
#[cfg(all(feature = "actix-web", feature = "rocket"))]
mod one_session;
mod organizations;
mod parity;
#[rustfmt::skip]
#[allow(unused_imports, reason = "that they can be imported is the test")]
mod parity_paths;
mod pending_sign_in;
mod pending_sign_ins;
mod port;
mod ports;
mod processes;
mod recorded;
mod redis;
mod redis_server;
mod refresh;
mod resource_server;
#[cfg(feature = "rocket")]
mod rocket;
mod skipped;
mod skipping;
mod step_up;
mod stores;
