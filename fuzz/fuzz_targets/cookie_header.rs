//! Any `Cookie` header: whoever is signed in by it is the one whose cookie it holds.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logto::{HeaderCookies, LogtoClient, TokenOptions};
use logto_fuzz::{SUB, Server, assert_explained, assert_sendable, block_on, client, config, user_of};

static LOGTO: LazyLock<LogtoClient> = LazyLock::new(|| client(config(&Arc::new(Server::default()))));

fuzz_target!(|header: &[u8]| {
    let mut cookies = HeaderCookies::parse(String::from_utf8_lossy(header));
    block_on(async {
        let user = user_of(&LOGTO, &mut cookies).await;
        assert!(user.is_none_or(|sub| sub == SUB), "somebody else is signed in");
        // A verb that writes. The server knows no tokens, so whatever comes of it is an error that keeps the session.
        if let Err(error) = LOGTO.get_access_token(&mut cookies, TokenOptions::new().force_refresh(true)).await {
            assert_explained(&error);
        }
        LOGTO.clear_access_token(&mut cookies).await.expect("nothing is asked for");
    });
    assert_sendable(&cookies);
});
