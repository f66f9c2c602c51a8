//! Texts of a limited length, as the server's database has them, and what invitations have.

use serde_json::{Value, json};

use super::{Change, Guard, Rule, rule::is_email};

impl Guard {
    /// A text that has to be there, of so many UTF-16 units at least and at most.
    pub(crate) fn text_within(&mut self, name: &'static str, least: usize, most: usize) -> String {
        if !self.members.contains_key(name) {
            self.wrong_type(Some(name), "string", None);
        }
        self.optional_text_within(name, least, most).unwrap_or_default()
    }

    pub(crate) fn optional_text_within(&mut self, name: &'static str, least: usize, most: usize) -> Option<String> {
        let text = self.optional_text(name, Rule::Any)?;
        let length = text.encode_utf16().count();
        let issue = |code, limit_name: &str, limit: usize, word| {
            let message = format!("String must contain at {word} {limit} character(s)");
            json!({
                "code": code, limit_name: limit, "type": "string", "inclusive": true, "exact": false, "message": message,
            })
        };
        let path = self.path_of(Some(name));
        if length < least {
            self.keep(Some(issue("too_small", "minimum", least, "least")), path);
        } else if length > most {
            self.keep(Some(issue("too_big", "maximum", most, "most")), path);
        }
        Some(text)
    }

    /// A text of so many UTF-16 units at most, or `null`, which takes it away.
    pub(crate) fn nullable_text_within(&mut self, name: &'static str, most: usize) -> Change {
        match self.members.get(name) {
            None => Change::Kept,
            Some(Value::Null) => Change::To(None),
            Some(_) => Change::To(self.optional_text_within(name, 0, most)),
        }
    }

    /// An email address that has to be there, told of as recorded (`90-management/invitations/05-create-bad.json`).
    pub(crate) fn email_address(&mut self, name: &'static str) -> String {
        let text = self.text(name, Rule::Any);
        if self.members.get(name).is_some_and(Value::is_string) && !is_email(&text) {
            let path = self.path_of(Some(name));
            let issue = json!({ "validation": "email", "code": "invalid_string", "message": "Invalid email" });
            self.keep(Some(issue), path);
        }
        text
    }

    /// A time in milliseconds since 1970 that has to be there, and that JavaScript has a date for.
    pub(crate) fn time(&mut self, name: &'static str) -> i64 {
        const LAST: f64 = 8_640_000_000_000_000.0;
        let value = self.members.get(name).cloned();
        let Some(number) = value.as_ref().and_then(Value::as_f64) else {
            self.wrong_type(Some(name), "number", value.as_ref());
            return 0;
        };
        if number.abs() > LAST {
            self.issue(name, "invalid_date", "Invalid date");
            return 0;
        }
        format!("{number:.0}").parse().unwrap_or_default()
    }

    /// An object, or `false`, which is there in the place of none.
    pub(crate) fn object_or_false(&mut self, name: &'static str) -> Option<Value> {
        match self.members.get(name) {
            None | Some(Value::Bool(false)) => None,
            Some(object @ Value::Object(_)) => Some(object.clone()),
            Some(_) => {
                self.issue(name, "invalid_union", "Invalid input");
                None
            }
        }
    }
}
