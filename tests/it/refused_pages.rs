//! What a user is told who is signed in and may not.

use logto::{
    Error, TokenOptions,
    integrate::AuthRequest,
    machine::TokenExchange,
    testing::{Endpoint, Fault},
};
use serde_json::Value;

use crate::support::{BOOKS, Site};

async fn denied(site: &Site, description: &str, options: TokenOptions) -> Error {
    let browser = site.signed_in("ada").await;
    let body = format!(r#"{{"error":"access_denied","error_description":"{description}"}}"#);
    site.mock.inject_fault(Endpoint::Token, Fault::body(403, "application/json", body).times(1));
    site.logto.get_access_token(&mut browser.request(), options.force_refresh(true)).await.unwrap_err()
}

#[tokio::test]
async fn a_token_refusal_shows_a_no_access_page_without_a_sign_in_link() {
    let site = Site::start().await;
    let acme = || TokenOptions::new().organization("org-acme");
    let mut errors = vec![
        denied(&site, "user is not a member of the organization", acme()).await,
        denied(&site, "organization requires MFA but user has no MFA configured", acme()).await,
        denied(&site, "organization access is not granted to the application", acme()).await,
        denied(&site, "the organization is asleep", acme()).await,
        denied(&site, "not today", TokenOptions::new().resource(BOOKS)).await,
    ];
    let body = r#"{"error":"invalid_grant","error_description":"subject token is invalid"}"#;
    site.mock.inject_fault(Endpoint::Token, Fault::body(400, "application/json", body).times(1));
    errors.push(site.logto.exchange_token(TokenExchange::impersonation("sub_x")).await.unwrap_err());
    let codes: Vec<_> = errors.iter().map(Error::code).collect();
    assert_eq!(
        codes,
        [
            "organization.not_a_member",
            "organization.mfa_required",
            "organization.not_granted",
            "organization.access_denied",
            "token.access_denied",
            "token_exchange.subject_refused",
        ]
    );
    for error in errors {
        let page = site.logto.error_response(&asked("text/html"), &error);
        assert_eq!(page.status(), 403);
        let page = page.into_body();
        assert!(page.contains("<title>No access</title>"), "{page}");
        assert!(page.contains("<h1>You do not have access to this page.</h1>"), "{page}");
        assert!(!page.contains("cancelled") && !page.contains(r#"href="/logto/sign-in"#), "{page}");
        let json = site.logto.error_response(&asked("application/json"), &error).into_body();
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (&json["code"], &json["message"]),
            (&error.code().as_str().into(), &"You do not have access to this page.".into())
        );
    }
}

#[tokio::test]
async fn a_session_that_is_too_large_by_its_custom_data_says_so() {
    let notes = "0123456789abcdef".repeat(4000);
    let site = Site::start().await;
    let mut digits = notes.into_bytes();
    // Nothing that compresses.
    let mut seed = 7_u32;
    for byte in &mut digits {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[usize::try_from(seed >> 26).unwrap()];
    }
    let notes = String::from_utf8(digits).unwrap();
    site.mock.tamper_id_token(move |_, claims| claims["custom_data"] = serde_json::json!({ "notes": notes }));
    let mut browser = crate::support::Browser::default();
    let url = site.begin(&mut browser, logto::SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let error = site.end(&mut browser, &callback).await.unwrap_err();
    assert_eq!(error.code(), "session.too_large", "{error}");
    assert!(error.to_string().contains("its claim `custom_data`"), "{error}");
    assert!(
        error.hint().contains("drop `custom_data` from `scopes`") && !error.hint().contains("rganization"),
        "{}",
        error.hint()
    );
}

/// A request for what `accept` names.
fn asked(accept: &str) -> AuthRequest {
    AuthRequest::new("GET", "/", |name| (name == "accept").then(|| accept.to_owned()))
}
