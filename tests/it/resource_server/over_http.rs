//! What every framework has to do, black-box over HTTP. A framework's file says how it serves a [`Setup`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use logto::{
    LogtoClient,
    api::{ApiAudience, ResourceServer, ResourceServerBuilder},
    testing::{Endpoint, TestSession},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::cases::{Answer, Case, World, flood, run};
pub use super::{
    list::list,
    metadata::{methods, resources},
};
use crate::plain_http::plain_http;
use crate::support::{APP_SECRET, BOOKS, settings};

/// What is served, beside the routes of [`Case::path`]:
///
/// - `POST /comments` takes `Result<ApiAuth, Error>` and `ApiAuth::optional`, and counts in `written`.
/// - `GET /organizations/here`, where frameworks can have several APIs, is good for `organizations`, and answers with the organization.
/// - `GET /me`, where there is `logto`, takes `SignedIn` and answers with `sub`.
/// - The metadata of `api`.
#[derive(Clone)]
pub struct Setup {
    pub api: ResourceServer,
    pub organizations: ResourceServer,
    pub logto: Option<LogtoClient>,
    pub written: Arc<AtomicUsize>,
}

impl Setup {
    fn of(world: &World) -> Self {
        let organizations = builder(world).audience(ApiAudience::any_organization_token()).build().unwrap();
        Self { api: world.api.clone(), organizations, logto: None, written: Arc::default() }
    }

    pub fn with_api(world: &World, api: ResourceServer) -> Self {
        Self { api, ..Self::of(world) }
    }

    fn beside_sign_in(world: &World) -> Self {
        let settings = settings(&world.mock, &world.clock).app_secret(APP_SECRET);
        Self { logto: Some(LogtoClient::new(settings.build().unwrap()).unwrap()), ..Self::of(world) }
    }
}

fn builder(world: &World) -> ResourceServerBuilder {
    ResourceServer::builder().endpoint(world.mock.endpoint()).clock(world.clock.clone())
}

/// Every framework's tests: `$serve` takes a [`Setup`] and gives the address.
macro_rules! every_framework {
    ($serve:path) => {
        every_framework! { $serve;
            every_request_to_an_api_gets_its_answer => table
            every_request_to_an_api_beside_pages_that_sign_in_gets_its_answer => table_beside_sign_in
            forged_tokens_do_not_fetch_the_keys_at_will => unknown_keys
            an_optional_token_that_is_refused_stops_the_handler_before_it_writes => comments
            an_unreachable_logto_is_not_taken_for_a_missing_token => away
            an_api_serves_its_metadata => metadata
            each_resource_of_an_api_has_metadata_that_its_challenges_name => resources
            scripts_of_any_site_may_read_the_metadata => methods
            an_authorization_header_that_is_not_text_is_refused => bytes
            a_list_of_servers_takes_the_tokens_of_each => list
        }
    };
    ($serve:path; $($test:ident => $case:ident)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                super::over_http::$case($serve).await;
            }
        )+
    };
}
pub(super) use every_framework;

