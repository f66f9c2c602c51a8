#![allow(clippy::unwrap_used)]

use logto::testing::{Endpoint, Fault};
use tonic::{Code, service::Routes};

use super::{library::Client, *};

async fn world() -> (MockLogto, Channel) {
    let logto = start_logto().await.unwrap();
    let channel = serve(resource_server(&logto).unwrap()).await.unwrap();
    (logto, channel)
}

#[tokio::test]
async fn a_call_with_a_good_token_is_answered() {
    let (logto, channel) = world().await;
    let token = token(&logto, &["read:books", "write:books"]).await.unwrap();
    let mut client = Client::new(channel, Some(token));
    assert_eq!(client.add_book("Notes").await.unwrap().titles, ["Notes"]);
    let books = client.list_books().await.unwrap();
    assert_eq!((books.reader.as_str(), books.titles), ("machine", vec!["Notes".to_owned()]));
}

#[tokio::test]
async fn a_call_without_a_good_token_is_unauthenticated_with_the_challenge_of_http() {
    let (_logto, channel) = world().await;
    for (token, error) in [
        (None, "Bearer realm="),
        (Some("one.two.three"), "error=\"invalid_token\""),
        (Some("two words"), "error=\"invalid_request\""),
    ] {
        let mut client = Client::new(channel.clone(), token.map(str::to_owned));
        let status = client.list_books().await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{token:?}: {status:?}");
        assert!(!status.message().is_empty());
        let challenge = status.metadata().get("www-authenticate").unwrap().to_str().unwrap();
        assert!(challenge.contains(error), "{token:?}: {challenge}");
    }
}

#[tokio::test]
async fn a_call_with_a_token_that_lacks_a_scope_is_denied() {
    let (logto, channel) = world().await;
    let writer = token(&logto, &["write:books"]).await.unwrap();
    let by_the_layer = Client::new(channel.clone(), Some(writer)).list_books().await.unwrap_err();
    assert_eq!(by_the_layer.code(), Code::PermissionDenied, "{by_the_layer:?}");
    let reader = token(&logto, &["read:books"]).await.unwrap();
    let mut client = Client::new(channel, Some(reader));
    let by_the_call = client.add_book("Notes").await.unwrap_err();
    assert_eq!(by_the_call.code(), Code::PermissionDenied, "{by_the_call:?}");
    assert_eq!(by_the_call.message(), by_the_layer.message());
    assert_eq!(client.list_books().await.unwrap().titles, Vec::<String>::new(), "nothing was added");
}

#[tokio::test]
async fn a_call_while_logto_is_away_is_unavailable() {
    let (logto, channel) = world().await;
    let token = token(&logto, &["read:books"]).await.unwrap();
    logto.inject_fault(Endpoint::Jwks, Fault::status(503).times(2));
    let mut client = Client::new(channel, Some(token));
    let status = client.list_books().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
}

/// The routes of tonic are a router of axum: behind the layer for sessions a page and a call share a port.
#[tokio::test]
async fn calls_share_a_router_with_pages_of_axum() {
    use logto::{LogtoClient, LogtoConfig, SignedIn};
    let logto = start_logto().await.unwrap();
    let config = LogtoConfig::builder().endpoint(logto.endpoint()).app_id("web").app_secret("a secret");
    let config = config.base_url("http://localhost:3000").cookie_secret("a secret of more than thirty-two letters");
    let client = LogtoClient::new(config.build().unwrap()).unwrap();
    let calls = Routes::new(Library::default()).into_axum_router();
    let calls = calls.layer(logto::tower::api(resource_server(&logto).unwrap()));
    let me = axum::routing::get(async |user: SignedIn| user.sub().to_owned());
    let app = axum::Router::new().route("/me", me).merge(calls).layer(logto::axum::layer(client));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let channel = Channel::from_shared(address).unwrap().connect_lazy();
    let status = Client::new(channel.clone(), None).list_books().await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    let token = token(&logto, &["read:books"]).await.unwrap();
    assert_eq!(Client::new(channel, Some(token)).list_books().await.unwrap().reader, "machine");
}
