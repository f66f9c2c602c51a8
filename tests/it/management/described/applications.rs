//! Applications.

use std::time::SystemTime;

use logto::management::{
    AppTokenSettings, ApplicationKind, ApplicationUpdate, NewAppSecret, NewApplication, RedirectSettings,
};
use serde_json::Map;

use super::world::{World, calls, lists};

pub async fn call(world: &World) {
    let redirects = RedirectSettings::new().redirect_uris(["a"]).post_logout_redirect_uris(["a"]).logo_uri("a");
    let redirects = redirects.backchannel_logout_uri("a").backchannel_logout_session_required(true);
    let tokens = AppTokenSettings::new().cors_allowed_origins(["a"]).id_token_ttl(1).refresh_token_ttl(1);
    let tokens = tokens.refresh_token_ttl_in_days(1).always_issue_refresh_token(true).rotate_refresh_token(true);
    let tokens = tokens.allow_token_exchange(true).device_flow(true).max_allowed_grants(1);
    world.argument(&format!("{redirects:?}"));
    world.argument(&format!("{tokens:?}"));
    let new = NewApplication::new().name("a").kind(ApplicationKind::Traditional).description("a");
    let new = new.redirects(redirects.clone()).tokens(tokens.clone()).custom_data(Map::new()).third_party(false);
    let update = ApplicationUpdate::new().name("a").description("a").redirects(redirects).tokens(tokens);
    let update = update.custom_data(Map::new()).admin(true).app_level_access_control(true);
    calls!(world;
        applications.create(&new),
        applications.get("id"),
        applications.update("id", &update),
        applications.update("id", &ApplicationUpdate::new().no_description()),
        applications.update_custom_data("id", &Map::new()),
        applications.delete("id"),
        applications.create_secret("id", &NewAppSecret::new().name("a").expires_at(SystemTime::now())),
        applications.create_secret("id", &NewAppSecret::new().name("a").no_expires_at()),
        applications.rename_secret("id", "a", "b"),
        applications.delete_secret("id", "a"),
        applications.delete_legacy_secret("id"),
        applications.assign_roles("id", ["a"]),
        applications.replace_roles("id", ["a"]),
        applications.remove_role("id", "role"),
    );
    lists!(world;
        applications.list(),
        applications.list_of(ApplicationKind::Native),
        applications.list_of(ApplicationKind::Spa),
        applications.list_of(ApplicationKind::Traditional),
        applications.list_of(ApplicationKind::MachineToMachine),
        applications.list_of(ApplicationKind::Protected),
        applications.list_of(ApplicationKind::Saml),
        applications.search("a"),
        applications.list_secrets("id"),
        applications.list_roles("id"),
        applications.list_organizations("id"),
    );
    for kind in [
        ApplicationKind::Native,
        ApplicationKind::Spa,
        ApplicationKind::MachineToMachine,
        ApplicationKind::Protected,
        ApplicationKind::Saml,
    ] {
        calls!(world; applications.create(&NewApplication::new().name("a").kind(kind)));
    }
}
