//! The query of the callback, with a sign-in under way. `STATE` in the input stands for its `state`, which cannot be guessed.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logto::{HeaderCookies, LogtoClient, SignInOptions};
use logto_fuzz::{
    ISSUER, SITE, Server, Tokens, UnderWay, assert_explained, assert_sendable, begin_sign_in, block_on, client, config,
};

static APP: LazyLock<(LogtoClient, UnderWay)> = LazyLock::new(|| {
    let server = Arc::new(Server::default());
    let logto = client(config(&server));
    let under_way = block_on(begin_sign_in(&logto, SignInOptions::new())).expect("a sign-in begins");
    server.grants(&Tokens { nonce: Some(&under_way.nonce), refresh_token: "refresh-1" });
    (logto, under_way)
});

fuzz_target!(|input: &[u8]| {
    let (logto, under_way) = &*APP;
    let query = String::from_utf8_lossy(input).replace("STATE", &under_way.state);
    let mut cookies = HeaderCookies::parse(&*under_way.cookie_header);
    match block_on(logto.handle_sign_in(&mut cookies, &query)) {
        Ok(home) => {
            assert_eq!(home.location(), SITE);
            // Each once, and right: in the input as a query, or in what follows its first "?".
            let is_right = |query: &str| {
                let query = query.split('#').next().unwrap_or_default();
                let all = |name: &str| -> Vec<_> {
                    let pairs = url::form_urlencoded::parse(query.as_bytes());
                    pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
                };
                all("state") == [under_way.state.as_str()] && all("iss") == [ISSUER] && all("code").len() == 1
            };
            assert!(is_right(&query) || query.split_once('?').is_some_and(|(_, query)| is_right(query)), "{query}");
        }
        Err(error) => assert_explained(&error),
    }
    assert_sendable(&cookies);
});
