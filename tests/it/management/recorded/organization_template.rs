//! Organization roles and organization permissions.

use logto::management::{NewOrganizationRole, NewOrganizationScope, OrganizationRoleUpdate};

use super::folder::Folder;

#[tokio::test]
async fn management_recorded_organization_template_is_replayed() {
    let folder = Folder::new("organization-template");
    let (roles, scopes) = (folder.management.organization_roles(), folder.management.organization_scopes());
    let (role_id, scope_id) = ("9x90wzonqvvgu6j3dzpjr", "ge6ftkzx24etxzzbaqt4u");

    let scope = NewOrganizationScope::new().name("read:tps:362bed");
    let made = folder.read("01-scope-create", scopes.create(&scope.clone().description("r"))).await;
    assert_eq!(
        (made.id.as_str(), made.name.as_str(), made.description.as_deref()),
        (scope_id, "read:tps:362bed", Some("r"))
    );
    folder.refused("02-scope-create-again", "management.value_refused", scopes.create(&scope)).await;

    let role = NewOrganizationRole::new().name("clerk-362bed");
    let made = role.clone().description("c").scopes([scope_id]);
    let made = folder.read("03-role-create", roles.create(&made)).await;
    assert_eq!(
        (made.id.as_str(), made.kind.as_deref(), made.extra["tenantId"].as_str()),
        (role_id, Some("User"), Some("default"))
    );
    folder.refused("04-role-create-again", "management.value_refused", roles.create(&role)).await;

    let page = folder.read("05-roles", roles.list().page(1, 2)).await;
    assert_eq!((page.total, page.has_next()), (Some(3), true));
    let admin = &page.items[0];
    assert_eq!(admin.scopes.as_ref().unwrap()[1].name.as_deref(), Some("invite:member"));
    let of_api = &admin.resource_scopes.as_ref().unwrap()[0];
    assert_eq!(
        (of_api.name.as_deref(), of_api.extra["resource"]["name"].as_str()),
        (Some("read:books"), Some("Books API"))
    );
    assert_eq!(page.items[1].resource_scopes.as_deref(), Some([].as_slice()), "none, and it is known");
    let got = folder.read("06-role", roles.get(role_id)).await;
    assert_eq!((got.description.as_deref(), got.scopes), (Some("c"), None));

    let page = folder.read("07-role-scopes", roles.list_scopes(role_id).page(1, 20)).await;
    assert_eq!((page.items[0].id.as_str(), page.total), (scope_id, None));
    folder.read("08-role-scopes-put", roles.replace_scopes(role_id, [""; 0])).await;
    let update = OrganizationRoleUpdate::new().description("clerk");
    let changed = folder.read("09-role-patch", roles.update(role_id, &update)).await;
    assert_eq!(changed.description.as_deref(), Some("clerk"));
    folder.read("11-role-delete", roles.delete(role_id)).await;
    folder.refused("12-role-delete-again", "management.not_found", roles.delete(role_id)).await;
    folder.read("13-scope-delete", scopes.delete(scope_id)).await;
    folder.finish();
}
