//! The discovery document, member by member: what OpenID Connect Discovery 1.0 section 3 and RFC 8414 section 2 require must be there and of
//! use; whatever else is of no use is as good as absent, and keeps nobody from signing in.

use logto::{ContextOptions, HeaderCookies, LogtoClient, SignInOptions, SignOutOptions};
use serde_json::{Value, json};

use crate::support::{BASE_URL, Browser, Site};

/// Values that no member with an address can use.
fn useless() -> Vec<Value> {
    vec![
        json!(null),
        json!(""),
        json!(" "),
        json!("/oidc/endpoint"),
        json!("localhost"),
        json!("//localhost/oidc"),
        json!("https://"),
        json!("https://[::1"),
        json!(7),
        json!(-1.5),
        json!(true),
        json!([]),
        json!(["https://logto.example.com/oidc"]),
        json!({}),
        json!({ "url": "https://logto.example.com/oidc" }),
    ]
}

/// A client that has asked nobody yet, at a server with another value of this member.
fn with(site: &Site, member: &str, value: &Value) -> LogtoClient {
    let (member, value) = (member.to_owned(), value.clone());
    site.mock.tamper_discovery(move |document| document[&member] = value.clone());
    site.another_instance()
}

#[tokio::test]
async fn an_optional_member_of_no_use_is_as_good_as_absent() {
    let mut site = Site::start().await;
    let optional = [
        "userinfo_endpoint",
        "end_session_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "authorization_response_iss_parameter_supported",
        "pushed_authorization_request_endpoint",
        "device_authorization_endpoint",
        // What the crate does not read.
        "registration_endpoint",
        "scopes_supported",
        "response_types_supported",
        "id_token_signing_alg_values_supported",
        "code_challenge_methods_supported",
        "service_documentation",
        "signed_metadata",
    ];
    let mut cases = 0;
    for member in optional {
        let mut values = useless();
        values.extend([json!("true"), json!(1), json!("yes")]);
        for value in values.iter().filter(|value| !(member.ends_with("_supported") && value.is_boolean())) {
            site.logto = with(&site, member, value);
            let browser = site.signed_in("ada").await;
            assert!(site.is_signed_in(&browser).await, "{member}: {value}");
            let out = site.logto.sign_out(&mut browser.request(), SignOutOptions::new()).await.unwrap();
            let at_logto = out.location().starts_with(&site.mock.issuer());
            assert_eq!(at_logto, member != "end_session_endpoint", "{member}: {value}: {}", out.location());
            assert!(at_logto || out.location() == format!("{BASE_URL}/"), "{member}: {value}");
            cases += 1;
        }
    }
    assert!(cases > 200, "{cases} members of no use");
    // What needs the member says that there is none.
    site.logto = with(&site, "userinfo_endpoint", &json!(""));
    let mut browser: Browser = site.signed_in("ada").await;
    let error = site.context(&mut browser, ContextOptions::new().fetch_user_info(true)).await.unwrap_err();
    assert_eq!(error.code(), "fetch_user_info_failed");
}

#[tokio::test]
async fn a_required_member_of_no_use_is_an_error_of_discovery() {
    let site = Site::start().await;
    for member in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
        for value in useless() {
            let logto = with(&site, member, &value);
            let error = logto.sign_in(&mut HeaderCookies::default(), SignInOptions::new()).await.unwrap_err();
            assert!(error.code().as_str().starts_with("discovery."), "{member}: {value}: {error}");
        }
        site.mock.tamper_discovery(move |document| _ = document.as_object_mut().unwrap().remove(member));
        let logto = site.another_instance();
        let error = logto.sign_in(&mut HeaderCookies::default(), SignInOptions::new()).await.unwrap_err();
        assert_eq!(error.code(), "discovery.failed", "{member} absent");
    }
}

/// `iss` is demanded where it is promised, and compared wherever it is there (RFC 9207 section 2.4).
#[tokio::test]
async fn a_callback_without_iss_is_refused_only_if_discovery_promises_iss_as_true() {
    let mut site = Site::start().await;
    for (promise, is_demanded) in
        [(json!(true), true), (json!(false), false), (json!("true"), false), (json!(1), false)]
    {
        site.logto = with(&site, "authorization_response_iss_parameter_supported", &promise);
        for (iss, code) in [
            ("", is_demanded.then_some("callback_uri_verification.iss_missing")),
            ("&iss=https%3A%2F%2Fevil.example", Some("callback_uri_verification.iss_mismatched")),
        ] {
            let mut browser = Browser::default();
            let url = site.begin(&mut browser, SignInOptions::new()).await;
            let callback = site.mock.sign_in(&url, "ada").await;
            let (without, _) = callback.split_once("&iss=").unwrap();
            let outcome = site.end(&mut browser, &format!("{without}{iss}")).await;
            assert_eq!(outcome.err().map(|error| error.code().to_string()).as_deref(), code, "{promise} {iss}");
        }
    }
}
