//! `90-management/users`.

use std::time::{Duration, UNIX_EPOCH};

use logto::{
    Result, Secret,
    management::{
        GrantsOf, NewIdentity, NewPersonalAccessToken, NewUser, ProfileUpdate, RevokeGrants, UserAddress, UserUpdate,
    },
};
use serde_json::{Map, Value};

use super::replay::{Recorded, replay};

const NOT_OURS: &[&str] = &[
    // No body of ours is broken.
    "08-create-broken-json",
    // Refused before anything is sent.
    "16-list-page-0",
    "17-list-page-size-1000",
    // A number is a number.
    "18-list-page-abc",
    // The token endpoint, after a session was ended.
    "88f-refresh-after-a",
    "88f-refresh-after-b",
];

const REFUSED: &[(&str, &str)] = &[
    ("04-create-email-taken", "management.value_refused"),
    ("05-create-bad-email", "management.value_refused"),
    ("06-create-bad-username", "management.value_refused"),
    ("12-get-404", "management.not_found"),
    ("23-search-bad-field", "management.value_refused"),
    ("24-search-bad-mode", "management.value_refused"),
    ("34-patch-bad", "management.value_refused"),
    ("35-patch-404", "management.not_found"),
    ("36-patch-profile", "management.value_refused"),
    ("41-password-verify-wrong", "management.value_refused"),
    ("45-suspend-bad", "management.value_refused"),
    ("53-roles-assign-unknown", "management.not_found"),
    ("58-roles-remove-again", "management.not_found"),
    ("65-mfa-webauthn", "management.value_refused"),
    ("68-mfa-delete-again", "management.not_found"),
    ("69-identity-404", "management.not_found"),
    ("81-pat-create-again", "management.value_refused"),
    ("82-pat-create-past", "management.value_refused"),
    ("87-pat-delete-again", "management.not_found"),
    ("88c-session-404", "management.not_found"),
    ("88e-session-delete-bad", "management.value_refused"),
    ("89c-grant-404", "management.not_found"),
];

fn profile(members: &Map<String, Value>) -> ProfileUpdate {
    let mut profile = ProfileUpdate::new();
    for (name, value) in members {
        profile = match name.as_str() {
            "givenName" => profile.given_name(value.as_str().unwrap()),
            "familyName" => profile.family_name(value.as_str().unwrap()),
            "address" => profile.address(serde_json::from_value::<UserAddress>(value.clone()).unwrap()),
            other => panic!("{other}"),
        };
    }
    profile
}

fn new_user(body: &Value) -> NewUser {
    let mut user = NewUser::new();
    for (name, value) in body.as_object().unwrap() {
        let text = || value.as_str().unwrap();
        user = match name.as_str() {
            "username" => user.username(text()),
            "password" => user.password(text()),
            "primaryEmail" => user.primary_email(text()),
            "primaryPhone" => user.primary_phone(text()),
            "name" => user.name(text()),
            "avatar" => user.avatar(text()),
            "customData" => user.custom_data(value.as_object().unwrap().clone()),
            "profile" => user.profile(profile(value.as_object().unwrap())),
            other => panic!("{other}"),
        };
    }
    user
}

fn update(body: &Value) -> UserUpdate {
    let mut update = UserUpdate::new();
    for (name, value) in body.as_object().unwrap() {
        update = match (name.as_str(), value.as_str()) {
            ("name", Some(text)) => update.name(text),
            ("avatar", Some(text)) => update.avatar(text),
            ("avatar", None) => update.no_avatar(),
            ("primaryPhone", None) => update.no_primary_phone(),
            ("customData", _) => update.custom_data(value.as_object().unwrap().clone()),
            other => panic!("{other:?}"),
        };
    }
    update
}

