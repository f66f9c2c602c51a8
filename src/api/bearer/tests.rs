use proptest::prelude::*;

use super::{MAX_TOKEN_BYTES, check, header, token};

fn read<'a>(headers: &[&'a str]) -> Result<Option<&'a str>, &'static str> {
    let found = header(headers).and_then(|header| header.map_or(Ok(None), |header| token(header.as_bytes())));
    found.map_err(|error| error.code().as_str())
}

#[test]
fn a_token_is_found_whatever_the_case_of_its_scheme() {
    for header in ["Bearer abc.def", "bearer abc.def", "BEARER abc.def", "bEaReR   abc.def", "  Bearer abc.def  "] {
        assert_eq!(read(&[header]), Ok(Some("abc.def")), "{header:?}");
    }
    assert_eq!(read(&["Bearer a-._~+/09=="]), Ok(Some("a-._~+/09==")));
}

#[test]
fn no_credentials_are_no_mistake() {
    assert_eq!(read(&[]), Ok(None));
    for header in ["", "   ", "Basic YTpi", "Bearerx abc", "Bearer\tabc", "DPoP abc", "Token abc", "abc", "\u{e9}"] {
        assert_eq!(read(&[header]), Ok(None), "{header:?}");
    }
}

#[test]
fn an_authorization_header_without_exactly_one_bearer_token_is_refused() {
    for header in [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a, Bearer b",
        "Bearer \"a\"",
        "Bearer =",
        "Bearer a=b",
        "Bearer \u{e9}",
    ] {
        assert_eq!(read(&[header]), Err("bearer_token.invalid_request"), "{header:?}");
    }
    for headers in [["Bearer a", "Bearer a"], ["Basic a", "Bearer b"], ["", ""]] {
        assert_eq!(read(&headers), Err("bearer_token.invalid_request"), "{headers:?}");
    }
}

#[test]
fn a_token_has_a_limit() {
    assert!(check("a".repeat(MAX_TOKEN_BYTES).as_bytes()).is_ok());
    let error = check("a".repeat(MAX_TOKEN_BYTES + 1).as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "the bearer token has 16385 bytes, at most 16384 are read");
}

proptest! {
    #[test]
    fn any_header_is_read_without_panic(header in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(Some(token)) = token(&header) {
            prop_assert!(check(token.as_bytes()).is_ok());
        }
        let _ = token(&[b"Bearer ".as_slice(), &header].concat());
    }
}
