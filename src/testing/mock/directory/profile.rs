//! A user's profile, as the Management API and webhooks name it: without claims that are not set.

use serde_json::{Map, Value};

use super::{MockUser, claim_names::OPTIONAL};

impl MockUser {
    /// `family_name` is `familyName` there.
    pub(crate) fn profile(&self) -> Map<String, Value> {
        let names = OPTIONAL.iter().flat_map(|(_, names)| *names);
        names.filter_map(|name| Some((camel_case(name), self.claims.get(*name)?.clone()))).collect()
    }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}
