//! Who may use an application, and which tokens a Custom JWT script refuses.

use logto::testing::{CustomJwtScript, MockAccessControl, MockApp, MockLogto, MockUser};

use crate::support::{API, Browser, REDIRECT_URI, authorization_url, decoded, param, refresh, text, token, tokens};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const PERSONAL: &str = "urn:logto:token-type:personal_access_token";

async fn mock(rules: MockAccessControl) -> MockLogto {
    let app = MockApp::new("app", "secret").redirect_uri(REDIRECT_URI).token_exchange(true).access_control(rules);
    MockLogto::builder().app(app).start().await.unwrap()
}

#[tokio::test]
async fn a_user_who_loses_access_to_the_app_is_refused_every_grant_by_the_mock() {
    let mock = mock(MockAccessControl::new().role("librarian")).await;
    let first = tokens(&mock, &[]).await;
    assert!(mock.update_user("ada", MockUser::without_roles));
    let pat = mock.create_personal_access_token("ada", None);
    let exchange = [("grant_type", EXCHANGE), ("subject_token", &pat), ("subject_token_type", PERSONAL)];
    for refused in [refresh(&mock, text(&first, "refresh_token"), &[]).await, token(&mock, &exchange).await] {
        let body = refused.json();
        assert_eq!((refused.status, text(&body, "error")), (400, "access_denied"));
        assert_eq!(text(&body, "error_description"), "Access denied.");
    }
    // The session is there, so the server need not ask who it is.
    for prompt in ["consent", "none", ""] {
        let callback = mock.sign_in(&authorization_url(&mock, &[("prompt", prompt)]), "ada").await;
        assert_eq!(param(&callback, "error").as_deref(), Some("access_denied"), "{callback}");
    }
    assert!(mock.update_app("app", MockApp::without_access_control));
    assert_eq!(refresh(&mock, text(&first, "refresh_token"), &[]).await.status, 200);
    assert!(!mock.update_app("nosuch", |app| app));
}

#[tokio::test]
async fn a_barred_user_who_signs_in_stays_at_the_server() {
    let mock = mock(MockAccessControl::new().user("bob")).await;
    for prompt in ["consent", ""] {
        let mut browser = Browser::new(&mock);
        let page = browser.get(&authorization_url(&mock, &[("prompt", prompt)])).await.location().to_owned();
        let answer = browser.post(&page, &[("username", "ada"), ("password", "lovelace")]).await;
        let shown = browser.follow(answer).await.unwrap();
        assert_eq!(shown.status, 400);
        assert!(shown.body.contains("Access denied"), "{}", shown.body);
    }
    let mut browser = Browser::new(&mock);
    let callback = browser.sign_in(&authorization_url(&mock, &[]), "bob", "builder").await;
    assert!(param(&callback, "code").is_some(), "{callback}");
}

#[tokio::test]
#[should_panic(expected = "Access denied")]
async fn the_browser_inside_says_that_the_user_is_barred() {
    let mock = mock(MockAccessControl::new()).await;
    mock.sign_in(&authorization_url(&mock, &[]), "ada").await;
}

#[tokio::test]
async fn a_custom_jwt_script_in_the_mock_can_deny_jwts_but_not_opaque_tokens() {
    let machine = MockApp::new("machine", "secret").role("librarian");
    let app = MockApp::new("app", "secret").redirect_uri(REDIRECT_URI);
    let mock = MockLogto::builder().app(app).machine_to_machine_app(machine).start().await.unwrap();
    let first = tokens(&mock, &[("resource", API), ("scope", "openid offline_access read:books")]).await;
    let of_user = async || refresh(&mock, text(&first, "refresh_token"), &[("resource", API)]).await;
    let of_machine = async || {
        let form = [
            ("grant_type", "client_credentials"),
            ("resource", API),
            ("client_id", "machine"),
            ("client_secret", "secret"),
        ];
        let request = crate::support::client().post(format!("{}/token", mock.issuer())).form(&form);
        crate::support::Answer::of(request).await
    };
    let why = "no \"books\" today";
    mock.custom_jwt_of_users(CustomJwtScript::Denies(why.to_owned()));
    let (user, machine) = (of_user().await, of_machine().await);
    assert_eq!((user.status, text(&user.json(), "error")), (400, "access_denied"));
    assert_eq!(text(&user.json(), "error_description"), why);
    assert_eq!(machine.status, 200, "{}", machine.body);
    assert_eq!(refresh(&mock, text(&first, "refresh_token"), &[]).await.status, 200);

    mock.custom_jwt_of_users(CustomJwtScript::Throws);
    mock.custom_jwt_of_machines(CustomJwtScript::Denies(why.to_owned()));
    let (user, machine) = (of_user().await, of_machine().await);
    assert_eq!(decoded(text(&user.json(), "access_token")).1["scope"], "read:books");
    assert_eq!((machine.status, text(&machine.json(), "error")), (400, "access_denied"));

    mock.custom_jwt_of_machines(CustomJwtScript::Passes);
    assert_eq!(of_machine().await.status, 200);
}
