//! Organizations: themselves, their members, their apps and provisioning.

use logto::management::{NewOrganization, OrganizationUpdate};
use serde_json::{Map, Value, json};

use super::folder::{Folder, millis};

const ID: &str = "zxhxp5l0xlny";
const ADA: &str = "hmsct46yllsj";
const BOB: &str = "dtyu8qlg9lii";
const ADMIN: &str = "hvewucmz3naj4qejt6qae";

fn tier(tier: &str) -> Map<String, Value> {
    json!({ "tier": tier }).as_object().unwrap().clone()
}

#[tokio::test]
async fn management_recorded_organizations_are_replayed() {
    let folder = Folder::new("organizations");
    organizations(&folder).await;
    members(&folder).await;
    member_roles(&folder).await;
    applications_and_provisioning(&folder).await;
    folder.finish();
}

async fn organizations(folder: &Folder) {
    let organizations = folder.management.organizations();
    let new = NewOrganization::new().name("Initech 362bed");
    let made = new.clone().description("TPS").custom_data(tier("silver"));
    let made = folder.read("01-create", organizations.create(&made)).await;
    assert_eq!(
        (made.id.as_str(), made.name.as_str(), made.description.as_deref()),
        (ID, "Initech 362bed", Some("TPS"))
    );
    assert_eq!((made.custom_data["tier"].as_str(), made.is_mfa_required), (Some("silver"), false));
    assert_eq!((millis(made.created_at), made.users_count, made.organization_roles), (1_795_878_672_005, None, None));
    assert_eq!(made.extra["color"], json!({}));

    let made = folder.read("02-create-same-name", organizations.create(&new)).await;
    assert_eq!((made.description, made.custom_data), (None, Map::new()));
    folder.by_path("03-create-bad", "management.value_refused").await;
    folder.refused("05-get-404", "management.not_found", organizations.get("nosuch")).await;

    let page = folder.read("06-list", organizations.list().page(1, 2)).await;
    assert_eq!((page.total, page.items.len(), page.has_next()), (Some(4), 2, true));
    let page = folder.read("07-search", organizations.search("Initech").page(1, 20)).await;
    assert_eq!((page.total, page.has_next()), (Some(2), false));
    let page = folder.read("08-list-featured", organizations.list_featured().page(1, 2)).await;
    assert_eq!(page.items.iter().map(|item| item.users_count).collect::<Vec<_>>(), [Some(1), Some(0)]);
    assert_eq!(page.items[0].extra["featuredUsers"][0]["id"], ADA);

    let update = OrganizationUpdate::new().description("TPS reports").custom_data(tier("gold")).mfa_required(false);
    let changed = folder.read("09-patch", organizations.update(ID, &update)).await;
    assert_eq!(changed.description.as_deref(), Some("TPS reports"));
    let update = OrganizationUpdate::new().name("x");
    folder.refused("10-patch-404", "management.not_found", organizations.update("nosuch", &update)).await;

    folder.read("41-delete", organizations.delete(ID)).await;
    folder.refused("42-delete-again", "management.not_found", organizations.delete(ID)).await;
}

async fn members(folder: &Folder) {
    let organizations = folder.management.organizations();
    folder.read("11-members-add", organizations.add_members(ID, [ADA, BOB])).await;
    folder.read("12-members-add-again", organizations.add_members(ID, [ADA])).await;
    let page = folder.read("14-members", organizations.list_members(ID).page(1, 1)).await;
    assert_eq!((page.total, page.items[0].user.id.as_str(), page.has_next()), (Some(2), BOB, true));
    assert_eq!(page.items[0].organization_roles, []);
    let page = folder.read("15-members-search", organizations.search_members(ID, "ada").page(1, 20)).await;
    let ada = &page.items[0].user;
    assert_eq!((ada.id.as_str(), ada.username.as_deref()), (ADA, Some("ada")));
    assert_eq!((ada.primary_email.as_deref(), ada.name.as_deref()), (Some("ada@example.test"), Some("Ada Lovelace")));
    assert!(!ada.extra.contains_key("organizationRoles"), "it is beside the user");

    folder.read("23-members-put", organizations.replace_members(ID, [BOB])).await;
    folder.read("24-member-remove", organizations.remove_member(ID, BOB)).await;
    folder.refused("25-member-remove-again", "management.not_found", organizations.remove_member(ID, BOB)).await;
    let of_bob = folder.management.users().list_organizations(BOB);
    assert_eq!(folder.read("34-user-organizations", of_bob.page(1, 20)).await.items, []);
}

async fn member_roles(folder: &Folder) {
    let organizations = folder.management.organizations();
    folder.read("16-members-roles", organizations.assign_roles_to_members(ID, [ADA, BOB], [ADMIN])).await;
    let page = folder.read("17-member-roles", organizations.list_member_roles(ID, ADA).page(1, 20)).await;
    let admin = &page.items[0];
    assert_eq!((admin.id.as_str(), admin.name.as_str(), admin.kind.as_deref()), (ADMIN, "admin", Some("User")));
    assert_eq!((page.total, &admin.scopes), (None, &None), "only a list of all roles has their permissions");
    folder.read("18-member-roles-add", organizations.assign_member_roles_by_name(ID, ADA, ["admin"])).await;
    let page = folder.read("20-member-scopes", organizations.list_member_scopes(ID, ADA).page(1, 20)).await;
    let names: Vec<_> = page.items.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!((page.total, names), (Some(2), vec!["read:billing", "invite:member"]));
    folder.read("21-member-role-delete", organizations.remove_member_role(ID, ADA, ADMIN)).await;
    let of_nobody = organizations.list_member_roles(ID, "nosuch");
    folder.refused("22-member-roles-404", "management.value_refused", of_nobody.page(1, 20)).await;
}

async fn applications_and_provisioning(folder: &Folder) {
    let organizations = folder.management.organizations();
    folder.read("26-apps-add", organizations.add_applications(ID, ["850p3ghmh1s8xv95kxuzp"])).await;
    let page = folder.read("27-apps", organizations.list_applications(ID).page(1, 20)).await;
    let app = &page.items[0].application;
    assert_eq!((page.total, app.name.as_str(), app.kind.as_deref()), (Some(1), "Rust M2M", Some("MachineToMachine")));
    let web = organizations.add_applications(ID, ["quxrgtxn5inac2i09j1fa"]);
    folder.refused("28-apps-add-web", "management.value_refused", web).await;

    folder.read("29-jit-domains", organizations.replace_jit_email_domains(ID, ["initech.example"])).await;
    let page = folder.read("30-jit-domains-list", organizations.list_jit_email_domains(ID).page(1, 20)).await;
    assert_eq!(page.items[0].email_domain, "initech.example");
    let again = organizations.add_jit_email_domain(ID, "initech.example");
    folder.refused("31-jit-domain-again", "management.value_refused", again).await;
    folder.read("32-jit-domain-delete", organizations.remove_jit_email_domain(ID, "initech.example")).await;
    folder.read("33-jit-roles", organizations.replace_jit_roles(ID, [ADMIN])).await;
}
