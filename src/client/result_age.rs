//! How long the result of a request to the token endpoint is handed out to requests that come after it.

/// Longer than Logto's own 3 seconds of grace, and than a request spends on its way.
pub(super) const RESULT_TTL_SECONDS: i64 = 30;
/// How far the clocks of two instances may differ.
const MAX_CLOCK_SKEW_SECONDS: i64 = 300;

/// Whether the result of a refresh that was complete at `at` is handed out. One of the future was noted by a clock that was ahead: nobody
/// knows how old it is.
pub(super) fn is_recent_refresh(at: i64, now: i64) -> bool {
    (0..=RESULT_TTL_SECONDS).contains(&now.saturating_sub(at))
}

/// Whether the result of a code exchange that was complete at `at` is handed out. A clock may be set back by a little between two requests of
/// one browser; beyond that nobody knows how old the result is.
pub(super) fn is_recent_code_exchange(at: i64, now: i64) -> bool {
    (-RESULT_TTL_SECONDS..=RESULT_TTL_SECONDS).contains(&now.saturating_sub(at))
}

/// Whether a result that another instance shared at `at`, by its own clock, may be used. One that the clock says is old is not, however long
/// the coordinator kept it.
pub(super) fn is_recent_elsewhere(at: i64, now: i64) -> bool {
    now.saturating_sub(at).saturating_abs() <= RESULT_TTL_SECONDS.saturating_add(MAX_CLOCK_SKEW_SECONDS)
}
