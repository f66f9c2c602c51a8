//! Signing out.

use logto::testing::{Endpoint, Fault};

use super::{World, books, refused};

#[tokio::test]
async fn a_sign_out_revokes_the_refresh_token_and_deletes_the_file() {
    let world = World::start().await;
    let run = world.signed_in().await;
    run.get_access_token(books()).await.unwrap();
    let copy = std::fs::read(world.file()).unwrap();
    assert!(run.logout().await.unwrap());
    assert_eq!(world.mock.request_count(Endpoint::Revocation), 1);
    assert_eq!(world.folder.names(), ["tokens.lock"]);
    refused(run.whoami().await, "cli.not_signed_in");
    assert!(!run.logout().await.unwrap(), "nobody is signed in any more");
    assert_eq!(world.mock.request_count(Endpoint::Revocation), 1);

    // A copy of the file is worth nothing.
    write(&world, &copy);
    refused(run.get_access_token(books().force_refresh(true)).await, "cli.sign_in_ended");
}

#[tokio::test]
async fn a_sign_out_without_a_network_is_one_here() {
    let world = World::start().await;
    let run = world.signed_in().await;
    world.mock.inject_fault(Endpoint::Revocation, Fault::status(503));
    let error = run.logout().await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    refused(run.whoami().await, "cli.not_signed_in");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_deleted_by_a_sign_out() {
    let world = World::start().await;
    let run = world.signed_in().await;
    write(&world, b"garbage");
    let error = run.logout().await.unwrap_err();
    assert_eq!(error.code().as_str(), "cli.storage_unreadable");
    assert!(error.hint().contains("not revoked"), "{error:?}");
    refused(run.whoami().await, "cli.not_signed_in");
}

fn write(world: &World, bytes: &[u8]) {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};

    _ = std::fs::remove_file(world.file());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(world.file()).unwrap().write_all(bytes).unwrap();
}
