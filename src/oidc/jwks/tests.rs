use serde_json::{Value, json};

use super::{Jws, JwsError, KeySet};
use crate::{
    error::ErrorKind,
    oidc::{
        alg::Alg,
        test_support::{TestKey, World, fixture, with},
    },
};

const ALL: [Alg; 5] = [Alg::Es256, Alg::Es384, Alg::Es512, Alg::Rs256, Alg::Ps256];

fn set(keys: &[Value]) -> KeySet {
    serde_json::from_value(json!({ "keys": keys })).unwrap()
}

fn judge(set: &KeySet, token: &str) -> Result<(), JwsError> {
    set.verify(&Jws::parse(token)?)
}

#[test]
fn every_recorded_token_verifies() {
    let keys: KeySet = serde_json::from_value(fixture("jwks.json")).unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/logto/jwt")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let recorded = fixture(&format!("jwt/{name}"));
        let tokens: Vec<_> = match recorded["raw"].as_str() {
            Some(raw) => vec![raw.to_owned()],
            None => recorded
                .as_object()
                .unwrap()
                .values()
                .map(|user| user["token_response"]["id_token"].as_str().unwrap().to_owned())
                .collect(),
        };
        for token in tokens {
            judge(&keys, &token).unwrap_or_else(|error| panic!("{name} {error}"));
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen}");
    let logout = &fixture("51-backchannel-logout/02-session-required.json")["logout_token"]["raw"];
    assert!(judge(&keys, logout.as_str().unwrap()).is_ok());
}

#[test]
fn tokens_verify_across_a_rotation_to_rsa_while_the_key_set_contains_their_key() {
    let read = |name: &str| -> KeySet {
        let recorded = fixture(&format!("80-key-rotation-other-instance/{name}.json"));
        serde_json::from_value(recorded["response"]["body_json"].clone()).unwrap()
    };
    let (before, after, deleted) = (read("01-jwks-before"), read("03-jwks-after"), read("08-jwks-after-delete"));
    let tokens = fixture("80-key-rotation-other-instance/05-tokens.json");
    for kind in ["access_token", "id_token"] {
        let old = tokens["before"][kind]["raw"].as_str().unwrap();
        let new = tokens["after"][kind]["raw"].as_str().unwrap();
        assert!(judge(&before, old).is_ok());
        assert!(matches!(judge(&before, new), Err(JwsError::UnknownKey { known: 0, .. })));
        assert!(judge(&after, old).is_ok() && judge(&after, new).is_ok());
        assert!(matches!(judge(&deleted, old), Err(JwsError::UnknownKey { .. })));
        assert!(judge(&deleted, new).is_ok());
    }
}

#[test]
fn a_signature_of_each_of_the_five_algorithms_verifies_only_unchanged() {
    for alg in ALL {
        let key = TestKey::new(alg);
        let mut jwk = key.jwk_named("k");
        jwk["alg"] = json!(alg.as_str());
        let keys = set(&[jwk]);
        let token = key.sign(alg, Some("k"), &json!({ "sub": "user" }));
        assert!(judge(&keys, &token).is_ok(), "{}", alg.as_str());

        for at in [0, 7, 8 * 5 + 3] {
            let mut jws = Jws::parse(&token).ok().unwrap();
            jws.signature[at / 8] ^= 1 << (at % 8);
            assert!(matches!(keys.verify(&jws), Err(JwsError::BadSignature { .. })), "{}", alg.as_str());
        }
        let other = TestKey::new(alg).sign(alg, Some("k"), &json!({ "sub": "user" }));
        assert!(matches!(judge(&keys, &other), Err(JwsError::BadSignature { .. })));
        let (input, signature) = token.rsplit_once('.').unwrap();
        let changed = format!("{input}A.{signature}");
        assert!(judge(&keys, &changed).is_err());
        assert!(judge(&keys, &format!("{input}.")).is_err());
    }
}

