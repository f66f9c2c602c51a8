//! A request to an API, as far as it is looked at beside its token.

use http::{Uri, header::HOST, request::Parts};

/// The parts of a request to an API that matter besides its token: which of the API's resources it is for, and whether it asks for the
/// [metadata](super::ResourceServer::protected_resource_metadata) of one. For integrations.
///
/// ```
/// use logto::api::ApiRequest;
///
/// let request = ApiRequest::new("GET", "/books/7?page=2").host(Some("api.example.com"));
/// # drop(request);
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct ApiRequest<'a> {
    pub(super) method: &'a str,
    target: &'a str,
    pub(super) host: Option<&'a str>,
}

impl<'a> ApiRequest<'a> {
    /// Creates a request from its method and its path with query. Under a nested router pass the path as the client requested it.
    pub fn new(method: &'a str, target: &'a str) -> Self {
        Self { method, target, host: None }
    }

    /// Sets the host: the authority of the request's address if it has one, as with HTTP/2, otherwise the `Host` header. It distinguishes resources
    /// on several hosts.
    pub fn host(self, host: Option<&'a str>) -> Self {
        Self { host, ..self }
    }

    /// Creates a request from the head of one on `http` 1. `uri` is the request's own, or under a nested router the one that the client asked for.
    pub fn from_parts(parts: &'a Parts, uri: &'a Uri) -> Self {
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        let authority = authority.map(|text| text.rsplit_once('@').map_or(text, |(_, host)| host));
        let host = authority.or_else(|| parts.headers.get(HOST).and_then(|host| host.to_str().ok()));
        Self::new(parts.method.as_str(), target).host(host)
    }

    pub(super) fn path(&self) -> &'a str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    pub(super) fn query(&self) -> Option<&'a str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}
