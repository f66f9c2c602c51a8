//! Members of answers: one that is of another type than expected is as good as absent.

use std::time::SystemTime;

use cookie::time::{OffsetDateTime, format_description::well_known::Rfc3339};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::clock;

/// For `deserialize_with`, with `default`.
pub(crate) fn loose<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// A list; what does not fit in it is left out.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(items) => items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect(),
        _ => Vec::new(),
    })
}

/// Milliseconds since 1970.
pub(crate) fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    Ok(whole(&Value::deserialize(deserializer)?).map(clock::date_of_milliseconds))
}

/// A date as text (RFC 3339).
pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().and_then(time_of))
}

/// The time that a date as text names.
pub(crate) fn time_of(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(Into::into)
}

/// A whole number, written as one or as a float.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(clock::whole_part))
}

/// Seconds since 1970.
pub(crate) fn seconds(value: &Value) -> Option<SystemTime> {
    whole(value).map(clock::date)
}

/// Words that spaces separate.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
