//! What the refreshes of a token family gave, for those who waited and those who come a moment later.

use tracing::span;

use super::Refreshed;
use crate::{
    client::{freshness::FreshnessPolicy, result_age::is_recent_refresh},
    error::{Error, ErrorKind, Result},
    secret::Secret,
    session::{Jwt, StoredAccessToken},
    types::TokenKey,
};

pub(super) struct FamilyState {
    /// The newest of the family.
    pub(super) refresh_token: Secret,
    /// Counts the refreshes of the session, so that the state with the newest token is known.
    pub(super) refreshes: u64,
    pub(super) id_token: Option<Jwt>,
    /// Unix seconds when Logto was last asked with success; 0 where it was not.
    pub(super) answered_at: i64,
    results: Vec<CompletedRefresh>,
    /// Logto said that the family is dead.
    pub(super) ended: Option<Error>,
    /// The span of the last refresh: those that take its result follow from it.
    pub(super) span: Option<span::Id>,
}

/// What a refresh gave for one key.
struct CompletedRefresh {
    key: TokenKey,
    number: u64,
    at: i64,
    result: Result<StoredAccessToken>,
}

impl FamilyState {
    pub(super) fn of(refresh_token: Secret) -> Self {
        Self {
            refresh_token,
            refreshes: 0,
            id_token: None,
            answered_at: 0,
            results: Vec::new(),
            ended: None,
            span: None,
        }
    }

    /// A result that fits: of a refresh that was completed while the caller waited, or (unless it insists on a fresh one) a good one of just
    /// before.
    pub(super) fn result(
        &self,
        key: &TokenKey,
        seen: u64,
        freshness: FreshnessPolicy,
        now: i64,
    ) -> Option<Result<StoredAccessToken>> {
        let completed = self.results.iter().find(|completed| completed.key == *key)?;
        let waited_for = completed.number > seen;
        let good = is_recent_refresh(completed.at, now) && completed.is_fresh(now, freshness.validity);
        (waited_for || (!freshness.force && good)).then(|| completed.result.clone())
    }

    /// Keeps the results of the refresh with this `number`, in the place of those before.
    pub(super) fn complete(&mut self, number: u64, results: &[(TokenKey, Result<StoredAccessToken>)], at: i64) {
        self.results.retain(|completed| is_recent_refresh(completed.at, at));
        for (key, result) in results {
            let is_refused = is_refusal(result);
            self.results
                .retain(|completed| completed.key != *key && !(is_refused && completed.key.is_refused_with(key)));
            self.results.push(CompletedRefresh { key: key.clone(), number, at, result: result.clone() });
        }
    }

    /// Whether Logto refused the key, or its organization, a moment ago: what was given for it before is not to be given out again.
    pub(super) fn was_refused(&self, key: &TokenKey) -> bool {
        self.results.iter().any(|completed| is_refusal(&completed.result) && key.is_refused_with(&completed.key))
    }

    pub(super) fn refreshed(&self, access_tokens: Vec<(TokenKey, Result<StoredAccessToken>)>, kept: bool) -> Refreshed {
        let Self { refresh_token, refreshes, id_token, answered_at, .. } = self;
        Refreshed {
            refresh_token: refresh_token.clone(),
            refreshes: *refreshes,
            id_token: id_token.clone(),
            answered_at: *answered_at,
            access_tokens,
            asked: false,
            kept,
        }
    }
}

impl CompletedRefresh {
    /// Whether it brought a token that lives long enough yet. Where it never lived for `validity` seconds, no other would.
    fn is_fresh(&self, now: i64, validity: Option<i64>) -> bool {
        self.result.as_ref().is_ok_and(|token| {
            let lifetime = token.expires_at.saturating_sub(self.at);
            token.is_fresh_for(now, validity.filter(|validity| *validity < lifetime))
        })
    }
}

/// Whether Logto gives the user no such token.
fn is_refusal(result: &Result<StoredAccessToken>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Forbidden)
}

#[cfg(test)]
mod tests;
