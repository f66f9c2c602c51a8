//! What handlers return, and what takes the place of it.

use actix_web::{
    HttpRequest, HttpResponse, Responder, ResponseError,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
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
        let mut response = http_response(AuthResponse::from(self));
        response.extensions_mut().insert(self.clone().logged());
        response
    }
}

/// The error of ours that a response was made of, also by an error of the application's own that answers as this one does.
pub(super) fn answered<B>(response: &HttpResponse<B>) -> Option<Error> {
    response.extensions().get::<Error>().cloned()
}

/// The error, known to be logged where the response was made of it.
pub(super) fn logged_with(error: Error, answered: Option<&Error>) -> Error {
    if is_same(&error, answered) { error.logged() } else { error }
}

/// Whether the response was made of this very error.
pub(super) fn is_same(error: &Error, answered: Option<&Error>) -> bool {
    answered.is_some_and(|answered| answered.code() == error.code())
}

fn http_response(auth_response: AuthResponse) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(auth_response.status()).unwrap_or_default());
    for header in auth_response.headers() {
        response.append_header(header);
    }
    response.body(auth_response.into_body())
}

/// Another response in the place of a handler's. What other middleware added to it stays: without the headers of CORS no script could read why
/// it was refused.
pub(super) fn replaced(response: &HttpResponse, auth_response: AuthResponse) -> HttpResponse {
    let mut replacement = http_response(auth_response);
    let own: Vec<_> = replacement.headers().keys().filter(|name| *name != header::SET_COOKIE).cloned().collect();
    for (name, value) in response.headers() {
        if !AuthResponse::HEADERS_OF_THE_BODY.contains(&name.as_str()) && !own.contains(name) {
            replacement.headers_mut().append(name.clone(), HeaderValue::clone(value));
        }
    }
    replacement
}
