//! What the server says of itself (OpenID Connect Discovery 1.0).

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use url::Url;

use crate::{
    error::{Code, Error, Result, excerpt},
    http::{Fetched, Transport},
    telemetry::Endpoint,
    types::Server,
};

/// Where the server is, seen from the browser and from here.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// What the issuer must be.
    pub(crate) issuer: String,
    /// What it may also be, while a domain moves.
    pub(crate) accepted_issuers: Vec<String>,
    pub(crate) endpoint: Url,
    /// The base for this server's own requests, where it differs from `endpoint`.
    pub(crate) internal_endpoint: Option<Url>,
}

/// The members of the discovery document that the crate uses. Those that OpenID Connect Discovery 1.0 section 3 requires are required here; another
/// member that is unusable (null, empty, of another type) counts as absent.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ProviderMetadata {
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) jwks_uri: Url,
    #[serde(default, deserialize_with = "lenient_option")]
    pub(crate) userinfo_endpoint: Option<Url>,
    #[serde(default, deserialize_with = "lenient_option")]
    pub(crate) end_session_endpoint: Option<Url>,
    #[serde(default, deserialize_with = "lenient_option")]
    pub(crate) revocation_endpoint: Option<Url>,
    #[serde(default, deserialize_with = "lenient_option")]
    pub(crate) introspection_endpoint: Option<Url>,
    /// RFC 8628 section 4.
    #[cfg(feature = "cli")]
    #[serde(default, deserialize_with = "lenient_option")]
    pub(crate) device_authorization_endpoint: Option<Url>,
    /// RFC 9126 section 5.
    #[serde(default, deserialize_with = "lenient_option")]
    pub(crate) pushed_authorization_request_endpoint: Option<Url>,
    #[serde(default, deserialize_with = "lenient_bool")]
    pub(crate) require_pushed_authorization_requests: bool,
    /// RFC 9207 section 3.
    #[serde(default, deserialize_with = "lenient_bool")]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

/// Where the document is, seen from here (OpenID Connect Discovery 1.0 section 4.1: a slash at the issuer's end goes).
pub(crate) fn document_url(addresses: &Addresses) -> Result<Url> {
    let url = format!("{}/.well-known/openid-configuration", addresses.issuer.trim_end_matches('/'));
    Url::parse(&url)
        .map(|url| to_internal_url(&url, addresses))
        .map_err(|source| Error::new(Code::DiscoveryFailed, "the discovery address is not a URL").with_source(source))
}

/// Fetches the document and checks that it speaks of the server that was asked for.
pub(crate) async fn fetch(transport: &Transport, addresses: &Addresses) -> Result<Fetched<ProviderMetadata>> {
    let fetched: Fetched<ProviderMetadata> =
        transport.get_json(Endpoint::Discovery, &document_url(addresses)?, Code::DiscoveryFailed).await?;
    fetched.try_map(|metadata| {
        check_issuer(&metadata.issuer, addresses)?;
        metadata.resolve_endpoints(addresses)
    })
}

/// An address of the server's, as this server reaches it.
pub(crate) fn to_internal_url(url: &Url, addresses: &Addresses) -> Url {
    let mut url = url.clone();
    if let Some(internal) = &addresses.internal_endpoint {
        replace_base(&mut url, &addresses.endpoint, internal);
    }
    url
}

impl ProviderMetadata {
    /// Checks the endpoints, and moves those that this server asks itself to where it reaches them.
    pub(crate) fn resolve_endpoints(mut self, addresses: &Addresses) -> Result<Self> {
        let server = Server(&addresses.endpoint);
        for endpoint in std::iter::once(&self.authorization_endpoint).chain(&self.end_session_endpoint) {
            server.check(endpoint)?;
        }
        for endpoint in self.server_endpoints() {
            server.check(endpoint)?;
            *endpoint = to_internal_url(endpoint, addresses);
        }
        Ok(self)
    }

    /// The endpoints that this server asks itself; the others are for the browser.
    fn server_endpoints(&mut self) -> impl Iterator<Item = &mut Url> {
        #[cfg(feature = "cli")]
        let device = self.device_authorization_endpoint.iter_mut();
        #[cfg(not(feature = "cli"))]
        let device = std::iter::empty();
        [&mut self.token_endpoint, &mut self.jwks_uri]
            .into_iter()
            .chain(device)
            .chain(&mut self.userinfo_endpoint)
            .chain(&mut self.revocation_endpoint)
            .chain(&mut self.introspection_endpoint)
            .chain(&mut self.pushed_authorization_request_endpoint)
    }
}

/// OpenID Connect Discovery 1.0 section 4.3: exactly the issuer that was asked for.
pub(crate) fn check_issuer(found: &str, addresses: &Addresses) -> Result<()> {
    if found == addresses.issuer || addresses.accepted_issuers.iter().any(|accepted| accepted == found) {
        return Ok(());
    }
    let slash = if found.trim_end_matches('/') == addresses.issuer.trim_end_matches('/') {
        " (they differ only by a trailing slash)"
    } else {
        ""
    };
    Err(Error::new(
        Code::IssuerMismatched,
        format!("the server calls itself `{}`, not `{}`{slash}", excerpt(found), addresses.issuer),
    ))
}

/// A member of no use is none.
fn lenient_option<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(serde_json::Value::deserialize(deserializer)?).ok())
}

fn lenient_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    lenient_option(deserializer).map(Option::unwrap_or_default)
}

/// Puts `to` in the place of `from` at the beginning of `url`.
fn replace_base(url: &mut Url, from: &Url, to: &Url) {
    let rest = url.as_str().strip_prefix(from.as_str().trim_end_matches('/')).filter(|rest| rest.starts_with('/'));
    let Some(rebased) = rest.and_then(|rest| Url::parse(&format!("{}{rest}", to.as_str().trim_end_matches('/'))).ok())
    else {
        return;
    };
    *url = rebased;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(issuer: &str, endpoint: &str, internal: Option<&str>) -> String {
        let addresses = Addresses {
            issuer: issuer.to_owned(),
            accepted_issuers: Vec::new(),
            endpoint: endpoint.parse().unwrap(),
            internal_endpoint: internal.map(|url| url.parse().unwrap()),
        };
        document_url(&addresses).unwrap().into()
    }

    #[test]
    fn the_document_is_below_the_issuer() {
        const DOCUMENT: &str = ".well-known/openid-configuration";
        for (issuer, endpoint, internal, base) in [
            ("https://x.logto.app/oidc", "https://x.logto.app/", None, "https://x.logto.app/oidc/"),
            ("https://x.com/auth/oidc", "https://x.com/auth/", Some("http://logto:3001/"), "http://logto:3001/oidc/"),
            ("https://op.com/test/a/b/", "https://op.com/test/a/b/", None, "https://op.com/test/a/b/"),
            ("https://op.com", "https://op.com/", Some("http://op:8080"), "http://op:8080/"),
        ] {
            assert_eq!(at(issuer, endpoint, internal), format!("{base}{DOCUMENT}"));
        }
    }
}
