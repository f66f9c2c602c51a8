use super::Metadata;

#[test]
fn the_well_known_segment_of_the_metadata_url_precedes_the_resource_path() {
    for (resource, path, url) in [
        (
            "https://api.example.com",
            "/.well-known/oauth-protected-resource",
            "https://api.example.com/.well-known/oauth-protected-resource",
        ),
        (
            "https://api.example.com/",
            "/.well-known/oauth-protected-resource",
            "https://api.example.com/.well-known/oauth-protected-resource",
        ),
        (
            "https://api.example.com:8443/v1/books?tenant=a",
            "/.well-known/oauth-protected-resource/v1/books",
            "https://api.example.com:8443/.well-known/oauth-protected-resource/v1/books?tenant=a",
        ),
        (
            "http://localhost:3000/books",
            "/.well-known/oauth-protected-resource/books",
            "http://localhost:3000/.well-known/oauth-protected-resource/books",
        ),
        (
            "http://127.0.0.1:3000",
            "/.well-known/oauth-protected-resource",
            "http://127.0.0.1:3000/.well-known/oauth-protected-resource",
        ),
    ] {
        let metadata = Metadata::of(resource, Vec::new()).unwrap();
        assert_eq!((metadata.path.as_str(), metadata.url.as_str()), (path, url), "{resource}");
    }
    // RFC 9728 section 2: `https`, and nobody is sent to a document that anyone on the way can change.
    let clear_text = ["http://api.example.com", "http://localhost.example.com", "http://10.0.0.1"];
    for resource in ["urn:books", "books", "mailto:a@example.com"].into_iter().chain(clear_text) {
        assert!(Metadata::of(resource, Vec::new()).is_none(), "{resource}");
    }
}

#[test]
fn the_metadata_document_contains_the_resource_exactly_as_configured() {
    let metadata = Metadata::of("https://api.example.com/", vec!["read:books".to_owned()]).unwrap();
    let response = metadata.response(&["https://my-tenant.logto.app/oidc"]);
    assert_eq!(
        response.body(),
        r#"{"resource":"https://api.example.com/","authorization_servers":["https://my-tenant.logto.app/oidc"],"scopes_supported":["read:books"],"bearer_methods_supported":["header"]}"#
    );
    let headers: Vec<_> = response.headers().collect();
    assert!(headers.contains(&("content-type", "application/json")));
    assert!(headers.contains(&("access-control-allow-origin", "*")));
    assert!(!headers.contains(&("cache-control", "no-store")));
}