#[test]
fn a_key_serves_its_own_algorithm_only() {
    let rsa = TestKey::new(Alg::Rs256);
    let pss = rsa.sign(Alg::Ps256, Some("k"), &json!({}));
    let pkcs = rsa.sign(Alg::Rs256, Some("k"), &json!({}));
    let only_pss = set(&[with(rsa.jwk_named("k"), &[("alg", json!("PS256"))])]);
    assert!(judge(&only_pss, &pss).is_ok());
    assert!(matches!(judge(&only_pss, &pkcs), Err(JwsError::UnknownKey { .. })));
    // A token that names one algorithm and is signed with the other.
    let header = json!({ "alg": "RS256", "kid": "k" }).to_string();
    let confused = rsa.sign_parts(Alg::Ps256, &header, "{}");
    assert!(matches!(judge(&set(&[rsa.jwk_named("k")]), &confused), Err(JwsError::BadSignature { .. })));
    // A token that names the type of another key.
    let ec = TestKey::new(Alg::Es384);
    let header = json!({ "alg": "RS256", "kid": "k" }).to_string();
    let confused = ec.sign_parts(Alg::Es384, &header, "{}");
    assert!(matches!(judge(&set(&[ec.jwk_named("k")]), &confused), Err(JwsError::UnknownKey { .. })));
}

#[test]
fn a_token_without_a_kid_may_be_any_keys() {
    let (one, two, other) = (TestKey::new(Alg::Es384), TestKey::new(Alg::Es384), TestKey::new(Alg::Es256));
    let token = two.sign(Alg::Es384, None, &json!({}));
    assert!(judge(&set(&[two.jwk()]), &token).is_ok());
    assert!(judge(&set(&[one.jwk_named("1"), other.jwk_named("3"), two.jwk_named("2")]), &token).is_ok());
    assert!(matches!(judge(&set(&[one.jwk_named("1")]), &token), Err(JwsError::BadSignature { .. })));
    assert!(matches!(judge(&set(&[other.jwk()]), &token), Err(JwsError::UnknownKey { kid: None, .. })));
}

#[test]
fn a_kid_names_the_key() {
    let (one, two) = (TestKey::new(Alg::Es384), TestKey::new(Alg::Es384));
    let keys = set(&[one.jwk_named("1"), two.jwk_named("2")]);
    assert!(judge(&keys, &two.sign(Alg::Es384, Some("2"), &json!({}))).is_ok());
    assert!(matches!(judge(&keys, &two.sign(Alg::Es384, Some("1"), &json!({}))), Err(JwsError::BadSignature { .. })));
    let error = judge(&keys, &two.sign(Alg::Es384, Some("3"), &json!({}))).unwrap_err();
    assert_eq!(error.to_string(), "is signed with key `3`, which is none of the 2 keys for ES384");
    // The same id twice: one of them will do.
    assert!(
        judge(&set(&[one.jwk_named("2"), two.jwk_named("2")]), &two.sign(Alg::Es384, Some("2"), &json!({}))).is_ok()
    );
}

#[test]
fn a_key_that_cannot_serve_does_not_spoil_the_set() {
    let good = TestKey::new(Alg::Es384);
    let keys = set(&[
        json!(null),
        json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "k" }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44" }),
        json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" }),
        with(TestKey::new(Alg::Es384).jwk_named("k"), &[("use", json!("enc"))]),
        good.jwk_named("k"),
    ]);
    assert_eq!(format!("{keys:?}"), "KeySet { keys: 1, .. }");
    assert!(judge(&keys, &good.sign(Alg::Es384, Some("k"), &json!({}))).is_ok());
}

