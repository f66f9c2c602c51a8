//! Requests to Logto's own REST API, below `/api`: addresses, JSON in and out, and what it says where it refuses.

mod address;
pub(crate) mod lenient;
mod refusal;
#[cfg(feature = "account")]
mod request;

pub(crate) use self::address::ApiPath;
#[cfg(feature = "management")]
pub(crate) use self::address::base_url;
pub use self::refusal::Refusal;
#[cfg(feature = "management")]
pub(crate) use self::refusal::has_type;
pub(crate) use self::refusal::is_page;
#[cfg(feature = "account")]
pub(crate) use self::request::{ApiBody, ApiRequest, read, send};
