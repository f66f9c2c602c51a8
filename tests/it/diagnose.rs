//! `LogtoClient::diagnose`: what is right, and each thing that is wrong, with the requests counted.

mod example;
mod list;
mod provider;
mod registration;
mod settings;

use logto::{
    diagnose::{Check, CheckOutcome, Diagnosis},
    testing::Endpoint,
};

use crate::support::{APP_SECRET, COOKIE_SECRET, Site};

/// All that Logto is asked for.
const ASKED: [Endpoint; 5] =
    [Endpoint::Discovery, Endpoint::Jwks, Endpoint::Token, Endpoint::Authorization, Endpoint::EndSession];

/// Diagnoses, and checks what holds of every diagnosis: each request is made at most once (once more where its connection broke), no secret is in it, and whatever is wrong comes
/// with something to do.
pub async fn diagnose(site: &Site) -> Diagnosis {
    site.mock.reset_counts();
    let diagnosis = site.logto.diagnose().await;
    let broke = usize::from(diagnosis.to_string().contains(" failed"));
    for endpoint in ASKED {
        let asked = site.mock.request_count(endpoint);
        assert!(asked <= 1 + broke, "{endpoint:?} was asked {asked} times");
    }
    assert!(site.mock.requests_total() <= ASKED.len() + broke);
    sound(&diagnosis);
    diagnosis
}

fn sound(diagnosis: &Diagnosis) {
    let told = format!("{diagnosis}{diagnosis:?}{}", serde_json::to_string(diagnosis).unwrap());
    for secret in [APP_SECRET, COOKIE_SECRET, "SENTINEL"] {
        assert!(!told.contains(secret), "a secret is in {told}");
    }
    for check in diagnosis.checks() {
        let wrong = matches!(check.outcome, CheckOutcome::Failure | CheckOutcome::Warning);
        assert_eq!(check.hint.is_some(), wrong, "{check:?}");
    }
    assert_eq!(diagnosis.is_ok(), names(diagnosis, CheckOutcome::Failure).is_empty());
}

pub fn check<'a>(diagnosis: &'a Diagnosis, name: &str) -> &'a Check {
    diagnosis.checks().iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no `{name}` in {diagnosis}"))
}

/// The names of the checks that came out so.
fn names(diagnosis: &Diagnosis, outcome: CheckOutcome) -> Vec<&'static str> {
    diagnosis.checks().iter().filter(|check| check.outcome == outcome).map(|check| check.name).collect()
}

/// `name` failed, and nothing else did.
#[track_caller]
fn failed(diagnosis: &Diagnosis, name: &str, found: &str, hint: &str) {
    assert_eq!(names(diagnosis, CheckOutcome::Failure), [name], "{diagnosis}");
    says(check(diagnosis, name), found, hint);
}

/// `name` is a warning, and nothing failed.
#[track_caller]
pub fn warned(diagnosis: &Diagnosis, name: &str, found: &str, hint: &str) {
    assert!(diagnosis.is_ok(), "{diagnosis}");
    assert_eq!(names(diagnosis, CheckOutcome::Warning), [name], "{diagnosis}");
    says(check(diagnosis, name), found, hint);
}

#[track_caller]
fn says(check: &Check, found: &str, hint: &str) {
    let told = check.hint.as_deref().unwrap_or_default();
    assert!(check.finding.contains(found) && told.contains(hint), "{check:?}");
}
