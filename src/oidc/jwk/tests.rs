use serde_json::{Value, json};

use super::Key;
use crate::oidc::alg::Alg;
use crate::oidc::test_support::{TestKey, with, without};

const ALL: [Alg; 5] = [Alg::Es256, Alg::Es384, Alg::Es512, Alg::Rs256, Alg::Ps256];

#[track_caller]
fn refused(jwk: Value) -> String {
    Key::from_jwk(jwk).err().expect("the key was accepted")
}

#[test]
fn a_key_fits_the_algorithms_of_its_type() {
    for made_for in ALL {
        let jwk = TestKey::new(made_for).jwk();
        let key = Key::from_jwk(jwk.clone()).unwrap();
        let only = Key::from_jwk(with(jwk, &[("alg", json!(made_for.as_str()))])).unwrap();
        for (alg, rsa) in ALL.into_iter().flat_map(|alg| [(alg, Alg::Rs256), (alg, Alg::Ps256)]) {
            let unnamed = if matches!(made_for, Alg::Rs256 | Alg::Ps256) { rsa } else { made_for };
            assert_eq!(key.supports(alg, rsa), alg == unnamed, "one key, one algorithm");
            assert_eq!(only.supports(alg, rsa), alg == made_for);
        }
    }
}

#[test]
fn an_algorithm_is_found_by_its_name() {
    for alg in ALL {
        assert_eq!(Alg::from_name(alg.as_str()), Some(alg));
        assert!(Alg::NAMES.contains(alg.as_str()));
    }
}

#[test]
fn keys_that_cannot_serve_say_why() {
    let ec = TestKey::new(Alg::Es384).jwk();
    let rsa = TestKey::new(Alg::Rs256).jwk();
    for (jwk, why) in [
        (json!({ "kty": "oct", "k": "c2VjcmV0" }), "its type oct  is not supported"),
        (json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA" }), "its type OKP Ed25519 is not supported"),
        (with(ec.clone(), &[("crv", json!("secp256k1"))]), "its type EC secp256k1 is not supported"),
        (with(ec.clone(), &[("use", json!("enc"))]), "it is not for signatures"),
        (with(ec.clone(), &[("key_ops", json!(["encrypt"]))]), "it is not for signatures"),
        (with(ec.clone(), &[("alg", json!("ES256"))]), "its type does not fit its algorithm ES256"),
        (with(rsa.clone(), &[("alg", json!("ES256"))]), "its type does not fit its algorithm ES256"),
        (with(rsa.clone(), &[("alg", json!("RS512"))]), "its algorithm RS512 is not accepted"),
        (with(rsa.clone(), &[("alg", json!("HS256"))]), "its algorithm HS256 is not accepted"),
        (with(ec.clone(), &[("crv", json!("P-256"))]), "its coordinates have 48 and 48 bytes, not 32"),
        (without(ec.clone(), "y"), "it has no `y`"),
        (without(rsa.clone(), "n"), "it has no `n`"),
        (with(rsa, &[("n", json!("AQAB"))]), "its modulus has 17 bits, less than 2048"),
    ] {
        assert_eq!(refused(jwk), why);
    }
    assert!(refused(with(ec.clone(), &[("x", json!("!"))])).starts_with("its `x` is not base64url"));
    assert!(refused(without(ec, "kty")).contains("missing field `kty`"));
    for odd in [json!(null), json!("key"), json!({ "kty": 5 })] {
        refused(odd);
    }
}

#[test]
fn a_modulus_is_measured_without_its_sign() {
    let rsa = TestKey::new(Alg::Rs256).jwk();
    let n = super::parameter("n", rsa["n"].as_str()).unwrap();
    assert_eq!(super::bits(&n), 2048);
    assert_eq!(super::bits(&super::without_leading_zeros([vec![0], n].concat())), 2048);
    assert_eq!(super::bits(&[]), 0);
}

#[test]
fn a_point_off_the_curve_is_no_key() {
    for alg in [Alg::Es256, Alg::Es384, Alg::Es512] {
        let jwk = TestKey::new(alg).jwk();
        let swapped = with(jwk.clone(), &[("x", jwk["y"].clone()), ("y", jwk["x"].clone())]);
        assert!(refused(swapped).starts_with("its point is no key"), "{}", alg.as_str());
    }
}
