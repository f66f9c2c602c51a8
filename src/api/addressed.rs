//! Which resource of an API a request is for, and what each says of itself.

use std::sync::Arc;

use super::{
    ApiRequest, ResourceServer,
    metadata::{self, Metadata},
};
use crate::response::AuthResponse;

impl ResourceServer {
    /// Returns this API for one request. If the API has several resources, the challenges name the resource of the request: of the resources on the
    /// request's host, the one with the longest path that contains the request's path. One that none of them contains gets the challenge of the
    /// first.
    #[must_use]
    pub fn addressed(&self, request: &ApiRequest<'_>) -> Self {
        let documents = self.documents();
        let advertises = match &self.list {
            Some(list) => list.advertises(),
            None => self.server.is_advertised,
        };
        let several = documents.len() > 1 && advertises;
        let addressed = if several { metadata::nearest(documents, request).map(Arc::clone) } else { None };
        Self { addressed, ..self.clone() }
    }

    /// Returns the response to a request for metadata (RFC 9728): the server that issues tokens for a resource of this API, and the scopes. Send it
    /// before you require a token. `None` for every request to another address than
    /// [`protected_resource_metadata_paths`](Self::protected_resource_metadata_paths).
    ///
    /// Each resource with a web address as its identifier has a document. Of several with one path the request's host tells which is asked for.
    /// Scripts of any site may read it: the answer to a preflight request says so, too.
    ///
    /// ```
    /// # fn example(api: &logto::api::ResourceServer) {
    /// use logto::{api::ApiRequest, integrate::AuthResponse};
    ///
    /// # let (method, path_and_query, host) = ("GET", "/books", Some("api.example.com"));
    /// let request = ApiRequest::new(method, path_and_query).host(host);
    /// if let Some(response) = api.protected_resource_metadata(&request) {
    ///     // Return it.
    ///     # let _: AuthResponse = response;
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn protected_resource_metadata(&self, request: &ApiRequest<'_>) -> Option<AuthResponse> {
        let document = metadata::asked_for(self.documents(), request)?;
        Some(match request.method {
            "GET" | "HEAD" => self.metadata_response(document),
            "OPTIONS" => AuthResponse::public_preflight(),
            _ => AuthResponse::method_not_allowed("GET, HEAD, OPTIONS"),
        })
    }

    fn metadata_response(&self, document: &Metadata) -> AuthResponse {
        if let Some(list) = &self.list {
            return list.metadata_response(document);
        }
        let scopes: Vec<_> = document.scopes.iter().map(String::as_str).collect();
        document.response(&[self.server.provider.issuer()], &scopes)
    }

    /// Returns the paths of the metadata of its resources: `/.well-known/oauth-protected-resource`, followed by the path of a resource's identifier,
    /// each path once. Empty for an API that is no resource with a web address.
    pub fn protected_resource_metadata_paths(&self) -> impl Iterator<Item = &str> {
        let documents = self.documents();
        let is_first = |(index, document): &(usize, &Arc<Metadata>)| {
            documents.iter().take(*index).all(|earlier| earlier.path != document.path)
        };
        documents.iter().enumerate().filter(is_first).map(|(_, document)| document.path.as_str())
    }

    fn documents(&self) -> &[Arc<Metadata>] {
        self.list.as_ref().map_or(&self.server.metadata, |list| list.documents())
    }
}
