//! Every operation against Logto's own description of its Management API, and against the table of the guide.
//!
//! `management-operations.json` was made of `GET /api/swagger.json` by `tests/reduce_description.py`. A server made of it judges each request, and answers with
//! JSON of the described shape: once with every member and one that no description has, once with the required members alone and `null` where that may be.
//!
//! A file of this folder calls the operations of one part of the API, by the macros [`calls!`] and [`lists!`].

mod applications;
mod description;
mod invitations;
mod organization_template;
mod organizations;
mod resources;
mod roles;
mod server;
mod sources;
mod users;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use self::{description::Members, world::World};

/// Calls everything. Each part of the API has its own file.
async fn call_everything(world: &World) {
    users::call(world).await;
    roles::call(world).await;
    applications::call(world).await;
    resources::call(world).await;
    organizations::call(world).await;
    organization_template::call(world).await;
    invitations::call(world).await;
}

#[tokio::test]
async fn management_described_every_operation_fits_and_both_forms_of_each_answer_are_read() {
    let mut called = BTreeMap::new();
    let mut sent = BTreeMap::new();
    for members in [Members::Every, Members::Required] {
        let world = World::start(members).await;
        call_everything(&world).await;
        assert_eq!(world.problems(), Vec::<String>::new(), "answers with {members:?}");
        (called, sent) = (world.called(), world.sent());
    }

    // What is public is called, and with all that can be set.
    let names: BTreeSet<_> = called.keys().cloned().collect();
    assert_eq!(names, sources::operations(), "what is called and what `src/management` has");
    let all = sources::bodies();
    assert_eq!(sent, all.members, "the members that were sent and those that the bodies of `src/management` have");
    let calls = sources::calls();
    let unused: Vec<_> = all.setters.iter().filter(|setter| !calls.contains(&format!(".{setter}("))).collect();
    assert_eq!(unused, Vec::<&String>::new(), "setters that no call uses");

    // The guide lists the same.
    assert_eq!(called, sources::table(), "what is called and the table in docs/management.md");
}
