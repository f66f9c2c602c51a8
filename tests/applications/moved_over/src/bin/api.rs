//! An API for a desktop application, whose page has the origin `tauri://localhost`. Groups of the user are a custom claim of access tokens. A refusal
//! has the headers for CORS, too, or the page could not read why.

use application_moved_over::{Place, client, serve};
use axum::{
    Router,
    extract::FromRequestParts,
    http::{
        HeaderValue, Method, StatusCode,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::get,
};
use logto::{
    HeaderCookies, LogtoClient, SignInOptions, TokenOptions,
    api::{ApiAudience, ApiAuth, ResourceServer},
    testing::{MockResource, MockUser},
};
use serde::Deserialize;
use tower_http::cors::CorsLayer;

const API: &str = "https://api.example.com";
const PAGE: &str = "tauri://localhost";

#[derive(Deserialize)]
struct Groups {
    #[serde(default)]
    groups: Vec<String>,
}

/// Whoever is in the group `accounting`.
struct Accountant(ApiAuth);

impl<S: Send + Sync> FromRequestParts<S> for Accountant {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let auth = ApiAuth::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let claims = auth.custom_claims::<Groups>().map_err(IntoResponse::into_response)?;
        match claims.groups.iter().any(|group| group == "accounting") {
            true => Ok(Self(auth)),
            false => Err((StatusCode::FORBIDDEN, "for accountants").into_response()),
        }
    }
}

async fn ledger(Accountant(auth): Accountant) -> String {
    format!("the ledger, for {}", auth.sub())
}

/// What the desktop application does: it signs its user in, and asks for a token for the API.
async fn access_token(place: &Place, logto: &LogtoClient, user: &str) -> String {
    let mut cookies = HeaderCookies::default();
    let to_logto = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
    let callback = place.logto.sign_in(to_logto.location(), user).await;
    _ = logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
    let token = logto.get_access_token(&mut cookies, TokenOptions::new().resource(API)).await.unwrap();
    token.token().to_owned()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let ada = MockUser::new("ada").access_token_claim("groups", vec!["accounting", "board"]);
    let bob = MockUser::new("bob").access_token_claim("groups", vec!["sales"]);
    let (place, listener) = Place::new(|logto| logto.resource(MockResource::new(API)).user(ada).user(bob)).await;
    let desktop = client(place.settings().resources([API]));
    let api = ResourceServer::builder().config(desktop.config()).audience(ApiAudience::resource(API)).build().unwrap();
    let cors = CorsLayer::new()
        .allow_origin(HeaderValue::from_static(PAGE))
        .allow_methods([Method::GET])
        .allow_headers([AUTHORIZATION])
        .expose_headers([WWW_AUTHENTICATE]);
    serve(listener, Router::new().route("/ledger", get(ledger)).layer(logto::axum::api(api)).layer(cors));

    let http = reqwest::Client::new();
    let ask = |method: Method, origin: &'static str, token: Option<&str>| {
        let request = http.request(method, format!("{}/ledger", place.origin)).header("origin", origin);
        let request =
            token.iter().fold(request, |request, token| request.header("authorization", format!("Bearer {token}")));
        let request = request.header("access-control-request-method", "GET");
        let request = request.header("access-control-request-headers", "authorization");
        async {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.headers().clone(), response.text().await.unwrap())
        }
    };
    // The preflight has no token and needs none.
    let (status, headers, _) = ask(Method::OPTIONS, PAGE, None).await;
    assert_eq!((status, &headers["access-control-allow-origin"]), (200, &HeaderValue::from_static(PAGE)));
    assert_eq!(headers["access-control-allow-headers"], "authorization");
    let (ada, bob) = (access_token(&place, &desktop, "ada").await, access_token(&place, &desktop, "bob").await);
    let (status, headers, body) = ask(Method::GET, PAGE, Some(&ada)).await;
    assert_eq!((status, body.as_str()), (200, "the ledger, for user-ada"));
    assert_eq!(headers["access-control-allow-origin"], PAGE);
    // Without a token, with a bad one, and outside of the group.
    for (token, refused) in [(None, 401), (Some("e30.e30.e30"), 401), (Some(bob.as_str()), 403)] {
        let (status, headers, _) = ask(Method::GET, PAGE, token).await;
        assert_eq!((status, headers.contains_key("www-authenticate")), (refused, refused == 401), "{token:?}");
        assert_eq!(headers["access-control-allow-origin"], PAGE, "{token:?}");
        assert_eq!(headers["access-control-expose-headers"], "www-authenticate", "{token:?}");
    }
    // A page of another origin is told of its own mistake by its browser: the one origin that may read is named.
    let (_, headers, _) = ask(Method::GET, "https://evil.example", Some(&ada)).await;
    assert_eq!(headers["access-control-allow-origin"], PAGE);
    println!("api: groups of a token, CORS headers on 200, 401 and 403");
}
