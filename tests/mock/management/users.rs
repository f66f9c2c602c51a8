//! Users who are made, changed, suspended and deleted.

use logto::testing::{MockLogto, MockWebhook};
use serde_json::json;

use crate::{
    management_client::Management,
    receiver::Receiver,
    support::{Browser, authorization_url, decoded, exchange, refresh, text, tokens, userinfo},
};

#[tokio::test]
async fn a_user_made_by_the_management_api_signs_in_with_the_password() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let body =
        json!({ "username": "grace", "password": "hopper", "primaryEmail": "grace@example.test", "name": "Grace" });
    let grace = management.post("/users", &body).await.json();
    let id = text(&grace, "id");
    assert_eq!(id.len(), 12);
    for name in ["grace", "GRACE@example.test"] {
        let callback = Browser::new(&mock).sign_in(&authorization_url(&mock, &[]), name, "hopper").await;
        let signed_in = exchange(&mock, &callback).await.json();
        let (_, claims) = decoded(text(&signed_in, "id_token"));
        assert_eq!((&claims["sub"], &claims["name"]), (&json!(id), &json!("Grace")));
    }
    let shown = management.get(&format!("/users/{id}")).await.json();
    assert!(shown["lastSignInAt"].is_number());
    assert_eq!(shown["applicationId"], json!(mock.app_id()));

    // A new password is the one that counts.
    management.patch(&format!("/users/{id}/password"), &json!({ "password": "nanosecond" })).await;
    assert!(!signs_in(&mock, "grace", "hopper").await);
    assert!(signs_in(&mock, "grace", "nanosecond").await);
}

async fn signs_in(mock: &MockLogto, name: &str, password: &str) -> bool {
    let mut browser = Browser::new(mock);
    let page = browser.get(&authorization_url(mock, &[])).await.location().to_owned();
    browser.post(&page, &[("username", name), ("password", password)]).await.status == 303
}

#[tokio::test]
async fn a_digest_from_elsewhere_is_checked_at_the_sign_in() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    for (name, algorithm, digest) in [
        ("one", "SHA256", "5E884898DA28047151D0E56F8DC6292773603D0D6AABBDD62A11EF721D1542D8"),
        ("two", "SHA1", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"),
    ] {
        let body = json!({ "username": name, "passwordDigest": digest, "passwordAlgorithm": algorithm });
        let user = management.post("/users", &body).await;
        assert_eq!((user.status, &user.json()["hasPassword"]), (200, &json!(true)));
        assert!(signs_in(&mock, name, "password").await);
        assert!(!signs_in(&mock, name, "Password").await);
    }
    for (body, status, code) in [
        (json!({ "passwordDigest": "x" }), 400, "user.password_algorithm_required"),
        (
            json!({ "passwordDigest": "x", "passwordAlgorithm": "SHA1", "password": "y" }),
            400,
            "user.password_and_digest",
        ),
        (
            json!({ "passwordDigest": "x", "passwordAlgorithm": "Bcrypt" }),
            422,
            "password.unsupported_encryption_method",
        ),
    ] {
        let refused = management.post("/users", &body).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (status, code));
    }
}

#[tokio::test]
async fn a_suspended_user_neither_signs_in_nor_refreshes() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let live = tokens(&mock, &[]).await;
    let (token, opaque) = (text(&live, "refresh_token"), text(&live, "access_token"));
    assert_eq!(refresh(&mock, token, &[]).await.status, 200);
    let path = "/users/user-ada/is-suspended";
    assert_eq!(management.patch(path, &json!({ "isSuspended": true })).await.json()["isSuspended"], json!(true));
    let refused = refresh(&mock, token, &[]).await;
    assert_eq!((refused.status, text(&refused.json(), "error")), (400, "invalid_grant"));
    assert_eq!(userinfo(&mock, opaque).await.status, 401);
    assert!(!signs_in(&mock, "ada", "lovelace").await);
    let silent = Browser::new(&mock).get(&authorization_url(&mock, &[("prompt", "none"), ("scope", "openid")])).await;
    assert!(silent.location().contains("error=login_required"));

    // Back again, the user can sign in; what was revoked stays revoked.
    management.patch(path, &json!({ "isSuspended": false })).await;
    assert_eq!(refresh(&mock, token, &[]).await.status, 400);
    assert!(signs_in(&mock, "ada", "lovelace").await);
    assert_eq!(management.get("/users/user-ada/sessions").await.json()["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_user_who_is_deleted_while_signed_in_is_gone_everywhere() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let live = tokens(&mock, &[]).await;
    let pat = mock.create_personal_access_token("ada", None);
    assert_eq!(management.delete("/users/user-ada").await.status, 204);
    assert_eq!(refresh(&mock, text(&live, "refresh_token"), &[]).await.status, 400);
    assert_eq!(userinfo(&mock, text(&live, "access_token")).await.status, 401);
    assert!(!signs_in(&mock, "ada", "lovelace").await);
    for path in ["", "/roles", "/mfa-verifications", "/personal-access-tokens", "/all-identities", "/custom-data"] {
        let gone = management.get(&format!("/users/user-ada{path}")).await;
        assert_eq!((gone.status, text(&gone.json(), "code")), (404, "entity.not_found"), "{path}");
    }
    // As at Logto, whoever is not there has no session and no grant.
    assert_eq!(management.get("/users/user-ada/sessions").await.json(), json!({ "sessions": [] }));
    assert_eq!(management.get("/users/user-ada/grants").await.json(), json!({ "grants": [] }));
    assert_eq!(management.delete("/users/user-ada").await.status, 404);

    // Somebody else who takes the name and the address has nothing of it.
    let body = json!({ "username": "ada", "primaryEmail": "ada@example.test", "password": "other" });
    let other = management.post("/users", &body).await.json();
    assert_ne!(text(&other, "id"), "user-ada");
    let listed = management.get(&format!("/users/{}/personal-access-tokens", text(&other, "id"))).await;
    assert!(listed.json().as_array().unwrap().is_empty() && !listed.body.contains(&pat));
}

#[tokio::test]
async fn of_two_users_who_want_one_name_at_once_one_gets_it() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    for member in ["username", "primaryEmail", "primaryPhone"] {
        let value = match member {
            "username" => "twin",
            "primaryEmail" => "twin@example.test",
            _ => "4915112345678",
        };
        let body = json!({ member: value });
        let (one, other) = tokio::join!(management.post("/users", &body), management.post("/users", &body));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{member}");
    }
    let taken = management.patch("/users/user-ada", &json!({ "username": "bob" })).await;
    assert_eq!((taken.status, text(&taken.json(), "code")), (422, "user.username_already_in_use"));
    // Her own name is no other's.
    assert_eq!(management.patch("/users/user-ada", &json!({ "username": "ada" })).await.status, 200);
}

