//! The codes of `@logto/js` and `@logto/client`, and which of them are codes here.

use std::{collections::BTreeSet, fs, path::Path};

const KEPT: &[&str] = &[
    "callback_uri_verification.error_found",
    "callback_uri_verification.missing_code",
    "callback_uri_verification.missing_state",
    "callback_uri_verification.state_mismatched",
    "fetch_user_info_failed",
    "id_token.invalid_iat",
    "id_token.invalid_token",
    "missing_scope_organizations",
    "not_authenticated",
    "sign_in_session.not_found",
    "unexpected_response_error",
    "user_cancelled",
];
const NOT_HERE: &[&str] =
    &["callback_uri_verification.redirect_uri_mismatched", "crypto_subtle_unavailable", "sign_in_session.invalid"];

#[test]
fn the_parity_document_names_the_three_error_codes_that_are_not_kept() {
    let errors = fs::read_to_string(Path::new(super::ROOT).join("docs/errors.md")).unwrap();
    let is_code = |code: &str| errors.contains(&format!("| `{code}` |"));
    assert!(KEPT.iter().all(|code| is_code(code)) && !NOT_HERE.iter().any(|code| is_code(code)));
    let document = super::document();
    let row = document.lines().find(|line| line.starts_with("| 131 |")).unwrap();
    assert!(NOT_HERE.iter().all(|code| row.contains(&format!("`{code}`"))) && row.contains("Twelve of the fifteen"));
}

#[test]
fn the_error_codes_of_the_npm_packages_are_exactly_the_known_ones() {
    let packages = Path::new(super::ROOT).join("tests/next-interop/node_modules/@logto");
    let files = ["client/lib/errors.js", "js/lib/utils/errors.js"].map(|file| packages.join(file));
    // That the packages are not there is told by the test beside.
    if !files.iter().all(|file| file.exists()) {
        return;
    }
    let mut codes = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let list = text.split("Object.freeze({").nth(1).unwrap().split("});").next().unwrap();
        let keys = list.lines().filter_map(|line| Some(line.trim().split_once(": ")?.0.trim_matches('\'').to_owned()));
        codes.extend(keys);
    }
    let known = KEPT.iter().chain(NOT_HERE).map(|code| (*code).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(codes, known);
}
