//! Times as the Account API writes them.

use std::time::SystemTime;

use cookie::time::OffsetDateTime;

/// `2026-11-28T15:34:59.824Z`.
pub(crate) fn iso(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    let (hour, minute, second, millisecond) = (time.hour(), time.minute(), time.second(), time.millisecond());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}