/// Has our client do what the recorded request did.
async fn perform(recorded: &Recorded) -> Result<()> {
    let users = recorded.management.users();
    let secret = || Secret::new(recorded.text("password"));
    let path = recorded.path();
    match (recorded.method.as_str(), path.get(1..).unwrap()) {
        // No type of ours sends these.
        _ if ["07-create-unknown-member", "34-patch-bad", "36-patch-profile", "45-suspend-bad", "65-mfa-webauthn"]
            .contains(&recorded.name.as_str()) =>
        {
            recorded.any().await
        }
        _ if recorded.name == "88e-session-delete-bad" => recorded.any().await,
        ("POST", []) => users.create(&new_user(&recorded.body)).await.map(drop),
        ("GET", []) if recorded.name == "20-search" => recorded.page_of(users.search(&recorded.query[0].1)).await,
        ("GET", []) if recorded.name == "21-search-username-exact" => {
            let found = users.find_by_username(&recorded.query[0].1).await?;
            assert_eq!(found.unwrap().username.as_deref(), Some("carol_f299db"));
            Ok(())
        }
        ("GET", []) => recorded.page(users.list()).await,
        ("GET", [id]) if !recorded.query.is_empty() => users.get_with_sso_identities(id).await.map(|user| {
            assert_eq!((user.id.as_str(), user.sso_identities), (*id, Some(Vec::new())));
        }),
        ("GET", [id]) => users.get(id).await.map(|user| assert_eq!(user.id, *id)),
        ("PATCH", [id]) => users.update(id, &update(&recorded.body)).await.map(drop),
        ("DELETE", [id]) => users.delete(id).await,
        ("GET", [id, "custom-data"]) => users.custom_data(id).await.map(|data| assert_eq!(data["plan"], "pro")),
        ("PATCH", [id, "custom-data"]) => {
            let data = users.update_custom_data(id, &recorded.object("customData")).await?;
            assert_eq!((data["plan"].as_str(), data["theme"].as_str()), (Some("pro"), Some("dark")));
            Ok(())
        }
        ("PATCH", [id, "password"]) => users.set_password(id, &secret()).await.map(drop),
        ("POST", [id, "password", "verify"]) => users.verify_password(id, &secret()).await,
        ("GET", [id, "has-password"]) => users.has_password(id).await.map(|has| assert!(has)),
        ("PATCH", [id, "is-suspended"]) if recorded.body["isSuspended"] == true => {
            users.suspend(id).await.map(|user| assert!(user.is_suspended))
        }
        ("PATCH", [id, "is-suspended"]) => users.reactivate(id).await.map(|user| assert!(!user.is_suspended)),
        ("GET", [id, "roles"]) => recorded.page(users.list_roles(id)).await,
        ("POST", [id, "roles"]) => {
            let added = users.assign_roles(id, recorded.texts("roleIds")).await?;
            assert_eq!(!added.is_empty(), recorded.name == "51-roles-assign");
            Ok(())
        }
        ("PUT", [id, "roles"]) => users.replace_roles(id, recorded.texts("roleIds")).await,
        ("DELETE", [id, "roles", role]) => users.remove_role(id, role).await,
        ("GET", [id, "organizations"]) => recorded.page(users.list_organizations(id)).await,
        ("GET", [id, "mfa-verifications"]) => recorded.page(users.list_mfa_factors(id)).await,
        ("POST", [id, "mfa-verifications"]) if recorded.body["type"] == "Totp" => {
            let totp = users.add_totp(id, None).await?;
            assert_eq!(totp.secret.expose(), "MNSB4DJOCA3REQDPGJOVKPR4M5NRMAC6");
            assert!(totp.qr_code.expose().starts_with("data:image/png;base64,"));
            Ok(())
        }
        ("POST", [id, "mfa-verifications"]) => {
            users.add_backup_codes(id, None).await.map(|codes| assert_eq!(codes.len(), 10))
        }
        ("DELETE", [id, "mfa-verifications", factor]) => users.remove_mfa_factor(id, factor).await,
        ("GET", [id, "identities", target]) => {
            users.get_identity(id, target).await.map(|identity| assert_eq!(identity.user_id, "12345678"))
        }
        ("PUT", [id, "identities", target]) => {
            let identity = NewIdentity::new().user_id(recorded.text("userId"));
            let all = users.set_identity(id, target, &identity).await?;
            assert_eq!(all.keys().collect::<Vec<_>>(), ["kakao", "nosuch"]);
            Ok(())
        }
        ("GET", [id, "all-identities"]) => users.all_identities(id).await.map(|all| {
            assert_eq!((all.social["kakao"].user_id.as_str(), all.sso.len()), ("12345678", 0));
        }),
        ("GET", [id, "personal-access-tokens"]) => recorded.page(users.list_personal_access_tokens(id)).await,
        ("POST", [id, "personal-access-tokens"]) => {
            let mut token = NewPersonalAccessToken::new().name(recorded.text("name"));
            if let Some(time) = recorded.body["expiresAt"].as_u64() {
                token = token.expires_at(UNIX_EPOCH + Duration::from_millis(time));
            }
            let token = users.create_personal_access_token(id, &token).await?;
            assert!(token.value.expose().starts_with("pat_"));
            assert_eq!(token.expires_at.is_none(), recorded.name.contains("forever"));
            Ok(())
        }
        ("PATCH", [id, "personal-access-tokens", name]) => {
            let token = users.rename_personal_access_token(id, name, recorded.text("name")).await?;
            assert_eq!(token.name, "ci2");
            Ok(())
        }
        ("DELETE", [id, "personal-access-tokens", name]) => users.delete_personal_access_token(id, name).await,
        ("GET", [id, "sessions"]) => recorded.page(users.list_sessions(id)).await,
        ("GET", [id, "sessions", session]) => users.get_session(id, session).await.map(drop),
        ("DELETE", [id, "sessions", session]) => {
            let all = recorded.query.iter().any(|(_, target)| target == "all");
            let revoke = if all { RevokeGrants::All } else { RevokeGrants::Online };
            users.end_session(id, session, revoke).await
        }
        ("GET", [id, "grants"]) => recorded.page(users.list_grants(id, GrantsOf::All)).await,
        ("DELETE", [id, "grants", grant]) => users.revoke_grant(id, grant).await,
        other => panic!("{}: {other:?}", recorded.name),
    }
}

#[tokio::test]
async fn management_recorded_users() {
    assert_eq!(replay("90-management/users", NOT_OURS, REFUSED, perform).await, 69);
}
