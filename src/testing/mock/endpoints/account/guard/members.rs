//! Members that the Management API has beside those of the Account API.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::{Change, Guard, Rule};

impl Guard {
    /// A list of texts that has to be there. No text may be empty.
    pub(crate) fn ids(&mut self, name: &'static str) -> Vec<String> {
        if !self.members.contains_key(name) {
            self.wrong_type(Some(name), "array", None);
        }
        self.optional_ids(name).unwrap_or_default()
    }

    /// The same, of at least one text.
    pub(crate) fn some_ids(&mut self, name: &'static str) -> Vec<String> {
        let is_empty = self.members.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty);
        if is_empty {
            let path = self.path_of(Some(name));
            self.issues.push(json!({
                "code": "too_small", "minimum": 1, "type": "array", "inclusive": true, "exact": false,
                "message": "Array must contain at least 1 element(s)", "path": path,
            }));
        }
        self.ids(name)
    }

    pub(crate) fn optional_ids(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.members.get(name)?.clone();
        let Some(items) = value.as_array() else {
            self.wrong_type(Some(name), "array", Some(&value));
            return None;
        };
        for (place, item) in items.iter().enumerate() {
            let issue = if let Some(text) = item.as_str() {
                Rule::NotEmpty.issue(text)
            } else {
                let received = super::kind(Some(item));
                let message = format!("Expected string, received {received}");
                Some(json!({ "code": "invalid_type", "expected": "string", "received": received, "message": message }))
            };
            let path = self.path_in(name, place);
            self.keep(issue, path);
        }
        Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// A list of texts that has to be there. Each text has to meet the condition.
    pub(crate) fn texts_that(&mut self, name: &'static str, is_good: fn(&str) -> bool) -> Vec<String> {
        let texts = self.texts(name);
        for (place, _) in texts.iter().enumerate().filter(|(_, text)| !is_good(text)) {
            let path = self.path_in(name, place);
            self.keep(Some(json!({ "code": "custom", "message": "Invalid input" })), path);
        }
        texts
    }

    /// A moment in milliseconds, or `null`, which counts as missing.
    pub(crate) fn optional_time(&mut self, name: &'static str) -> Option<SystemTime> {
        let millis = self.optional_number(name)?;
        UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(millis.max(0.0) / 1000.0).ok()?)
    }

    /// One of these texts.
    pub(crate) fn optional_choice(&mut self, name: &'static str, options: &[&str]) -> Option<String> {
        let value = self.members.get(name)?.clone();
        let Some(text) = value.as_str() else {
            self.wrong_type(Some(name), "string", Some(&value));
            return None;
        };
        if !options.contains(&text) {
            let path = self.path_of(Some(name));
            self.keep(Some(wrong_choice(text, options)), path);
        }
        Some(text.to_owned())
    }

    /// The same, which has to be there.
    pub(crate) fn choice(&mut self, name: &'static str, options: &[&str]) -> String {
        if !self.members.contains_key(name) {
            let expected: Vec<_> = options.iter().map(|option| format!("'{option}'")).collect();
            self.wrong_type(Some(name), &expected.join(" | "), None);
        }
        self.optional_choice(name, options).unwrap_or_default()
    }

    /// A number, or `null`, which counts as missing.
    pub(crate) fn optional_number(&mut self, name: &'static str) -> Option<f64> {
        let value = self.members.get(name).filter(|value| !value.is_null())?.clone();
        if !value.is_number() {
            self.wrong_type(Some(name), "number", Some(&value));
        }
        value.as_f64()
    }

    /// An object that has to be there.
    pub(crate) fn object(&mut self, name: &'static str) -> Map<String, Value> {
        if !self.members.contains_key(name) {
            self.wrong_type(Some(name), "object", None);
        }
        self.optional_object(name).unwrap_or_default()
    }

    /// A text, or `null` or an empty text, which take it away (`90-management/users/32-patch-empty-string.json`).
    pub(crate) fn clearable_text(&mut self, name: &'static str, rule: Rule) -> Change {
        match self.members.get(name).cloned() {
            None => Change::Kept,
            Some(Value::Null) => Change::To(None),
            Some(Value::String(text)) if text.is_empty() => Change::To(None),
            Some(Value::String(_)) => Change::To(self.optional_text(name, rule)),
            Some(other) => {
                self.neither_text_nor_empty(name, &other);
                Change::Kept
            }
        }
    }

    /// The form of `34-patch-bad.json`: a union of a text and the empty text.
    fn neither_text_nor_empty(&mut self, name: &'static str, value: &Value) {
        let (path, received) = (self.path_of(Some(name)), super::kind(Some(value)));
        let message = format!("Expected string, received {received}");
        let text = json!({
            "code": "invalid_type", "expected": "string", "received": received, "path": path, "message": message,
        });
        let empty = json!({
            "received": value, "code": "invalid_literal", "expected": "", "path": path,
            "message": "Invalid literal value, expected \"\"",
        });
        let errors = [text, empty].map(|issue| json!({ "issues": [issue], "name": "ZodError" }));
        let issue = json!({ "code": "invalid_union", "unionErrors": errors, "message": "Invalid input" });
        self.keep(Some(issue), path);
    }

    fn path_in(&self, list: &str, place: usize) -> Value {
        let path = self.path.iter().map(|name| json!(name));
        path.chain([json!(list), json!(place)]).collect()
    }

    pub(super) fn keep(&mut self, issue: Option<Value>, path: Value) {
        if let Some(Value::Object(mut issue)) = issue {
            issue.insert("path".to_owned(), path);
            self.issues.push(Value::Object(issue));
        }
    }
}

pub(super) fn wrong_choice(received: &str, options: &[&str]) -> Value {
    let quoted: Vec<_> = options.iter().map(|option| format!("'{option}'")).collect();
    let message = format!("Invalid enum value. Expected {}, received '{received}'", quoted.join(" | "));
    json!({ "received": received, "code": "invalid_enum_value", "options": options, "message": message })
}