#[tokio::test]
async fn keys_are_fetched_once() {
    let key = TestKey::new(Alg::Es384);
    let world = World::new(json!({ "keys": [key.jwk_named("k")] }), 1_000);
    let token = key.sign(Alg::Es384, Some("k"), &json!({ "a": 1 }));
    assert_eq!(world.asked(), 0);
    for _ in 0..3 {
        let payload = world.keys().verify(Jws::parse(&token).ok().unwrap()).await.unwrap();
        assert_eq!(payload, br#"{"a":1}"#);
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn the_first_token_with_a_new_key_id_triggers_a_fetch_of_the_key_set() {
    let (old, new) = (TestKey::new(Alg::Es384), TestKey::new(Alg::Rs256));
    let world = World::new(json!({ "keys": [old.jwk_named("old")] }), 1_000);
    let verify = async |token: String| world.keys().verify(Jws::parse(&token)?).await;
    verify(old.sign(Alg::Es384, Some("old"), &json!({}))).await.unwrap();

    world.serve(Some(json!({ "keys": [new.jwk_named("new"), old.jwk_named("old")] })));
    world.clock.advance(11);
    verify(new.sign(Alg::Rs256, Some("new"), &json!({}))).await.unwrap();
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn another_key_under_the_same_id_is_found() {
    let (old, new) = (TestKey::new(Alg::Es384), TestKey::new(Alg::Es384));
    let world = World::new(json!({ "keys": [old.jwk_named("k")] }), 1_000);
    let verify = async |token: String| world.keys().verify(Jws::parse(&token)?).await;
    verify(old.sign(Alg::Es384, Some("k"), &json!({}))).await.unwrap();

    world.serve(Some(json!({ "keys": [new.jwk_named("k")] })));
    world.clock.advance(11);
    verify(new.sign(Alg::Es384, Some("k"), &json!({}))).await.unwrap();
    assert_eq!(world.asked(), 2);
    assert!(matches!(verify(old.sign(Alg::Es384, Some("k"), &json!({}))).await, Err(JwsError::BadSignature { .. })));
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn forged_tokens_cannot_make_us_ask_more_than_every_ten_seconds() {
    let key = TestKey::new(Alg::Es256);
    let world = World::new(json!({ "keys": [key.jwk_named("k")] }), 1_000);
    for number in 0..1_000 {
        let token = key.sign(Alg::Es256, Some(&format!("random-{number}")), &json!({}));
        let verdict = world.keys().verify(Jws::parse(&token).ok().unwrap()).await;
        assert!(matches!(verdict, Err(JwsError::UnknownKey { .. })));
        if number % 100 == 99 {
            world.clock.advance(2);
        }
    }
    // Twenty seconds: first of all, once more at 0, once more at 10.
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn without_the_server_a_known_key_still_decides() {
    let key = TestKey::new(Alg::Es384);
    let world = World::new(json!({ "keys": [key.jwk_named("k")] }), 1_000);
    let verify = async |token: String| world.keys().verify(Jws::parse(&token)?).await;
    let good = key.sign(Alg::Es384, Some("k"), &json!({}));
    verify(good.clone()).await.unwrap();

    world.serve(None);
    world.clock.advance(2 * 3600);
    verify(good).await.unwrap();
    let forged = TestKey::new(Alg::Es384).sign(Alg::Es384, Some("k"), &json!({}));
    assert!(matches!(verify(forged).await, Err(JwsError::BadSignature { .. })));
    // A key that may be a new one is not rejected, also in the cooldown.
    for _ in 0..2 {
        match verify(key.sign(Alg::Es384, Some("new"), &json!({}))).await {
            Err(JwsError::Keys(error)) => assert_eq!(error.kind(), ErrorKind::Network),
            other => panic!("{other:?}"),
        }
    }
    // At first, and when two hours had passed, which broke and was sent twice. That failure speaks for a second.
    assert_eq!(world.asked(), 1 + 2);
}

#[tokio::test]
async fn an_answer_that_is_no_key_set_is_an_error() {
    for wrong in [json!({}), json!([]), json!({ "keys": {} }), json!("keys")] {
        let world = World::new(wrong, 1_000);
        let token = TestKey::new(Alg::Es256).sign(Alg::Es256, Some("k"), &json!({}));
        match world.keys().verify(Jws::parse(&token).ok().unwrap()).await {
            Err(JwsError::Keys(error)) => assert_eq!(error.code(), "jwks.failed"),
            other => panic!("{other:?}"),
        }
    }
}
