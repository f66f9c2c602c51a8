//! A value of the application's as JSON: it travels with a sign-in, or is kept in a session.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Code, Error, Result},
    secret::Secret,
};

/// Bytes of JSON that travel with a sign-in. Its cookie is sent with every request until the sign-in ends, and a browser may have several.
pub(crate) const MAX_APP_STATE_BYTES: usize = 512;
/// Bytes of JSON that are kept in a session, whose cookie is sent with every request.
pub(crate) const MAX_DATA_BYTES: usize = 1024;

/// JSON of the application's. It may hold what nobody is to read: an invitation, say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppJson(Secret);

impl AppJson {
    /// What `value` is as JSON. The error is a message that calls it `what`, and has nothing of the value.
    pub(crate) fn of<T: Serialize + ?Sized>(
        what: &str,
        value: &T,
        most: usize,
    ) -> std::result::Result<Self, AppJsonError> {
        let Ok(json) = serde_json::to_string(value).map(Secret::new) else {
            return Err(AppJsonError::Unwritable(format!(
                "{what} cannot be written as JSON: the type's `Serialize` fails"
            )));
        };
        match json.expose().len() {
            size if size > most => {
                Err(AppJsonError::TooLarge(format!("{what} has {size} bytes as JSON, and {most} is the most")))
            }
            _ => Ok(Self(json)),
        }
    }

    /// What was written before.
    pub(crate) fn from_written(json: &str) -> Self {
        Self(Secret::new(json))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.expose()
    }

    /// The value.
    ///
    /// # Errors
    /// `session.data_unexpected`, without what the value is.
    pub(crate) fn read<T: DeserializeOwned>(&self, what: &str) -> Result<T> {
        serde_json::from_str(self.as_str())
            .map_err(|_| Error::new(Code::DataUnexpected, format!("{what} is not of the type that was asked for")))
    }
}

/// Why a value is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AppJsonError {
    TooLarge(String),
    Unwritable(String),
}

impl AppJsonError {
    /// As an error of this code where it is too large.
    pub(crate) fn with_code(self, too_large: Code) -> Error {
        match self {
            Self::TooLarge(message) => Error::new(too_large, message),
            Self::Unwritable(message) => Error::new(Code::InvalidOption, message),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_value_is_taken_up_to_its_limit_in_bytes_of_json() {
        let fits = "x".repeat(10);
        assert_eq!(AppJson::of("it", &fits, 12).unwrap().read::<String>("it").unwrap(), fits);
        let error = AppJson::of("it", &fits, 11).unwrap_err();
        assert_eq!(error, AppJsonError::TooLarge("it has 12 bytes as JSON, and 11 is the most".to_owned()));
        assert_eq!(error.with_code(Code::DataTooLarge).code(), "session.data_too_large");
    }

    #[test]
    fn a_value_that_is_no_json_is_an_error_of_the_caller() {
        let error = AppJson::of("it", &BTreeMap::from([((1, 2), 3)]), 100).unwrap_err();
        assert_eq!(error.with_code(Code::DataTooLarge).code(), "options.invalid");
    }

    #[test]
    fn an_error_of_reading_does_not_tell_the_value() {
        let error = AppJson::from_written("\"SENTINEL\"").read::<u32>("it").unwrap_err();
        assert_eq!(error.code(), "session.data_unexpected");
        assert!(!format!("{error:?}").contains("SENTINEL"));
    }
}
