use super::Algorithms;
use crate::oidc::alg::Alg;

fn accepted(names: &[&str]) -> Algorithms {
    Algorithms::accepted(&names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

#[test]
fn an_empty_list_and_an_unknown_name_are_refused() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(Algorithms::accepted(&[]), Err(""));
    for unknown in ["HS256", "none", "es384", " ES384", "EdDSA"] {
        assert_eq!(Algorithms::accepted(&names(&["ES384", unknown])), Err(unknown));
    }
    for alg in Alg::ALL {
        let only = accepted(&[alg.as_str(), alg.as_str()]);
        assert!(Alg::ALL.into_iter().all(|other| only.admit(other) == (other == alg)), "{only}");
    }
}

#[test]
fn what_was_agreed_upon_widens_no_list() {
    assert!(accepted(&["ES384"]).agreed(Some("ES384")).admit(Alg::Es384));
    let none = accepted(&["ES384"]).agreed(Some("RS256"));
    assert!(!Alg::ALL.into_iter().any(|alg| none.admit(alg)));
}

#[test]
fn an_rsa_key_that_names_no_algorithm_is_for_rs256_unless_that_is_not_taken_and_ps256_is() {
    for (names, alg) in [
        (vec!["RS256", "PS256"], Alg::Rs256),
        (vec!["RS256"], Alg::Rs256),
        (vec!["PS256", "ES384"], Alg::Ps256),
        (vec!["ES384"], Alg::Rs256),
    ] {
        assert_eq!(accepted(&names).of_unnamed_rsa_keys(), alg, "{names:?}");
    }
    assert_eq!(Algorithms::default().of_unnamed_rsa_keys(), Alg::Rs256);
    assert_eq!(Algorithms::default().agreed(Some("PS256")).of_unnamed_rsa_keys(), Alg::Ps256);
}
