//! Permissions that a user gains and loses after the sign-in, and tokens that name no resource, as they were recorded.

use logto::testing::{MockApp, MockLogto, MockLogtoBuilder, MockOrganization, MockResource, MockUser};

use crate::{
    recording::CALLBACK,
    replay::Replay,
    support::{API, Browser, authorization_url, exchange, param, text},
};

/// The world of the folders from 90 on.
pub(crate) fn world() -> MockLogtoBuilder {
    let web = MockApp::new("quxrgtxn5inac2i09j1fa", "C0SVwkks0PCWWleGQWppIaSfKK0UrMvQ").redirect_uri(CALLBACK);
    MockLogto::builder()
        .app(web)
        .resource(MockResource::new(API).scope("read:books").scope("write:books"))
        .role("librarian", API, &["read:books", "write:books"])
        .role("ro", API, &["read:books"])
        .role("rw", API, &["read:books", "write:books"])
        .organization(MockOrganization::new("7ivtbhtrj7t0").name("Acme").description("Acme org"))
}

/// Signs a user in and has the refresh token stand for the one that a file sends.
async fn sign_in(replay: &mut Replay<'_>, file: &str, user: &str, asked: &[(&str, &str)]) {
    let callback = replay.mock.sign_in(&authorization_url(replay.mock, asked), user).await;
    let tokens = exchange(replay.mock, &callback).await.json();
    replay.learn_form(file, "refresh_token", text(&tokens, "refresh_token"));
}

#[tokio::test]
async fn a_refresh_in_the_mock_removes_lost_permissions_without_adding_gained_ones() {
    let mock = world().user(MockUser::new("newcomer").id("jq05n7axh8ms")).start().await.unwrap();
    let asked = [("scope", "openid offline_access roles read:books write:books"), ("resource", API)];
    let mut replay = Replay::new(&mock);
    sign_in(&mut replay, "98-oidc-extra/20-refresh-no-role.json", "newcomer", &asked).await;
    replay.run("98-oidc-extra/20-refresh-no-role.json").await;
    mock.update_user("newcomer", |user| user.role("librarian"));
    replay.run("98-oidc-extra/21-refresh-role-gained.json").await;
    sign_in(&mut replay, "98-oidc-extra/22-refresh-after-new-sign-in.json", "newcomer", &asked).await;
    replay.run("98-oidc-extra/22-refresh-after-new-sign-in.json").await;
    mock.update_user("newcomer", MockUser::without_roles);
    replay.run("98-oidc-extra/23-refresh-role-lost.json").await;
}

#[tokio::test]
async fn a_second_role_gained_after_the_sign_in_is_in_the_id_token_alone() {
    const EVERYTHING: &str = "openid offline_access profile email roles urn:logto:scope:organizations \
        urn:logto:scope:organization_roles read:books write:books";
    for (file, id, first, gained) in [
        ("99-oidc-misc/cmp-first-role-gained-after-sign-in.json", "eno3n5nl3smn", None, "ro"),
        ("99-oidc-misc/cmp-role-gained-after-sign-in.json", "ae7mfcr9gcuj", Some("ro"), "rw"),
        ("99-oidc-misc/cmp-role-gained-id-token.json", "odplv397xajr", None, "ro"),
    ] {
        let user = MockUser::new("user").id(id);
        let user = first.map_or(user.clone(), |role| user.role(role));
        let mock = world().user(user).start().await.unwrap();
        let mut replay = Replay::new(&mock);
        sign_in(&mut replay, file, "user", &[("scope", EVERYTHING), ("resource", API)]).await;
        mock.update_user("user", |user| user.role(gained));
        replay.run(file).await;
    }
}

/// No recording has it; oidc-provider, by which Logto does it, calls the check `rs_scopes_missing`.
#[tokio::test]
async fn a_permission_gained_after_sign_in_requires_only_consent_in_the_mock() {
    let mock = world().user(MockUser::new("ada").password("lovelace")).start().await.unwrap();
    let asked = |prompt| [("scope", "openid read:books write:books"), ("resource", API), ("prompt", prompt)];
    let mut browser = Browser::new(&mock);
    browser.sign_in(&authorization_url(&mock, &asked("consent")), "ada", "lovelace").await;
    let answer = browser.get(&authorization_url(&mock, &asked("none"))).await;
    assert!(param(answer.location(), "code").is_some(), "{}", answer.location());

    mock.update_user("ada", |ada| ada.role("ro"));
    let answer = browser.get(&authorization_url(&mock, &asked("none"))).await;
    assert_eq!(param(answer.location(), "error").as_deref(), Some("consent_required"));
    let answer = browser.get(&authorization_url(&mock, &asked("consent"))).await;
    assert!(answer.location().starts_with("/consent?"), "{}", answer.location());
    let callback = browser.follow(answer).await.unwrap_err();
    assert!(param(&callback, "code").is_some(), "{callback}");
    let answer = browser.get(&authorization_url(&mock, &asked("none"))).await;
    assert!(param(answer.location(), "code").is_some(), "{}", answer.location());
}

#[tokio::test]
async fn a_token_that_names_nothing_is_for_the_one_resource_unless_its_scopes_have_openid() {
    const SCOPE: &str = "openid offline_access profile email roles urn:logto:scope:organizations \
        urn:logto:scope:organization_roles read:books write:books";
    let ada = || {
        MockUser::new("ada")
            .id("hmsct46yllsj")
            .name("Ada Lovelace")
            .email("ada@example.test")
            .picture("https://example.test/ada.png")
            .claim("given_name", "Ada")
            .claim("family_name", "Lovelace")
            .claim("zoneinfo", "Europe/London")
            .claim("locale", "en-GB")
            .role("librarian")
            .organization("7ivtbhtrj7t0", &["admin"])
            .organization("hmdb9ku099ja", &[])
    };
    let mock = world().user(ada()).organization(MockOrganization::new("hmdb9ku099ja")).start().await.unwrap();
    for file in ["cmp-refresh-scope-only-offline", "cmp-refresh-scope-openid-email", "cmp-refresh-scope-empty"] {
        let file = format!("99-oidc-misc/{file}.json");
        let mut replay = Replay::new(&mock);
        sign_in(&mut replay, &file, "ada", &[("scope", SCOPE), ("resource", API)]).await;
        replay.run(&file).await;
    }
}
