//! What handlers return.

use actix_web::{
    HttpRequest, HttpResponse, Responder, ResponseError,
    body::BoxBody,
    http::{StatusCode, header},
};

use crate::{error::Error, response::AuthResponse, types::Redirect};

impl Responder for Redirect {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::SeeOther().insert_header((header::LOCATION, self.location())).finish()
    }
}

impl Responder for AuthResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        http_response(self)
    }
}

/// An opaque JSON response, of which the middleware makes a page for a browser.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.http_status()).unwrap_or_default()
    }

    fn error_response(&self) -> HttpResponse {
        http_response(AuthResponse::from(self))
    }
}

/// The error, known to be logged where the response was made of it.
pub(super) fn logged_with(error: Error, answered: Option<&Error>) -> Error {
    if answered.is_some_and(|answered| answered.code() == error.code()) { error.logged() } else { error }
}

pub(super) fn http_response(auth_response: AuthResponse) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(auth_response.status()).unwrap_or_default());
    for header in auth_response.headers() {
        response.append_header(header);
    }
    response.body(auth_response.into_body())
}
