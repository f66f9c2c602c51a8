use std::sync::Arc;

use super::{ApiRequest, Metadata, asked_for, nearest};

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
    let response = metadata.response(&["https://my-tenant.logto.app/oidc"], &["read:books"]);
    assert_eq!(
        response.body(),
        r#"{"resource":"https://api.example.com/","authorization_servers":["https://my-tenant.logto.app/oidc"],"scopes_supported":["read:books"],"bearer_methods_supported":["header"]}"#
    );
    let headers: Vec<_> = response.headers().collect();
    assert!(headers.contains(&("content-type", "application/json")));
    assert!(headers.contains(&("access-control-allow-origin", "*")));
    assert!(!headers.contains(&("cache-control", "no-store")));
}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

fn documents(resources: &[&str]) -> Vec<Arc<Metadata>> {
    resources.iter().map(|resource| Arc::new(Metadata::of(resource, Vec::new()).unwrap())).collect()
}

/// Which of the resources is found, by its number.
fn number(documents: &[Arc<Metadata>], found: Option<&Arc<Metadata>>) -> Option<usize> {
    found.and_then(|found| documents.iter().position(|one| Arc::ptr_eq(one, found)))
}

#[test]
fn a_document_is_found_by_its_path_then_by_its_query_then_by_its_host() {
    let all = documents(&[
        "https://a.example.com",
        "https://a.example.com/books",
        "https://b.example.com/books",
        "https://a.example.com/books?tenant=a",
        "https://a.example.com/v1/",
        "https://a.example.com:8443/films",
        "https://b.example.com:8443/films",
    ]);
    for (target, host, expected) in [
        ("", "a.example.com", Some(0)),
        // The only one of its path is served under whatever name a proxy calls the host.
        ("", "internal:3000", Some(0)),
        ("", "", Some(0)),
        ("?x=1", "a.example.com", Some(0)),
        ("/books", "a.example.com", Some(1)),
        ("/books", "A.Example.COM", Some(1)),
        ("/books", "a.example.com:443", Some(1)),
        ("/books", "b.example.com", Some(2)),
        // Of two nobody knows which.
        ("/books", "internal:3000", None),
        ("/books", "a.example.com:8443", None),
        ("/books", "", None),
        ("/books?tenant=a", "a.example.com", Some(3)),
        ("/v1/", "a.example.com", Some(4)),
        ("/v1", "a.example.com", None),
        ("/films", "a.example.com:8443", Some(5)),
        ("/films", "b.example.com:8443", Some(6)),
        ("/", "a.example.com", None),
        ("/other", "a.example.com", None),
        ("-of-another", "a.example.com", None),
    ] {
        let target = format!("{WELL_KNOWN}{target}");
        let request = ApiRequest::new("GET", &target).host(Some(host).filter(|host| !host.is_empty()));
        assert_eq!(number(&all, asked_for(&all, &request)), expected, "{target} at `{host}`");
    }
    let elsewhere = ApiRequest::new("GET", "/books").host(Some("a.example.com"));
    assert!(asked_for(&all, &elsewhere).is_none());
}

#[test]
fn a_request_is_for_the_resource_on_its_host_with_the_longest_path_around_it() {
    let all = documents(&[
        "https://a.example.com/books",
        "https://a.example.com",
        "https://a.example.com/books/rare/",
        "https://b.example.com/books",
        "https://a.example.com/books?tenant=a",
    ]);
    for (target, host, expected) in [
        ("/books", "a.example.com", Some(0)),
        ("/books/7?page=2", "a.example.com", Some(0)),
        ("/books/rare", "a.example.com", Some(2)),
        ("/books/rare/7", "a.example.com", Some(2)),
        ("/bookshelf", "a.example.com", Some(1)),
        ("/", "a.example.com", Some(1)),
        ("", "a.example.com", Some(1)),
        ("/books", "b.example.com", Some(3)),
        // On this host there is no other.
        ("/films", "b.example.com", None),
        // A host that no resource has: a proxy calls the application so.
        ("/books/rare/7", "internal:3000", Some(2)),
        ("/books", "", Some(0)),
        ("/films", "", Some(1)),
    ] {
        let request = ApiRequest::new("POST", target).host(Some(host).filter(|host| !host.is_empty()));
        assert_eq!(number(&all, nearest(&all, &request)), expected, "{target} at `{host}`");
    }
}
