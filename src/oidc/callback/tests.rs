use super::CallbackParams;

#[test]
fn a_query_a_path_and_an_address_say_the_same() {
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
