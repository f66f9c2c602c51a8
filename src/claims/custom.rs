//! Claims as a type of the application's own.

use std::any::type_name;

use serde::{
    Serialize,
    de::{DeserializeOwned, value::MapDeserializer},
};
use serde_json::{Map, Value, map::Iter};

use crate::error::{Code, Error, Result};

/// All members of `claims`, the typed ones and the others, as a `T`.
pub(super) fn read<T: DeserializeOwned>(claims: &impl Serialize) -> Result<T> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(members)) => read_as(&members, Code::ClaimsUnexpected, "the claims are"),
        Ok(_) => Err(Error::new(Code::ClaimsUnexpected, "the claims are no object")),
        Err(source) => Err(Error::new(Code::ClaimsUnexpected, "the claims cannot be read").with_source(source)),
    }
}

/// A `T` of these members. The error names the member that does not fit.
pub(crate) fn read_as<T: DeserializeOwned>(members: &Map<String, Value>, code: Code, what: &str) -> Result<T> {
    let mut present = None;
    let members = MapDeserializer::new(Followed { members: members.iter(), present: &mut present });
    T::deserialize(members).map_err(|source: serde_json::Error| {
        // One that is missing is named by serde.
        let member = present.map(|name| format!(": `{name}`")).unwrap_or_default();
        Error::new(code, format!("{what} no {}{member}", type_name::<T>())).with_source(source)
    })
}

/// Members on their way to serde, and the one that it reads at present.
struct Followed<'a, 'm> {
    members: Iter<'m>,
    present: &'a mut Option<&'m str>,
}

impl<'m> Iterator for Followed<'_, 'm> {
    type Item = (&'m str, &'m Value);

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.members.next().map(|(name, value)| (name.as_str(), value));
        *self.present = member.map(|(name, _)| name);
        member
    }
}
