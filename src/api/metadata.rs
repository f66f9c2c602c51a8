//! What an API says of itself (OAuth 2.0 Protected Resource Metadata, RFC 9728).

use serde::Serialize;
use url::Url;

use crate::{config::problems::is_loopback, response::AuthResponse};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The document and where it is, for an API whose identifier is its address.
pub(super) struct Metadata {
    pub(super) path: String,
    pub(super) url: String,
    pub(super) resource: String,
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
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("{}{path}{query}", url.origin().ascii_serialization());
        Some(Self { path, url, resource: resource.to_owned(), scopes })
    }

    pub(super) fn response(&self, issuers: &[&str]) -> AuthResponse {
        let scopes: Vec<_> = self.scopes.iter().map(String::as_str).collect();
        self.response_with(issuers, &scopes)
    }

    /// With the scopes of several servers.
    pub(super) fn response_with(&self, issuers: &[&str], scopes: &[&str]) -> AuthResponse {
        AuthResponse::public_json(&Document {
            // Section 3.3: exactly the identifier that the address was made of.
            resource: &self.resource,
            authorization_servers: issuers,
            scopes_supported: scopes,
            bearer_methods_supported: ["header"],
        })
    }
}

#[cfg(test)]
mod tests;
