//! Webhooks of the mock: what is told on which occasion, and what becomes of it. What a delivery looks like is in `later/webhooks.rs`.

use std::{collections::BTreeSet, time::Duration};

use logto::testing::{MockDelivery, MockLogto, MockUser, MockWebhook};
use serde_json::json;

use crate::{
    receiver::Receiver,
    replay::fixture,
    support::{Answer, Browser, authorization_url, client, text, tokens},
};

async fn mock_for(receiver: &Receiver) -> MockLogto {
    MockLogto::builder().webhook(MockWebhook::new(receiver.url())).start().await.unwrap()
}

fn events(deliveries: &[MockDelivery]) -> Vec<&str> {
    deliveries.iter().map(MockDelivery::event).collect()
}

#[tokio::test]
async fn each_occasion_has_its_events() {
    let receiver = Receiver::start().await;
    let mock = mock_for(&receiver).await;
    assert!(mock.deliveries().await.is_empty(), "the users that it begins with are no news");

    mock.sign_in(&authorization_url(&mock, &[]), "ada").await;
    // The session is there: no page, no event.
    mock.sign_in(&authorization_url(&mock, &[("prompt", "none")]), "ada").await;
    mock.sign_in(&authorization_url(&mock, &[]), "kakao").await;
    mock.sign_in(&authorization_url(&mock, &[("prompt", "login consent")]), "kakao").await;
    mock.cancel_sign_in(&authorization_url(&mock, &[])).await;
    mock.update_user("bob", |bob| bob.password("another"));
    mock.update_user("bob", |bob| bob);
    mock.update_user("bob", |bob| bob.role("librarian").organization("org-acme", &[]));
    mock.update_user("bob", |bob| bob.without_organizations().organization("org-globex", &[]).name("Bob"));
    mock.update_user("nobody", |user| user);
    assert!(mock.delete_user("bob") && !mock.delete_user("bob") && !mock.suspend_user("bob"));
    let sign_in = mock.cancel_sign_in(&authorization_url(&mock, &[])).await;
    assert!(sign_in.contains("oidc.aborted"), "{sign_in}");
    let all = mock.deliveries().await;
    assert_eq!(
        events(&all),
        [
            "PostSignIn",
            "User.Created",
            "PostRegister",
            "PostSignIn",
            "User.Data.Updated",
            "Organization.Membership.Updated",
            "User.Data.Updated",
            "Organization.Membership.Updated",
            "Organization.Membership.Updated",
            "User.Deleted",
        ]
    );
    let members: Vec<_> = [5, 7, 8]
        .map(|place: usize| all[place].json())
        .iter()
        .map(|body| (body["addedUserIds"].clone(), body["removedUserIds"].clone(), body["organizationId"].clone()))
        .collect();
    let bob = json!(["user-bob"]);
    assert_eq!(
        members,
        [
            (bob.clone(), json!(null), json!("org-acme")),
            (bob.clone(), json!(null), json!("org-globex")),
            (json!(null), bob, json!("org-acme")),
        ]
    );
    assert!(all.iter().all(MockDelivery::succeeded));
}

#[tokio::test]
async fn a_deletion_has_the_members_of_the_recorded_one() {
    let receiver = Receiver::start().await;
    let mock = mock_for(&receiver).await;
    mock.sign_in(&authorization_url(&mock, &[]), "ada").await;
    mock.delete_user("ada");
    let deleted = mock.deliveries().await.pop().unwrap().json();
    let recorded =
        fixture("92-webhooks/07-recent-logs.json")["response"]["body_json"][1]["payload"]["hookRequest"]["body"]
            .clone();
    let names = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!((names(&deleted), names(&deleted["data"])), (names(&recorded), names(&recorded["data"])));
    for name in ["event", "method", "status", "matchedRoute", "ip"] {
        assert_eq!(deleted[name], recorded[name], "{name}");
    }
    assert_eq!((&deleted["path"], &deleted["params"]), (&json!("/users/user-ada"), &json!({ "userId": "user-ada" })));
    assert_eq!(deleted["data"]["applicationId"], json!(mock.app_id()));
    let silent = mock.cancel_sign_in(&authorization_url(&mock, &[("prompt", "none")])).await;
    assert!(silent.contains("login_required"), "{silent}");
}

#[tokio::test]
async fn a_user_who_changes_the_profile_is_told_of() {
    let receiver = Receiver::start().await;
    let mock = mock_for(&receiver).await;
    let token = text(&tokens(&mock, &[("scope", "openid profile")]).await, "access_token").to_owned();
    let account = format!("{}/api/my-account", mock.endpoint());
    for name in ["Countess Lovelace", "Countess Lovelace"] {
        let request = client().patch(&account).bearer_auth(&token).json(&json!({ "name": name }));
        assert_eq!(Answer::of(request).await.status, 200);
    }
    assert_eq!(Answer::of(client().get(&account).bearer_auth(&token)).await.status, 200);
    let all = mock.deliveries().await;
    assert_eq!(events(&all), ["PostSignIn", "User.Data.Updated"]);
    let body = all[1].json();
    assert_eq!((&body["path"], &body["data"]["name"]), (&json!("/my-account"), &json!("Countess Lovelace")));
}

