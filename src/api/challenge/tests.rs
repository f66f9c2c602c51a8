use std::time::Duration;

use super::{Metadata, Realm, TokenRequirements, client_message, quoted};
use crate::error::{Code, Error};

fn realm() -> Realm {
    Realm { name: "https://api.example.test".to_owned(), resource_metadata: None }
}

fn header(code: Code, requirements: &TokenRequirements) -> String {
    let error = realm().challenge(Error::new(code, "message"), requirements, None);
    error.www_authenticate().unwrap_or_default().to_owned()
}

#[test]
fn only_the_refusal_of_a_token_has_a_challenge() {
    for &code in Code::ALL {
        let ours = code.as_str().starts_with("bearer_token.") && code != Code::BearerClaims;
        assert_eq!(client_message(code).is_some(), ours, "{code:?}");
        if let Some((name, description)) = client_message(code) {
            let status = Error::new(code, "").http_status();
            let expected = match name {
                None | Some("invalid_token" | "insufficient_user_authentication") => 401,
                Some("invalid_request") => 400,
                Some("insufficient_scope") => 403,
                Some(other) => panic!("{other}"),
            };
            assert_eq!(status, expected, "{code:?}");
            assert_eq!(quoted(description), format!("\"{description}\""), "{code:?}");
        }
    }
}

#[test]
fn a_challenge_names_what_is_missing() {
    let nothing = TokenRequirements::new();
    assert_eq!(header(Code::BearerMissing, &nothing), r#"Bearer realm="https://api.example.test""#);
    let strict =
        nothing.scopes(["read:books write:books"]).max_age(Duration::from_secs(300)).acr_values(["mfa", "phr"]);
    assert_eq!(
        header(Code::BearerScope, &strict),
        r#"Bearer realm="https://api.example.test", error="insufficient_scope", error_description="The access token lacks a scope.", scope="read:books write:books""#
    );
    assert_eq!(
        header(Code::BearerAuthentication, &strict),
        r#"Bearer realm="https://api.example.test", error="insufficient_user_authentication", error_description="The user must authenticate again, or more strongly.", scope="read:books write:books", acr_values="mfa phr", max_age="300""#
    );
}

#[test]
fn untrusted_text_cannot_end_the_challenge_header_or_its_quoted_strings() {
    let evil = "a\"b\\c\r\nSet-Cookie: x=1\u{0}\u{7f}é, Basic realm=x";
    let inside = "abcSet-Cookie: x=1, Basic realm=x";
    assert_eq!(quoted(evil), format!("\"{inside}\""));
    let realm = Realm { name: evil.to_owned(), resource_metadata: Some(evil.to_owned()) };
    let requirements = TokenRequirements::new().scopes(["\"evil\r\n"]).acr_values([evil]);
    let error = realm.challenge(Error::new(Code::BearerAuthentication, evil), &requirements, None);
    let header = error.www_authenticate().unwrap();
    assert_eq!(header.matches('"').count() % 2, 0);
    assert!(header.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{header}");
    // Outside of the strings there are only the parameters.
    let outside: String = header.split('"').step_by(2).collect();
    assert_eq!(outside, "Bearer realm=, error=, error_description=, scope=, acr_values=, resource_metadata=");
}

#[test]
fn the_challenge_of_an_api_with_several_resources_is_about_the_one_that_was_asked() {
    let films = Metadata::of("https://api.example.test/films", Vec::new()).unwrap();
    let error = realm().challenge(Error::new(Code::BearerMissing, ""), &TokenRequirements::new(), Some(&films));
    assert_eq!(
        error.www_authenticate(),
        Some(
            r#"Bearer realm="https://api.example.test/films", resource_metadata="https://api.example.test/.well-known/oauth-protected-resource/films""#
        )
    );
}
