//! Applications, their secrets, their roles and their organizations.

use logto::management::{
    AppTokenSettings, ApplicationKind, ApplicationUpdate, NewAppSecret, NewApplication, RedirectSettings,
};
use serde_json::json;

use super::folder::{Folder, at, millis};

const ID: &str = "ttd30qhfin3c7ynhad21o";
const MACHINE: &str = "850p3ghmh1s8xv95kxuzp";

#[tokio::test]
async fn management_recorded_applications_are_replayed() {
    let folder = Folder::new("applications");
    applications(&folder).await;
    secrets(&folder).await;
    let applications = folder.management.applications();

    let page = folder.read("17-roles", applications.list_roles(MACHINE).page(1, 20)).await;
    let names: Vec<_> = page.items.iter().map(|role| role.name.as_str()).collect();
    assert_eq!((page.total, names), (Some(2), vec!["Logto Management API access", "books-machine"]));
    let page = folder.read("18-organizations", applications.list_organizations(MACHINE).page(1, 20)).await;
    let acme = &page.items[0];
    let roles = acme.organization_roles.as_ref().unwrap();
    assert_eq!((acme.name.as_str(), roles[0].name.as_deref()), ("Acme", Some("machine")));

    folder.read("19-delete", applications.delete(ID)).await;
    folder.refused("20-delete-again", "management.not_found", applications.delete(ID)).await;
    folder.finish();
}

async fn applications(folder: &Folder) {
    let applications = folder.management.applications();
    let redirects = |uri: &str| RedirectSettings::new().redirect_uris([uri]).post_logout_redirect_uris([""; 0]);
    let web = |name: &str| NewApplication::new().name(name).kind(ApplicationKind::Traditional);

    let new = web("Web 362bed").redirects(redirects("https://www.example.test/callback"));
    let made = folder.read("01-create-web", applications.create(&new)).await;
    assert_eq!((made.id.as_str(), made.name.as_str(), made.kind.as_deref()), (ID, "Web 362bed", Some("Traditional")));
    assert_eq!(made.oidc_client_metadata["redirectUris"], json!(["https://www.example.test/callback"]));
    assert_eq!((made.is_admin, made.is_third_party, millis(made.created_at)), (None, false, 1_795_878_673_495));
    let machine = NewApplication::new().name("M 362bed").kind(ApplicationKind::MachineToMachine);
    folder.read("02-create-m2m", applications.create(&machine)).await;
    let television = NewApplication::new().name("TV 362bed").kind(ApplicationKind::Native);
    let television = television.tokens(AppTokenSettings::new().device_flow(true));
    let made = folder.read("03-create-native-device", applications.create(&television)).await;
    assert_eq!(made.custom_client_metadata["isDeviceFlow"], true);
    folder.by_path("04-create-bad-type", "management.value_refused").await;
    let bad = web("x").redirects(redirects("nonsense"));
    folder.refused("05-create-bad-redirect-uri", "management.value_refused", applications.create(&bad)).await;

    let page = folder.read("06-list", applications.list().page(1, 2)).await;
    assert_eq!((page.total, page.has_next()), (Some(6), true));
    let machines = applications.list_of(ApplicationKind::MachineToMachine);
    let page = folder.read("07-list-types", machines.page(1, 20)).await;
    assert!(page.items.len() == 2 && page.items.iter().all(|app| app.kind.as_deref() == Some("MachineToMachine")));
    assert_eq!(folder.read("08-get", applications.get(ID)).await.is_admin, Some(false));

    let tokens = AppTokenSettings::new().id_token_ttl(600).refresh_token_ttl(86_400).rotate_refresh_token(true);
    let tokens = tokens.always_issue_refresh_token(true).allow_token_exchange(true);
    let redirects = redirects("https://www.example.test/callback")
        .post_logout_redirect_uris(["https://www.example.test/"])
        .backchannel_logout_uri("https://www.example.test/logto/back-channel-logout")
        .backchannel_logout_session_required(true);
    let update = ApplicationUpdate::new().description("d").tokens(tokens).redirects(redirects);
    let changed = folder.read("10-patch", applications.update(ID, &update)).await;
    assert_eq!(changed.custom_client_metadata["idTokenTtl"], 600);
    let members = json!({ "owner": "web" }).as_object().unwrap().clone();
    let data = folder.read("12-custom-data", applications.update_custom_data(ID, &members)).await;
    assert_eq!(data, members);
}

async fn secrets(folder: &Folder) {
    let applications = folder.management.applications();
    let page = folder.read("13-secrets", applications.list_secrets(ID).page(1, 20)).await;
    let first = &page.items[0];
    assert_eq!((first.name.as_str(), first.expires_at), ("Default secret", None));
    assert_eq!(first.value.expose(), "3eRFMN03b70qpFI64AyvlQyohMhpEKsB");
    assert!(!format!("{page:?}").contains("3eRFMN03"));

    let new = NewAppSecret::new().name("second");
    let made = new.clone().expires_at(at(1_795_965_073_574));
    let made = folder.read("14-secret-create", applications.create_secret(ID, &made)).await;
    assert_eq!((made.application_id.as_deref(), millis(made.created_at)), (Some(ID), 1_795_878_673_577));
    assert_eq!((made.value.expose(), millis(made.expires_at)), ("hRr87yF4ZnsUTRcltIRUwF7wXFj4AsIY", 1_795_965_073_574));
    let again = applications.create_secret(ID, &new);
    folder.refused("15-secret-create-again", "management.value_refused", again).await;
    folder.read("16-secret-delete", applications.delete_secret(ID, "second")).await;
}
