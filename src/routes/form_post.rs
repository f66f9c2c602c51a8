//! A callback that comes by POST (OAuth 2.0 Form Post Response Mode).

use url::form_urlencoded;

use super::{AuthRequest, FORM_MEDIA_TYPE};
use crate::{
    client::{LogtoClient, RequestSession},
    error::{Code, Error, Result},
    response::AuthResponse,
    session::HeaderCookies,
};

/// Marks what our own page has posted, so that it is posted once.
const REPOST_MARKER: &str = "logto_posted_again";
/// What is read of an authorization response (RFC 6749 section 4.1.2, RFC 9207 section 2, and the scope that Logto refuses); nothing else is
/// repeated.
const RESPONSE_PARAMETERS: [&str; 7] = ["code", "state", "iss", "error", "error_description", "error_uri", "scope"];
/// Bytes that are repeated, names and values together: as many as servers take in an address. Nothing honest is near this.
const MAX_REPOST_BYTES: usize = 8 * 1024;

/// Our cookies are `SameSite=Lax`, so a browser leaves them out when Logto's page posts to us, if Logto is another site. A page of ours then posts
/// the same once more: that is a request of this site, and has them. `docs/security.md` gives the reasons.
///
/// The page trusts nothing and consumes nothing; its post passes the same checks as a query. A post that is too long to be repeated is processed at
/// once, and so without a cookie of its sign-in.
pub(super) async fn handle(
    logto: &LogtoClient,
    request: &AuthRequest,
    session: &RequestSession,
) -> Result<AuthResponse> {
    let form = request.form().ok_or_else(|| {
        Error::new(Code::MissingState, format!("the callback was posted, and its body is not {FORM_MEDIA_TYPE}"))
    })?;
    let posted = || form_urlencoded::parse(form.as_bytes()).into_owned();
    let is_repost = posted().any(|(name, _)| name == REPOST_MARKER);
    let fields: Vec<_> = posted().filter(|(name, _)| RESPONSE_PARAMETERS.contains(&name.as_str())).collect();
    let length: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    // As a query, whatever characters the sender left as they are.
    let query = format!("?{form}");
    let cookies = HeaderCookies::parse(request.cookie_header());
    if !is_repost && length <= MAX_REPOST_BYTES && logto.lacks_sign_in_cookie(&cookies, &query) {
        tracing::debug!(target: "logto::sign_in", "the callback came from another site and so without its cookie; asking the browser to post it again");
        return Ok(AuthResponse::repost_page(fields.into_iter().chain([(REPOST_MARKER.to_owned(), "1".to_owned())])));
    }
    logto.callback(&query, session).await.map(|redirect| AuthResponse::see_other(&redirect))
}
