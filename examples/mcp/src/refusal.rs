//! What a tool refuses, as a response of HTTP.
//!
//! A tool answers in JSON, with the status 200. A client that lacks a scope has to see 403 with a challenge, so that it asks its user for more.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The refusal of the request's tool. The middleware and the tool share it by the request's extensions.
#[derive(Clone, Default)]
pub struct Refusal(Arc<Mutex<Option<logto::Error>>>);

impl Refusal {
    pub fn set(&self, error: logto::Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn take(&self) -> Option<logto::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Answers with the refusal in place of what the protocol says of it. The tool has ended by then: rmcp answers in JSON, and not in a stream.
pub async fn answer(mut request: Request, next: Next) -> Response {
    let refusal = Refusal::default();
    request.extensions_mut().insert(refusal.clone());
    let response = next.run(request).await;
    refusal.take().map_or(response, IntoResponse::into_response)
}
