//! The session cookie. An even first byte: the rest is the value, and no value that we have not sealed signs anybody in as somebody else.
//! An odd one: the rest is what is behind the seal, so that the reader of sessions is reached.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logto::{HeaderCookies, LogtoClient};
use logto_fuzz::{SUB, Server, assert_sendable, block_on, client, config, seal, user_of};

static LOGTO: LazyLock<LogtoClient> = LazyLock::new(|| client(config(&Arc::new(Server::default()))));

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else { return };
    let is_plaintext = kind % 2 == 1;
    let value = if is_plaintext { seal::logto(rest) } else { String::from_utf8_lossy(rest).into_owned() };
    let mut cookies = HeaderCookies::parse(format!("{}={value}", seal::NAME));
    block_on(async {
        let user = user_of(&LOGTO, &mut cookies).await;
        assert!(is_plaintext || user.is_none_or(|sub| sub == SUB), "a value that was not sealed is a session");
        LOGTO.clear_access_token(&mut cookies).await.expect("nothing is asked for");
    });
    assert_sendable(&cookies);
});
