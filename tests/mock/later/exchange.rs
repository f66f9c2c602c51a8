//! 93-token-exchange, and 94-mfa.

use std::{collections::BTreeSet, time::Duration};

use logto::testing::TestClock;

use super::world::{page, web, world, world_with};
use crate::{recording::files, replay::Replay};

pub(super) async fn token_exchange() -> BTreeSet<String> {
    // The recording 36 is of the time before the app was allowed to.
    let mock = world_with(web(), page().token_exchange(false)).start().await.unwrap();
    let mut before = Replay::new(&mock);
    before.run("93-token-exchange/36-spa.json").await;

    let clock = TestClock::new();
    let mock = world().clock(clock.clone()).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let folder = "93-token-exchange";
    replay
        .run_with_stand_ins(
            &files(
                folder,
                &[
                    "0",
                    "1",
                    "20",
                    "21",
                    "22-impersonation-actor.",
                    "23-impersonation-actor-organization.",
                    "24",
                    "25",
                    "26",
                    "27",
                    "28",
                    "29",
                ],
            ),
            "ada",
        )
        .await;
    // The token that acted for Bob before is now exchanged itself.
    replay.run_with_stand_ins(&files(folder, &["30"]), "ada").await;
    replay.run_with_stand_ins(&files(folder, &["31", "32", "33", "34", "35"]), "bob").await;
    for file in files(folder, &["37", "38", "39", "40", "41", "42"]) {
        replay.run(&file).await;
    }
    for file in files(folder, &["43", "44"]) {
        assert!(mock.unsuspend_user("nobody"));
        replay.stand_in(&file, "nobody").await;
        assert!(mock.suspend_user("nobody"));
        replay.run(&file).await;
    }
    let file = "93-token-exchange/45-pat-expired.json";
    replay.learn_form(file, "subject_token", &mock.create_personal_access_token("ada", Some(Duration::from_secs(60))));
    clock.advance(Duration::from_secs(61));
    replay.run(file).await;
    before.done.into_iter().chain(replay.done).collect()
}

pub(super) async fn mfa() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let file = "94-mfa/06-token.json";
    replay.prepare_code_as(file, &[("scope", "openid offline_access profile")], "mfa_4a85eb").await;
    replay.run(file).await;
    replay.run_with_stand_ins(&files("94-mfa", &["21", "22", "23"]), "one-factor").await;
    replay.run_with_stand_ins(&files("94-mfa", &["24"]), "mfa_4a85eb").await;
    replay.done
}
