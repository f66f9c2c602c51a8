//! What handlers return.

use std::io::Cursor;

use rocket::{
    Request, Response,
    http::Status,
    response::{self, Responder},
};

use super::fairing::{LogtoFairing, logged_by_the_fairing};
use crate::{error::Error, response::AuthResponse, types::Redirect};

impl<'r> Responder<'r, 'static> for Redirect {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Response::build().status(Status::SeeOther).raw_header("location", self.location().to_owned()).ok()
    }
}

impl<'r> Responder<'r, 'static> for AuthResponse {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build();
        response.status(Status::new(self.status()));
        for (name, value) in self.headers() {
            response.raw_header_adjoin(name, value.to_owned());
        }
        let body = self.into_body();
        response.sized_body(body.len(), Cursor::new(body)).ok()
    }
}

/// A page for a browser, JSON for a program.
impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let error = logged_by_the_fairing(request, self);
        let fairing = request.rocket().state::<LogtoFairing>();
        fairing.map_or_else(|| (&error).into(), |fairing| fairing.error_response(request, &error)).respond_to(request)
    }
}
