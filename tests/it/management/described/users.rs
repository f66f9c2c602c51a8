//! Users, and the tokens that are made for them.

use std::time::{Duration, SystemTime};

use logto::{
    Secret,
    management::{
        GrantsOf, InteractionEvent, NewIdentity, NewOneTimeToken, NewPersonalAccessToken, NewSubjectToken, NewUser,
        OneTimeTokenContext, OneTimeTokenStatus, PasswordAlgorithm, ProfileUpdate, RevokeGrants, UserAddress,
        UserUpdate,
    },
};
use serde_json::{Map, Value, json};

use super::world::{World, calls, lists};

fn object() -> Map<String, Value> {
    json!({ "a": [1, { "b": null }] }).as_object().unwrap().clone()
}

fn profile() -> ProfileUpdate {
    let text = || Some("a".to_owned());
    let address = UserAddress {
        formatted: text(),
        street_address: text(),
        locality: text(),
        region: text(),
        postal_code: text(),
        country: text(),
    };
    let names = ProfileUpdate::new().family_name("a").given_name("a").middle_name("a").nickname("a");
    let rest = names.preferred_username("a").profile("a").website("a").gender("a").birthdate("a");
    rest.zoneinfo("a").locale("a").address(address)
}

pub async fn call(world: &World) {
    let secret = &Secret::new("secret");
    let user =
        NewUser::new().username("a").primary_email("a@b.test").primary_phone("1").name("a").avatar("https://a.test");
    let user = user.custom_data(object()).profile(profile());
    let update = UserUpdate::new().username("a").primary_email("a@b.test").primary_phone("1").name("a");
    let update = update.avatar("https://a.test").custom_data(object()).profile(profile());
    let emptied = UserUpdate::new().no_username().no_primary_email().no_primary_phone().no_name().no_avatar();
    let digest = NewUser::new().password_digest("$2b$…").password_algorithm(PasswordAlgorithm::Bcrypt);
    calls!(world;
        users.create(&user),
        users.create(&NewUser::new().password("a")),
        users.create(&digest),
        users.get("id"),
        users.get_with_sso_identities("id"),
        users.find_by_email("a@b.test"),
        users.find_by_username("a"),
        users.find_by_phone("+1 415-555-5394"),
        users.update("id", &update),
        users.update("id", &emptied),
        users.delete("id"),
        users.suspend("id"),
        users.reactivate("id"),
        users.set_password("id", secret),
        users.set_password_expired("id", true),
        users.verify_password("id", secret),
        users.has_password("id"),
        users.custom_data("id"),
        users.update_custom_data("id", &object()),
        users.update_profile("id", &profile()),
        users.assign_roles("id", ["a", "b"]),
        users.replace_roles("id", Vec::<String>::new()),
        users.remove_role("id", "role"),
        users.all_identities("id"),
        users.get_identity("id", "github"),
        users.get_sso_identity("id", "connector"),
        users.link_identity("id", "connector", &object()),
        users.set_identity("id", "github", &NewIdentity::new().user_id("a").details(object())),
        users.unlink_identity("id", "github"),
        users.add_totp("id", None::<&Secret>),
        users.add_totp("id", Some(secret)),
        users.add_backup_codes("id", None::<&[Secret]>),
        users.add_backup_codes("id", Some(&[Secret::new("a")])),
        users.remove_mfa_factor("id", "factor"),
        users.get_session("id", "session"),
        users.end_session("id", "session", RevokeGrants::Online),
        users.end_session("id", "session", RevokeGrants::All),
        users.end_session("id", "session", RevokeGrants::FirstParty),
        users.revoke_grant("id", "grant"),
    );
    lists!(world;
        users.list(),
        users.search("%a%"),
        users.list_roles("id"),
        users.list_organizations("id"),
        users.list_mfa_factors("id"),
        users.list_sessions("id"),
        users.list_grants("id", GrantsOf::All),
        users.list_grants("id", GrantsOf::FirstParty),
        users.list_grants("id", GrantsOf::ThirdParty),
        users.list_personal_access_tokens("id"),
    );
    call_tokens(world).await;
}

async fn call_tokens(world: &World) {
    let in_an_hour = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_964_999);
    let context = OneTimeTokenContext::new().organizations(["a"]).interaction_event(InteractionEvent::ForgotPassword);
    calls!(world;
        users.create_personal_access_token("id", &NewPersonalAccessToken::new().name("a").expires_at(in_an_hour)),
        users.create_personal_access_token("id", &NewPersonalAccessToken::new().name("a").no_expires_at()),
        users.rename_personal_access_token("id", "a", "b"),
        users.rename_personal_access_token("id", "a/b", "b"),
        users.delete_personal_access_token("id", "a"),
        users.delete_personal_access_token("id", ".."),
        one_time_tokens.create(&NewOneTimeToken::new().email("a@b.test").expires_in(600).context(context.clone())),
        one_time_tokens.get("id"),
        one_time_tokens.verify("a@b.test", &Secret::new("token")),
        one_time_tokens.revoke("id"),
        one_time_tokens.set_status("id", OneTimeTokenStatus::Consumed),
        one_time_tokens.delete("id"),
        subject_tokens.create(&NewSubjectToken::new().user_id("a").context(object())),
    );
    // A body that is in another one.
    world.argument(&format!("{context:?}"));
    world.argument(&format!("{:?}", profile()));
    lists!(world; one_time_tokens.list());
}
