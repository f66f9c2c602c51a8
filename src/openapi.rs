//! For documents of OpenAPI that [utoipa](https://docs.rs/utoipa) makes, whatever the framework: what errors of this crate look like, and how a
//! request says who sends it.
//!
//! ```
//! use logto::{LogtoClient, openapi::SecuritySchemes};
//! use utoipa::{Modify, OpenApi};
//!
//! #[utoipa::path(
//!     get,
//!     path = "/books",
//!     responses((status = 200, body = Vec<String>), logto::Error),
//!     security(("logto_bearer_token" = ["read:books"])),
//! )]
//! async fn books() {}
//!
//! #[derive(OpenApi)]
//! #[openapi(paths(books), components(schemas(logto::Error)))]
//! struct Document;
//!
//! fn document(logto: &LogtoClient) -> utoipa::openapi::OpenApi {
//!     let mut document = Document::openapi();
//!     SecuritySchemes::new().bearer_token().session_cookie(logto).modify(&mut document);
//!     document
//! }
//! ```
//!
//! [`Error`](crate::Error) is among the `responses` of a path whose handler takes a guard or an extractor of this crate, or returns the error.

mod error;
mod security;

pub use self::security::SecuritySchemes;
