//! Roles, and who has them.

use logto::management::{NewRole, RoleKind, RoleUpdate};

use super::world::{World, calls, lists};

pub async fn call(world: &World) {
    let role = NewRole::new().name("a").description("a").kind(RoleKind::MachineToMachine);
    let role = role.default_for_new_users(true).scopes(["a", "b"]);
    calls!(world;
        roles.create(&role),
        roles.get("id"),
        roles.update("id", &RoleUpdate::new().name("a").description("a").default_for_new_users(false)),
        roles.delete("id"),
        roles.assign_scopes("id", ["a"]),
        roles.remove_scope("id", "scope"),
        roles.assign_to_users("id", ["a", "b"]),
        roles.remove_from_user("id", "user"),
        roles.assign_to_applications("id", ["a"]),
        roles.remove_from_application("id", "app"),
    );
    lists!(world;
        roles.list(),
        roles.list_of(RoleKind::User),
        roles.list_of(RoleKind::MachineToMachine),
        roles.search("a"),
        roles.list_scopes("id"),
        roles.list_users("id"),
        roles.list_applications("id"),
    );
}