#[tokio::test]
async fn users_are_searched_by_any_field_and_by_several() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    for number in 0..45 {
        management.post("/users", &json!({ "username": format!("user_{number:02}"), "name": "Nobody" })).await;
    }
    for (query, count) in [
        ("search=%25user_0%25", "10"),
        ("search=USER_0_", "10"),
        ("search=USER_0_&isCaseSensitive=true", "0"),
        ("search.username=user_0_&search.name=nobody&joint=and", "10"),
        ("search.username=user_0_&search.name=Nobody", "45"),
        ("search.username=user_07&search.username=user_08&mode=exact", "2"),
        ("search.primaryEmail=%25@example.test", "1"),
        ("search.primaryPhone=14155550123&mode.primaryPhone=exact", "1"),
        ("search.id=user-bob", "1"),
        ("search=nobody_at_all", "0"),
    ] {
        let found = management.get(&format!("/users?page_size=1&{query}")).await;
        assert_eq!((found.status, found.header("total-number")), (200, Some(count)), "{query}");
    }
    let page = management.get("/users?page=3&page_size=20").await;
    assert_eq!((page.json().as_array().unwrap().len(), page.header("total-number")), (7, Some("47")));
    assert_eq!(page.json()[6]["username"], json!("ada"), "the newest comes first");
    for query in
        ["search=", "search.name=a&search.name=b", "joint=xor&search=a", "search.a.b=1", "mode=similar_to&search=a"]
    {
        let refused = management.get(&format!("/users?{query}")).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (400, "request.invalid_input"), "{query}");
    }
}

#[tokio::test]
async fn webhooks_are_told_what_the_management_api_changes() {
    let receiver = Receiver::start().await;
    let mock = MockLogto::builder().webhook(MockWebhook::new(receiver.url())).start().await.unwrap();
    let management = Management::of(&mock);
    let created = management.post("/users", &json!({ "username": "eve" })).await;
    let eve = format!("/users/{}", text(&created.json(), "id"));
    management.patch(&eve, &json!({ "name": "Eva" })).await;
    management.patch(&eve, &json!({ "name": 1 })).await;
    management.patch(&format!("{eve}/custom-data"), &json!({ "customData": { "a": 1 } })).await;
    management.patch(&format!("{eve}/is-suspended"), &json!({ "isSuspended": true })).await;
    management.delete(&eve).await;
    let all = mock.deliveries().await;
    let told: Vec<_> = all.iter().map(|delivery| (delivery.event().to_owned(), delivery.json())).collect();
    let events: Vec<_> = told.iter().map(|(event, _)| event.as_str()).collect();
    let expected =
        ["User.Created", "User.Data.Updated", "User.Data.Updated", "User.SuspensionStatus.Updated", "User.Deleted"];
    assert_eq!(events, expected, "what was refused is not told of");
    assert_eq!(told[0].1["data"], created.json());
    assert_eq!(told[1].1["params"]["userId"], created.json()["id"]);
    assert_eq!(
        (&told[2].1["matchedRoute"], &told[2].1["data"]),
        (&json!("/users/:userId/custom-data"), &json!({ "a": 1 }))
    );
    assert_eq!((&told[4].1["status"], &told[4].1["data"]["username"]), (&json!(204), &json!("eve")));
}
