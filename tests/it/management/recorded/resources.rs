//! API resources and their permissions.

use logto::management::{ApiResourceUpdate, NewApiResource, NewScope, ScopeUpdate};

use super::folder::{Folder, millis};

const ID: &str = "xxv6egiaj94463vvxtp1a";
const SCOPE: &str = "p1r7swyzdfuig950diiu3";

#[tokio::test]
async fn management_recorded_resources_are_replayed() {
    let folder = Folder::new("resources");
    let resources = folder.management.resources();

    let films = NewApiResource::new().name("Films 362bed").indicator("https://films-362bed.example.test");
    let made = folder.read("01-create", resources.create(&films.access_token_ttl(600))).await;
    assert_eq!((made.id.as_str(), made.name.as_str(), made.access_token_ttl), (ID, "Films 362bed", Some(600)));
    assert_eq!((made.indicator.as_str(), made.is_default), ("https://films-362bed.example.test", false));
    assert_eq!(made.scopes, Some(Vec::new()));
    let taken = NewApiResource::new().name("x").indicator("https://films-362bed.example.test");
    folder.refused("02-create-again", "management.value_refused", resources.create(&taken)).await;
    let nonsense = NewApiResource::new().name("x").indicator("nonsense");
    let made = folder.read("03-create-bad", resources.create(&nonsense)).await;
    assert_eq!(made.indicator, "nonsense", "Logto takes any text");

    let page = folder.read("04-list", resources.list().page(1, 2)).await;
    assert_eq!((page.total, page.items[0].id.as_str(), &page.items[0].scopes), (Some(4), "management-api", &None));
    let update = ApiResourceUpdate::new().access_token_ttl(120);
    assert_eq!(folder.read("07-patch", resources.update(ID, &update)).await.access_token_ttl, Some(120));
    // No setter has this member.
    folder.by_path("08-patch-indicator", "management.value_refused").await;

    let scope = NewScope::new().name("read:films");
    let made = folder.read("09-scope-create", resources.create_scope(ID, &scope.clone().description("r"))).await;
    assert_eq!((made.id.as_str(), made.resource_id.as_deref(), made.resource), (SCOPE, Some(ID), None));
    assert_eq!((made.description.as_deref(), millis(made.created_at)), (Some("r"), 1_795_878_673_747));
    folder.refused("10-scope-create-again", "management.value_refused", resources.create_scope(ID, &scope)).await;
    let spaced = NewScope::new().name("read films");
    folder.refused("11-scope-create-space", "management.value_refused", resources.create_scope(ID, &spaced)).await;
    let page = folder.read("12-scopes", resources.list_scopes(ID).page(1, 20)).await;
    assert_eq!((page.total, page.items[0].name.as_str()), (Some(1), "read:films"));
    let update = ScopeUpdate::new().description("Read films");
    let changed = folder.read("13-scope-patch", resources.update_scope(ID, SCOPE, &update)).await;
    assert_eq!(changed.description.as_deref(), Some("Read films"));
    folder.read("14-scope-delete", resources.delete_scope(ID, SCOPE)).await;
    let of_logto = resources.delete("management-api");
    folder.refused("15-delete-management", "management.value_refused", of_logto).await;
    folder.finish();
}
