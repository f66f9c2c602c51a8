//! What an API says of itself, for each of its resources, black-box over HTTP.

use logto::api::{ApiAudience, ResourceServer, ResourceServerBuilder};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{cases::World, over_http::Setup};
use crate::plain_http::plain_http;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

fn api(world: &World, resources: &[&str]) -> ResourceServer {
    let builder = ResourceServer::builder().endpoint(world.mock.endpoint()).clock(world.clock.clone());
    let audiences = resources.iter().map(|resource| ApiAudience::resource(*resource).with_or_without_organization());
    audiences.fold(builder, ResourceServerBuilder::audience).scopes_supported(["read:books"]).build().unwrap()
}

async fn ask(method: Method, base: &str, path: &str, host: &str, token: Option<&str>) -> Response {
    let request = plain_http().build().unwrap().request(method, format!("{base}{path}")).header("host", host);
    let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
    request.send().await.unwrap()
}

fn challenge(response: &Response) -> &str {
    response.headers()["www-authenticate"].to_str().unwrap()
}

/// As a client does that knows RFC 9728: from the challenge to the document, whose resource has to be around the address it asked.
async fn resource_of_challenge(base: &str, response: &Response) -> String {
    let challenge = challenge(response);
    let url = challenge.split("resource_metadata=\"").nth(1).and_then(|rest| rest.split('"').next());
    let url = url::Url::parse(url.unwrap_or_else(|| panic!("no metadata: {challenge}"))).unwrap();
    assert!(challenge.matches("resource_metadata").count() == 1, "{challenge}");
    let document = ask(Method::GET, base, url.path(), url.host_str().unwrap(), None).await;
    assert_eq!(document.status(), 200, "{url}");
    let document: Value = document.json().await.unwrap();
    document["resource"].as_str().unwrap().to_owned()
}

/// Two resources of one host, and one of another host with the path of the first.
pub async fn resources(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let [books, acme, other] =
        ["https://api.example.test/books", "https://api.example.test/acme", "https://other.example.test/books"];
    let base = serve(Setup::with_api(&world, api(&world, &[books, acme, other]))).await;
    for resource in [books, acme, other] {
        let url = url::Url::parse(resource).unwrap();
        let (host, path) = (url.host_str().unwrap(), url.path());
        let response = ask(Method::GET, &base, &format!("{WELL_KNOWN}{path}"), host, Some("a.b.c")).await;
        assert_eq!(response.status(), 200, "{resource}");
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({
                "resource": resource, "authorization_servers": [world.mock.issuer()],
                "scopes_supported": ["read:books"], "bearer_methods_supported": ["header"],
            })
        );
        // No token, a token that is none, one of another resource's API, one that has expired.
        let foreign = world.token(json!({ "aud": "https://third.example.test" }));
        let expired = world.token(json!({ "aud": resource, "exp": world.now() - 600 }));
        for (token, status) in [(None, 401), (Some("a.b.c"), 401), (Some(&foreign), 401), (Some(&expired), 401)] {
            let response = ask(Method::GET, &base, path, host, token).await;
            assert_eq!(response.status(), status, "{resource}");
            assert_eq!(resource_of_challenge(&base, &response).await, resource);
            assert!(
                challenge(&response).starts_with(&format!("Bearer realm=\"{resource}\"")),
                "{}",
                challenge(&response)
            );
        }
    }
    // What a handler asks for by value, of a token that was verified and remembered before it.
    let token = world.token(json!({ "aud": acme, "scope": "" }));
    for _ in 0..2 {
        let response = ask(Method::GET, &base, "/acme", "api.example.test", Some(&token)).await;
        assert_eq!(response.status(), 403);
        assert_eq!(resource_of_challenge(&base, &response).await, acme);
        let response = ask(Method::GET, &base, "/books", "other.example.test", Some(&token)).await;
        assert_eq!(response.status(), 403);
        assert!(challenge(&response).contains(r#"error="insufficient_scope""#), "{}", challenge(&response));
        assert!(challenge(&response).contains(r#"scope="read:books""#), "{}", challenge(&response));
        assert_eq!(resource_of_challenge(&base, &response).await, other);
    }
    // No resource is around this address.
    let response = ask(Method::GET, &base, "/greeting", "api.example.test", Some("a.b.c")).await;
    assert_eq!(resource_of_challenge(&base, &response).await, books);
    // Another host than any of them: of two documents with one path nobody knows which is asked for.
    assert_eq!(ask(Method::GET, &base, &format!("{WELL_KNOWN}/books"), "internal", None).await.status(), 404);
    assert_eq!(ask(Method::GET, &base, &format!("{WELL_KNOWN}/acme"), "internal", None).await.status(), 200);
    assert_eq!(ask(Method::GET, &base, WELL_KNOWN, "api.example.test", None).await.status(), 404);
}

/// A page of another site asks with a header of its own, so its browser asks first.
pub async fn methods(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let base = serve(Setup::with_api(&world, api(&world, &["https://api.example.test/books"]))).await;
    let address = format!("{base}{WELL_KNOWN}/books");
    let preflight = plain_http()
        .build()
        .unwrap()
        .request(Method::OPTIONS, &address)
        .header("origin", "https://client.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "mcp-protocol-version")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 204);
    let header = |name: &str| preflight.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("access-control-allow-origin").as_deref(), Some("*"));
    assert_eq!(header("access-control-allow-methods").as_deref(), Some("GET, HEAD"));
    assert_eq!(header("access-control-allow-headers").as_deref(), Some("*, Authorization"));
    assert_eq!(header("access-control-allow-credentials"), None);
    let head = ask(Method::HEAD, &base, &format!("{WELL_KNOWN}/books"), "api.example.test", None).await;
    assert_eq!((head.status().as_u16(), head.text().await.unwrap()), (200, String::new()));
    // Rocket has no route for it.
    let post = ask(Method::POST, &base, &format!("{WELL_KNOWN}/books"), "api.example.test", None).await;
    assert!([404, 405].contains(&post.status().as_u16()), "{}", post.status());
    // Nobody may ask the API itself in the name of a page's user: that is the application's to allow.
    let books = plain_http().build().unwrap().request(Method::OPTIONS, format!("{base}/books")).send().await.unwrap();
    assert!(books.headers().get("access-control-allow-origin").is_none());
}

/// A part of the application below a path of its own, `/tools/books`, with an API of its own, beside `/books` of the whole. `serve` gets both.
pub async fn below_a_path(serve: impl AsyncFn(ResourceServer, ResourceServer) -> String) {
    let world = World::start().await;
    let (whole, tools) = ("https://api.example.test", "https://api.example.test/tools");
    let base = serve(api(&world, &[whole]), api(&world, &[tools])).await;
    for (path, resource) in [("/books", whole), ("/tools/books", tools)] {
        let response = ask(Method::GET, &base, path, "api.example.test", None).await;
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(resource_of_challenge(&base, &response).await, resource, "{path}");
        let token = world.token(json!({ "aud": resource }));
        let response = ask(Method::GET, &base, path, "api.example.test", Some(&token)).await;
        assert_eq!(response.text().await.unwrap(), "user-ada", "{path}");
    }
}
