//! Members of recorded answers, as the types have them.

use std::time::{SystemTime, UNIX_EPOCH};

use logto::management::GrantsOf;

use crate::management::stand_in::{StandIn, answer_of, fixture};

fn milliseconds(time: Option<SystemTime>) -> u128 {
    time.unwrap().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

#[tokio::test]
async fn management_members_of_recorded_answers_are_read() {
    let logto = StandIn::default();
    let answer = |name: &str| _ = logto.next(answer_of(&fixture(&format!("90-management/users/{name}"))));
    let management = logto.management();
    let users = management.users();

    answer("10-get");
    let user = users.get("a").await.unwrap();
    assert_eq!((user.id.as_str(), user.username.as_deref()), ("yk5jlcby99kb", Some("carol_f299db")));
    assert_eq!((user.name.as_deref(), user.avatar.as_deref()), (Some("Carol"), Some("https://example.test/c.png")));
    assert_eq!(user.primary_email.as_deref(), Some("carol_f299db@example.test"));
    assert_eq!(user.primary_phone.as_deref(), Some("14155555394"));
    assert_eq!((user.has_password, user.is_suspended, user.last_sign_in_at), (Some(true), false, None));
    assert_eq!(milliseconds(user.created_at), 1_795_878_596_511);
    assert_eq!((user.custom_data["plan"].as_str(), user.sso_identities), (Some("free"), None));
    assert_eq!(
        (user.profile.given_name.as_deref(), user.profile.family_name.as_deref()),
        (Some("Carol"), Some("Shaw"))
    );
    assert_eq!(user.profile.address.unwrap().locality.as_deref(), Some("Berlin"));
    // What no field is for: a member that Logto has and that is null.
    assert_eq!(user.extra.keys().collect::<Vec<_>>(), ["cimdClientId"]);

    answer("31-patch-null");
    let user = users.update("a", &logto::management::UserUpdate::new().no_avatar()).await.unwrap();
    assert_eq!((user.avatar, user.primary_phone), (None, None));

    answer("66-mfa");
    let factors = users.list_mfa_factors("a").page(1, 20).await.unwrap();
    let kinds: Vec<_> = factors.items.iter().map(|factor| (factor.kind.as_str(), factor.remaining_codes)).collect();
    assert_eq!((kinds, factors.total), (vec![("Totp", None), ("BackupCode", Some(10))], Some(2)));
    assert_eq!(milliseconds(factors.items[0].created_at), 1_795_878_598_773);

    answer("84-pat-list");
    let tokens = users.list_personal_access_tokens("a").page(1, 20).await.unwrap().items;
    assert_eq!((tokens[0].name.as_str(), tokens[0].expires_at), ("forever", None));
    assert_eq!(milliseconds(tokens[1].expires_at), 1_795_964_999_176);

    answer("88-sessions");
    let sessions = users.list_sessions("a").page(1, 20).await.unwrap().items;
    assert_eq!(sessions[0].id, "WQV2r-J9zqEefQjTIiVnMaGuN7FrFNUeLff7hJ3rlcU");
    assert_eq!((sessions[0].ip.as_deref(), sessions[0].user_agent.as_deref()), (Some("127.0.0.1"), None));
    assert_eq!(sessions[0].applications, ["quxrgtxn5inac2i09j1fa"]);
    assert_eq!(milliseconds(sessions[0].signed_in_at), 1_795_880_772_000);
    assert_eq!(milliseconds(sessions[0].expires_at), 1_797_090_372_000);
    assert_eq!(sessions[0].raw["lastSubmission"]["verificationRecords"][0]["type"], "Password");

    answer("89-grants");
    let grants = users.list_grants("a", GrantsOf::All).page(1, 20).await.unwrap().items;
    assert_eq!(grants[0].id, "nV-Allgw3WOJvRiU8tVsYUFPtIohDvWLi3oDfej-_bP");
    assert_eq!(grants[0].application_id.as_deref(), Some("quxrgtxn5inac2i09j1fa"));
    assert_eq!(grants[0].application_name.as_deref(), Some("Rust web app"));
    assert!(grants[0].scopes.contains(&"offline_access".to_owned()));
    assert_eq!(milliseconds(grants[0].granted_at), 1_795_880_772_000);
    assert_eq!(milliseconds(grants[0].expires_at), 1_811_432_772_000);

    answer("59-organizations");
    let organizations = users.list_organizations("a").page(1, 20).await.unwrap().items;
    let acme = &organizations[0];
    assert_eq!((acme.name.as_str(), acme.organization_roles[0].name.as_str()), ("Acme", "admin"));
    assert_eq!(acme.extra["customData"]["tier"], "gold");

    answer("72-all-identities");
    let identities = users.all_identities("a").await.unwrap();
    assert_eq!(identities.social["kakao"].details.as_ref().unwrap()["name"], "Carol K");
}
