//! A date without a time, as settings have it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, de::Error as _};

/// The beginning of a day `YYYY-MM-DD` from 1970 on, in UTC (RFC 3339 section 5.6, `full-date`).
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let mut parts = text.split('-');
    let [year, month, day] = [(4, 1970..=9999), (2, 1..=12), (2, 1..=31)].map(|(length, range)| {
        let part = parts.next().filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()));
        part.and_then(|part| part.parse::<u64>().ok()).filter(|number| range.contains(number))
    });
    let (year, month, day) = (year?, month?, day.filter(|_| parts.next().is_none())?);
    let is_leap = |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month - 1).ok()?;
    if day > *months.get(before)? {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let days = years + months.iter().take(before).sum::<u64>() + day - 1;
    UNIX_EPOCH.checked_add(Duration::from_secs(days * 24 * 60 * 60))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    parse(&text).map(Some).ok_or_else(|| D::Error::custom("from_next_until is not a date like 2027-01-31"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_beginning_of_a_day_that_there_is() {
        let seconds = |text| parse(text).map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs());
        assert_eq!(seconds("1970-01-01"), Some(0));
        assert_eq!(seconds("2024-02-29"), Some(1_709_164_800));
        assert_eq!(seconds("2026-11-28"), Some(1_795_824_000));
        assert_eq!(seconds("2100-03-01"), Some(4_107_542_400));
        for text in [
            "",
            "2026",
            "2026-11",
            "2026-11-28-",
            "2026-11-28T00:00:00Z",
            "2026-1-1",
            "2026-13-01",
            "2026-00-01",
            "2026-02-29",
            "2100-02-29",
            "2026-04-31",
            "2026-11-00",
            "1969-12-31",
            "+026-11-28",
            "2026-11-2\u{664}",
            "-2026-11-28",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
