//! Requests and replies as plain values, and what they are made of.

pub(super) mod delivery;
pub(super) mod endpoint;
pub(super) mod error;
pub(in super::super) mod html;
pub(super) mod ordered;
pub(super) mod reply;
pub(super) mod request;
pub(super) mod respond;
pub(super) mod screens;
