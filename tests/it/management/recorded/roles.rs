//! Roles.

use logto::management::{NewRole, RoleKind, RoleUpdate};

use super::folder::Folder;

const ID: &str = "0vrsgk6qyg7hs7257fzjk";

#[tokio::test]
async fn management_recorded_roles_are_replayed() {
    let folder = Folder::new("roles");
    let roles = folder.management.roles();

    let new = NewRole::new().name("reader-362bed").description("r");
    let made = new.clone().kind(RoleKind::User).scopes(["9vsbtlb1knk256g5ht3vf"]);
    let made = folder.read("01-create", roles.create(&made)).await;
    assert_eq!((made.id.as_str(), made.name.as_str(), made.kind.as_deref()), (ID, "reader-362bed", Some("User")));
    assert_eq!((made.description.as_deref(), made.is_default), (Some("r"), false));
    folder.refused("02-create-again", "management.value_refused", roles.create(&new)).await;
    let unknown = NewRole::new().name("reader2-362bed").description("r").scopes(["nosuch"]);
    folder.refused("03-create-bad-scope", "management.not_found", roles.create(&unknown)).await;

    let page = folder.read("04-list", roles.list().page(1, 2)).await;
    assert_eq!((page.total, page.has_next(), page.items[0].name.as_str()), (Some(5), true, "librarian"));
    assert_eq!(page.items[0].extra["usersCount"], 1);
    let page = folder.read("05-search", roles.search("reader").page(1, 20)).await;
    assert_eq!((page.total, page.items.len()), (Some(2), 2));
    folder.read("06-get", roles.get(ID)).await;
    let update = RoleUpdate::new().description("reads").default_for_new_users(false);
    let changed = folder.read("07-patch", roles.update(ID, &update)).await;
    assert_eq!(changed.description.as_deref(), Some("reads"));

    let page = folder.read("08-scopes", roles.list_scopes(ID).page(1, 20)).await;
    let scope = &page.items[0];
    assert_eq!((scope.name.as_str(), scope.resource_id.as_deref()), ("read:books", Some("f7rvv0f1tshcjw6se07h6")));
    let resource = scope.resource.as_ref().unwrap();
    assert_eq!((resource.indicator.as_str(), resource.access_token_ttl), ("https://api.example.test", Some(3600)));

    folder.read("10-users-add", roles.assign_to_users(ID, ["dtyu8qlg9lii"])).await;
    let page = folder.read("11-users", roles.list_users(ID).page(1, 20)).await;
    assert_eq!((page.total, page.items[0].username.as_deref()), (Some(1), Some("bob")));
    folder.read("12-users-remove", roles.remove_from_user(ID, "dtyu8qlg9lii")).await;
    folder.read("13-delete", roles.delete(ID)).await;
    folder.refused("14-get-404", "management.not_found", roles.get(ID)).await;
    folder.finish();
}
