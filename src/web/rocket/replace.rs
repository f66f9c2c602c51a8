//! A response in the place of a handler's.

use rocket::{Request, Response, response::Responder};

use crate::response::AuthResponse;

/// Puts another response in the place of a handler's. What other fairings added to it stays.
pub(super) fn replace<'r>(request: &'r Request<'_>, response: &mut Response<'r>, replacement: AuthResponse) {
    if let Ok(replacement) = replacement.respond_to(request) {
        for name in AuthResponse::HEADERS_OF_THE_BODY {
            response.remove_header(name);
        }
        let cookies: Vec<_> = response.headers().get("set-cookie").map(str::to_owned).collect();
        response.remove_header("set-cookie");
        response.merge(replacement);
        for cookie in cookies {
            response.adjoin_raw_header("set-cookie", cookie);
        }
    }
}
