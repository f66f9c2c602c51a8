//! A request of actix-web's, as authentication looks at it.

use actix_web::{HttpMessage, HttpRequest, http::header::HeaderMap};

use crate::{client::RequestSession, routes::AuthRequest};

/// The request as the browser sent it, also in a scope.
pub(super) fn auth_request(request: &HttpRequest) -> AuthRequest {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let session = request.extensions().get::<RequestSession>().cloned();
    let header = |name: &str| match request.uri().authority().filter(|_| name == "host") {
        Some(authority) => Some(authority.to_string()),
        None => joined(request.headers(), name, "; "),
    };
    AuthRequest::new(request.method().as_str(), target, header).session(session)
}

/// What the headers of one name say. Cookies of others may have any bytes; the session beside them counts.
pub(super) fn joined(headers: &HeaderMap, name: &str, separator: &str) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(separator))
}
