//! The error of a store that cannot be asked.

use crate::error::{BoxError, Code, Error};

/// `store.failed`, with what could not be done.
pub(super) fn store_failed(message: impl Into<String>) -> impl FnOnce(BoxError) -> Error {
    move |source| Error::new(Code::StoreFailed, message).with_source(source)
}
