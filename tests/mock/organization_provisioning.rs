//! Just-in-time provisioning: who becomes a member without an invitation.

use logto::testing::{MockDelivery, MockLogto, MockOrganization, MockUser, MockWebhook};
use serde_json::{Value, json};

use crate::{
    management_api::ManagementApi,
    organizations::{roles_of, scope_in, sign_in},
    receiver::Receiver,
    support::{Answer, Browser, authorization_url},
};

async fn register(mock: &MockLogto, username: &str, email: &str) -> Answer {
    let mut browser = Browser::new(mock);
    let page = browser.get(&authorization_url(mock, &[("first_screen", "register")])).await.location().to_owned();
    browser.post(&page, &[("username", username), ("password", "secret"), ("email", email)]).await
}

#[tokio::test]
async fn an_email_domain_makes_members_of_those_who_register() {
    let mock = MockLogto::start().await;
    let api = ManagementApi::of(&mock);
    api.done("PUT", "organizations/org-acme/jit/email-domains", json!({ "emailDomains": ["initech.example"] })).await;
    api.done("POST", "organizations/org-globex/jit/email-domains", json!({ "emailDomain": "initech.example" })).await;
    api.done("POST", "organizations/org-acme/jit/roles", json!({ "organizationRoleIds": ["org-role-admin"] })).await;
    for (username, email) in [
        ("peter", "peter@initech.example"),
        ("other", "other@hooli.example"),
        ("nomail", ""),
        ("noat", "initech.example"),
        ("sub", "sub@mail.initech.example"),
    ] {
        assert_eq!(register(&mock, username, email).await.status, 303, "{username}");
        let organizations = api.get(&format!("users/user-{username}/organizations")).await;
        let count = organizations.as_array().unwrap().len();
        assert_eq!(count, if username == "peter" { 2 } else { 0 }, "{username}");
    }
    let peter = sign_in(&mock, "peter").await;
    assert_eq!(scope_in(&mock, &peter, "org-acme").await, Ok("read:reports invite:member".to_owned()));
    assert_eq!(scope_in(&mock, &peter, "org-globex").await, Ok(String::new()));

    // Who was removed does not come back at a sign-in, and a domain that is gone makes nobody a member.
    api.done("DELETE", "organizations/org-acme/users/user-peter", Value::Null).await;
    let peter = sign_in(&mock, "peter").await;
    assert_eq!(scope_in(&mock, &peter, "org-acme").await, Err((403, "access_denied".to_owned())));
    api.done("DELETE", "organizations/org-acme/jit/email-domains/initech.example", Value::Null).await;
    register(&mock, "samir", "samir@initech.example").await;
    let organizations = api.get("users/user-samir/organizations").await;
    assert_eq!((organizations.as_array().unwrap().len(), &organizations[0]["id"]), (1, &json!("org-globex")));

    // An address in the place of the username is the identifier, for the sign-in, too.
    register(&mock, "milton@initech.example", "").await;
    let mut browser = Browser::new(&mock);
    let back = browser.sign_in(&authorization_url(&mock, &[]), "milton@initech.example", "secret").await;
    assert!(back.contains("code="), "{back}");
    let found = api.get("organizations/org-globex/users?q=milton").await;
    assert_eq!((&found[0]["username"], &found[0]["primaryEmail"]), (&Value::Null, &json!("milton@initech.example")));

    // An address is one user's.
    assert_eq!(register(&mock, "Milton@initech.example", "").await.status, 422);
    assert_eq!(register(&mock, "double", "peter@initech.example").await.status, 422);
}

/// As in Logto's source: registration on a page alone provisions by an email domain.
#[tokio::test]
async fn those_who_are_there_already_are_not_provisioned() {
    let acme = MockOrganization::new("org-acme").jit_email_domain("initech.example").jit_role("guest");
    let early = MockUser::new("early").email("early@initech.example");
    let mock = MockLogto::builder().organization(acme).user(early).user(MockUser::new("late")).start().await.unwrap();
    mock.add_user(MockUser::new("made").email("made@initech.example"));
    mock.update_user("late", |late| late.email("late@initech.example"));
    for user in ["early", "late", "made"] {
        let token = sign_in(&mock, user).await;
        assert_eq!(roles_of(&mock, &token).await, json!([]), "{user}");
    }
    register(&mock, "new", "new@initech.example").await;
    let token = sign_in(&mock, "new").await;
    assert_eq!(roles_of(&mock, &token).await, json!(["org-acme:guest"]));
}

#[tokio::test]
async fn webhooks_are_told_of_who_came_before_they_are_told_of_the_user() {
    let receiver = Receiver::start().await;
    let acme = MockOrganization::new("org-acme").jit_email_domain("initech.example");
    let webhook = MockWebhook::new(receiver.url());
    let mock = MockLogto::builder().organization(acme).webhook(webhook).start().await.unwrap();
    register(&mock, "peter", "peter@initech.example").await;
    let all = mock.deliveries().await;
    let events: Vec<_> = all.iter().map(MockDelivery::event).collect();
    assert_eq!(events, ["Organization.Membership.Updated", "User.Created", "PostRegister"]);
    let came = all[0].json();
    assert_eq!((&came["organizationId"], &came["addedUserIds"]), (&json!("org-acme"), &json!(["user-peter"])));
    assert_eq!((&came["interactionEvent"], &came["sessionId"]), (&json!("Register"), &all[1].json()["sessionId"]));
}

#[tokio::test]
async fn a_one_time_token_makes_a_member_of_the_organizations_that_it_names() {
    let receiver = Receiver::start().await;
    let webhook = MockWebhook::new(receiver.url()).events(["Organization.Membership.Updated"]);
    let mock = MockLogto::builder().webhook(webhook).user(MockUser::new("grace").email("grace@navy.example")).start();
    let mock = mock.await.unwrap();
    let api = ManagementApi::of(&mock);
    api.done("PUT", "organizations/org-acme/jit/roles", json!({ "organizationRoleIds": ["org-role-admin"] })).await;
    api.done("PUT", "organizations/org-globex/jit/email-domains", json!({ "emailDomains": ["navy.example"] })).await;
    for (email, came_to) in
        [("grace@navy.example", vec!["org-acme"]), ("new@navy.example", vec!["org-acme", "org-globex"])]
    {
        let context = json!({ "jitOrganizationIds": ["org-acme", "nosuch"] });
        let made = api.send("POST", "one-time-tokens", &json!({ "email": email, "context": context })).await.json();
        let mut browser = Browser::new(&mock);
        let asked = [("one_time_token", made["token"].as_str().unwrap()), ("login_hint", email)];
        let page = browser.get(&authorization_url(&mock, &asked)).await;
        let back = browser.follow(page).await.unwrap_err();
        assert!(back.contains("code="), "{back}");
        let all = mock.deliveries().await;
        let bodies: Vec<_> = all[all.len() - came_to.len()..].iter().map(MockDelivery::json).collect();
        let organizations: Vec<_> = bodies.iter().map(|body| body["organizationId"].clone()).collect();
        assert_eq!(organizations, came_to, "{email}");
        let user = bodies[0]["addedUserIds"][0].as_str().unwrap().to_owned();
        let roles = api.get(&format!("organizations/org-acme/users/{user}/roles")).await;
        assert_eq!(roles[0]["name"], "admin", "{email}");
    }
}
