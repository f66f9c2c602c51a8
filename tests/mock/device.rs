//! The device flow, beyond what was recorded.

use logto::testing::{MockApp, MockLogto};
use serde_json::Value;

use crate::{
    replay::xsrf,
    support::{Answer, Browser, client, text},
};

async fn mock() -> MockLogto {
    MockLogto::builder().app(MockApp::new("tv", "").device_flow()).start().await.unwrap()
}

async fn post(mock: &MockLogto, path: &str, form: &[(&str, &str)]) -> Answer {
    Answer::of(client().post(format!("{}{path}", mock.issuer())).form(form)).await
}

async fn begin(mock: &MockLogto) -> Value {
    let scope = "openid offline_access profile";
    post(mock, "/device/auth", &[("client_id", "tv"), ("scope", scope)]).await.json()
}

async fn poll(mock: &MockLogto, device: &Value) -> Answer {
    let kind = "urn:ietf:params:oauth:grant-type:device_code";
    post(mock, "/token", &[("client_id", "tv"), ("grant_type", kind), ("device_code", text(device, "device_code"))])
        .await
}

#[tokio::test]
async fn a_device_authorization_in_the_mock_is_decided_without_a_browser() {
    let mock = mock().await;
    let (yes, no, other) = (begin(&mock).await, begin(&mock).await, begin(&mock).await);
    mock.approve_device(text(&yes, "verification_uri_complete"), "ada");
    mock.deny_device(text(&no, "verification_uri_complete"));
    let tokens = poll(&mock, &yes).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert_eq!(text(&poll(&mock, &no).await.json(), "error"), "access_denied");
    assert_eq!(text(&poll(&mock, &other).await.json(), "error"), "authorization_pending");

    let refresh = [("client_id", "tv"), ("grant_type", "refresh_token")];
    let refreshed = async |tokens: &Value| {
        let token = text(tokens, "refresh_token");
        post(&mock, "/token", &[refresh[0], refresh[1], ("refresh_token", token)]).await
    };
    let next = refreshed(&tokens.json()).await;
    assert_eq!(next.status, 200, "{}", next.body);
    // The code that comes again takes the grant with it.
    assert_eq!(text(&poll(&mock, &yes).await.json(), "error"), "invalid_grant");
    assert_eq!(text(&refreshed(&next.json()).await.json(), "error"), "invalid_grant");
}

#[tokio::test]
async fn a_user_code_in_lower_case_without_the_dash_is_accepted_by_the_mock() {
    let mock = mock().await;
    let device = begin(&mock).await;
    let mut browser = Browser::new(&mock);
    let form = browser.get("/oidc/device?user_code=x").await;
    let xsrf = xsrf(&form.body).unwrap();
    let typed = text(&device, "user_code").to_lowercase().replace('-', "");
    let form = [("xsrf", xsrf.as_str()), ("user_code", &typed), ("confirm", "yes")];
    assert!(browser.post("/oidc/device", &form).await.location().starts_with("/sign-in?app_id=tv"));
    let forged = browser.post("/oidc/device", &[("xsrf", "x"), ("user_code", &typed), ("confirm", "yes")]).await;
    assert_eq!(forged.status, 400, "{}", forged.body);
}

#[tokio::test]
async fn the_device_pages_of_the_mock_escape_html_in_user_input() {
    let mock = mock().await;
    let get = async |path: &str| {
        let request = client().get(format!("{}{path}", mock.endpoint())).header("cookie", "_logto_device_flow_xsrf=x");
        Answer::of(request).await
    };
    for path in
        ["/device?user_code=%22%3E%3Cscript%3E", "/device?input_code=%22%3E%3Cscript%3E&error=%3Cscript%3E", "/device"]
    {
        let page = get(path).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Connect a device") && !page.body.contains("<script>"), "{}", page.body);
    }
}
