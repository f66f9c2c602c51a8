//! Pages of other origins at the endpoints, and redirect URIs that are the same after parsing.

use logto::testing::{MockApp, MockLogto};

use crate::support::{Answer, REDIRECT_URI, authorization_url, client, exchange, param, text};

#[tokio::test]
async fn a_page_calls_for_an_app_only_from_the_origin_of_its_redirect_uri() {
    let app = MockApp::new("app", "secret").redirect_uri(REDIRECT_URI);
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    let callback = mock.sign_in(&authorization_url(&mock, &[]), "ada").await;
    let tokens = exchange(&mock, &callback).await.json();
    let bearer = text(&tokens, "access_token");
    let post = |path: &str| {
        let request = client().post(format!("{}{path}", mock.issuer()));
        request.basic_auth("app", Some("secret")).form(&[("token", "x"), ("grant_type", "refresh_token")])
    };
    for path in ["/token", "/token/introspection", "/token/revocation", "/request", "/me"] {
        let ask = async |origin: &str| {
            let request = match path {
                "/me" => client().get(format!("{}{path}", mock.issuer())).bearer_auth(bearer),
                path => post(path),
            };
            Answer::of(request.header("origin", origin)).await
        };
        let own = ask("http://localhost:3000").await;
        assert_eq!(own.header("access-control-allow-origin"), Some("http://localhost:3000"), "{path}");
        let other = ask("https://evil.test").await;
        assert_eq!((other.status, other.header("access-control-allow-origin")), (400, None), "{path}");
        assert_eq!(text(&other.json(), "error_description"), "origin https://evil.test not allowed for client: app");
    }
}

#[tokio::test]
async fn the_mock_compares_redirect_uris_with_registered_ones_after_parsing() {
    let app = MockApp::new("app", "secret")
        .redirect_uri("http://localhost:3000")
        .post_logout_redirect_uri("HTTP://LOCALHOST:3000");
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    for uri in ["http://localhost:3000", "http://localhost:3000/", "http://LOCALHOST:3000", "HTTP://localhost:3000/"] {
        let callback = mock.sign_in(&authorization_url(&mock, &[("redirect_uri", uri)]), "ada").await;
        assert!(callback.starts_with("http://localhost:3000/?code="), "{callback}");
        assert!(param(&callback, "code").is_some());
        let url = format!("{}/session/end?client_id=app&post_logout_redirect_uri={uri}", mock.issuer());
        assert_eq!(mock.end_session(&url).await, "http://localhost:3000/", "{uri}");
    }
}
