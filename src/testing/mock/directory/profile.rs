//! A user's profile, as Logto's APIs and webhooks name it: without members that are not set.

use serde_json::{Map, Value};

use super::MockUser;

/// The claim for each member, in the order of Logto's answers.
pub(crate) const PROFILE: &[(&str, &str)] = &[
    ("family_name", "familyName"),
    ("given_name", "givenName"),
    ("middle_name", "middleName"),
    ("nickname", "nickname"),
    ("preferred_username", "preferredUsername"),
    ("profile", "profile"),
    ("website", "website"),
    ("gender", "gender"),
    ("birthdate", "birthdate"),
    ("zoneinfo", "zoneinfo"),
    ("locale", "locale"),
    ("address", "address"),
];

impl MockUser {
    /// The members that are set.
    pub(crate) fn profile(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        PROFILE.iter().filter_map(|(claim, name)| Some((*name, self.claims.get(*claim)?)))
    }

    /// Sets these members beside those there are.
    pub(crate) fn extend_profile(&mut self, mut members: Map<String, Value>) {
        let of = |(claim, name): &(&str, &str)| Some(((*claim).to_owned(), members.remove(*name)?));
        let claims: Vec<_> = PROFILE.iter().filter_map(of).collect();
        self.claims.extend(claims);
    }

    /// Takes every member away.
    pub(crate) fn clear_profile(&mut self) {
        self.claims.retain(|claim, _| PROFILE.iter().all(|(known, _)| known != claim));
    }
}
