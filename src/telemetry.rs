//! What an operator sees: spans of `tracing`, and the counters of the feature `metrics`.
//!
//! Names and fields follow OpenTelemetry's semantic conventions for HTTP where these have one. No field holds a token, a code, a state, a cookie or
//! the query of an address: see `tests/it/spans.rs` and `tests/it/leaks.rs`.

mod endpoint;
mod metrics;
mod request;

use std::pin::Pin;

use tracing::{Instrument, Span, span};

pub(crate) use self::{
    endpoint::Endpoint,
    metrics::{StoreKind, describe, sign_in_ended, store_asked, token_verified},
    request::{WatchedRequest, sent_once_more},
};
use crate::error::{Error, Result};

/// A span for one operation of the crate: `logto.` and its name. Operations that may send a request to Logto are at `INFO`, the others at `DEBUG`.
macro_rules! operation_span {
    ($level:expr, $name:expr) => {
        tracing::span!(
            target: "logto::span",
            $level,
            concat!("logto.", $name),
            error.type = tracing::field::Empty,
            logto.outcome = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        )
    };
}

/// Does the work in a span for an operation, and notes the code of its error. Where nobody listens, the work is done in its place, as if this
/// were not here: its future is neither larger nor moved.
macro_rules! in_operation {
    ($level:expr, $name:expr, $work:expr) => {{
        let span = $crate::telemetry::operation_span!($level, $name);
        if span.is_disabled() {
            drop(span);
            $work
        } else {
            $crate::telemetry::observe(span, Box::pin(async { $work })).await
        }
    }};
}

pub(crate) use {in_operation, operation_span};

/// Does the work in the span.
pub(crate) async fn observe<T>(span: Span, work: Pin<Box<impl Future<Output = Result<T>>>>) -> Result<T> {
    let result = work.instrument(span.clone()).await;
    if let Err(error) = &result {
        note_error(&span, error);
    }
    result
}

/// Notes that the present operation has taken, or waits for, what the one with this span asks for.
pub(crate) fn follow(other: Option<&span::Id>) {
    let present = Span::current();
    // The tasks of one operation may wait for each other.
    if let Some(other) = other.filter(|other| present.id().as_ref() != Some(other)) {
        present.follows_from(other.clone());
    }
}

fn note_error(span: &Span, error: &Error) {
    span.record("error.type", error.code().as_str());
    span.record("otel.status_code", "ERROR");
}

/// How a refresh ended for a session that asked for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshOutcome {
    /// Logto gave the tokens.
    Done,
    /// Another request of this process got them.
    Shared,
    /// Another instance got them.
    OtherInstance,
    /// Logto refuses the user a token, or the session has ended.
    Refused,
    Failed,
}

impl RefreshOutcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Shared => "shared",
            Self::OtherInstance => "other_instance",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Tells how a refresh ended. It is called within the span of the refresh.
pub(crate) fn refresh_ended(outcome: RefreshOutcome, error: Option<&Error>) {
    let (span, code) = (Span::current(), error.map(|error| tracing::field::display(error.code())));
    span.record("logto.outcome", outcome.as_str());
    if let Some(error) = error {
        note_error(&span, error);
    }
    tracing::debug!(target: "logto::refresh", outcome = outcome.as_str(), code, "a refresh ended");
    metrics::refresh_ended(outcome, error);
}

/// How a sign-in ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SignInOutcome<'a> {
    Completed,
    /// By the application.
    Refused,
    Failed(#[cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "only a counter reads it"))] &'a Error),
}
