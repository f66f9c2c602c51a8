//! Access tokens: out of the file, and one refresh for all who need one.

use std::time::Duration;

use logto::{
    TokenOptions,
    api_client::TokenSource,
    cli::CliClient,
    testing::{Endpoint, Fault},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{World, books, refused};
use crate::gate::Gate;

#[tokio::test]
async fn a_token_that_lives_is_taken_from_the_file_without_a_request() {
    let world = World::start().await;
    let first = world.signed_in().await.get_access_token(books()).await.unwrap();
    assert_eq!(world.refreshes(), 1);
    world.mock.reset_counts();
    for _ in 0..3 {
        assert_eq!(world.run().get_access_token(books()).await.unwrap(), first);
    }
    assert_eq!(world.mock.requests_total(), 0);
    // A minute before its end there is another.
    world.clock.advance(Duration::from_secs(3541));
    let next = world.run().get_access_token(books()).await.unwrap();
    assert_ne!(next.token(), first.token());
    assert_eq!(world.refreshes(), 1);
}

/// The refresh token rotates on each use: a second refresh with the old one would end the sign-in.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_runs_at_once_make_one_refresh_and_all_are_served() {
    let world = World::start().await;
    world.signed_in().await;
    let mut runs = JoinSet::new();
    for _ in 0..100 {
        // Each as another process: they share the file alone.
        let run = world.run();
        runs.spawn(async move { run.get_access_token(books()).await.unwrap().token().to_owned() });
    }
    let tokens = runs.join_all().await;
    assert_eq!(tokens.len(), 100);
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(world.refreshes(), 1);
    assert_eq!(world.mock.request_count(Endpoint::Discovery), 1);
    assert_eq!(world.folder.names(), ["tokens", "tokens.lock"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn forced_refreshes_at_once_are_one_and_a_later_one_is_another() {
    let world = World::start().await;
    let run = world.signed_in().await;
    let first = run.get_access_token(books()).await.unwrap();
    world.mock.reset_counts();
    let mut runs = JoinSet::new();
    for _ in 0..20 {
        let run = world.run();
        runs.spawn(async move { run.get_access_token(books().force_refresh(true)).await.unwrap().token().to_owned() });
    }
    let tokens = runs.join_all().await;
    assert!(tokens.iter().all(|token| token != first.token()));
    // Those that came when another had its token already asked for one of their own.
    assert!((1..20).contains(&world.refreshes()), "{}", world.refreshes());
    let before = world.refreshes();
    run.get_access_token(books().force_refresh(true)).await.unwrap();
    assert_eq!(world.refreshes(), before + 1);
}

#[tokio::test]
async fn a_token_that_an_api_refused_is_replaced_once() {
    let world = World::start().await;
    let run = world.signed_in().await;
    let refused = run.get_access_token(books()).await.unwrap();
    let next = run.replace_rejected(&refused, &books()).await.unwrap();
    assert_ne!(next.token(), refused.token());
    // Another run, with the same token refused, takes what is there.
    assert_eq!(world.run().replace_rejected(&refused, &books()).await.unwrap(), next);
    assert_eq!(world.refreshes(), 2);
}

#[tokio::test]
async fn tokens_for_organizations_and_for_logto_are_kept_apart() {
    let world = World::start().await;
    let run = world.signed_in().await;
    let userinfo = run.get_access_token(TokenOptions::new()).await.unwrap();
    assert_eq!(world.refreshes(), 0, "the sign-in gave it");
    let films = run.get_access_token(TokenOptions::new().resource("https://films.example.test")).await;
    refused(films, "token.resource_refused");
    refused(run.get_access_token(TokenOptions::new().resource("films")).await, "options.invalid");
    refused(run.get_access_token(TokenOptions::new().organization(" ")).await, "options.invalid");
    let of_books = run.get_access_token(books()).await.unwrap();
    assert_ne!(userinfo.token(), of_books.token());
    assert_eq!(run.get_access_token(TokenOptions::new()).await.unwrap(), userinfo);
}

/// The answer of Logto has rotated the refresh token. Who asked for it has gone.
#[tokio::test]
async fn a_caller_that_goes_away_does_not_lose_the_refresh_token() {
    let world = World::start().await;
    world.signed_in().await;
    let gate = Gate::new();
    let run = world.builder().http_client(gate.clone()).build().unwrap();
    let before = refresh_token(&world);
    gate.close();
    let caller = tokio::spawn(async move { run.get_access_token(books()).await });
    gate.someone_waits().await;
    caller.abort();
    caller.await.unwrap_err();
    gate.open();
    let token = world.run().get_access_token(books()).await.unwrap();
    assert_ne!(refresh_token(&world), before);
    assert_eq!(world.refreshes(), 1, "the other run took what the first was given");
    assert_eq!(token.scopes(), ["read:books"]);
}

fn refresh_token(world: &World) -> String {
    let file: Value = serde_json::from_str(&world.stored()).unwrap();
    file["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_new_refresh_token_is_kept_even_if_the_id_token_beside_it_is_refused() {
    let world = World::start().await;
    let run = world.signed_in().await;
    let before = refresh_token(&world);
    world.mock.tamper_id_token(|_, claims| claims["sub"] = json!("somebody-else"));
    let error = run.get_access_token(books()).await.unwrap_err();
    assert!(error.code().as_str().starts_with("id_token."), "{error}");
    assert_ne!(refresh_token(&world), before);
    assert_eq!(run.whoami().await.unwrap().sub(), "user-ada");
    world.mock.clear_tampering();
    run.get_access_token(books()).await.unwrap();
}

#[tokio::test]
async fn a_refresh_brings_the_claims_up_to_date() {
    let world = World::start().await;
    let run = world.signed_in().await;
    world.mock.update_user("ada", |user| user.name("Ada King"));
    assert_eq!(run.whoami().await.unwrap().name(), Some("Ada Lovelace"));
    run.get_access_token(books()).await.unwrap();
    assert_eq!(world.run().whoami().await.unwrap().name(), Some("Ada King"));
    // The keys may be out of reach; the token is what was asked for.
    world.mock.inject_fault(Endpoint::Jwks, Fault::status(503));
    world.mock.update_user("ada", |user| user.name("Augusta Ada King"));
    world.run().get_access_token(books().force_refresh(true)).await.unwrap();
    assert_eq!(run.whoami().await.unwrap().name(), Some("Ada King"));
}

#[tokio::test]
async fn a_logto_out_of_reach_ends_no_token_before_its_time() {
    let world = World::start().await;
    let token = world.signed_in().await.get_access_token(books()).await.unwrap();
    world.mock.inject_fault(Endpoint::Token, Fault::status(503));
    world.clock.advance(Duration::from_secs(3570));
    assert_eq!(world.run().get_access_token(books()).await.unwrap(), token);
    world.clock.advance(Duration::from_secs(60));
    let error = world.run().get_access_token(books()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    world.mock.clear_faults();
    assert_ne!(world.run().get_access_token(books()).await.unwrap().token(), token.token());
}

#[tokio::test]
async fn a_sign_in_that_is_over_at_logto_is_over_here() {
    let world = World::start().await;
    let run = world.signed_in().await;
    world.mock.revoke_all_grants();
    refused(run.get_access_token(books()).await, "cli.sign_in_ended");
    assert!(!world.file().exists());
    refused(run.get_access_token(books()).await, "cli.not_signed_in");
    refused(run.whoami().await, "cli.not_signed_in");
    assert!(run.get_access_token(books()).await.unwrap_err().requires_sign_in());
}

/// A clock that was set back says nothing of how long a token lives.
#[tokio::test]
async fn a_token_of_the_future_is_not_believed() {
    let world = World::start().await;
    let token = world.signed_in().await.get_access_token(books()).await.unwrap();
    world.mock.reset_counts();
    world.clock.rewind(Duration::from_secs(30));
    assert_ne!(world.run().get_access_token(books()).await.unwrap().token(), token.token());
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test]
async fn without_a_refresh_token_the_sign_in_ends_with_its_tokens() {
    let world = World::start().await;
    world.mock.tamper_token_response(|answer| {
        answer.as_object_mut().unwrap().remove("refresh_token");
    });
    let run = world.run();
    run.login().await.unwrap();
    run.get_access_token(TokenOptions::new()).await.unwrap();
    refused(run.get_access_token(books()).await, "cli.sign_in_ended");
    assert!(world.file().exists(), "who is signed in is known");
}

fn _is_a_source(client: &CliClient) -> &dyn TokenSource {
    client
}
