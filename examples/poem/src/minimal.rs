//! poem 3 with sign-in, sign-out and a page for users. The numbered lines are those that a hello world has not.
//!
//! `cargo run --package logto-example-poem --bin poem_minimal` reads `LOGTO_ENDPOINT` and the others from the environment: see README.

use logto::{LogtoClient, RequestSession, integrate::AuthRequest}; // 1
use poem::{
    Body, Endpoint, EndpointExt, IntoResponse, Result, Route, Server,
    error::InternalServerError,
    get, handler, http,
    listener::{Listener, TcpListener},
    web::Data,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logto = LogtoClient::from_env()?; // 2
    let app = Route::new().at("/", get(home)).at("/me", get(me)).around(move |pages, mut request| {
        let logto = logto.clone(); // 3
        async move {
            let target = request.uri().to_string(); // 4
            let auth = AuthRequest::from_headers(request.method().as_str(), &target, request.headers()); // 5
            let page = async move |session: RequestSession| {
                request.set_data(session); // 6
                let page = pages.call(request).await.map(IntoResponse::into_response); // 7
                let page =
                    page.or_else(|error| error.downcast().map_or_else(|other| Ok(other.into_response()), Err))?; // 8
                Ok(http::Response::from(page).map(Body::from)) // 9
            }; // 10
            let (parts, body) = logto.handle_request(&auth, page).await.into_parts(); // 11
            Ok((parts.status, parts.headers, body).into_response()) // 12
        }
    });
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let taken = |error| format!("cannot listen on port {port}: {error}. Choose another, as in PORT=4000 cargo run …");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).into_acceptor().await.map_err(taken)?;
    Ok(Server::new_with_acceptor(listener).run(app).await?)
}

#[handler]
fn home() -> &'static str {
    "hello"
}

#[handler]
async fn me(session: Data<&RequestSession>) -> Result<String> {
    let user = session.require_user().await.map_err(InternalServerError)?; // 13
    Ok(user.sub().to_owned())
}
