//! What an API says of itself (OAuth 2.0 Protected Resource Metadata, RFC 9728): a document for each of its resources.

use std::sync::Arc;

use serde::Serialize;
use url::Url;

use super::ApiRequest;
use crate::{config::problems::is_loopback, response::AuthResponse};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The document of a resource and where it is, for one whose identifier is its address.
pub(super) struct Metadata {
    /// Where the document is: path, query and the whole address.
    pub(super) path: String,
    query: Option<String>,
    pub(super) url: String,
    pub(super) resource: String,
    /// Host and port of the resource, as a `Host` header has them.
    host: String,
    /// The path of the resource, without a slash at its end.
    base: String,
    pub(super) scopes: Vec<String>,
}

/// RFC 9728 section 2.
#[derive(Serialize)]
struct Document<'a> {
    resource: &'a str,
    authorization_servers: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes_supported: &'a [&'a str],
    bearer_methods_supported: [&'a str; 1],
}

impl Metadata {
    /// `None` if the identifier is no web address: nobody could find the document from it. Section 2: the address is https. On this machine
    /// alone it may be http, for development.
    pub(super) fn of(resource: &str, scopes: Vec<String>) -> Option<Self> {
        let is_secure = |url: &Url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
        let url = Url::parse(resource).ok().filter(|url| is_secure(url) && url.has_host())?;
        // Section 3.1: the well-known part goes between host and path, and a slash that is the whole path is dropped.
        let path = format!("{WELL_KNOWN}{}", if url.path() == "/" { "" } else { url.path() });
        let query = url.query().map(str::to_owned);
        let suffix = query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let origin = url.origin().ascii_serialization();
        Some(Self {
            url: format!("{origin}{path}{suffix}"),
            path,
            query,
            resource: resource.to_owned(),
            host: origin.split_once("://").map_or(origin.as_str(), |(_, host)| host).to_owned(),
            base: url.path().trim_end_matches('/').to_owned(),
            scopes,
        })
    }

    /// With the scopes of several servers.
    pub(super) fn response(&self, issuers: &[&str], scopes: &[&str]) -> AuthResponse {
        AuthResponse::public_json(&Document {
            // Section 3.3: exactly the identifier that the address was made of.
            resource: &self.resource,
            authorization_servers: issuers,
            scopes_supported: scopes,
            bearer_methods_supported: ["header"],
        })
    }

    fn has_host(&self, request: &ApiRequest<'_>) -> bool {
        // The port that goes without saying may be said.
        request.host.is_some_and(|host| {
            let host = [":443", ":80"].iter().find_map(|port| host.strip_suffix(port)).unwrap_or(host);
            host.eq_ignore_ascii_case(&self.host)
        })
    }

    /// Whether the path is the resource's or below it.
    fn contains(&self, path: &str) -> bool {
        path.strip_prefix(&self.base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The document that a request asks for. Two resources may differ by their hosts or their queries alone.
pub(super) fn asked_for<'m>(documents: &'m [Arc<Metadata>], request: &ApiRequest<'_>) -> Option<&'m Arc<Metadata>> {
    let path = request.path();
    // Nearly all requests are for something else.
    if !path.starts_with(WELL_KNOWN) {
        return None;
    }
    let found: Vec<_> = documents.iter().filter(|document| document.path == path).collect();
    let of_query: Vec<_> = found.iter().copied().filter(|one| one.query.as_deref() == request.query()).collect();
    let found = if of_query.is_empty() { found } else { of_query };
    match found.as_slice() {
        // Whatever the host is called behind a proxy: there is no other.
        [only] => Some(only),
        several => several.iter().copied().find(|document| document.has_host(request)),
    }
}

/// The resource of several that a request is for: of those on its host the one with the longest path that contains the request's.
pub(super) fn nearest<'m>(documents: &'m [Arc<Metadata>], request: &ApiRequest<'_>) -> Option<&'m Arc<Metadata>> {
    let contains = |document: &&Arc<Metadata>| document.contains(request.path());
    let longest = |document: &&Arc<Metadata>| document.base.len();
    // Of two with one path the first: `max_by_key` gives the last.
    let on_host = documents.iter().rev().filter(|document| document.has_host(request));
    if on_host.clone().next().is_some() {
        return on_host.filter(contains).max_by_key(longest);
    }
    documents.iter().rev().filter(contains).max_by_key(longest)
}

#[cfg(test)]
mod tests;
