//! An API that takes access tokens, from outside.

#[cfg(feature = "actix-web")]
mod actix_web;
mod axum;
pub mod cases;
mod flow;
mod list;
mod metadata;
mod neutral;
mod over_http;
#[cfg(feature = "rocket")]
mod rocket;
