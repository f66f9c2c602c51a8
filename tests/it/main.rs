//! The crate from outside, against a Logto in the process. One binary, so that it links once.

// A test has no outside, and may assume.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::format_push_string, clippy::type_complexity, clippy::too_many_lines)]

mod altered;
mod content_encoding;
mod document_lifetimes;
#[path = "../scenarios/jar.rs"]
#[allow(dead_code, reason = "the scenarios use the rest")]
mod jar;
mod redirect_uris;
mod retry_after;
mod revocation_retry;
mod support;

mod accepted_algorithms;
mod access_denied;
#[cfg(feature = "account")]
mod account;
#[cfg(feature = "actix-web")]
mod actix_web;
mod anonymous_input;
mod api_client;
mod app_data;
mod app_state;
mod asked;
mod axum;
mod back_channel;
mod bad_input;
mod bare;
mod base_path;
mod claims_age;
mod clear_site_data;
mod clear_text;
#[cfg(unix)]
mod cli;
mod clock_ahead;
mod config_getters;
mod config_problems;
mod configuration_mistakes;
mod cookie_settings;
mod cookies_of_one_name;
mod coordinator;
mod counted_store;
mod current_client;
mod diagnose;
mod discovery_members;
mod double_callback;
mod ended_sessions;
mod endings;
mod examples;
mod flow;
mod forge;
mod form_post;
mod frameworks;
mod gate;
mod glob_import;
mod guards;
mod hang_ups;
mod hanging_store;
mod host_settings;
mod hostile_texts;
mod hosts;
mod hosts_with_settings;
mod http_browser;
mod idle_connections;
mod instances;
mod jose;
mod leaks;
mod lifetimes;
mod listed_session_events;
mod listed_sessions;
mod login_initiation;
mod logs;
mod machine;
#[cfg(feature = "management")]
mod management;
#[cfg(feature = "metrics")]
mod metrics;
mod mistakes;
mod next;
mod oidc_provider;
mod on_behalf_of;
#[cfg(all(feature = "actix-web", feature = "rocket"))]
mod one_session;
#[cfg(feature = "utoipa")]
mod openapi;
mod organizations;
mod own_pages;
mod own_routes;
mod parity;
mod reauthentication;
mod required_revocations;
mod second_sign_in;
#[rustfmt::skip]
#[allow(unused_imports, reason = "that they can be imported is the test")]
mod parity_paths;
mod page_headers;
mod pending_sign_in;
mod pending_sign_ins;
mod plain_http;
mod port;
mod ports;
mod processes;
#[cfg(feature = "protected-app")]
mod protected_app;
mod pushed_requests;
mod recorded;
mod redis;
mod redis_server;
mod refresh;
mod refreshed_login;
mod refused_organization;
mod refused_pages;
mod resource_server;
#[cfg(feature = "rocket")]
mod rocket;
mod scripts;
mod secure_prefix;
mod security_events;
mod security_rows;
mod settings;
mod shared_provider;
mod shared_traits;
mod sign_in_destination;
mod sign_in_hook;
mod sign_out_hint;
mod signed_in;
mod signed_user_info;
mod silent_sign_in;
mod skipped;
mod skipping;
mod slow_body;
mod spans;
mod stacks;
mod standards;
mod step_up;
mod stores;
mod streamed;
mod strict;
mod timeouts;
mod token_for_a_resource;
mod token_for_logto;
mod unconfirmed_sign_in;
mod unmounted_routes;
mod unsent_code;
mod user_json;
mod wanted_types;
mod webhooks;
mod worker;
