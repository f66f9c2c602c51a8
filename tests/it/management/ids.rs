//! Ids of any origin: one segment of the path each, or nothing that has them.

use logto::management::Path;
use serde_json::json;

use super::stand_in::{StandIn, json_answer};

#[tokio::test]
async fn management_an_id_is_one_segment_of_the_path_whatever_it_holds() {
    let long = "x".repeat(256);
    for (id, segment) in [
        ("a/b", "a%2Fb"),
        ("a?b=c&d#e", "a%3Fb%3Dc%26d%23e"),
        ("a b+c", "a%20b%2Bc"),
        ("%2e%2e", "%252e%252e"),
        ("%2F", "%252F"),
        ("...", "..."),
        ("a.b", "a.b"),
        ("é日本", "%C3%A9%E6%97%A5%E6%9C%AC"),
        ("\r\n\0", "%0D%0A%00"),
        ("\u{202e}", "%E2%80%AE"),
        ("a;b", "a%3Bb"),
        (&long, &long),
    ] {
        let logto = StandIn::default();
        logto.next(json_answer(200, &json!({ "id": id })));
        let user = logto.management().users().get(id).await.unwrap();
        assert_eq!((user.id.as_str(), logto.lines()), (id, vec![format!("GET /api/users/{segment}")]));
    }
}

#[tokio::test]
async fn management_an_id_that_no_path_can_hold_is_not_found_and_nothing_is_sent() {
    let logto = StandIn::default();
    let management = logto.management();
    let long = "x".repeat(257);
    for id in ["", ".", "..", "../roles", "a/../b", "a\\..\\b", "./a", &long] {
        let users = management.users();
        let errors = [
            users.get(id).await.unwrap_err(),
            users.delete(id).await.unwrap_err(),
            users.remove_role("ada", id).await.unwrap_err(),
            users.list_roles(id).page(1, 20).await.unwrap_err(),
            users.list_sessions(id).items().next().await.unwrap().unwrap_err(),
            management.delete::<serde_json::Value>(Path::new("/users").id(id).then("roles")).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.code().as_str(), error.http_status()), ("management.not_found", 404), "{id:?}");
            assert!(!error.to_string().contains(id) || id.len() < 3, "{error}");
        }
    }
    assert!(logto.asked("/").is_empty(), "not even a token");
}

#[tokio::test]
async fn management_a_token_with_a_name_that_a_proxy_may_change_is_named_in_a_body() {
    let logto = StandIn::default();
    let management = logto.management();
    for name in ["a/b", "..", ".", "a b", "%2e", "é", ""] {
        let (pat, no_content) = (json!({ "name": "new", "value": "pat_x" }), http::Response::builder().status(204));
        logto.next(json_answer(200, &pat)).next(no_content.body(Vec::new()).unwrap());
        management.users().rename_personal_access_token("ada", name, "new").await.unwrap();
        management.users().delete_personal_access_token("ada", name).await.unwrap();
        let asked = logto.asked("/api");
        let [rename, delete] = asked.as_slice().last_chunk().unwrap();
        assert_eq!(rename.uri().path(), "/api/users/ada/personal-access-tokens");
        assert_eq!(rename.body(), json!({ "currentName": name, "name": "new" }).to_string().as_bytes());
        assert_eq!(delete.uri().path(), "/api/users/ada/personal-access-tokens/delete");
        assert_eq!(delete.body(), json!({ "name": name }).to_string().as_bytes());
    }
}

#[tokio::test]
async fn management_a_path_of_a_text_stays_below_the_api() {
    let logto = StandIn::default();
    let management = logto.management();
    for (path, line) in [
        ("/domains", "GET /api/domains"),
        ("domains", "GET /api/domains"),
        ("/api/domains?a=b", "GET /api/domains?a=b"),
        ("//domains", "GET /api/domains"),
    ] {
        logto.next(json_answer(200, &json!([])));
        management.get::<serde_json::Value>(path).await.unwrap();
        assert_eq!(logto.lines().last().map(String::as_str), Some(line), "{path}");
    }
    let before = logto.lines().len();
    for path in ["/../oidc/token", "/users/../../x", "/%2e%2e/x", "/a\nb", "/a b"] {
        let error = management.get::<serde_json::Value>(path).await.unwrap_err();
        assert!(["options.invalid", "api.other_origin"].contains(&error.code().as_str()), "{path}: {error:?}");
    }
    assert_eq!(logto.lines().len(), before);
}

#[tokio::test]
async fn management_a_search_for_a_user_compares_what_was_found() {
    let logto = StandIn::default();
    let management = logto.management();
    let users = management.users();
    let all = json!([
        { "id": "1", "username": "Ada", "primaryEmail": "Ada@example.com", "primaryPhone": "1" },
        { "id": "2", "username": "ada", "primaryEmail": "ada@example.com", "primaryPhone": "14155555394" },
    ]);
    let id = |user: Option<logto::management::User>| user.map(|user| user.id);

    for (email, found) in [("ada@example.com", Some("2")), ("ADA@EXAMPLE.COM", Some("1")), ("bob@example.com", None)] {
        // A server that knows no search returns all users.
        logto.next(json_answer(200, &all));
        assert_eq!(id(users.find_by_email(email).await.unwrap()).as_deref(), found, "{email}");
    }
    for (name, found) in [("ada", Some("2")), ("Ada", Some("1")), ("ADA", None), ("%", None)] {
        logto.next(json_answer(200, &all));
        assert_eq!(id(users.find_by_username(name).await.unwrap()).as_deref(), found, "{name}");
    }
    for (phone, found) in [("+1 415-555-5394", Some("2")), ("14155555394", Some("2")), ("2", None)] {
        logto.next(json_answer(200, &all));
        assert_eq!(id(users.find_by_phone(phone).await.unwrap()).as_deref(), found, "{phone}");
    }
    let asked = logto.lines();
    let exact = "search.primaryEmail=ada%40example.com&mode.primaryEmail=exact&page=1&page_size=20";
    assert_eq!(asked[0], format!("GET /api/users?{exact}"));
    assert_eq!(asked[7], "GET /api/users?search.primaryPhone=14155555394&mode.primaryPhone=exact&page=1&page_size=20");

    // Nobody has an empty one.
    assert_eq!(id(users.find_by_email("").await.unwrap()), None);
    assert_eq!(id(users.find_by_phone("+").await.unwrap()), None);
    assert_eq!(logto.lines().len(), asked.len());
}
