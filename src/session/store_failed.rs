//! The error of a store that cannot be asked, and the event that tells of it.

use super::settings::CookieSettings;
use crate::{
    error::{BoxError, Code, Error},
    events::EventKind,
};

/// `store.failed`, with what could not be done, for the session store.
pub(super) fn store_failed(settings: &CookieSettings, message: impl Into<String>) -> impl FnOnce(BoxError) -> Error {
    failed(EventKind::StoreFailed, settings, message)
}

/// The same for the revocation store.
pub(super) fn revocation_store_failed(
    settings: &CookieSettings,
    message: impl Into<String>,
) -> impl FnOnce(BoxError) -> Error {
    failed(EventKind::RevocationStoreFailed, settings, message)
}

fn failed(kind: EventKind, settings: &CookieSettings, message: impl Into<String>) -> impl FnOnce(BoxError) -> Error {
    move |source| {
        let event = kind.event().client_id(settings.keys.app_id());
        event.reason(Code::StoreFailed.as_str()).cause(&source).write();
        Error::new(Code::StoreFailed, message).with_source(source).told_by_event()
    }
}
