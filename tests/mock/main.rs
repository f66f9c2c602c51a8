//! `MockLogto` against the answers of a real Logto, and against itself.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may assume")]

mod access;
mod account;
mod account_addresses;
mod account_factors;
mod account_limits;
mod account_links;
mod account_sessions;
mod account_user;
mod backchannel;
mod control;
mod custom_claims;
mod device;
mod end_session_hint;
mod exchange;
mod faults;
mod later;
mod management;
mod management_api;
mod management_client;
mod not_replayed;
mod organization_invitations;
mod organization_members;
mod organization_provisioning;
mod organization_refusals;
mod organizations;
mod origins;
mod pages;
mod permissions;
#[path = "../it/plain_http.rs"]
mod plain_http;
mod pushed;
mod receiver;
mod recorded;
mod recording;
mod replay;
mod running;
mod support;
mod tokens;
mod webhooks;
