//! warp 0.4 with sign-in, sign-out and a page for users. The numbered lines are those that a hello world has not.
//!
//! `cargo run --package logto-example-warp --bin warp_minimal` reads `LOGTO_ENDPOINT` and the others from the environment: see README.

use logto::{LogtoClient, RequestSession, integrate::AuthRequest}; // 1
use warp::{
    Filter, Reply,
    filters::path::FullPath,
    http::{HeaderMap, Method},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logto = LogtoClient::from_env()?; // 2
    let query = warp::query::raw().map(|query: String| format!("?{query}")).or(warp::any().map(String::new)).unify(); // 3
    let request = warp::method().and(warp::path::full()).and(query).and(warp::header::headers_cloned()); // 4
    let app = request.then(move |method: Method, path: FullPath, query: String, headers: HeaderMap| {
        let logto = logto.clone(); // 5
        async move {
            let target = format!("{}{query}", path.as_str()); // 6
            let request = AuthRequest::from_headers(method.as_str(), &target, &headers); // 7
            let page = async |session: RequestSession| match path.as_str() {
                "/me" => Ok(session.require_user().await?.claims().sub.clone().into_response()), // 8
                _ => Ok("hello".into_response()),
            }; // 9
            logto.handle_request(&request, page).await // 10
        }
    });
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let taken = |error| format!("cannot listen on port {port}: {error}. Choose another, as in PORT=4000 cargo run …");
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.map_err(taken)?;
    warp::serve(app).incoming(listener).run().await;
    Ok(())
}
