//! API resources and their permissions.

use logto::management::{ApiResourceUpdate, NewApiResource, NewScope, ScopeUpdate};

use super::world::{World, calls, lists};

pub async fn call(world: &World) {
    calls!(world;
        resources.create(&NewApiResource::new().name("a").indicator("a").access_token_ttl(600)),
        resources.get("id"),
        resources.update("id", &ApiResourceUpdate::new().name("a").access_token_ttl(600)),
        resources.set_default("id", true),
        resources.delete("id"),
        resources.create_scope("id", &NewScope::new().name("a").description("a")),
        resources.update_scope("id", "scope", &ScopeUpdate::new().name("a").description("a")),
        resources.update_scope("id", "scope", &ScopeUpdate::new().no_description()),
        resources.delete_scope("id", "scope"),
    );
    lists!(world;
        resources.list(),
        resources.list_with_scopes(),
        resources.list_scopes("id"),
        resources.search_scopes("id", "a"),
    );
}
