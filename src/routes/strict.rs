//! A callback whose session cookie stayed behind, because it is `SameSite=Strict`.

use super::AuthRequest;
use crate::{client::LogtoClient, cookies::SameSite, response::AuthResponse};

/// Marks what our own page has asked for, so that it asks once.
const AGAIN_MARKER: &str = "logto_again";

/// Whether this came from another site, or from a browser that does not say where from, so that a `Strict` cookie did not come along.
///
/// A browser decides by the page that started the navigation, including all redirects. So the callback would not find the present session, and the
/// page that it leads to would not find the new one, and send the user to sign in again, without an end.
pub(super) fn lacks_cookies(logto: &LogtoClient, request: &AuthRequest) -> bool {
    logto.config().cookie_same_site() == SameSite::Strict
        && !matches!(request.header("sec-fetch-site"), Some("same-origin" | "same-site" | "none"))
        && request.query().all(|(name, _)| name != AGAIN_MARKER)
}

/// A page that asks for the callback once more: from this site, and so with all cookies. It uses nothing up.
pub(super) fn ask_again(logto: &LogtoClient, request: &AuthRequest) -> AuthResponse {
    tracing::debug!(target: "logto::sign_in", "the callback came from another site and so without Strict cookies; asking the browser for it again");
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let again = format!("{}?{query}&{AGAIN_MARKER}=1", logto.route_path(request.path()));
    AuthResponse::again_page(&logto.config().application().path(&again))
}
