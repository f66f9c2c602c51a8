//! The ID token that a refresh brings: none is taken but those that were signed, with and without the `nonce` of some sign-in.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logto::HeaderCookies;
use logto_fuzz::{SUB, Server, assert_explained, block_on, client, config, id_token, is_genuine, signed_in, user_of};

static COOKIES: LazyLock<String> = LazyLock::new(|| {
    let server = Arc::new(Server::default());
    block_on(signed_in(&client(config(&server)), &server))
});
static GENUINE: LazyLock<[String; 2]> = LazyLock::new(|| [id_token(None), id_token(Some("n"))]);

fuzz_target!(|token: &[u8]| {
    let token = String::from_utf8_lossy(token);
    let server = Arc::new(Server::default());
    let logto = client(config(&server));
    let tokens = serde_json::json!({
        "access_token": "opaque", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh-2", "id_token": token,
    });
    server.answers("/oidc/token", 200, tokens.to_string());
    let mut cookies = HeaderCookies::parse(&**COOKIES);
    block_on(async {
        match logto.refresh_session(&mut cookies).await {
            Ok(_) => assert!(GENUINE.iter().any(|genuine| is_genuine(&token, genuine)), "taken: {token}"),
            Err(error) => assert_explained(&error),
        }
        assert_eq!(user_of(&logto, &mut cookies).await.as_deref(), Some(SUB), "the session is lost");
    });
});
