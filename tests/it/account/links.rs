//! Social accounts: the way to the provider and back.

use logto::account::{LinkOptions, PendingLink};
use serde_json::{Value, json};

use super::stand_in::{App, json_answer, nothing, refusal};

const REDIRECT_URI: &str = "http://localhost:3000/social";

fn begun(uri: &str) -> http::Response<Vec<u8>> {
    let body =
        json!({ "verificationRecordId": "record", "authorizationUri": uri, "expiresAt": "2099-01-01T00:00:00.000Z" });
    json_answer(201, &body)
}

async fn pending(app: &App) -> PendingLink {
    app.logto.next(begun("https://provider.example/authorize?client_id=x"));
    app.account().await.begin_link(LinkOptions::new("github", REDIRECT_URI).scopes(["repo", "gist"])).await.unwrap()
}

fn sent(app: &App) -> Value {
    serde_json::from_slice(app.logto.last().body()).unwrap()
}

#[tokio::test]
async fn account_a_link_goes_to_the_provider_and_comes_back() {
    let app = App::new();
    let (account, v) = (app.account().await, &app.verification());
    let pending = pending(&app).await;
    assert_eq!(pending.authorization_uri(), Some("https://provider.example/authorize?client_id=x"));
    let asked = sent(&app);
    let state = asked["state"].as_str().unwrap().to_owned();
    assert_eq!(
        (state.len(), asked["scope"].as_str(), asked["connectorId"].as_str()),
        (43, Some("repo gist"), Some("github"))
    );
    assert!(!format!("{pending:?}").contains(&state));

    // Kept between the two requests.
    let kept = serde_json::to_string(&pending).unwrap();
    assert!(kept.len() < 300, "{kept}");
    let kept: PendingLink = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept.authorization_uri(), None);
    app.logto.next(json_answer(200, &json!({ "verificationRecordId": "record" })));
    let callback = format!("/social?code=a%20b&state={state}&iss=https%3A%2F%2Fprovider.example#top");
    let social = account.finish_link(&kept, &callback).await.unwrap();
    let data = json!({ "code": "a b", "state": state, "iss": "https://provider.example", "redirectUri": REDIRECT_URI });
    assert_eq!(sent(&app), json!({ "connectorData": data, "verificationRecordId": "record" }));

    app.logto.next(nothing());
    account.link_identity(&social, v).await.unwrap();
    assert_eq!(sent(&app), json!({ "newIdentifierVerificationRecordId": "record" }));
    app.logto.next(refusal(422, "user.identity_already_in_use"));
    assert_eq!(account.link_identity(&social, v).await.unwrap_err().code(), "account.value_refused");
    app.logto.next(nothing());
    account.replace_identity(&social, v).await.unwrap();
    assert_eq!(app.logto.last().method(), "PUT");
}

#[tokio::test]
async fn account_a_callback_that_does_not_belong_to_the_link_reaches_nobody() {
    let app = App::new();
    let account = app.account().await;
    let pending = pending(&app).await;
    let state = sent(&app)["state"].as_str().unwrap().to_owned();
    let before = app.logto.asked("/api/").len();
    for (callback, code) in [
        ("code=x&state=other".to_owned(), "account.link_mismatched"),
        ("code=x".to_owned(), "account.link_mismatched"),
        (String::new(), "account.link_mismatched"),
        (format!("code=x&state={state}x"), "account.link_mismatched"),
        (format!("code=x&state={state}&state={state}"), "callback_uri_verification.repeated_parameter"),
        (format!("code=x&code=y&state={state}"), "callback_uri_verification.repeated_parameter"),
        (format!("error=access_denied&state={state}"), "account.link_cancelled"),
        (format!("error=invalid%0Ascope&state={state}"), "account.link_refused"),
        ("error=access_denied".to_owned(), "account.link_mismatched"),
    ] {
        let error = account.finish_link(&pending, &callback).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.requires_sign_in()), (code, false), "{callback}");
        assert!(!error.to_string().contains('\n'));
    }
    let of_bob = app.session_with("bob", super::stand_in::ALL_SCOPES).await.account();
    let error = of_bob.finish_link(&pending, &format!("code=x&state={state}")).await.unwrap_err();
    assert_eq!(error.code(), "account.link_mismatched");
    assert_eq!(app.logto.asked("/api/").len(), before);

    // None of them used the link up.
    app.logto.next(json_answer(200, &json!({ "verificationRecordId": "record" })));
    account.finish_link(&pending, &format!("code=x&state={state}")).await.unwrap();
}

#[tokio::test]
async fn account_a_page_of_the_provider_is_a_web_address() {
    let app = App::new();
    let account = app.account().await;
    for uri in ["javascript:alert(1)", "data:text/html,x", "alipay://x", "/authorize", ""] {
        app.logto.next(begun(uri));
        let error = account.begin_link(LinkOptions::new("c", REDIRECT_URI)).await.unwrap_err();
        assert_eq!(error.code(), "account.failed", "{uri}");
    }
    for uri in ["callback", "javascript:alert(1)", "https://x.example/#f"] {
        let error = account.begin_link(LinkOptions::new("c", uri)).await.unwrap_err();
        assert_eq!(error.code(), "options.invalid", "{uri}");
    }
}
