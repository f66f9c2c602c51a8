//! A sealed session as one cookie, or as up to four.
//!
//! One cookie holds the sealed text; several hold `<count>.<text>` and the rest. The seal covers the whole, so chunks of two sessions never mix.

use std::borrow::Cow;

use cookie::Cookie;

use super::settings::CookieSettings;

/// What every browser stores: name, value and attributes together (RFC 6265 section 6.1).
pub(crate) const MAX_COOKIE: usize = 4096;
/// Four cookies are a header of 16 kB, which is what most servers take at the most. A proxy that takes 8 kB (nginx, by default) needs
/// `large_client_header_buffers 4 16k` for users whose claims fill more than two.
pub(crate) const MAX_CHUNKS: usize = 4;

/// The cookies for `sealed`, or `None` where four do not hold it.
pub(crate) fn split(settings: &CookieSettings, sealed: &str, max_age: i64) -> Option<Vec<Cookie<'static>>> {
    let room =
        |name: String| MAX_COOKIE.saturating_sub(settings.cookie(name, String::new(), max_age).to_string().len());
    if sealed.len() <= room(settings.chunk_name(0)) {
        return Some(vec![settings.cookie(settings.chunk_name(0), sealed.to_owned(), max_age)]);
    }
    (2..=MAX_CHUNKS).find_map(|count| {
        let text = format!("{count}.{sealed}");
        let mut rest = text.as_str();
        let cookies = (0..count)
            .map(|index| {
                // The text is ASCII, so every index is a boundary.
                let (chunk, remaining) = rest.split_at_checked(room(settings.chunk_name(index))).unwrap_or((rest, ""));
                rest = remaining;
                settings.cookie(settings.chunk_name(index), chunk.to_owned(), max_age)
            })
            .collect();
        rest.is_empty().then_some(cookies)
    })
}

/// The sealed text from the request's cookies, given as (name, value). `None` where a chunk is missing.
pub(crate) fn join<'a>(settings: &CookieSettings, cookies: &'a [(String, String)]) -> Option<Cow<'a, str>> {
    let value = |name: &str| cookies.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let first = value(settings.session_name())?;
    let Some((count, text)) = first.split_once('.') else {
        return Some(first.into());
    };
    let count = count.parse().ok().filter(|count| (2..=MAX_CHUNKS).contains(count))?;
    let mut sealed = text.to_owned();
    for index in 1..count {
        sealed.push_str(value(&settings.chunk_name(index))?);
    }
    Some(sealed.into())
}
