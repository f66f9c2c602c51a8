//! An age as a setting has it: whole seconds, or the word `off`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

/// An age, or none at all: the word `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaxAge(pub(crate) Option<Duration>);

/// Whole seconds, or `off`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MaxAge>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Seconds(u64),
        Word(String),
    }
    let age = match Option::<Given>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Given::Seconds(seconds)) => Some(Duration::from_secs(seconds)),
        Some(Given::Word(word)) if word == "off" => None,
        Some(Given::Word(_)) => return Err(D::Error::custom("neither seconds nor `off`")),
    };
    Ok(Some(MaxAge(age)))
}
