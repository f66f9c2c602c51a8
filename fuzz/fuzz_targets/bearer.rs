//! The `Authorization` headers of a request, one a line: none is let in but the bearer of a token that was signed, and refusals can be sent.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logto::api::{ResourceServer, TokenRequirements};
use logto_fuzz::{Server, access_token, assert_explained, block_on, is_genuine, resource_server};

static API: LazyLock<ResourceServer> = LazyLock::new(|| resource_server(&Arc::new(Server::default())));
static GENUINE: LazyLock<String> = LazyLock::new(access_token);

fuzz_target!(|headers: &[u8]| {
    let headers: Vec<&[u8]> = headers.split(|byte| *byte == b'\n').collect();
    let requirements = TokenRequirements::new().scopes(["read:books"]);
    match block_on(API.authorize(&headers, &requirements)) {
        Ok(auth) => {
            let [header] = *headers else { panic!("one of several headers was chosen") };
            let token = header.trim_ascii().get(b"Bearer ".len()..).expect("a token").trim_ascii();
            assert!(is_genuine(std::str::from_utf8(token).expect("text"), &GENUINE));
            assert_eq!(auth.sub(), "ada");
        }
        Err(error) => {
            assert_explained(&error);
            let challenge = error.www_authenticate().expect("a refusal has a challenge");
            http::HeaderValue::from_str(challenge).expect("a header");
        }
    }
});
