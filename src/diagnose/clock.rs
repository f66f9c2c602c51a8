//! This machine's clock beside Logto's.

use std::time::Duration;

use cookie::time::{OffsetDateTime, format_description::well_known::Rfc2822};
use http::{HeaderMap, header};

use super::Check;
use crate::clock::whole_seconds;

pub(super) const CLOCK: &str = "clock";

/// How long Logto's ID tokens live.
const ID_TOKEN_LIFETIME_SECONDS: i64 = 60 * 60;

/// Compares the response's `Date` (RFC 9110 section 6.6.1) with the seconds between which it must have been written.
pub(super) fn check(headers: &HeaderMap, asked: i64, answered: i64, leeway: Duration) -> Check {
    let leeway = whole_seconds(leeway);
    let Some(theirs) = server_time(headers) else {
        return Check::warning(
            CLOCK,
            "Logto's answer has no Date that can be read, so the clocks were not compared",
            "See that this machine sets its clock by NTP, and that no proxy takes the Date header away.",
        );
    };
    let set = "Set the clock of this machine by NTP (or Logto's, if that is the one that is wrong).";
    if theirs > answered.saturating_add(leeway) {
        let found = format!(
            "this machine is {} s behind Logto, more than the leeway of {leeway} s: its ID tokens come from the future",
            theirs.saturating_sub(answered)
        );
        return Check::failure(CLOCK, found, set);
    }
    let ahead = asked.saturating_sub(theirs);
    if ahead > ID_TOKEN_LIFETIME_SECONDS.saturating_add(leeway) {
        return Check::failure(
            CLOCK,
            format!("this machine is {ahead} s ahead of Logto: its ID tokens are over when they come"),
            set,
        );
    }
    if ahead > leeway {
        let found = format!(
            "this machine is {ahead} s ahead of Logto, more than the leeway of {leeway} s: tokens end that much early"
        );
        return Check::warning(CLOCK, found, set);
    }
    Check::ok(CLOCK, format!("within the leeway of {leeway} s of Logto's"))
}

/// When the response was written, plus the time it has spent in caches since (RFC 9111 section 5.1).
fn server_time(headers: &HeaderMap) -> Option<i64> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date = OffsetDateTime::parse(date, &Rfc2822).ok()?.unix_timestamp();
    let age = headers.get(header::AGE).and_then(|age| age.to_str().ok()?.trim().parse::<u32>().ok());
    Some(date.saturating_add(age.unwrap_or_default().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::CheckOutcome;

    /// RFC 9110 section 5.6.7 writes this time so, and it is these seconds after 1970.
    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const THEIRS: i64 = 784_111_777;

    fn outcome(headers: &[(&'static str, &'static str)], asked: i64, answered: i64) -> CheckOutcome {
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)));
        check(&headers.collect(), asked, answered, Duration::from_secs(60)).outcome
    }

    #[test]
    fn the_clock_check_fails_beyond_the_leeway() {
        for (offset, expected) in [
            (-61, CheckOutcome::Failure),
            (-60, CheckOutcome::Ok),
            (0, CheckOutcome::Ok),
            (60, CheckOutcome::Ok),
            (61, CheckOutcome::Warning),
            (3660, CheckOutcome::Warning),
            (3661, CheckOutcome::Failure),
        ] {
            let ours = THEIRS + offset;
            assert_eq!(outcome(&[("date", DATE)], ours, ours), expected, "{offset}");
        }
        // A slow answer is not a wrong clock: it was written at any time between.
        assert_eq!(outcome(&[("date", DATE)], THEIRS - 100, THEIRS + 100), CheckOutcome::Ok);
    }

    #[test]
    fn the_clock_check_counts_the_age_of_a_cached_answer() {
        let (asked, age) = (THEIRS + 7200, ("age", "7200"));
        assert_eq!(outcome(&[("date", DATE)], asked, asked), CheckOutcome::Failure);
        assert_eq!(outcome(&[("date", DATE), age], asked, asked), CheckOutcome::Ok);
        assert_eq!(outcome(&[("date", DATE), ("age", "-1")], THEIRS, THEIRS), CheckOutcome::Ok);
    }

    #[test]
    fn the_clock_check_without_a_date_is_a_warning() {
        for headers in [&[][..], &[("date", "yesterday")], &[("date", "")]] {
            assert_eq!(outcome(headers, THEIRS, THEIRS), CheckOutcome::Warning, "{headers:?}");
        }
    }
}
