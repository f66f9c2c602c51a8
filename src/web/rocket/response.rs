//! What handlers return.

use std::io::Cursor;

use rocket::{
    Request, Response,
    http::Status,
    response::{self, Responder},
};

use crate::{response::AuthResponse, types::Redirect};

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
