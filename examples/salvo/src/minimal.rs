//! salvo 0.90 with sign-in, sign-out and a page for users. The numbered lines are those that a hello world has not.
//!
//! `cargo run --package logto-example-salvo --bin salvo_minimal` reads `LOGTO_ENDPOINT` and the others from the environment: see README.

use logto::{LogtoClient, RequestSession, integrate::AuthRequest}; // 1
use salvo::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let logto = LogtoClient::from_env()?; // 2
    let app = Service::new(Router::new().get(home).push(Router::with_path("me").get(me))).hoop(Logto(logto)); // 3
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let taken = |error| format!("cannot listen on port {port}: {error}. Choose another, as in PORT=4000 cargo run …");
    let acceptor = TcpListener::new(format!("127.0.0.1:{port}")).try_bind().await.map_err(taken)?;
    Server::new(acceptor).serve(app).await;
    Ok(())
}

#[handler]
async fn home() -> &'static str {
    "hello"
}

#[handler]
async fn me(depot: &mut Depot, res: &mut Response) {
    let session: &RequestSession = depot.obtain().expect("the hoop is around every page"); // 4
    match session.require_user().await {
        Ok(user) => res.render(user.sub().to_owned()), // 5
        Err(error) => _ = depot.inject(error),         // 6
    } // 7
}

struct Logto(LogtoClient); // 8

#[handler] // 9
impl Logto {
    // 10
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
        // 11
        let request = AuthRequest::from_headers(req.method().as_str(), &req.uri().to_string(), req.headers()); // 12
        let page = async |session: RequestSession| {
            depot.inject(session); // 13
            ctrl.call_next(req, depot, res).await; // 14
            depot.scrape().map_or_else(|_| Ok(res.strip_to_hyper()), Err) // 15
        }; // 16
        let response = self.0.handle_request(&request, page).await; // 17
        *res = response.into(); // 18
    } // 19
} // 20
