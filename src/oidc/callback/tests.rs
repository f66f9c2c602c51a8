use super::CallbackParams;

#[test]
fn callback_parameters_parse_alike_from_a_query_a_path_or_a_url() {
    // `:`, `/` and `?` need no escape in a query (RFC 3986 section 3.4).
    let query = "code=a?b&state=s&iss=https://logto.example.test/oidc";
    for (before, after) in [
        ("", ""),
        ("?", ""),
        ("/callback?", ""),
        ("/a=b?", "#c=d"),
        ("http://localhost:3000/callback?", "#"),
        ("https://a.test/x&y?", ""),
    ] {
        let params = CallbackParams::parse(&format!("{before}{query}{after}")).unwrap();
        assert_eq!(params.code.as_deref(), Some("a?b"), "{before}");
        assert_eq!(params.state.as_deref(), Some("s"), "{before}");
        assert_eq!(params.iss.as_deref(), Some("https://logto.example.test/oidc"), "{before}");
    }
}

#[test]
fn an_address_without_a_query_has_no_parameters() {
    for address in
        ["", "?", "/callback", "/callback#code=a", "https://localhost:3000/callback", "https://localhost/code=a"]
    {
        let params = CallbackParams::parse(address).unwrap();
        assert_eq!((params.code, params.state), (None, None), "{address}");
    }
}

#[test]
fn a_callback_without_iss_is_accepted_unless_the_server_promises_iss() {
    let parse = |query| CallbackParams::parse(query).unwrap();
    let issuer = "https://logto.example.test/oidc";
    assert_eq!(parse("code=a&state=s").code(issuer, false).unwrap(), "a");
    assert_eq!(parse("code=a&state=s").code(issuer, true).unwrap_err().code(), "callback_uri_verification.iss_missing");
    let other = parse("code=a&state=s&iss=https://other.example.test").code(issuer, false).unwrap_err().code();
    assert_eq!(other, "callback_uri_verification.iss_mismatched");
}

#[test]
fn an_error_is_told_whole() {
    let query = "error=invalid_target&error_description=no&error_uri=https://logto.example.test/why&state=s";
    let error = CallbackParams::parse(query).unwrap().code("issuer", false).unwrap_err();
    let oauth = error.oauth_error().unwrap();
    assert_eq!(oauth.error, "invalid_target");
    assert_eq!(oauth.error_description.as_deref(), Some("no"));
    assert_eq!(oauth.error_uri.as_deref(), Some("https://logto.example.test/why"));
}
