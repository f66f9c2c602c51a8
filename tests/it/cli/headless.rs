//! A personal access token in the place of a user.

use logto::testing::Endpoint;

use super::{World, books, refused};

#[tokio::test]
async fn a_personal_access_token_is_exchanged_and_stored_nowhere() {
    let world = World::start().await;
    let token = world.mock.create_personal_access_token("ada", None);
    let run = world.builder().personal_access_token(token).build().unwrap();
    let books_token = run.get_access_token(books()).await.unwrap();
    assert_eq!(books_token.scopes(), ["read:books"]);
    assert_eq!(run.get_access_token(books()).await.unwrap(), books_token);
    assert_eq!(world.mock.request_count(Endpoint::Token), 1);
    let user = run.whoami().await.unwrap();
    assert_eq!((user.sub(), user.id_token_claims()), ("user-ada", None));
    assert!(!world.file().exists());
}

#[tokio::test]
async fn a_personal_access_token_that_is_none_is_refused_and_an_empty_one_is_none() {
    let world = World::start().await;
    let run = world.builder().personal_access_token("pat_nosuch").build().unwrap();
    refused(run.get_access_token(books()).await, "token_exchange.subject_refused");
    let run = world.builder().personal_access_token(" ").build().unwrap();
    refused(run.get_access_token(books()).await, "cli.not_signed_in");
}
