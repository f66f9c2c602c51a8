//! The description: which operation a request is, what is wrong with it, and what it is answered with.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Which members answers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    Every,
    Required,
}

#[derive(Deserialize)]
pub struct Description {
    schemas: Vec<Value>,
    pub operations: Vec<Operation>,
}

#[derive(Deserialize)]
pub struct Operation {
    pub method: String,
    pub path: String,
    #[serde(default)]
    query: BTreeMap<String, Value>,
    body: Option<Value>,
    /// None of a redirect.
    pub status: Option<u16>,
    answer: Option<Value>,
}

impl Description {
    pub fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/logto/management-operations.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// The operation of this method and path. A segment that is written out goes before one that is a parameter.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let fitting = self.operations.iter().filter(|known| known.method == method && is_of(path, &known.path));
        fitting.min_by_key(|known| known.path.matches('{').count())
    }

    /// What is wrong with a query and a body.
    pub fn objection(&self, operation: &Operation, query: &[(String, String)], body: Option<&Value>) -> Option<String> {
        for (name, text) in query {
            let schema = match operation.query.get(name) {
                Some(schema) => schema,
                None if operation.query.contains_key("search_params") && is_search(name) => continue,
                None => return Some(format!("the parameter {name} is not described")),
            };
            let number = text.parse::<u64>().ok().map(Value::from);
            let value = if *schema == "number" { number.unwrap_or_default() } else { Value::from(text.as_str()) };
            if let Err(problem) = self.judge(&value, schema) {
                return Some(format!("the parameter {name}: {problem}"));
            }
        }
        match (&operation.body, body) {
            (None, None) => None,
            (None, Some(_)) => Some("a body".to_owned()),
            (Some(_), None) => Some("no body".to_owned()),
            (Some(schema), Some(body)) => self.judge(body, schema).err(),
        }
    }

    fn judge(&self, value: &Value, schema: &Value) -> Result<(), String> {
        let either = |fits: bool| if fits { Ok(()) } else { Err(format!("{value} is not {schema}")) };
        match schema {
            Value::Number(_) => self.judge(value, self.listed(schema)),
            Value::Array(texts) => either(texts.contains(value)),
            Value::String(kind) => either(match kind.as_str() {
                "text" => value.is_string(),
                "number" => value.is_number(),
                "flag" => value.is_boolean(),
                "object" => value.is_object(),
                "any" => true,
                other => panic!("{other}"),
            }),
            Value::Object(form) => {
                if let Some(inner) = form.get("?") {
                    return if value.is_null() { Ok(()) } else { self.judge(value, inner) };
                }
                if let Some(of) = form.get("list") {
                    let items = value.as_array().ok_or_else(|| format!("{value} is no list"))?;
                    return items.iter().try_for_each(|item| self.judge(item, of));
                }
                if let Some(forms) = form.get("either") {
                    let judged: Vec<_> = forms.as_array().unwrap().iter().map(|form| self.judge(value, form)).collect();
                    return if judged.iter().any(Result::is_ok) { Ok(()) } else { Err(format!("{judged:?}")) };
                }
                let members = value.as_object().ok_or_else(|| format!("{value} is no object"))?;
                if let Some(of) = form.get("of") {
                    return members.values().try_for_each(|member| self.judge(member, of));
                }
                for (name, member) in members {
                    let known = form["all"].get(name).ok_or_else(|| format!("the member {name} is not described"))?;
                    self.judge(member, known).map_err(|problem| format!("{name}: {problem}"))?;
                }
                let missing = required(form).find(|name| !members.contains_key(*name));
                missing.map_or(Ok(()), |name| Err(format!("the member {name} is missing")))
            }
            other => panic!("{other}"),
        }
    }

    /// The answer to a request with this body.
    pub fn answer(&self, operation: &Operation, members: Members, body: Option<&Value>) -> Option<Value> {
        operation.answer.as_ref().map(|schema| self.example(schema, members, body))
    }

    fn example(&self, schema: &Value, which: Members, body: Option<&Value>) -> Value {
        match schema {
            Value::Number(_) => self.example(self.listed(schema), which, body),
            Value::Array(texts) => texts[0].clone(),
            Value::String(kind) => match kind.as_str() {
                "number" => json!(1_795_878_596_511_u64),
                "flag" => json!(true),
                "object" if which == Members::Every => json!({ "a": [1, { "b": null }] }),
                "object" => json!({}),
                _ => json!("text"),
            },
            Value::Object(form) => {
                if let Some(inner) = form.get("?") {
                    return if which == Members::Every { self.example(inner, which, body) } else { Value::Null };
                }
                if let Some(of) = form.get("list") {
                    return Value::Array(self.forms(of).iter().map(|form| self.example(form, which, body)).collect());
                }
                if form.contains_key("either") {
                    let forms = self.forms(schema);
                    let of_body = forms.iter().find(|form| self.has_constants_of(form, body)).copied();
                    return self.example(of_body.unwrap_or(forms[0]), which, body);
                }
                if let Some(of) = form.get("of") {
                    return match which {
                        Members::Every => json!({ "any name": self.example(of, which, body) }),
                        Members::Required => json!({}),
                    };
                }
                let is_required = |name: &str| required(form).any(|required| required == name);
                let all = form["all"].as_object().unwrap().iter();
                let mut members: Map<_, _> = all
                    .filter(|(name, _)| which == Members::Every || is_required(name))
                    .map(|(name, schema)| (name.clone(), self.example(schema, which, body)))
                    .collect();
                if which == Members::Every {
                    members.insert("aMemberOfTomorrow".to_owned(), json!({ "a": [1] }));
                }
                Value::Object(members)
            }
            other => panic!("{other}"),
        }
    }

    /// The forms that a value can have.
    fn forms<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        match self.listed(schema).get("either").and_then(Value::as_array) {
            Some(forms) => forms.iter().collect(),
            None => vec![schema],
        }
    }

    /// Whether a member that can have one text alone has that of the body: `"type": "Totp"`.
    fn has_constants_of(&self, form: &Value, body: Option<&Value>) -> bool {
        let members = self.listed(form).get("all").and_then(Value::as_object);
        let mut constants = members.into_iter().flatten().filter_map(|(name, schema)| match schema.as_array() {
            Some(texts) if texts.len() == 1 => Some((name, &texts[0])),
            _ => None,
        });
        constants.any(|(name, text)| body.and_then(|body| body.get(name)) == Some(text))
    }

    fn listed<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema.as_u64() {
            Some(number) => &self.schemas[usize::try_from(number).unwrap()],
            None => schema,
        }
    }
}

fn required(form: &Map<String, Value>) -> impl Iterator<Item = &str> {
    form["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Whether a path is one of this template, such as `/api/users/{userId}`.
fn is_of(path: &str, template: &str) -> bool {
    let (path, template): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    path.len() == template.len()
        && path.iter().zip(&template).all(|(one, other)| other.starts_with('{') || one == other)
}

/// The description has one parameter for all these.
fn is_search(name: &str) -> bool {
    let name = name.split_once('.').map_or(name, |(name, _)| name);
    matches!(name, "search" | "mode" | "joint" | "isCaseSensitive")
}
