//! The only place that asks for the time or for random bytes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::rand;
use tokio::time::Instant;

use crate::error::{Code, Error};

/// Tells the time. The default is the system's clock; tests bring their own ([`crate::testing::TestClock`]).
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> SystemTime;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A moment of the clock that waiting goes by, and not of the calendar's.
pub(crate) fn moment() -> Instant {
    Instant::now()
}

/// Seconds since 1970, saturating: a clock set before 1970 reads 0.
pub(crate) fn unix_seconds(time: SystemTime) -> i64 {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// The end of the year 9999, in seconds since 1970: what is to last longer lasts so long. Every store and library can write it.
const MAX_UNIX_SECONDS: u64 = 253_402_300_799;

/// A time that is later than all that are asked for.
pub(crate) fn far_future() -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(MAX_UNIX_SECONDS)).unwrap_or(UNIX_EPOCH)
}

/// The time `duration` after `time`, at most [`far_future`].
pub(crate) fn after(time: SystemTime, duration: Duration) -> SystemTime {
    time.checked_add(duration).map_or_else(far_future, |time| time.min(far_future()))
}

/// The time of so many seconds since 1970, from 0 to [`far_future`].
pub(crate) fn system_time(unix_seconds: i64) -> SystemTime {
    after(UNIX_EPOCH, Duration::from_secs(u64::try_from(unix_seconds).unwrap_or_default()))
}

/// The time that a claim means with so many seconds since 1970 (RFC 7519 section 2), or before it.
pub(crate) fn date(unix_seconds: i64) -> SystemTime {
    from_epoch(unix_seconds < 0, Duration::from_secs(unix_seconds.unsigned_abs()))
}

/// The same in milliseconds.
pub(crate) fn date_of_milliseconds(milliseconds: i64) -> SystemTime {
    from_epoch(milliseconds < 0, Duration::from_millis(milliseconds.unsigned_abs()))
}

/// A time that the system cannot tell is the last of all, or the first.
fn from_epoch(is_before: bool, distance: Duration) -> SystemTime {
    match is_before {
        false => UNIX_EPOCH.checked_add(distance).unwrap_or_else(far_future),
        true => UNIX_EPOCH.checked_sub(distance).unwrap_or(UNIX_EPOCH),
    }
}

/// The whole seconds since 1970 of a claim's time; negative before it.
pub(crate) fn date_seconds(date: SystemTime) -> i64 {
    signed(date, |distance| u128::from(distance.as_secs()))
}

/// The same in milliseconds.
pub(crate) fn date_milliseconds(date: SystemTime) -> i64 {
    signed(date, |distance| distance.as_millis())
}

fn signed(date: SystemTime, count: impl Fn(Duration) -> u128) -> i64 {
    match date.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(count(after)).unwrap_or(i64::MAX),
        Err(before) => i128::try_from(count(before.duration()))
            .map_or(i64::MIN, |distance| i64::try_from(distance.saturating_neg()).unwrap_or(i64::MIN)),
    }
}

/// The whole part of a number such as `1.0e9`, which RFC 7519 section 2 allows as a date; huge ones saturate.
pub(crate) fn whole_part(value: f64) -> i64 {
    // Rust has no checked conversion from a float. Its decimal digits have one, and floats are rare here.
    let limit = if value < 0.0 { i64::MIN } else { i64::MAX };
    format!("{:.0}", value.trunc()).parse().unwrap_or(limit)
}

/// A duration in whole seconds, saturating.
pub(crate) fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Random bytes from the operating system's generator.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes)
        .map_err(|_| Error::new(Code::Randomness, "the system's random number generator gave no bytes"))?;
    Ok(bytes)
}

/// 256 random bits as 43 base64url characters, as Logto's tokens are.
#[cfg(feature = "testing")]
pub(crate) fn random_token() -> Result<String, Error> {
    use base64_simd::URL_SAFE_NO_PAD;

    Ok(URL_SAFE_NO_PAD.encode_to_string(random_bytes::<32>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_cannot_be_written_is_the_last_one() {
        let last = UNIX_EPOCH + Duration::from_secs(MAX_UNIX_SECONDS);
        for duration in [Duration::MAX, Duration::from_secs(MAX_UNIX_SECONDS), Duration::from_secs(u64::MAX / 2)] {
            assert_eq!(after(UNIX_EPOCH, duration), last);
        }
        assert_eq!(after(UNIX_EPOCH, Duration::from_secs(7)), UNIX_EPOCH + Duration::from_secs(7));
        assert_eq!([i64::MIN, -1, 0, i64::MAX].map(system_time), [UNIX_EPOCH, UNIX_EPOCH, UNIX_EPOCH, last]);
    }

    #[test]
    fn a_date_keeps_its_number() {
        for number in [-1_000_000_000, -7, -1, 0, 1, 1_795_385_584, 1_795_385_584_047] {
            assert_eq!((date_seconds(date(number)), date_milliseconds(date_of_milliseconds(number))), (number, number));
        }
        assert_eq!(date_of_milliseconds(1_500), UNIX_EPOCH + Duration::from_millis(1_500));
        assert_eq!(date(-2), UNIX_EPOCH - Duration::from_secs(2));
        // A system may not tell what is beyond all calendars; it is not taken for another time that counts.
        assert!(date(i64::MAX) >= far_future() && date(i64::MIN) <= UNIX_EPOCH);
    }
}
