//! How large a `Cookie` header the limits of this crate allow, and what `docs/deployment.md` says of it.

use super::{
    super::{chunks, limits, pending},
    *,
};

/// Logto's own cookies, which come along where it is behind the same host: the largest `Cookie` header that was recorded
/// (`10-code-flow/08-auth-resume.json`).
const OF_LOGTO: usize = 482;

fn number_after(text: &str, words: &str) -> usize {
    let rest = text.split_once(words).unwrap_or_else(|| panic!("docs/deployment.md does not say {words:?}")).1;
    let rest = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
    let (digits, unit) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap());
    digits.replace(',', "").parse::<usize>().unwrap() * if unit.starts_with('k') { 1024 } else { 1 }
}

/// A session that fills four cookies, by the settings whose attributes are shortest, and so leave the most room for the value.
fn largest_session() -> (usize, usize) {
    let settings = settings_of("app", false);
    let most = (1..)
        .map(|length| length * 4)
        .take_while(|length| chunks::split(&settings.own, &"x".repeat(*length), 1).is_some());
    let length = most.last().unwrap();
    let cookies = chunks::split(&settings.own, &"x".repeat(length), 1).unwrap();
    assert_eq!(cookies.len(), limits::MAX_CHUNKS);
    let pairs: Vec<_> = cookies.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
    (pairs.join("; ").len(), cookies.iter().map(|cookie| cookie.to_string().len()).sum())
}

#[test]
fn the_documented_sizes_of_headers_hold_the_largest_that_the_limits_allow() {
    let page = include_str!("../../../docs/deployment.md");
    let (session, set_cookies) = largest_session();
    let header = "Cookie: ".len() + session + "; ".len() + pending::MAX_HEADER_BYTES;
    let documented = number_after(page, "A `Cookie` header of this crate has at most");
    assert!((header..header + 100).contains(&documented), "{header} bytes are possible, {documented} are documented");

    // With Logto's cookies, and 4 kB for those of the application.
    let room = header + OF_LOGTO + 4096;
    for buffer in ["large_client_header_buffers 4", "--max-http-header-size"] {
        let size = number_after(page, buffer);
        assert!(size >= room, "{buffer}: {size} bytes do not hold {room}");
    }
    let buffer = number_after(page, "proxy_buffer_size");
    assert!(
        buffer >= set_cookies + 4 * limits::MAX_COOKIE_BYTES,
        "{buffer} bytes do not hold {set_cookies} of a session"
    );
}
