//! A sealed session as one cookie, or as up to four.
//!
//! One cookie holds the sealed text; several hold `<count>.<text>` and the rest. The seal covers the whole, so chunks of two sessions never mix.

use std::borrow::Cow;

use cookie::Cookie;

use super::{
    candidates::values,
    limits::{MAX_CHUNKS, MAX_COOKIE_BYTES},
    own_cookies::OwnCookies,
};

/// Texts of one request that are tried, whatever it sends: two sessions in four cookies each, mixed, take 16.
const MAX_ATTEMPTS: usize = 64;

/// The cookies for `sealed`, or `None` where four do not hold it.
pub(super) fn split(own: &OwnCookies, sealed: &str, max_age: i64) -> Option<Vec<Cookie<'static>>> {
    let room = |name: String| {
        MAX_COOKIE_BYTES.saturating_sub(own.session_cookie(name, String::new(), max_age).to_string().len())
    };
    if sealed.len() <= room(own.chunk_name(0)) {
        return Some(vec![own.session_cookie(own.chunk_name(0), sealed.to_owned(), max_age)]);
    }
    (2..=MAX_CHUNKS).find_map(|count| {
        let text = format!("{count}.{sealed}");
        let mut rest = text.as_str();
        let cookies = (0..count)
            .map(|index| {
                // The text is ASCII, so every index is a boundary.
                let (chunk, remaining) = rest.split_at_checked(room(own.chunk_name(index))).unwrap_or((rest, ""));
                rest = remaining;
                own.session_cookie(own.chunk_name(index), chunk.to_owned(), max_age)
            })
            .collect();
        rest.is_empty().then_some(cookies)
    })
}

/// Tries to `open` each sealed text that the request's cookies, given as (name, value), may hold; gives what opened.
///
/// A browser sends several cookies of one name where they differ in path or domain, and in no order to rely on (RFC 6265 section 4.2.2). So every
/// value that `may_open` counts, and every combination of chunks, up to a bound: an attacker who injects many cookies causes no more work than that.
pub(super) fn open_each<T>(
    own: &OwnCookies,
    cookies: &[(String, String)],
    may_open: impl Fn(&str) -> bool,
    mut open: impl FnMut(&str) -> Option<T>,
) -> Vec<T> {
    let is_head = |value: &str| may_open(counted(value).1);
    let heads = values(cookies, own.session_name(), is_head).into_iter().enumerate();
    let mut heads: Vec<_> = heads.filter_map(Head::read).collect();
    let most = heads.iter().map(|head| head.count).max().unwrap_or_default();
    let rest: Vec<_> = (1..most).map(|index| values(cookies, &own.chunk_name(index), |_| true)).collect();
    let (mut opened, mut attempts) = (Vec::new(), 0);
    for turn in 0..MAX_ATTEMPTS {
        // In turns, so that no head takes all attempts. A head fits one set of chunks alone, so it is done when it has opened.
        heads.retain(|head| match head.text(&rest, turn) {
            Some(sealed) if attempts < MAX_ATTEMPTS => {
                attempts += 1;
                match open(&sealed) {
                    Some(session) => {
                        opened.push(session);
                        false
                    }
                    None => true,
                }
            }
            _ => false,
        });
        if heads.is_empty() {
            break;
        }
    }
    opened
}

/// In how many cookies a session is, by the first of them, and what that holds of the sealed text. Sealed text has no point, so that it is not
/// searched for one.
pub(super) fn counted(value: &str) -> (usize, &str) {
    match value.as_bytes() {
        [count @ b'2'..=b'9', b'.', ..] => (usize::from(count - b'0'), value.get(2..).unwrap_or_default()),
        _ => (1, value),
    }
}

/// What the first of the cookies says.
struct Head<'a> {
    /// Its place among those of its name.
    index: usize,
    count: usize,
    text: &'a str,
}

impl<'a> Head<'a> {
    fn read((index, value): (usize, &'a str)) -> Option<Self> {
        let (count, text) = counted(value);
        (count <= MAX_CHUNKS).then_some(Self { index, count, text })
    }

    /// With the chunks of this turn, beginning with those that stand in the same place as the head. `None` after the last combination.
    fn text(&self, rest: &[Vec<&str>], turn: usize) -> Option<Cow<'a, str>> {
        let (mut text, mut number) = (Cow::Borrowed(self.text), turn);
        for values in rest.iter().take(self.count.saturating_sub(1)) {
            let place = number.checked_rem(values.len())?.saturating_add(self.index);
            text.to_mut().push_str(values.get(place.checked_rem(values.len())?)?);
            number /= values.len();
        }
        (number == 0).then_some(text)
    }
}

#[cfg(test)]
mod tests;
