//! `use logto::*` beside the names of axum, in one file. That it compiles is half of the test.

// `::axum`, for `logto::axum` comes with the glob, and the compiler would not choose between a crate and a module of one name.
use ::axum::{Router, extract::*, response::Redirect, routing::get};
use logto::*;

/// The standard library's, though the glob has `logto::Result`: that takes another error, too.
fn parsed(text: &str) -> Result<u8, std::num::ParseIntError> {
    text.parse()
}

async fn page(Query(pairs): Query<Vec<(String, String)>>) -> Redirect {
    Redirect::to(pairs.first().map_or("/", |(_, address)| address.as_str()))
}

async fn asked(State(config): State<LogtoConfig>) -> String {
    config.base_url().to_owned()
}

#[tokio::test]
async fn names_of_axum_stand_beside_a_glob_import_of_this_crate() {
    let config = LogtoConfig::builder().endpoint("http://localhost:3001").app_id("app");
    let config = config.base_url("http://localhost:3000").cookie_secret("0123456789abcdef0123456789abcdef").build();
    let config: logto::Result<LogtoConfig> = config;
    let site: Router = Router::new().route("/", get(page)).route("/asked", get(asked)).with_state(config.unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { ::axum::serve(listener, site).await });
    let text = crate::plain_http::plain_http()
        .build()
        .unwrap()
        .get(format!("http://{address}/asked"))
        .send()
        .await
        .unwrap()
        .text()
        .await;
    assert_eq!((text.unwrap().as_str(), parsed("7")), ("http://localhost:3000", Ok(7)));
}
