//! How members of claims are written: as they are read, which for a time is a number.

use std::time::SystemTime;

use serde::{Serialize, Serializer};

use super::Audience;
use crate::clock;

/// A type of a member, as JSON has it.
pub(super) trait Written {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// RFC 7519 section 2: seconds since 1970.
impl Written for SystemTime {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(clock::date_seconds(*self))
    }
}

macro_rules! written_by_serde {
    ($($type:ty),*) => {$(
        impl Written for $type {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }
        }
    )*};
}

written_by_serde!(bool, String, Audience);

/// For `serialize_with`.
pub(super) fn required<T: Written, S: Serializer>(member: &T, serializer: S) -> Result<S::Ok, S::Error> {
    member.write(serializer)
}

/// For `serialize_with` of a member that is left out where it is none.
#[expect(clippy::ref_option)] // serde gives it so.
pub(super) fn optional<T: Written, S: Serializer>(member: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match member {
        Some(member) => member.write(serializer),
        None => serializer.serialize_none(),
    }
}

/// Logto's own dates of a user: milliseconds since 1970.
pub(super) mod milliseconds {
    use super::{Serializer, SystemTime, clock};
    use crate::claims::lenient;

    #[expect(clippy::ref_option)] // serde gives it so.
    pub(in super::super) fn serialize<S: Serializer>(
        date: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.serialize_i64(clock::date_milliseconds(*date)),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        lenient::optional::<D, i64>(deserializer).map(|date| date.map(clock::date_of_milliseconds))
    }
}
