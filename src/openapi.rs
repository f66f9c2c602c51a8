//! For OpenAPI documents of [utoipa](https://docs.rs/utoipa), with any framework: the errors of this crate and the security schemes of requests.
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