#[tokio::test]
async fn each_webhook_is_told_of_its_events_with_its_own_key() {
    let receiver = Receiver::start().await;
    let mock = MockLogto::start().await;
    let hook = |id: &str| MockWebhook::new(receiver.url()).id(id).signing_key(id);
    mock.add_webhook(hook("all"));
    mock.add_webhook(hook("deleted").events(["User.Deleted"]));
    mock.add_webhook(hook("off").enabled(false));
    mock.add_webhook(hook("replaced").events(["User.Created"]));
    mock.add_webhook(hook("replaced").events(["Role.Created"]));
    mock.add_user(MockUser::new("grace"));
    mock.delete_user("grace");
    let all = mock.deliveries().await;
    let told: Vec<_> = all.iter().map(|delivery| (delivery.hook_id(), delivery.event())).collect();
    assert_eq!(told, [("all", "User.Created"), ("all", "User.Deleted"), ("deleted", "User.Deleted")]);
    let signature = |place: usize| all[place].header("logto-signature-sha-256").unwrap();
    assert_ne!(signature(1), signature(2));
    assert!(!mock.update_webhook("nobody", |webhook| webhook) && !mock.test_webhook("nobody", ["User.Created"]));
}

#[test]
#[should_panic(expected = "Logto has no event Some(\"User.Suspended\") for webhooks")]
fn an_event_that_there_is_not_is_told_at_once() {
    let _ = MockWebhook::new("http://localhost:3000/hook").events(["User.Created", "User.Suspended"]);
}

#[tokio::test]
async fn a_receiver_that_fails_is_told_and_gets_no_second_delivery() {
    let receiver = Receiver::start().await;
    receiver.answer(401, "webhook.signature_invalid");
    let mock = mock_for(&receiver).await;
    mock.add_webhook(MockWebhook::new("http://127.0.0.1:1/hook").id("dead"));
    mock.add_webhook(MockWebhook::new("no address").id("wrong"));
    mock.add_webhook(MockWebhook::new(receiver.url()).id("no-header").header("a name", "b"));
    mock.suspend_user("ada");
    let all = mock.deliveries().await;
    assert_eq!((all[0].status(), all[0].answer(), all[0].succeeded()), (Some(401), "webhook.signature_invalid", false));
    for (place, reason) in [(1, "onnect"), (2, "builder"), (3, "header field")] {
        let delivery: &MockDelivery = &all[place];
        assert!(delivery.status().is_none() && !delivery.succeeded(), "{delivery:?}");
        assert!(delivery.error().unwrap().contains(reason), "{delivery:?}");
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((receiver.take().len(), mock.deliveries().await.len()), (1, 4));

    receiver.answer(200, "");
    mock.deliver_again(&all[0]);
    let again = mock.deliveries().await.pop().unwrap();
    assert_eq!((again.body(), again.status()), (all[0].body(), Some(200)));
    assert_eq!(receiver.take()[0].1, all[0].body());
}

/// The changes that cause deliveries do not wait for them, and neither does a delivery to somebody else.
#[tokio::test]
async fn a_receiver_that_hangs_holds_up_nobody() {
    let (hangs, answers) = (Receiver::start().await, Receiver::start().await);
    hangs.answers(false);
    let mock = mock_for(&hangs).await;
    mock.add_webhook(MockWebhook::new(answers.url()).id("other"));
    mock.suspend_user("ada");
    hangs.received(1).await;
    answers.received(1).await;
    mock.unsuspend_user("ada");
    hangs.received(2).await;
    answers.received(2).await;
    tokio::select! {
        biased;
        all = mock.deliveries() => unreachable!("{all:?}"),
        () = tokio::time::sleep(Duration::from_millis(50)) => hangs.answers(true),
    }
    let all = mock.deliveries().await;
    assert!(all.len() == 4 && all.iter().all(MockDelivery::succeeded), "{all:?}");
}

#[tokio::test]
async fn a_mock_that_stops_ends_its_deliveries_and_sends_the_rest_when_it_restarts() {
    let receiver = Receiver::start().await;
    for builder in [MockLogto::builder(), MockLogto::builder().on_this_runtime()] {
        receiver.answers(false);
        let mock = builder.webhook(MockWebhook::new(receiver.url())).start().await.unwrap();
        receiver.take();
        mock.suspend_user("ada");
        while receiver.take().is_empty() {
            tokio::task::yield_now().await;
        }
        let (all, ()) = tokio::join!(mock.deliveries(), mock.stop());
        assert_eq!(all.len(), 1);
        let broken = &mock.deliveries().await[0];
        assert!(broken.error().unwrap().contains("stopped"), "{broken:?}");

        mock.unsuspend_user("ada");
        assert_eq!(mock.deliveries().await[1].error(), None);
        receiver.answers(true);
        mock.restart().await.unwrap();
        let all = mock.deliveries().await;
        assert_eq!((all.len(), all[0].status(), all[1].status()), (2, None, Some(200)));
    }
}

#[tokio::test]
async fn who_registers_on_a_page_is_told_of_twice_in_one_interaction() {
    let receiver = Receiver::start().await;
    let mock = mock_for(&receiver).await;
    for password in ["", "secret", "secret"] {
        let mut browser = Browser::new(&mock);
        let page = browser.get(&authorization_url(&mock, &[("first_screen", "register")])).await.location().to_owned();
        browser.post(&page, &[("username", "grace"), ("password", password)]).await;
    }
    // The second time the name is taken.
    let all = mock.deliveries().await;
    assert_eq!(events(&all), ["User.Created", "PostRegister"]);
    let (created, registered) = (all[0].json(), all[1].json());
    assert_eq!(created["sessionId"], registered["sessionId"]);
    assert_eq!((&created["data"]["lastSignInAt"], registered["user"]["lastSignInAt"].is_u64()), (&json!(null), true));
}
