//! The crate's verdict on access tokens against that of npm `jose`: `tests/jose-differential` mints and judges them.
//!
//! It needs Node, so it runs only where `LOGTO_TEST_JOSE` is set.

use std::{
    collections::BTreeMap,
    process::Command,
    time::{Duration, UNIX_EPOCH},
};

use logto::{
    api::{ApiAudience, ResourceServer},
    testing::{MockLogto, TestClock},
};
use serde_json::Value;

use crate::{skipped::skipped, support::BOOKS};

const ALGORITHMS: usize = 5;

/// Where the two may differ, by the end of a case's name: our verdict, and why. `jose` says the opposite, or the test fails, too.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        " aud with a number in it",
        "bearer_token.invalid_aud",
        "an audience that cannot be read may be one not to be trusted",
    ),
    (
        " sub number",
        "bearer_token.invalid_sub",
        "jose does not look at the type of a claim that it is not asked to compare",
    ),
    (" sub empty", "bearer_token.invalid_sub", "it names nobody"),
    (" client_id number", "bearer_token.invalid_client_id", "as sub"),
    (" scope array", "bearer_token.invalid_token", "RFC 8693 section 4.2: a string"),
    (
        " alg twice",
        "bearer_token.invalid_token",
        "RFC 7515 section 4: a member that is there twice may be refused; which one counts?",
    ),
    (" nbf null", "ok", "null is absence, in every claim"),
];

/// The codes of both sides that mean one thing.
const SAME: &[(&str, &str)] = &[
    ("ERR_JWT_EXPIRED", "bearer_token.expired"),
    ("ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "bearer_token.invalid_signature"),
    ("ERR_JWKS_NO_MATCHING_KEY", "bearer_token.unknown_key"),
    ("ERR_JOSE_ALG_NOT_ALLOWED", "bearer_token.invalid_alg"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_verdict_is_that_of_jose() {
    if std::env::var_os("LOGTO_TEST_JOSE").is_none() {
        skipped("the tests with npm jose", "they need Node, `npm ci` in tests/jose-differential and LOGTO_TEST_JOSE");
        return;
    }
    let clock = TestClock::at(UNIX_EPOCH);
    let mock = MockLogto::builder().clock(clock.clone()).start().await.unwrap();
    let output = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jose-differential/mint.mjs"))
        .args([&mock.issuer(), BOOKS])
        .output()
        .expect("Node is installed");
    assert!(output.status.success(), "`npm ci`? {}", String::from_utf8_lossy(&output.stderr));
    let mut lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut line = || lines.next().map(|line| serde_json::from_slice::<Value>(line).unwrap());

    let head = line().unwrap();
    clock.advance(Duration::from_secs(head["now"].as_u64().unwrap()));
    mock.tamper_jwks(move |jwks| *jwks = head["jwks"].clone());
    let api = ResourceServer::builder().endpoint(mock.endpoint()).audience(ApiAudience::resource(BOOKS));
    let api = api.clock(clock.clone()).build().unwrap();

    let mut differed = BTreeMap::new();
    let (mut cases, mut taken) = (0, 0);
    while let Some(case) = line() {
        let [name, token, theirs] = ["name", "token", "verdict"].map(|member| case[member].as_str().unwrap());
        // Twice: the second verdict may be a remembered one.
        let first = api.verify(token).await.map_or_else(|error| error.code().as_str(), |_| "ok");
        let ours = api.verify(token).await.map_or_else(|error| error.code().as_str(), |_| "ok");
        assert_eq!(first, ours, "{name}");
        match DIFFERENCES.iter().find(|(end, ..)| name.ends_with(end)) {
            Some((end, expected, why)) => {
                assert_eq!(ours, *expected, "{name}: {why}");
                assert_ne!(ours == "ok", theirs == "ok", "{name}: they agree now");
                *differed.entry(*end).or_insert(0) += 1;
            }
            None => assert_eq!(ours == "ok", theirs == "ok", "{name}: {ours}, jose says {theirs}"),
        }
        // The reason, too, where there is but one: a letter changed by chance may break several things, and what is malformed is refused
        // here before a signature is looked at.
        if let Some((_, same)) = SAME.iter().find(|(code, _)| *code == theirs)
            && !name.contains(" letter ")
            && ours != "bearer_token.invalid_token"
        {
            assert_eq!(ours, *same, "{name}");
        }
        cases += 1;
        taken += usize::from(ours == "ok");
    }
    assert!(cases >= 590 && taken >= 20 * ALGORITHMS && taken <= cases / 3, "{taken} of {cases} were taken");
    assert_eq!(differed.len(), DIFFERENCES.len());
    assert!(differed.values().all(|count| *count == ALGORITHMS), "{differed:?}");
}
