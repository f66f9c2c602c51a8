//! The address of a request. Ids that come from users are one segment of a path each, and lead nowhere else.

use std::fmt::Write;

use url::Url;

use crate::{
    error::{Code, Error, Result},
    oidc::discovery::Addresses,
};

/// A longer id is nobody's, and would fill addresses and the log.
const MAX_ID_BYTES: usize = 256;

/// A path below `/api`, with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiPath(String);

impl ApiPath {
    /// A path of ours.
    pub(crate) fn new(path: &str) -> Self {
        Self(path.to_owned())
    }

    /// The path and the query, without a slash in front.
    #[cfg(feature = "management")]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The path with one more segment: an id of any origin. `None` for what no path can have as a segment.
    pub(crate) fn id(mut self, id: &str) -> Option<Self> {
        // A browser, a proxy or a server takes them for the path itself or the one above, escaped or not. Logto's ids have at most 43 characters.
        let leads_elsewhere = id.split(['/', '\\']).any(|part| matches!(part, "." | ".."));
        if id.is_empty() || leads_elsewhere || id.len() > MAX_ID_BYTES {
            return None;
        }
        self.0.push('/');
        for byte in id.bytes() {
            match byte {
                // RFC 3986 section 2.3: unreserved.
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => self.0.push(char::from(byte)),
                // Writing to a string does not fail.
                _ => _ = write!(self.0, "%{byte:02X}"),
            }
        }
        Some(self)
    }

    /// The path with more segments of ours.
    pub(crate) fn then(mut self, path: &str) -> Self {
        self.0.push('/');
        self.0.push_str(path);
        self
    }

    /// The path with a query of ours.
    #[cfg(feature = "account")]
    pub(crate) fn query(mut self, query: Option<&str>) -> Self {
        if let Some(query) = query {
            self.0.push('?');
            self.0.push_str(query);
        }
        self
    }

    /// The whole address, as this server reaches it.
    ///
    /// # Errors
    /// `options.invalid`, which no address of a configuration that was checked leads to.
    #[cfg(feature = "account")]
    pub(super) fn url(&self, addresses: &Addresses) -> Result<Url> {
        parsed(&format!("{}/{}", base(addresses), self.0))
    }
}

/// The address of the API, as this server reaches it.
///
/// # Errors
/// As [`ApiPath::url`].
#[cfg(feature = "management")]
pub(crate) fn base_url(addresses: &Addresses) -> Result<Url> {
    parsed(&base(addresses))
}

fn base(addresses: &Addresses) -> String {
    let logto = addresses.internal_endpoint.as_ref().unwrap_or(&addresses.endpoint);
    format!("{}/api", logto.as_str().trim_end_matches('/'))
}

fn parsed(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|source| Error::new(Code::InvalidOption, "no address can be made").with_source(source))
}

#[cfg(all(test, feature = "account"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn addresses(endpoint: &str, internal: Option<&str>) -> Addresses {
        Addresses {
            issuer: String::new(),
            accepted_issuers: Vec::new(),
            endpoint: endpoint.parse().unwrap(),
            internal_endpoint: internal.map(|url| url.parse().unwrap()),
        }
    }

    #[test]
    fn an_id_is_one_segment_whatever_it_holds() {
        let logto = addresses("https://logto.example", None);
        let url =
            |id: &str| ApiPath::new("my-account/sessions").id(id).map(|path| path.url(&logto).unwrap().to_string());
        for (id, segment) in [
            ("j47irV_-.~", "j47irV_-.~"),
            ("a/b?c#d%2f", "a%2Fb%3Fc%23d%252f"),
            ("a\\b", "a%5Cb"),
            (".\t.", ".%09."),
            ("\n", "%0A"),
            ("...", "..."),
            ("%2e%2e", "%252e%252e"),
            ("ü", "%C3%BC"),
            ("a b", "a%20b"),
        ] {
            assert_eq!(url(id).unwrap(), format!("https://logto.example/api/my-account/sessions/{segment}"));
        }
        assert_eq!(
            url(&"x".repeat(MAX_ID_BYTES)).unwrap().len(),
            "https://logto.example/api/my-account/sessions/".len() + MAX_ID_BYTES
        );
        assert_eq!(url(&"x".repeat(MAX_ID_BYTES + 1)), None, "nobody's");
        for id in ["", ".", "..", "../../users", "a/../b", "a\\..\\b", "./a"] {
            assert_eq!(url(id), None, "{id:?}");
        }
    }

    #[test]
    fn the_path_is_below_the_address_that_this_server_reaches() {
        let path = ApiPath::new("my-account").then("grants").query(Some("appType=thirdParty"));
        for (endpoint, internal, expected) in [
            ("https://logto.example", None, "https://logto.example/api/my-account/grants?appType=thirdParty"),
            ("https://x.example/logto/", None, "https://x.example/logto/api/my-account/grants?appType=thirdParty"),
            (
                "https://x.example",
                Some("http://logto:3001"),
                "http://logto:3001/api/my-account/grants?appType=thirdParty",
            ),
        ] {
            assert_eq!(path.url(&addresses(endpoint, internal)).unwrap().as_str(), expected);
        }
    }
}
