//! The key set: a token is taken only where the set has the key that signed it.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logto_fuzz::{Server, access_token, assert_explained, block_on, jwks, resource_server};
use serde_json::{Value, value::RawValue};

static TOKEN: LazyLock<String> = LazyLock::new(access_token);

#[derive(serde::Deserialize)]
struct Document {
    keys: Vec<Box<RawValue>>,
}

fuzz_target!(|document: &[u8]| {
    let server = Arc::new(Server::default());
    server.answers("/oidc/jwks", 200, document);
    match block_on(resource_server(&server).verify(&TOKEN)) {
        Ok(_) => {
            let document: Document = serde_json::from_slice(document).expect("what was taken is JSON");
            let good = jwks();
            let same = |key: &Value, name| key[name] == good["keys"][0][name];
            // A key that has something unreadable beside it is passed over.
            let mut keys = document.keys.iter().filter_map(|key| serde_json::from_str(key.get()).ok());
            assert!(keys.any(|key| same(&key, "x") && same(&key, "y")), "a key that is not there has verified");
        }
        Err(error) => assert_explained(&error),
    }
});
