//! The device flow. Time stands still, and goes on when everybody waits for it: what is waited for is exact.

use std::{sync::Arc, time::Duration};

use logto::{
    cli::{CliClient, LoginMethod, LoginPrompt},
    testing::{Endpoint, MockApp, MockLogto, TestClock},
};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    World, books,
    on_time::{Away, OnTime, oauth},
    refused,
};

/// Answers in the place of the token endpoint's.
type Answers = fn(&str, usize) -> Option<Result<(u16, Value), Away>>;

/// What the user does when told of the code.
type User = fn(&MockLogto, &LoginPrompt);

fn run(world: &World, answers: Answers, user: User) -> CliClient {
    let (mock, prompts) = (Arc::clone(&world.mock), Arc::clone(&world.prompts));
    let builder = world.without_browser().http_client(OnTime::new(answers));
    let builder = builder.on_prompt(move |prompt| {
        user(&mock, prompt);
        prompts.lock().unwrap().push(prompt.clone());
    });
    builder.build().unwrap()
}

const NO_ANSWERS: Answers = |_, _| None;
const APPROVES: User = |mock, prompt| mock.approve_device(prompt.address_with_code().unwrap(), "ada");
const DOES_NOTHING: User = |_, _| {};

#[tokio::test(start_paused = true)]
async fn a_user_signs_in_on_another_device() {
    let world = World::start().await;
    let begun = Instant::now();
    let user = run(&world, NO_ANSWERS, APPROVES).login_by(LoginMethod::Device).await.unwrap();
    assert_eq!(user.to_string(), "Ada Lovelace (ada@example.test)");
    // Logto names no interval: the first question is after five seconds, and the last.
    assert_eq!(begun.elapsed().as_secs(), 5);
    // As few as can be: discovery, the code, one question, the keys.
    for (endpoint, count) in
        [(Endpoint::Discovery, 1), (Endpoint::DeviceAuthorization, 1), (Endpoint::Token, 1), (Endpoint::Jwks, 1)]
    {
        assert_eq!(world.mock.request_count(endpoint), count, "{endpoint:?}");
    }
    assert_eq!(world.mock.requests_total(), 4);
    let asked = world.mock.last_request(Endpoint::DeviceAuthorization).unwrap();
    assert_eq!(asked.form_value("client_id"), Some("device"));
    assert_eq!(asked.form_value("scope"), Some("openid offline_access profile email read:books"));

    let prompt = world.prompt();
    let code = prompt.user_code().unwrap();
    assert_eq!(prompt.address(), format!("{}/device", world.mock.endpoint()));
    assert_eq!(prompt.address_with_code().unwrap(), format!("{}/device?user_code={code}", world.mock.endpoint()));
    assert_eq!(prompt.expires_in(), Some(Duration::from_secs(600)));
    assert!(prompt.qr_code().is_some());
    insta::assert_snapshot!(prompt.to_string().replace(code, "NSMH-GTBS").replace(&world.mock.endpoint(), "https://my-tenant.logto.app"), @r"
    To sign in, open this address on any device:

        https://my-tenant.logto.app/device

    and enter the code:

        NSMH-GTBS

    The code is good for 10 minutes.
    ");
}

#[tokio::test(start_paused = true)]
async fn questions_go_at_the_pace_of_the_server_and_end_with_the_answer() {
    let world = World::start().await;
    let answers: Answers = |_, number| match number {
        0 => oauth("authorization_pending"),
        1 => oauth("slow_down"),
        2 => oauth("authorization_pending"),
        _ => None,
    };
    let begun = Instant::now();
    run(&world, answers, APPROVES).login_by(LoginMethod::Device).await.unwrap();
    // 5, 5, and after `slow_down` 10, 10 (RFC 8628 section 3.5).
    assert_eq!(begun.elapsed().as_secs(), 30);
    // Another question after the tokens would revoke the grant: the refresh token works.
    assert_eq!(world.mock.request_count(Endpoint::Token), 1);
    let token = run(&world, NO_ANSWERS, DOES_NOTHING).get_access_token(books()).await.unwrap();
    assert_eq!(token.scopes(), ["read:books"]);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_away_for_a_while_is_asked_again_less_often() {
    let world = World::start().await;
    let answers: Answers = |_, number| match number {
        0 | 1 => Some(Err(Away)),
        2 => Some(Ok((503, Value::Null))),
        3 => oauth("authorization_pending"),
        _ => None,
    };
    let begun = Instant::now();
    run(&world, answers, APPROVES).login_by(LoginMethod::Device).await.unwrap();
    // 5; 10, 20 and 30 after each failure; 5 after an answer.
    assert_eq!(begun.elapsed().as_secs(), 70);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_stays_away_ends_with_the_code() {
    let world = World::start().await;
    let begun = Instant::now();
    let told =
        refused(run(&world, |_, _| Some(Err(Away)), DOES_NOTHING).login_by(LoginMethod::Device).await, "cli.expired");
    assert_eq!(begun.elapsed().as_secs(), 600);
    assert!(told.contains("the network is away"), "{told}");
    assert!(!world.file().exists());
}

#[tokio::test(start_paused = true)]
async fn nobody_who_enters_the_code_is_waited_for_no_longer_than_it_lives() {
    let world = World::start().await;
    let begun = Instant::now();
    refused(run(&world, NO_ANSWERS, DOES_NOTHING).login_by(LoginMethod::Device).await, "cli.expired");
    assert_eq!(begun.elapsed().as_secs(), 600);
    assert_eq!(world.mock.request_count(Endpoint::Token), 119);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_an_expiry_and_a_code_that_is_not_known_end_the_wait() {
    let world = World::start().await;
    let denies: User = |mock, prompt| mock.deny_device(prompt.address_with_code().unwrap());
    refused(run(&world, NO_ANSWERS, denies).login_by(LoginMethod::Device).await, "cli.denied");
    for (error, code) in [
        ("expired_token", "cli.expired"),
        ("invalid_grant", "cli.expired"),
        ("access_denied", "cli.denied"),
        ("invalid_client", "client.invalid_credentials"),
        ("something_else", "token.refused"),
    ] {
        // A closure that holds nothing is a function; so each has its own.
        let answers: Answers = match error {
            "expired_token" => |_, _| oauth("expired_token"),
            "invalid_grant" => |_, _| oauth("invalid_grant"),
            "access_denied" => |_, _| oauth("access_denied"),
            "invalid_client" => |_, _| oauth("invalid_client"),
            _ => |_, _| oauth("something_else"),
        };
        refused(run(&world, answers, DOES_NOTHING).login_by(LoginMethod::Device).await, code);
    }
    assert!(!world.file().exists());
}

/// Waiting goes by a clock that nobody sets; the calendar's may jump.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_neither_ends_the_wait_nor_prolongs_it() {
    let jumps = |world: &World, jump: fn(&TestClock)| {
        let (mock, own) = (Arc::clone(&world.mock), TestClock::new());
        let answers: Answers = |_, number| if number < 3 { oauth("authorization_pending") } else { None };
        let builder = world.without_browser().clock(own.clone()).http_client(OnTime::new(answers));
        let run = builder.on_prompt(move |prompt| {
            jump(&own);
            mock.approve_device(prompt.address_with_code().unwrap(), "ada");
        });
        run.build().unwrap()
    };
    // By half an hour the code would be over; by the wait it is not.
    let world = World::start().await;
    let begun = Instant::now();
    jumps(&world, |clock| clock.advance(Duration::from_secs(1800))).login_by(LoginMethod::Device).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 20);
    // A clock that is a day behind makes an ID token one of the future, which is told; not a wait of a day.
    let world = World::start().await;
    let begun = Instant::now();
    let behind = jumps(&world, |clock| clock.rewind(Duration::from_secs(86_400)));
    let error = behind.login_by(LoginMethod::Device).await.unwrap_err();
    assert!(error.code().as_str().starts_with("id_token."), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_is_not_for_the_device_flow_is_told_so() {
    let world = World::with(|mock| mock.app(MockApp::new("web", "secret"))).await;
    for (id, code) in [
        ("native", "cli.no_device_flow"),
        ("web", "client.invalid_credentials"),
        ("nobody", "client.invalid_credentials"),
    ] {
        let run = world.without_browser().device_app_id(id).http_client(OnTime::new(NO_ANSWERS)).build().unwrap();
        refused(run.login_by(LoginMethod::Device).await, code);
    }
    let unknown = world.without_browser().resources(["https://nosuch.example.test"]);
    let unknown = unknown.http_client(OnTime::new(NO_ANSWERS)).build().unwrap();
    refused(unknown.login_by(LoginMethod::Device).await, "token.resource_refused");
    world.mock.tamper_discovery(|document| {
        document.as_object_mut().unwrap().remove("device_authorization_endpoint");
    });
    refused(run(&world, NO_ANSWERS, APPROVES).login_by(LoginMethod::Device).await, "cli.no_device_flow");
}

/// A caller that gives up between two questions asks no more.
#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_asks_no_more() {
    let world = World::start().await;
    let run = run(&world, NO_ANSWERS, DOES_NOTHING);
    let given_up = tokio::time::timeout(Duration::from_secs(12), run.login_by(LoginMethod::Device)).await;
    given_up.unwrap_err();
    assert_eq!(world.mock.request_count(Endpoint::Token), 2);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(world.mock.request_count(Endpoint::Token), 2);
    assert_eq!(world.folder.names(), ["tokens.lock"]);
}
