//! Reads a JSON value of any type straight from the parser, with no `serde_json::Value` between: the claims of a user in a hundred
//! organizations are read for every request.

use std::{collections::BTreeMap, fmt, time::SystemTime};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::clock;

/// A member that is left out when it is null or of another type than expected.
pub(super) fn optional<'de, D: Deserializer<'de>, T: FromLoose>(deserializer: D) -> Result<Option<T>, D::Error> {
    Loose::deserialize(deserializer).map(T::from_loose)
}

/// A list of text; what is not text in it is left out, and what is not a list is an empty one.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Loose::deserialize(deserializer).map(|loose| match loose {
        Loose::List { texts, .. } => texts,
        _ => Vec::new(),
    })
}

/// An object with members of its own, left out when it is null or of another shape. It is rare enough to be read through a `Value`.
pub(super) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(serde_json::Value::deserialize(deserializer)?).ok())
}

/// A list of such objects; those of another shape are left out, and what is not a list is an empty one.
pub(super) fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Array(items) => {
            items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect()
        }
        _ => Vec::new(),
    })
}

/// Such objects by name; those of another shape are left out, and what is no object is none.
pub(super) fn objects_by_name<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, T>>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Object(members) => {
            let read = |(name, value)| Some((name, serde_json::from_value(value).ok()?));
            Some(members.into_iter().filter_map(read).collect())
        }
        _ => None,
    })
}

/// A member that must be of its type.
pub(super) fn required<'de, D: Deserializer<'de>, T: FromLoose>(deserializer: D) -> Result<T, D::Error> {
    optional(deserializer)?.ok_or_else(|| D::Error::custom(format_args!("a required claim is not {}", T::EXPECTED)))
}

/// A JSON value, as far as a claim can use it.
#[derive(Debug)]
pub(super) enum Loose {
    Null,
    Bool(bool),
    Integer(i64),
    Text(String),
    /// The text in a list, and whether there was nothing else in it.
    List {
        texts: Vec<String>,
        only_texts: bool,
    },
    Object,
}

/// A type that can be taken from a JSON value, where that value is of it.
pub(super) trait FromLoose: Sized {
    const EXPECTED: &str;
    fn from_loose(loose: Loose) -> Option<Self>;
}

macro_rules! from_loose {
    ($($type:ty, $variant:ident, $expected:literal;)*) => {$(
        impl FromLoose for $type {
            const EXPECTED: &str = $expected;
            fn from_loose(loose: Loose) -> Option<Self> {
                match loose { Loose::$variant(value) => Some(value), _ => None }
            }
        }
    )*};
}

from_loose! {
    bool, Bool, "true or false";
    i64, Integer, "a number";
    String, Text, "text";
}

/// RFC 7519 section 2: seconds since 1970.
impl FromLoose for SystemTime {
    const EXPECTED: &str = "a number";

    fn from_loose(loose: Loose) -> Option<Self> {
        i64::from_loose(loose).map(clock::date)
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Loose, E> {
        Ok(Loose::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Loose, E> {
        Ok(Loose::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Loose, E> {
        Ok(Loose::Integer(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Loose, E> {
        Ok(Loose::Integer(clock::whole_part(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Loose, E> {
        Ok(Loose::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Loose, E> {
        Ok(Loose::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
        let (mut texts, mut only_texts) = (Vec::new(), true);
        while let Some(item) = list.next_element::<Loose>()? {
            match item {
                Loose::Text(text) => texts.push(text),
                _ => only_texts = false,
            }
        }
        Ok(Loose::List { texts, only_texts })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Object)
    }
}
