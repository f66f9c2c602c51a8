//! Organization roles and organization permissions.

use logto::management::{
    NewOrganizationRole, NewOrganizationScope, OrganizationRoleUpdate, OrganizationScopeUpdate, RoleKind,
};

use super::world::{World, calls, lists};

pub async fn call(world: &World) {
    let role = NewOrganizationRole::new().name("a").description("a").kind(RoleKind::User);
    let role = role.scopes(["a"]).resource_scopes(["a"]);
    let update = OrganizationRoleUpdate::new().name("a").description("a").kind(RoleKind::MachineToMachine);
    calls!(world;
        organization_roles.create(&role),
        organization_roles.get("id"),
        organization_roles.update("id", &update),
        organization_roles.update("id", &OrganizationRoleUpdate::new().no_description()),
        organization_roles.delete("id"),
        organization_roles.assign_scopes("id", ["a"]),
        organization_roles.replace_scopes("id", ["a"]),
        organization_roles.remove_scope("id", "scope"),
        organization_roles.assign_resource_scopes("id", ["a"]),
        organization_roles.replace_resource_scopes("id", ["a"]),
        organization_roles.remove_resource_scope("id", "scope"),
        organization_scopes.create(&NewOrganizationScope::new().name("a").description("a")),
        organization_scopes.get("id"),
        organization_scopes.update("id", &OrganizationScopeUpdate::new().name("a").description("a")),
        organization_scopes.update("id", &OrganizationScopeUpdate::new().no_description()),
        organization_scopes.delete("id"),
    );
    lists!(world;
        organization_roles.list(),
        organization_roles.search("a"),
        organization_roles.list_scopes("id"),
        organization_roles.list_resource_scopes("id"),
        organization_scopes.list(),
        organization_scopes.search("a"),
    );
}
