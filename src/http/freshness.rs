//! How long an answer of the server's is fresh by its own account (RFC 9111 section 4.2).

use std::time::{Duration, SystemTime};

use ::http::{HeaderMap, header};

use super::retry_after::date;
use crate::clock::{Clock, SystemClock};

/// A document, and how long it is fresh where its answer says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched<T> {
    pub(crate) value: T,
    pub(crate) lifetime: Option<Duration>,
}

/// An answer that says nothing.
impl<T> From<T> for Fetched<T> {
    fn from(value: T) -> Self {
        Self { value, lifetime: None }
    }
}

impl<T> Fetched<T> {
    /// The same answer with something made of its document.
    pub(crate) fn try_map<U, E>(self, make: impl FnOnce(T) -> Result<U, E>) -> Result<Fetched<U>, E> {
        Ok(Fetched { value: make(self.value)?, lifetime: self.lifetime })
    }
}

/// How long the answer is fresh yet: `max-age`, or else `Expires`, less the `Age` that it has from a cache on the way; not at all with
/// `no-store` and `no-cache`. None where it says nothing. What cannot be read is over (sections 4.2.1 and 5.3).
///
/// `s-maxage` is for caches that several users share, which this is not.
pub(crate) fn lifetime(headers: &HeaderMap) -> Option<Duration> {
    lifetime_at(headers, || SystemClock.now())
}

fn lifetime_at(headers: &HeaderMap, now: impl FnOnce() -> SystemTime) -> Option<Duration> {
    let directives: Vec<_> = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.split_once('=').unwrap_or((directive, "")))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let find =
        |wanted: &str| directives.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|found| found.1);
    let lifetime = if find("no-store").is_some() || find("no-cache").is_some() {
        Duration::ZERO
    } else if let Some(max_age) = find("max-age") {
        seconds(max_age.trim_matches('"')).unwrap_or_default()
    } else {
        headers.get(header::EXPIRES)?;
        let answered_at = date(headers, header::DATE).unwrap_or_else(now);
        date(headers, header::EXPIRES).and_then(|expires| expires.duration_since(answered_at).ok()).unwrap_or_default()
    };
    let age = headers.get(header::AGE).and_then(|age| seconds(age.to_str().ok()?.trim())).unwrap_or_default();
    Some(lifetime.saturating_sub(age))
}

/// Delta seconds (section 1.2.2): more than fit are the most that fit.
fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use ::http::{HeaderName, HeaderValue};

    use super::*;
    use crate::clock::system_time;

    fn of(pairs: &[(HeaderName, &str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        // 6 November 1994, 08:49:37.
        lifetime_at(&headers, || system_time(784_111_777)).map(|lifetime| lifetime.as_secs())
    }

    #[test]
    fn cache_control_says_how_long_an_answer_is_fresh() {
        for (value, seconds) in [
            ("max-age=600", Some(600)),
            ("public, MAX-AGE=600, must-revalidate", Some(600)),
            ("max-age = 600", Some(600)),
            ("max-age=\"600\"", Some(600)),
            ("max-age=600, max-age=5", Some(600)),
            ("no-store", Some(0)),
            ("No-Store, max-age=600", Some(0)),
            ("no-cache, max-age=0, must-revalidate", Some(0)),
            ("no-cache=\"Set-Cookie\", max-age=600", Some(0)),
            ("max-age=0", Some(0)),
            ("max-age=99999999999999999999999999", Some(u64::MAX)),
            // What cannot be read is stale.
            ("max-age", Some(0)),
            ("max-age=-1", Some(0)),
            ("max-age=+600", Some(0)),
            ("max-age=soon", Some(0)),
            ("max-age=6e2", Some(0)),
            // It says nothing of the lifetime here.
            ("s-maxage=600", None),
            ("private", None),
            ("x-max-age=600", None),
            ("", None),
        ] {
            assert_eq!(of(&[(header::CACHE_CONTROL, value)]), seconds, "{value}");
        }
        let several = [(header::CACHE_CONTROL, "public"), (header::CACHE_CONTROL, "max-age=7")];
        assert_eq!(of(&several), Some(7));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn expires_counts_from_the_answers_own_date_and_after_max_age() {
        const ANSWERED: &str = "Sun, 06 Nov 1994 08:40:00 GMT";
        for (expires, seconds) in [
            ("Sun, 06 Nov 1994 08:50:00 GMT", 600),
            ("Sunday, 06-Nov-94 08:50:00 GMT", 600),
            ("Sun, 06 Nov 1994 08:30:00 GMT", 0),
            ("0", 0),
            ("-1", 0),
            ("soon", 0),
        ] {
            assert_eq!(of(&[(header::EXPIRES, expires), (header::DATE, ANSWERED)]), Some(seconds), "{expires}");
        }
        let expires = (header::EXPIRES, "Sun, 06 Nov 1994 08:50:00 GMT");
        assert_eq!(of(std::slice::from_ref(&expires)), Some(23), "from now, where the answer has no date");
        assert_eq!(of(&[expires, (header::CACHE_CONTROL, "max-age=5")]), Some(5));
    }

    #[test]
    fn the_time_that_an_answer_lay_in_a_cache_on_the_way_counts() {
        for (age, seconds) in
            [("0", 600), ("200", 400), ("601", 0), ("99999999999999999999999", 0), ("old", 600), ("-5", 600)]
        {
            assert_eq!(of(&[(header::CACHE_CONTROL, "max-age=600"), (header::AGE, age)]), Some(seconds), "{age}");
        }
        assert_eq!(of(&[(header::AGE, "200")]), None);
    }
}
