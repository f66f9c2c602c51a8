//! `WWW-Authenticate` of an API: a demand for a fresh login that is read can be asked for, and no header keeps a client busy.
#![no_main]

use std::sync::Arc;

use http::Request;
use libfuzzer_sys::fuzz_target;
use logto::{
    HeaderCookies, SignInOptions, TokenOptions, api_client::ApiClient, machine::MachineClient, step_up::StepUp,
};
use logto_fuzz::{APP_ID, ENDPOINT, RESOURCE, Server, assert_explained, block_on, client, config};

fuzz_target!(|header: &[u8]| {
    let server = Arc::new(Server::default());
    if let Some(step_up) = StepUp::from_www_authenticate(&String::from_utf8_lossy(header)) {
        let mut cookies = HeaderCookies::parse("");
        match block_on(client(config(&server)).sign_in(&mut cookies, SignInOptions::new().step_up(&step_up))) {
            Ok(redirect) => assert!(redirect.location().starts_with(ENDPOINT)),
            Err(error) => assert_explained(&error),
        }
    }
    if header.iter().any(|byte| *byte < b' ' || *byte == 127) {
        return; // No HTTP client hands these over.
    }
    server.challenges("/books", header);
    server.answers("/oidc/token", 200, r#"{"access_token":"opaque","token_type":"Bearer","expires_in":3600}"#);
    let machine = MachineClient::builder().endpoint(ENDPOINT).app_id(APP_ID).app_secret("secret");
    let machine = machine.http_client(Arc::clone(&server)).build().expect("the settings are right");
    let api = ApiClient::builder().base_url(RESOURCE).token_options(TokenOptions::new().resource(RESOURCE));
    let api = api.http_client(Arc::clone(&server)).build().expect("the settings are right");
    let request = Request::get("/books").body(Vec::new()).expect("a request");
    let response = block_on(api.send(&machine, request)).expect("an answer is an answer");
    assert_eq!(response.status(), 401);
});
