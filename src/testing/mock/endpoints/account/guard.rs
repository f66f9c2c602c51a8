//! The form of a body, judged member by member. What is wrong is told as Logto tells it (by the library zod).

mod lengths;
mod members;
mod rule;

use serde_json::{Map, Value, json};

use self::members::wrong_choice;
pub(crate) use self::rule::Rule;
use super::refusal::Answer;
use crate::testing::mock::messages::{reply::Reply, request::RecordedRequest};

/// A JSON body that is being read.
#[derive(Debug)]
pub(crate) struct Guard {
    members: Map<String, Value>,
    /// Where these members are in the body.
    path: Vec<&'static str>,
    issues: Vec<Value>,
}

/// What becomes of a text that can be taken away.
#[derive(Debug)]
pub(crate) enum Change {
    Kept,
    To(Option<String>),
}

impl Change {
    pub(crate) fn is_one(&self) -> bool {
        matches!(self, Self::To(_))
    }

    pub(crate) fn apply(self, text: &mut Option<String>) {
        if let Self::To(new) = self {
            *text = new;
        }
    }
}

impl Guard {
    /// The body of a request; without one that says it is JSON, there are no members.
    pub(crate) fn read(request: &RecordedRequest) -> Answer<Self> {
        let is_json = request.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        if !is_json || request.body().is_empty() {
            return Ok(Self::of(Map::new(), Vec::new()));
        }
        match serde_json::from_slice(request.body()) {
            Ok(Value::Object(members)) => Ok(Self::of(members, Vec::new())),
            Ok(other) => {
                let mut guard = Self::of(Map::new(), Vec::new());
                guard.wrong_type(None, "object", Some(&other));
                Err(guard.refused("body"))
            }
            Err(_) => Err(Reply::json(400, &json!({ "message": "Unexpected end of JSON input" }))),
        }
    }

    fn of(members: Map<String, Value>, path: Vec<&'static str>) -> Self {
        Self { members, path, issues: Vec::new() }
    }

    /// A text that has to be there.
    pub(crate) fn text(&mut self, name: &'static str, rule: Rule) -> String {
        if self.members.contains_key(name) {
            return self.optional_text(name, rule).unwrap_or_default();
        }
        self.wrong_type(Some(name), "string", None);
        String::new()
    }

    pub(crate) fn optional_text(&mut self, name: &'static str, rule: Rule) -> Option<String> {
        let value = self.members.get(name)?.clone();
        let Some(text) = value.as_str() else {
            self.wrong_type(Some(name), "string", Some(&value));
            return None;
        };
        if let Some(mut issue) = rule.issue(text) {
            issue.as_object_mut()?.insert("path".to_owned(), self.path_of(Some(name)));
            self.issues.push(issue);
        }
        Some(text.to_owned())
    }

    /// A text or `null`, which takes it away.
    pub(crate) fn nullable_text(&mut self, name: &'static str, rule: Rule) -> Change {
        match self.members.get(name) {
            None => Change::Kept,
            Some(Value::Null) => Change::To(None),
            Some(_) => Change::To(self.optional_text(name, rule)),
        }
    }

    pub(crate) fn optional_bool(&mut self, name: &'static str) -> Option<bool> {
        let value = self.members.get(name)?.clone();
        if !value.is_boolean() {
            self.wrong_type(Some(name), "boolean", Some(&value));
        }
        value.as_bool()
    }

    pub(crate) fn bool(&mut self, name: &'static str) -> bool {
        if !self.members.contains_key(name) {
            self.wrong_type(Some(name), "boolean", None);
        }
        self.optional_bool(name).unwrap_or_default()
    }

    pub(crate) fn optional_object(&mut self, name: &'static str) -> Option<Map<String, Value>> {
        match self.members.get(name)?.clone() {
            Value::Object(members) => Some(members),
            other => {
                self.wrong_type(Some(name), "object", Some(&other));
                None
            }
        }
    }

    pub(crate) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let value = self.members.get(name).cloned();
        let texts = value.as_ref().and_then(Value::as_array).and_then(|values| {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        if texts.is_none() {
            self.wrong_type(Some(name), "array", value.as_ref());
        }
        texts.unwrap_or_default()
    }

    /// An object that has to be there, whose members are read by `read`.
    pub(crate) fn nested<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if !self.members.contains_key(name) {
            self.wrong_type(Some(name), "object", None);
        }
        let members = self.optional_object(name)?;
        let mut inner = Self::of(members, self.path.iter().copied().chain([name]).collect());
        let value = read(&mut inner);
        self.issues.extend(inner.issues);
        Some(value)
    }

    pub(crate) fn issue(&mut self, name: &'static str, code: &str, message: &str) {
        let path = self.path_of(Some(name));
        self.issues.push(json!({ "code": code, "message": message, "path": path }));
    }

    pub(crate) fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Refuses the request if something was wrong.
    pub(crate) fn finish(self) -> Answer<()> {
        if self.issues.is_empty() { Ok(()) } else { Err(self.refused("body")) }
    }

    fn wrong_type(&mut self, name: Option<&'static str>, expected: &str, found: Option<&Value>) {
        let received = kind(found);
        let message = match found {
            Some(_) => format!("Expected {expected}, received {received}"),
            None => "Required".to_owned(),
        };
        let path = self.path_of(name);
        self.issues.push(json!({
            "code": "invalid_type", "expected": expected, "received": received, "path": path, "message": message,
        }));
    }

    fn path_of(&self, name: Option<&str>) -> Value {
        self.path.iter().copied().chain(name).collect()
    }

    fn refused(&self, part: &str) -> Reply {
        invalid_input(part, &self.issues)
    }
}

/// A part of a request that is not as it should be.
pub(crate) fn invalid_input(part: &str, issues: &[Value]) -> Reply {
    let details: Vec<_> = issues.iter().map(detail).collect();
    let body = json!({
        "code": "guard.invalid_input", "data": { "issues": issues, "name": "ZodError" },
        "details": details.join("\n"), "message": format!("The request {part} is invalid."),
    });
    Reply::json(400, &body)
}

/// A parameter of the query that is none of those it may be (`90-management/users/88e-session-delete-bad.json`).
pub(crate) fn wrong_query(name: &str, received: &str, options: &[&str]) -> Reply {
    let mut issue = wrong_choice(received, options);
    if let Some(members) = issue.as_object_mut() {
        members.insert("path".to_owned(), json!([name]));
    }
    invalid_input("query", &[issue])
}

fn detail(issue: &Value) -> String {
    let text = |name: &str| issue.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let segments = issue.get("path").and_then(Value::as_array).into_iter().flatten();
    let path: Vec<_> =
        segments.map(|segment| segment.as_str().map_or_else(|| segment.to_string(), str::to_owned)).collect();
    let what = match text("code").as_str() {
        "invalid_type" => format!("Expected {} but received {}.", text("expected"), text("received")),
        _ => text("message"),
    };
    format!("Error in key path \"{}\": ({}) {what}", path.join("."), text("code"))
}

fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}
