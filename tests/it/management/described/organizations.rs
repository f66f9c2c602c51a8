//! Organizations, and who is in them.

use logto::management::{NewOrganization, OrganizationUpdate};
use serde_json::Map;

use super::world::{World, calls, lists};

pub async fn call(world: &World) {
    let new = NewOrganization::new().name("a").description("a").custom_data(Map::new()).mfa_required(true);
    let new = new.color(Map::new()).branding(Map::new()).custom_css("a");
    let update = OrganizationUpdate::new().name("a").description("a").custom_data(Map::new()).mfa_required(true);
    let update = update.color(Map::new()).branding(Map::new()).custom_css("a");
    calls!(world;
        organizations.create(&new),
        organizations.get("id"),
        organizations.update("id", &update),
        organizations.update("id", &OrganizationUpdate::new().no_description().no_custom_css()),
        organizations.delete("id"),
    );
    lists!(world; organizations.list(), organizations.list_featured(), organizations.search("a"));
    members(world).await;
    applications(world).await;
    provisioning(world).await;
}

async fn members(world: &World) {
    calls!(world;
        organizations.add_members("id", ["a", "b"]),
        organizations.replace_members("id", [""; 0]),
        organizations.remove_member("id", "user"),
        organizations.assign_member_roles("id", "user", ["a"]),
        organizations.assign_member_roles_by_name("id", "user", ["a"]),
        organizations.replace_member_roles("id", "user", ["a"]),
        organizations.replace_member_roles_by_name("id", "user", ["a"]),
        organizations.remove_member_role("id", "user", "role"),
        organizations.assign_roles_to_members("id", ["a"], ["b"]),
    );
    lists!(world;
        organizations.list_members("id"),
        organizations.search_members("id", "a"),
        organizations.list_members_with_role("id", "role"),
        organizations.list_member_roles("id", "user"),
        organizations.list_member_scopes("id", "user"),
    );
}

async fn applications(world: &World) {
    calls!(world;
        organizations.add_applications("id", ["a"]),
        organizations.replace_applications("id", ["a"]),
        organizations.remove_application("id", "app"),
        organizations.assign_application_roles("id", "app", ["a"]),
        organizations.replace_application_roles("id", "app", ["a"]),
        organizations.remove_application_role("id", "app", "role"),
        organizations.assign_roles_to_applications("id", ["a"], ["b"]),
    );
    lists!(world;
        organizations.list_applications("id"),
        organizations.search_applications("id", "a"),
        organizations.list_application_roles("id", "app"),
    );
}

async fn provisioning(world: &World) {
    calls!(world;
        organizations.add_jit_email_domain("id", "example.com"),
        organizations.replace_jit_email_domains("id", ["example.com"]),
        organizations.remove_jit_email_domain("id", "example.com"),
        organizations.add_jit_sso_connectors("id", ["a"]),
        organizations.replace_jit_sso_connectors("id", ["a"]),
        organizations.remove_jit_sso_connector("id", "connector"),
        organizations.add_jit_roles("id", ["a"]),
        organizations.replace_jit_roles("id", ["a"]),
        organizations.remove_jit_role("id", "role"),
    );
    lists!(world;
        organizations.list_jit_email_domains("id"),
        organizations.list_jit_sso_connectors("id"),
        organizations.list_jit_roles("id"),
        sso_connectors.list(),
    );
}
