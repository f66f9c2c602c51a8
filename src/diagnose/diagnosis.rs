//! The list that a diagnosis is, and how it is printed.

use std::fmt;

use serde::Serialize;

use crate::error::one_line;

/// More of a server's text than this helps nobody.
const MAX_TEXT_CHARS: usize = 600;

/// What [`LogtoClient::diagnose`](crate::LogtoClient::diagnose) found, in the order in which it is read. `Display` is a list for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Diagnosis {
    checks: Vec<Check>,
}

/// One check of a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What was looked at, in a few words that stay the same.
    pub name: &'static str,
    /// How it is.
    pub outcome: CheckOutcome,
    /// What was found.
    pub finding: String,
    /// What to do about it. Every failure and every warning has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The result of a [`Check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckOutcome {
    /// As it should be.
    Ok,
    /// It works, but will cause problems later.
    Warning,
    /// It does not work until it is fixed.
    Failure,
    /// It was not checked, because an earlier check failed.
    Skipped,
}

impl Diagnosis {
    pub(super) fn new(checks: Vec<Check>) -> Self {
        Self { checks }
    }

    /// Returns the checks, in the order in which they are read.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Returns whether nothing failed. Warnings are allowed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.count(CheckOutcome::Failure) == 0
    }

    fn count(&self, outcome: CheckOutcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }
}

impl Check {
    pub(super) fn ok(name: &'static str, finding: impl AsRef<str>) -> Self {
        Self::new(name, CheckOutcome::Ok, finding, None)
    }

    pub(super) fn warning(name: &'static str, finding: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self::new(name, CheckOutcome::Warning, finding, Some(hint.as_ref()))
    }

    pub(super) fn failure(name: &'static str, finding: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self::new(name, CheckOutcome::Failure, finding, Some(hint.as_ref()))
    }

    pub(super) fn skipped(name: &'static str, why: &str) -> Self {
        Self::new(name, CheckOutcome::Skipped, format!("not looked at: {why}"), None)
    }

    /// What was found may be a server's own words: one line, of readable length.
    fn new(name: &'static str, outcome: CheckOutcome, finding: impl AsRef<str>, hint: Option<&str>) -> Self {
        let tidy = |text: &str| one_line(text).chars().take(MAX_TEXT_CHARS).collect::<String>();
        Self { name, outcome, finding: tidy(finding.as_ref()), hint: hint.map(tidy) }
    }
}

impl CheckOutcome {
    fn mark(self) -> char {
        match self {
            Self::Ok => '✓',
            Self::Warning => '!',
            Self::Failure => '✗',
            Self::Skipped => '-',
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
        for Check { name, outcome, finding, hint } in &self.checks {
            writeln!(f, "{} {name:width$}  {finding}", outcome.mark())?;
            if let Some(hint) = hint {
                writeln!(f, "  {:width$}  → {hint}", "")?;
            }
        }
        match (self.count(CheckOutcome::Failure), self.count(CheckOutcome::Warning)) {
            (0, 0) => write!(f, "Everything is as it should be."),
            (0, warnings) => write!(f, "Users can sign in. Warnings: {warnings}."),
            (failures, warnings) => write!(f, "Not everything works yet. Failures: {failures}, warnings: {warnings}."),
        }
    }
}
