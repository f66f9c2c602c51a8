//! `Retry-After` (RFC 9110 section 10.2.3).

use std::time::{Duration, SystemTime};

use ::http::{HeaderMap, HeaderName, header};

use crate::clock::{Clock, SystemClock};

/// Nobody waits for longer than a day: what says more is a mistake, and a number of that size does not fit into a time.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait, counted from the answer: seconds, or a date in any of the three formats of section 5.6.7. What is over is no wait, and more
/// than a day is a day.
///
/// A date is compared with the answer's own `Date`, which is by the same clock, or else with this machine's.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let answered_at = || date(headers, header::DATE).unwrap_or_else(|| SystemClock.now());
    retry_after_at(headers, answered_at)
}

/// The same for who has a clock to compare a date with.
pub(crate) fn retry_after_at(headers: &HeaderMap, now: impl FnOnce() -> SystemTime) -> Option<Duration> {
    let until = |date: SystemTime| date.duration_since(now()).unwrap_or_default();
    let wait = seconds(headers).or_else(|| date(headers, header::RETRY_AFTER).map(until));
    wait.map(|wait| wait.min(MAX_RETRY_AFTER))
}

fn seconds(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, header::RETRY_AFTER)?;
    // `u64` would also read "+5".
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs))
}

/// A date in a header, in any of the three formats.
pub(super) fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, name)?).ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_date_counts_from_the_answers_own_date() {
        let answered = (header::DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        for (value, wait) in [
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", Some(30)),
            ("Sun Nov  6 08:50:07 1994", Some(30)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("7", Some(7)),
            ("+7", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = headers(&[(header::RETRY_AFTER, value), answered.clone()]);
            assert_eq!(retry_after(&headers), wait.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(&headers(&[answered])), None);
    }

    #[test]
    fn what_is_more_than_a_day_is_a_day() {
        let answered = (header::DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        for (value, wait) in [
            ("86399", 86_399),
            ("86401", 86_400),
            ("18446744073709551615", 86_400),
            ("99999999999999999999999999", 86_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ] {
            let headers = headers(&[(header::RETRY_AFTER, value), answered.clone()]);
            assert_eq!(retry_after(&headers), Some(Duration::from_secs(wait)), "{value}");
        }
    }

    #[test]
    fn a_date_without_a_date_of_the_answer_counts_from_now() {
        let in_an_hour = httpdate::fmt_http_date(SystemClock.now() + Duration::from_secs(3600));
        let wait = retry_after(&headers(&[(header::RETRY_AFTER, &in_an_hour)])).unwrap();
        assert!(wait > Duration::from_secs(1800) && wait <= Duration::from_secs(3600), "{wait:?}");
        let over = headers(&[(header::RETRY_AFTER, "Sun, 06 Nov 1994 08:49:37 GMT"), (header::DATE, "not a date")]);
        assert_eq!(retry_after(&over), Some(Duration::ZERO));
    }
}
