//! The token endpoint's answer to a refresh: the first byte chooses the status, the rest is the body. A session survives all but its own end.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logto::HeaderCookies;
use logto_fuzz::{SUB, Server, assert_explained, assert_sendable, block_on, client, config, signed_in, user_of};

static COOKIES: LazyLock<String> = LazyLock::new(|| {
    let server = Arc::new(Server::default());
    block_on(signed_in(&client(config(&server)), &server))
});

fuzz_target!(|input: &[u8]| {
    let Some((status, body)) = input.split_first() else { return };
    let status = [200, 200, 200, 400, 401, 429, 500, 503][usize::from(status % 8)];
    let server = Arc::new(Server::default());
    // A client for each, since one remembers what came of a refresh token.
    let logto = client(config(&server));
    server.answers("/oidc/token", status, body);
    let mut cookies = HeaderCookies::parse(&**COOKIES);
    block_on(async {
        let refreshed = logto.refresh_session(&mut cookies).await;
        let user = user_of(&logto, &mut cookies).await;
        match refreshed {
            Ok(context) => assert!(status == 200 && context.is_authenticated() && user.as_deref() == Some(SUB)),
            Err(error) => {
                assert_explained(&error);
                let is_over = error.code() == "session.ended" && (400..500).contains(&status);
                assert!(is_over || user.as_deref() == Some(SUB), "{} lost a session", error.code());
            }
        }
    });
    assert_sendable(&cookies);
});
