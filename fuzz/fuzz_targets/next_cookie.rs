//! The cookie of `@logto/next`, as `sealed_session` has our own. Where the cookie is shared it is not ours alone: what cannot be read is left as it is.
#![no_main]

use std::{
    sync::{Arc, LazyLock},
    time::{Duration, UNIX_EPOCH},
};

use libfuzzer_sys::fuzz_target;
use logto::{HeaderCookies, LogtoClient, SessionFormat};
use logto_fuzz::{SUB, Server, assert_sendable, block_on, client, config, cookie_header, seal, user_of};

fn logto(format: SessionFormat) -> LogtoClient {
    // Long after whatever a fuzzer runs.
    let until = UNIX_EPOCH + Duration::from_secs(10_000_000_000);
    client(config(&Arc::new(Server::default())).session_format(format).from_next_until(until))
}

static NEXT: LazyLock<LogtoClient> = LazyLock::new(|| logto(SessionFormat::Next));
static FROM_NEXT: LazyLock<LogtoClient> = LazyLock::new(|| logto(SessionFormat::FromNext));

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else { return };
    let is_plaintext = kind % 2 == 1;
    let value = if is_plaintext { seal::next(rest) } else { String::from_utf8_lossy(rest).into_owned() };
    for (logto, is_shared) in [(&*NEXT, true), (&*FROM_NEXT, false)] {
        let mut cookies = HeaderCookies::parse(format!("{}={value}", seal::NAME));
        let before = cookie_header(&cookies);
        let user = block_on(user_of(logto, &mut cookies));
        assert!(is_plaintext || user.as_ref().is_none_or(|sub| sub == SUB), "a value that was not sealed is a session");
        if is_shared && !is_plaintext && user.is_none() {
            assert_eq!(cookie_header(&cookies), before, "a cookie of Next.js was changed");
        }
        assert_sendable(&cookies);
    }
});
