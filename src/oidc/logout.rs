//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 section 2).

use url::Url;

use crate::secret::Secret;

/// A longer ID token would break the request line of servers and proxies; the App ID alone has the same effect at Logto.
const MAX_HINT_BYTES: usize = 2048;

/// Where to send the browser to end the session at Logto.
pub(crate) fn end_session_url(
    endpoint: &Url,
    client_id: &str,
    id_token_hint: Option<&Secret>,
    post_logout_redirect_uri: &str,
    state: Option<&str>,
) -> Url {
    let mut url = endpoint.clone();
    let hint = id_token_hint.map(Secret::expose).filter(|hint| hint.len() <= MAX_HINT_BYTES);
    url.query_pairs_mut()
        .append_pair("client_id", client_id)
        .append_pair("post_logout_redirect_uri", post_logout_redirect_uri)
        .extend_pairs(hint.map(|hint| ("id_token_hint", hint)))
        .extend_pairs(state.map(|state| ("state", state)));
    url
}
