//! AWS Lambda behind an HTTP API of API Gateway, or a function URL: `LogtoClient::handle_request` around the function, with `lambda_http`.
//!
//! `cargo run -p logto-example-lambda` needs Lambda's runtime around it: deploy it with `cargo lambda`, or try it with `cargo lambda watch`. Settings are the
//! variables `LOGTO_…`; `LOGTO_BASE_URL` is the address that browsers see, with the stage where the API has one that is not `$default`.
//!
//! A function keeps nothing between two calls that it may rely on: sessions are in cookies, or in a store that all of its instances share.

#[cfg(test)]
mod tests;

use std::convert::Infallible;

use lambda_http::{Body, Request, Response, http::StatusCode, service_fn};
use logto::{ContextOptions, LogtoClient, RequestSession, integrate::AuthRequest};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    // Once for each instance: discovery and keys are fetched by its first request, and kept.
    let logto = LogtoClient::from_env()?;
    lambda_http::run(service_fn(|request| answer(&logto, request))).await
}

/// Every request: the authentication routes answer for themselves, a page gets a session.
async fn answer(logto: &LogtoClient, request: Request) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    // API Gateway has the whole body already, at most 10 MB, and Lambda at most 6.
    let read = async { if body.len() <= AuthRequest::MAX_BODY_BYTES { Ok(body.to_vec()) } else { Err(()) } };
    let auth = AuthRequest::from_parts(&parts, &parts.uri).read_body(logto, read).await;
    Ok(logto.handle_request(&auth, |session| page(session, parts.uri.path())).await)
}

async fn page(session: RequestSession, path: &str) -> logto::Result<Response<Body>> {
    Ok(match path {
        "/" => {
            let context = session.get_context(ContextOptions::new()).await?;
            text(context.claims().map_or("please sign in at /me".to_owned(), |claims| format!("hello, {}", claims.sub)))
        }
        // For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
        "/me" => text(session.require_user().await?.sub().to_owned()),
        _ => {
            let mut response = text("there is no such page".to_owned());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    })
}

fn text(text: String) -> Response<Body> {
    Response::new(Body::Text(text))
}
