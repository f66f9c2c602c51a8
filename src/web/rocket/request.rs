//! A request of Rocket's, as authentication looks at it.

use rocket::Request;

use crate::routes::AuthRequest;

/// Without the session that the fairing gives it.
pub(super) fn without_session(request: &Request<'_>) -> AuthRequest {
    AuthRequest::new(request.method().as_str(), &request.uri().to_string(), |name| match name {
        "cookie" => cookie_header(request),
        "host" => request.host().map(ToString::to_string),
        _ => request.headers().contains(name).then(|| joined(request.headers().get(name), "; ")),
    })
}

/// The cookies as the browser sent them. Rocket's jar has one of each name alone.
pub(super) fn cookie_header(request: &Request<'_>) -> Option<String> {
    if request.headers().contains("cookie") {
        return Some(joined(request.headers().get("cookie"), "; "));
    }
    // Rocket's client for tests has its cookies in the jar alone.
    let jar: Vec<_> = request.cookies().iter().map(|cookie| cookie.stripped().to_string()).collect();
    (!jar.is_empty()).then(|| jar.join("; "))
}

pub(super) fn joined<'h>(values: impl Iterator<Item = &'h str>, separator: &str) -> String {
    values.collect::<Vec<_>>().join(separator)
}
