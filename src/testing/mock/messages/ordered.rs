//! JSON whose members keep an order: a signature is of the very bytes.

use serde_json::Value;

/// An object with its members in this order. The values are JSON already.
pub(crate) fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let members: Vec<_> = members.into_iter().map(|(name, value)| format!("{}:{value}", text(name))).collect();
    format!("{{{}}}", members.join(","))
}

/// A list of what is JSON already.
pub(crate) fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<_> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// A string.
pub(crate) fn text(value: &str) -> String {
    Value::from(value).to_string()
}

/// A string, or null.
pub(crate) fn optional(value: Option<&str>) -> String {
    Value::from(value).to_string()
}

/// A value as the server's database keeps it (PostgreSQL's `jsonb`): shorter names come first, and those of one length in their order.
pub(crate) fn stored(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| (name.len(), *name));
            object(members.into_iter().map(|(name, value)| (name.as_str(), stored(value))))
        }
        Value::Array(items) => list(items.iter().map(stored)),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::stored;

    #[test]
    fn names_of_stored_objects_are_in_the_order_of_the_database() {
        let value =
            json!({ "emoji": "🐻", "big": 12_345_678_901_234_568_u64, "f": 1.5, "g": [{ "bb": 1, "a": null }] });
        assert_eq!(stored(&value), r#"{"f":1.5,"g":[{"a":null,"bb":1}],"big":12345678901234568,"emoji":"🐻"}"#);
    }
}
