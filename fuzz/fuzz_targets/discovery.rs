//! The discovery document: what is taken has our issuer, and leads the browser to an address that can be one.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use logto::{HeaderCookies, SignInOptions};
use logto_fuzz::{APP_ID, ISSUER, Server, assert_explained, assert_sendable, block_on, client, config};

/// What else is in the document is passed over, as it may be anything.
#[derive(serde::Deserialize)]
struct Document {
    issuer: String,
}

fuzz_target!(|document: &[u8]| {
    let server = Arc::new(Server::default());
    server.answers("/oidc/.well-known/openid-configuration", 200, document);
    let logto = client(config(&server));
    let mut cookies = HeaderCookies::parse("");
    match block_on(logto.sign_in(&mut cookies, SignInOptions::new())) {
        Ok(redirect) => {
            let document: Document = serde_json::from_slice(document).expect("what was taken is JSON");
            assert_eq!(document.issuer, ISSUER);
            let url = url::Url::parse(redirect.location()).expect("an absolute URL");
            assert!(matches!(url.scheme(), "http" | "https"), "{url}");
            assert!(url.query_pairs().any(|(key, value)| key == "client_id" && value == APP_ID));
        }
        Err(error) => assert_explained(&error),
    }
    assert_sendable(&cookies);
});
