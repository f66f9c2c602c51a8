//! What was granted where the response does not say it.

use serde::Deserialize;

use crate::oidc::jws::{Jws, decode_unverified};

/// The claims that are read.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    scope: Option<String>,
}

/// A response without `scope` grants what was asked for (RFC 6749 section 5.1). Logto leaves the member out where it grants a machine nothing; its
/// tokens are JWTs of type `at+jwt`, which say themselves what they are good for (RFC 9068 section 2.2.3).
pub(super) fn unsaid(access_token: &str, asked: &[String]) -> String {
    // Unverified: it came from the token endpoint, and the API that it is for decides.
    let claims = decode_unverified::<Claims>(access_token).ok().flatten();
    match claims.and_then(|claims| claims.scope) {
        Some(scope) => scope,
        None if Jws::parse(access_token).is_ok_and(|jws| jws.is_typ("at+jwt")) => String::new(),
        None => asked.join(" "),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::Value;

    use super::unsaid;

    fn asked(scope: &str) -> Vec<String> {
        scope.split(' ').map(str::to_owned).collect()
    }

    fn recorded(name: &str) -> Value {
        let path = format!("{}/tests/fixtures/logto/60-client-credentials/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn a_response_without_a_scope_grants_what_was_asked_for() {
        let jwt = |header: &str, payload: &str| {
            let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
            format!("{header}.{payload}.AAAA")
        };
        let plain = r#"{"alg":"RS256","typ":"JWT"}"#;
        for (token, expected) in [
            ("opaque".to_owned(), "a b"),
            (jwt(plain, "{}"), "a b"),
            (jwt(plain, r#"{"scope":7}"#), "a b"),
            (jwt(plain, r#"{"scope":"a"}"#), "a"),
            (jwt(r#"{"alg":"HS256"}"#, r#"{"scope":"a"}"#), "a"),
            (jwt(r#"{"alg":"RS256","typ":"at+jwt"}"#, r#"{"scope":"a"}"#), "a"),
            (jwt(r#"{"alg":"RS256","typ":"at+jwt"}"#, "{}"), ""),
        ] {
            assert_eq!(unsaid(&token, &asked("a b")), expected, "{token}");
        }
    }

    /// Logto's own answer to a machine without the role: no `scope`, and a token that grants nothing.
    #[test]
    fn the_recorded_response_without_a_scope_grants_nothing() {
        let response = recorded("05-unknown-scope")["response"]["body_json"].clone();
        assert!(response.get("scope").is_none());
        assert_eq!(unsaid(response["access_token"].as_str().unwrap(), &asked("delete:books")), "");
    }
}