/// A browser's, so that an answer made for people would show.
const BROWSER: [(&str, &str); 3] =
    [("accept", "text/html,*/*;q=0.8"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")];

async fn send(http: &reqwest::Client, base: &str, case: &Case, headers: &[(&str, &str)]) -> Answer {
    let mut request = http.get(format!("{base}{}", case.path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    for value in &case.headers {
        request = request.header("authorization", value.as_bytes());
    }
    let response = request.send().await.unwrap();
    let values = |name: &str| {
        let values = response.headers().get_all(name).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (status, www_authenticate) = (response.status().as_u16(), values("www-authenticate"));
    if status >= 400 {
        assert_eq!(values("content-type"), ["application/json"], "{}", case.name);
        assert_eq!(values("cache-control"), ["no-store"], "{}", case.name);
    }
    Answer { status, www_authenticate, body: response.text().await.unwrap() }
}

pub async fn table(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let base = serve(Setup::of(&world)).await;
    let http = plain_http().build().unwrap();
    run(&world, async |case| send(&http, &base, case, &[]).await).await;
}

/// The same where the session's layer is around the API: it makes pages of errors, but none of these.
pub async fn table_beside_sign_in(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let setup = Setup::beside_sign_in(&world);
    let logto = setup.logto.clone().unwrap();
    let base = serve(setup).await;
    let http = crate::http_browser::without_redirects();
    run(&world, async |case| send(&http, &base, case, &BROWSER).await).await;

    // And the pages are what they were.
    let cookie = TestSession::new().sub("user-ada").cookie_header(logto.config()).await.unwrap();
    let me = async |headers: &[(&str, &str)]| {
        let request =
            headers.iter().fold(http.get(format!("{base}/me")), |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(me(&[("cookie", &cookie)]).await, (200, "user-ada".to_owned()));
    assert_eq!(me(&BROWSER).await.0, 302);
    // A token is no session, and a session is no token.
    let bearer = format!("Bearer {}", world.token(json!({})));
    assert_eq!(me(&[("authorization", &bearer)]).await.0, 401);
    let books =
        plain_http().build().unwrap().get(format!("{base}/books")).header("cookie", cookie).send().await.unwrap();
    assert_eq!(books.status(), 401);
}

pub async fn unknown_keys(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let base = serve(Setup::of(&world)).await;
    let http = plain_http().build().unwrap();
    flood(&world, async |case| send(&http, &base, case, &[]).await).await;
}

pub async fn comments(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let setup = Setup::of(&world);
    let written = Arc::clone(&setup.written);
    let base = serve(setup).await;
    let comment = async |authorization: Option<&str>| {
        let request = plain_http().build().unwrap().post(format!("{base}/comments"));
        let request = authorization.into_iter().fold(request, |request, value| request.header("authorization", value));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(comment(None).await, (200, "nobody".to_owned()));
    let right = format!("Bearer {}", world.token(json!({})));
    assert_eq!(comment(Some(&right)).await, (200, "user-ada".to_owned()));
    assert_eq!(written.load(Ordering::SeqCst), 2);
    for (wrong, status) in [("Bearer a.b.c", 401), ("Bearer", 400)] {
        assert_eq!(comment(Some(wrong)).await.0, status);
        assert_eq!(written.load(Ordering::SeqCst), 2, "{wrong}");
    }
}

pub async fn away(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let base = serve(Setup::of(&world)).await;
    let token = world.token(json!({}));
    world.mock.stop().await;
    for path in ["/books", "/greeting"] {
        let request = plain_http().build().unwrap().get(format!("{base}{path}")).bearer_auth(&token);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 503, "{path}");
        assert_eq!(response.headers()["retry-after"], "5");
        assert!(!response.headers().contains_key("www-authenticate"), "the token may be good");
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "network.unreachable");
        world.clock.advance(Duration::from_secs(2));
    }
    let stranger = plain_http().build().unwrap().get(format!("{base}/greeting")).send().await.unwrap();
    assert_eq!(stranger.text().await.unwrap(), "nobody");
}

pub async fn metadata(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let well_known = "/.well-known/oauth-protected-resource";
    for (resource, path) in
        [(BOOKS, ""), ("https://api.example.test/v1/books", "/v1/books"), ("https://api.example.test/v1/", "/v1/")]
    {
        let api = builder(&world).audience(ApiAudience::resource(resource)).scopes_supported(["read:books"]).build();
        let base = serve(Setup { api: api.unwrap(), ..Setup::of(&world) }).await;
        // A token that is there is not looked at: whoever has a bad one learns here where to get a better one.
        let request = plain_http().build().unwrap().get(format!("{base}{well_known}{path}")).bearer_auth("a.b.c");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{resource}");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(response.headers()["cache-control"], "public, max-age=3600");
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({
                "resource": resource, "authorization_servers": [world.mock.issuer()],
                "scopes_supported": ["read:books"], "bearer_methods_supported": ["header"],
            })
        );
        if path == "/v1/books" {
            assert_eq!(
                plain_http().build().unwrap().get(format!("{base}{well_known}")).send().await.unwrap().status(),
                404
            );
        }
    }
    // An organization has no address, so there is no document.
    let api = builder(&world).audience(ApiAudience::organization("org-acme")).build().unwrap();
    let base = serve(Setup { api, ..Setup::of(&world) }).await;
    assert_eq!(plain_http().build().unwrap().get(format!("{base}{well_known}")).send().await.unwrap().status(), 404);
    assert_eq!(world.mock.request_count(Endpoint::Discovery), 0, "nobody waits for Logto to read it");
}

/// HTTP clients send no such header; a socket does.
pub async fn bytes(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let base = serve(Setup::of(&world)).await;
    let mut stream = TcpStream::connect(base.strip_prefix("http://").unwrap()).await.unwrap();
    let request =
        b"GET /books HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer \xff\xfe\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    // Rocket leaves headers out that are no UTF-8: to it, there are no credentials.
    assert!(answer.starts_with("HTTP/1.1 400 ") || answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("\r\nwww-authenticate: bearer realm="), "{answer}");
}

/// Where a framework can have several APIs, each takes its own tokens.
#[cfg(any(feature = "actix-web", feature = "axum"))]
pub async fn several(serve: impl AsyncFn(Setup) -> String) {
    let world = World::start().await;
    let base = serve(Setup::of(&world)).await;
    let ask = async |path: &str, aud: &str| {
        let token = world.token(json!({ "aud": aud }));
        let request = plain_http().build().unwrap().get(format!("{base}{path}")).bearer_auth(token);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let acme = "urn:logto:organization:org-acme";
    assert_eq!(ask("/books", BOOKS).await, (200, "user-ada".to_owned()));
    assert_eq!(ask("/organizations/here", acme).await, (200, "org-acme".to_owned()));
    for (path, aud) in [("/books", acme), ("/organizations/here", BOOKS)] {
        let (status, body) = ask(path, aud).await;
        assert!(status == 401 && body.contains("bearer_token.invalid_aud"), "{path}: {body}");
    }
}

/// `GET /books` requires `write:books` before the handler.
pub async fn writers(world: &World, base: &str) {
    let ask = async |authorization: Option<String>| {
        let request = plain_http().build().unwrap().get(format!("{base}/books"));
        let request = authorization.into_iter().fold(request, |request, value| request.header("authorization", value));
        let response = request.send().await.unwrap();
        let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), challenge, response.text().await.unwrap())
    };
    let bearer = |scope: &str| Some(format!("Bearer {}", world.token(json!({ "scope": scope }))));
    assert_eq!(ask(bearer("read:books write:books")).await, (200, None, "written".to_owned()));
    let (status, challenge, body) = ask(bearer("read:books")).await;
    assert!(status == 403 && body.contains("bearer_token.insufficient_scope"), "{status} {body}");
    assert!(challenge.unwrap().contains(r#"scope="write:books""#));
    assert_eq!(ask(None).await.0, 401);
}

/// The answer to a request where the API was forgotten.
pub async fn assert_names(base: &str, path: &str, layer: &str) {
    let response = plain_http().build().unwrap().get(format!("{base}{path}")).send().await.unwrap();
    assert_eq!(response.status(), 500);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], "integration.missing", "{body}");
    assert_eq!(body["message"], format!("this route needs `{layer}`, which is not around it"));
}
