//! Which headers of the caller's request go to the API.

use http::{
    HeaderMap,
    header::{self, HeaderName},
};

/// What belongs to one connection (RFC 9110 section 7.6.1 and, for `Proxy-Authorization`, 11.7.2), frames a body (RFC 9112 section 6), names the
/// host, is for this application alone (its session is in its cookies, RFC 6265 section 8.2), or is set here.
const OWN: [HeaderName; 13] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The headers that are about the request itself.
pub(super) fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<_> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .collect();
    let kept = headers.iter().filter(|(name, _)| !OWN.contains(name) && !named.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::end_to_end;

    #[test]
    fn hop_by_hop_framing_host_or_cookie_headers_are_not_copied() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer mine"),
            ("connection", "close, X-Hop"),
            ("connection", " x-other ,,=, keep-alive"),
            ("content-length", "3"),
            ("cookie", "__Host-logto=session"),
            ("cookie", "theme=dark"),
            ("expect", "100-continue"),
            ("host", "evil.example"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic abc"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("x-hop", "1"),
            ("x-other", "1"),
            ("accept", "text/csv"),
            ("content-type", "text/plain"),
            ("x-many", "1"),
            ("x-many", "2"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let kept: Vec<_> = end_to_end(&headers).iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        assert_eq!(kept, ["accept: \"text/csv\"", "content-type: \"text/plain\"", "x-many: \"1\"", "x-many: \"2\""]);
    }
}
