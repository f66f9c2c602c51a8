//! Counters and durations, by the crate `metrics`. Without the feature nothing is counted. `docs/deployment.md` has the table of them.

use http::StatusCode;
use tokio::time::Instant;

use super::{Endpoint, RefreshOutcome, SignInOutcome};
use crate::error::{Error, Result};

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Session,
    Revocation,
    Coordinator,
}

#[cfg(feature = "metrics")]
mod recorded {
    use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

    use super::{Endpoint, Error, Instant, RefreshOutcome, Result, SignInOutcome, StatusCode, StoreKind};
    use crate::{clock::moment, error::ErrorKind};

    const SIGN_INS: &str = "logto_sign_ins_total";
    const REFRESHES: &str = "logto_refreshes_total";
    const VERIFICATIONS: &str = "logto_token_verifications_total";
    const REQUESTS: &str = "logto_requests_total";
    const REQUEST_DURATION: &str = "logto_request_duration_seconds";
    const STORE_CALLS: &str = "logto_store_calls_total";
    const STORE_CALL_DURATION: &str = "logto_store_call_duration_seconds";

    /// The label of what did not happen: each series of a metric has the same labels.
    const NONE: &str = "none";

    pub(crate) fn describe() {
        describe_counter!(SIGN_INS, Unit::Count, "Callbacks of sign-ins, by how they ended");
        describe_counter!(REFRESHES, Unit::Count, "Refreshes that sessions asked for, by where the tokens came from");
        describe_counter!(VERIFICATIONS, Unit::Count, "Access tokens that were sent to this API, by verdict");
        describe_counter!(REQUESTS, Unit::Count, "Requests to Logto that ended");
        describe_histogram!(REQUEST_DURATION, Unit::Seconds, "How long a request to Logto took");
        describe_counter!(STORE_CALLS, Unit::Count, "Calls to stores that ended");
        describe_histogram!(STORE_CALL_DURATION, Unit::Seconds, "How long a call to a store took");
    }

    pub(crate) fn sign_in_ended(outcome: SignInOutcome<'_>) {
        let (outcome, code) = match outcome {
            SignInOutcome::Completed => ("completed", NONE),
            SignInOutcome::Refused => ("refused", NONE),
            SignInOutcome::Failed(error) => ("failed", error.code().as_str()),
        };
        counter!(SIGN_INS, "outcome" => outcome, "code" => code).increment(1);
    }

    pub(crate) fn refresh_ended(outcome: RefreshOutcome, error: Option<&Error>) {
        let code = error.map_or(NONE, |error| error.code().as_str());
        counter!(REFRESHES, "outcome" => outcome.as_str(), "code" => code).increment(1);
    }

    /// `Ok(None)` is a request without a token, which is none to count.
    pub(crate) fn token_verified<T>(verdict: Result<Option<&T>, &Error>) {
        let (outcome, code) = match verdict {
            Ok(None) => return,
            // With labels that are known beforehand it costs no allocation.
            Ok(Some(_)) => {
                return counter!(VERIFICATIONS, "outcome" => "accepted", "code" => "none").increment(1);
            }
            Err(error) => {
                let is_refusal = matches!(error.kind(), ErrorKind::InvalidToken | ErrorKind::Forbidden);
                (if is_refusal { "refused" } else { "failed" }, error.code().as_str())
            }
        };
        counter!(VERIFICATIONS, "outcome" => outcome, "code" => code).increment(1);
    }

    /// Requests to an application's API are for the application to count.
    pub(crate) fn request_ended(endpoint: Endpoint, result: Result<StatusCode, &Error>, began: Instant) {
        if endpoint == Endpoint::Api {
            return;
        }
        let endpoint = endpoint.as_str();
        let (status, code) = match result {
            Ok(status) => (status.as_str().to_owned(), NONE),
            Err(error) => (NONE.to_owned(), error.code().as_str()),
        };
        histogram!(REQUEST_DURATION, "endpoint" => endpoint, "status" => status.clone(), "code" => code)
            .record(moment().saturating_duration_since(began));
        counter!(REQUESTS, "endpoint" => endpoint, "status" => status, "code" => code).increment(1);
    }

    /// `began` is when the store was asked. It was not where an earlier call has just found that it hangs.
    pub(crate) fn store_asked(store: StoreKind, operation: &'static str, failed: bool, began: Option<Instant>) {
        let store = match store {
            StoreKind::Session => "session",
            StoreKind::Revocation => "revocation",
            StoreKind::Coordinator => "coordinator",
        };
        let outcome = match (began, failed) {
            (None, _) => "not_asked",
            (Some(_), true) => "failed",
            (Some(_), false) => "done",
        };
        counter!(STORE_CALLS, "store" => store, "operation" => operation, "outcome" => outcome).increment(1);
        if let Some(began) = began {
            histogram!(STORE_CALL_DURATION, "store" => store, "operation" => operation, "outcome" => outcome)
                .record(moment().saturating_duration_since(began));
        }
    }
}

#[cfg(not(feature = "metrics"))]
mod recorded {
    use super::{Endpoint, Error, Instant, RefreshOutcome, Result, SignInOutcome, StatusCode, StoreKind};

    pub(crate) fn describe() {}

    pub(crate) fn sign_in_ended(_: SignInOutcome<'_>) {}

    pub(crate) fn refresh_ended(_: RefreshOutcome, _: Option<&Error>) {}

    pub(crate) fn token_verified<T>(_: Result<Option<&T>, &Error>) {}

    pub(crate) fn request_ended(_: Endpoint, _: Result<StatusCode, &Error>, _: Instant) {}

    pub(crate) fn store_asked(_: StoreKind, _: &'static str, _: bool, _: Option<Instant>) {}
}

pub(crate) use self::recorded::{describe, refresh_ended, request_ended, sign_in_ended, store_asked, token_verified};
