//! The body of a back-channel logout: nobody is signed out by a token that nobody has signed.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logto_fuzz::{Server, assert_explained, block_on, client, config, is_genuine, logout_token};

static GENUINE: LazyLock<String> = LazyLock::new(logout_token);

fuzz_target!(|body: &[u8]| {
    let body = String::from_utf8_lossy(body);
    // A client for each, since a token is taken once.
    let logto = client(config(&Arc::new(Server::default())));
    match block_on(logto.back_channel_logout(&body)) {
        Ok(_) => {
            let mut tokens = url::form_urlencoded::parse(body.as_bytes()).filter(|(name, _)| name == "logout_token");
            let (_, token) = tokens.next().expect("a token");
            assert!(is_genuine(&token, &GENUINE) && tokens.next().is_none(), "taken: {token}");
        }
        Err(error) => assert_explained(&error),
    }
});
