//! What a token is asked for, and what it is told to allow where the server does not say it.

use logto::{
    TokenOptions,
    machine::{MachineClient, TokenExchange},
    testing::{Endpoint, Fault},
};

use crate::support::{BOOKS, Site};

/// RFC 8707 section 2, as the configuration has it.
const NO_RESOURCES: [&str; 7] = [
    "",
    "books",
    "/books",
    "api.example.test",
    "https://api.example.test#books",
    "https://api.example.test,https://other.test",
    "https://api.example.test https://other.test",
];

#[tokio::test]
async fn a_resource_that_the_configuration_would_refuse_is_refused_wherever_a_token_is_asked_for() {
    let site = Site::build_with(|app| app.token_exchange(true)).await;
    let browser = site.signed_in("ada").await;
    let machine = MachineClient::builder().config(site.logto.config()).app_id("app").app_secret("s").build().unwrap();
    site.mock.reset_counts();

    let wrong = NO_RESOURCES.map(|resource| TokenOptions::new().resource(resource));
    let blank = ["", " "].map(|id| TokenOptions::new().resource(BOOKS).organization(id));
    for options in wrong.into_iter().chain(blank) {
        let held = browser.header();
        let of_session = site.logto.get_access_token(&mut browser.request(), options.clone()).await.unwrap_err();
        let forced = options.clone().force_refresh(true);
        let of_machine = machine.get_access_token(forced).await.unwrap_err();
        for error in [of_session, of_machine] {
            assert_eq!((error.code().as_str(), error.http_status()), ("options.invalid", 500), "{options:?}: {error}");
        }
        assert_eq!(browser.header(), held, "the session is what it was");
    }
    for resource in NO_RESOURCES {
        for exchange in [TokenExchange::impersonation("sub_x"), TokenExchange::personal_access_token("pat_x")] {
            let exchange = exchange.resource(resource);
            assert_eq!(site.logto.exchange_token(exchange.clone()).await.unwrap_err().code(), "options.invalid");
            assert_eq!(machine.exchange_token(exchange).await.unwrap_err().code(), "options.invalid", "{resource}");
        }
        let config = logto::LogtoConfig::builder().resources([resource]).build().unwrap_err();
        assert!(config.config_problems().iter().any(|problem| problem.setting() == "resources"), "{resource}");
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 0, "nobody was asked");
    // The session has not suffered.
    let books = TokenOptions::new().resource(BOOKS);
    assert!(site.logto.get_access_token(&mut browser.request(), books).await.is_ok());
}

/// RFC 6749 section 5.1: an answer without `scope` grants what was asked for. A JWT says itself what it is good for.
#[tokio::test]
async fn a_token_of_which_the_server_says_no_scopes_has_those_that_were_asked_for() {
    let site = Site::build_with(|app| app.token_exchange(true)).await;
    let config = site.logto.config();
    // From the sign-in on.
    site.mock.tamper_token_response(|response| _ = response.as_object_mut().unwrap().remove("scope"));
    let browser = site.signed_in("ada").await;
    let all = ["openid", "offline_access", "profile"];
    let held = site.logto.get_access_token(&mut browser.request(), TokenOptions::new()).await.unwrap();
    assert!(all.iter().all(|scope| held.scopes().iter().any(|one| one == scope)), "{held:?}");
    assert_eq!(held.scopes(), config.scopes(), "those of the sign-in");

    let ask = async |options: TokenOptions| site.logto.get_access_token(&mut browser.request(), options).await.unwrap();
    let renewed = ask(TokenOptions::new().force_refresh(true)).await;
    assert_eq!(renewed.scopes(), config.scopes());
    assert_eq!(ask(TokenOptions::new().scopes(["profile"])).await.scopes(), ["profile"]);
    // The token of Logto for an API is a JWT, and has not all that the sign-in asked for.
    let books = ask(TokenOptions::new().resource(BOOKS)).await;
    let claims = books.claims().unwrap();
    assert!(claims.scopes().eq(books.scopes()) && !books.scopes().iter().any(|scope| scope == "openid"), "{books:?}");
    assert!(!books.scopes().is_empty());

    let pat = site.mock.create_personal_access_token("ada", None);
    let exchange = TokenExchange::personal_access_token(pat.as_str());
    let opaque = site.logto.exchange_token(exchange.clone().scopes(["openid", "profile"])).await.unwrap();
    assert_eq!(opaque.access_token().scopes(), ["openid", "profile"]);
    let books = site.logto.exchange_token(exchange.resource(BOOKS).scopes(["read:books", "fly"])).await.unwrap();
    assert_eq!(books.access_token().scopes(), ["read:books"]);

    // What the server says goes before.
    site.mock.clear_tampering();
    site.mock.tamper_token_response(|response| response["scope"] = "openid".into());
    assert_eq!(ask(TokenOptions::new().force_refresh(true)).await.scopes(), ["openid"]);
}

/// RFC 8693 section 2.2.2 has `invalid_request` for a token that is no good, Logto `invalid_grant`.
#[tokio::test]
async fn a_subject_token_that_is_refused_has_one_code_by_either_name() {
    let site = Site::build_with(|app| app.token_exchange(true)).await;
    for (name, code) in [
        ("invalid_request", "token_exchange.subject_refused"),
        ("invalid_grant", "token_exchange.subject_refused"),
        ("unsupported_grant_type", "token.refused"),
    ] {
        let body = format!(r#"{{"error":"{name}","error_description":"the subject token is unknown"}}"#);
        site.mock.inject_fault(Endpoint::Token, Fault::body(400, "application/json", body).times(1));
        let error = site.logto.exchange_token(TokenExchange::impersonation("sub_x")).await.unwrap_err();
        assert_eq!(error.code(), code, "{name}");
        assert_eq!(error.oauth_error().unwrap().error(), name);
    }
    // A grant that the app may not use is another matter, whatever it is called.
    let body =
        r#"{"error":"invalid_request","error_description":"requested grant type is not allowed for this client"}"#;
    site.mock.inject_fault(Endpoint::Token, Fault::body(400, "application/json", body).times(1));
    let error = site.logto.exchange_token(TokenExchange::impersonation("sub_x")).await.unwrap_err();
    assert_eq!(error.code(), "client.grant_not_allowed");
}
