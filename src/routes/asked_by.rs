//! Which requests begin a sign-in: by what the answer is for, and by who led there (Fetch Metadata).

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::AuthRequest;
use crate::{
    client::LogtoClient,
    cookies::SameSite,
    error::{Code, Error, Result},
    response::AuthResponse,
    types::{Destination, Redirect, SignInOptions},
};

/// Refuses what no user sees: an image, a script or a frame of another site would begin sign-ins that nobody ends, in place of the user's own.
///
/// A browser that does not send the purpose of the request is trusted.
///
/// # Errors
/// `sign_in.not_a_page`.
pub(super) fn check_destination(logto: &LogtoClient, request: &AuthRequest) -> Result<()> {
    let site = request.header("sec-fetch-site");
    // Nobody can read the answer to such a request (Fetch, "no-cors").
    let is_opaque = request.header("sec-fetch-mode") == Some("no-cors");
    let begins = match request.header("sec-fetch-dest") {
        _ if is_opaque => false,
        None | Some("document") => true,
        // A script of this site, htmx, or an `EventSource`.
        Some("empty") => site != Some("cross-site"),
        // An application with such cookies is made to be shown by others.
        Some("iframe" | "frame") => site == Some("same-origin") || logto.config().cookie_same_site() == SameSite::None,
        Some(_) => false,
    };
    match begins {
        true => Ok(()),
        false => Err(Error::new(Code::NotAPage, "the sign-in was asked for by something that is no page of this site")),
    }
}

/// A page that asks first where another site led here, if that is set. Its link leads here once more with what was `read` of the address, and then
/// this site did.
///
/// A browser that does not say where from names the page, if it is one of this site's; else it is asked. A silent sign-in shows no question: it leads
/// to its page, as where Logto would have to ask.
///
/// # Errors
/// `sign_in.return_to_refused` of a silent sign-in.
pub(super) fn confirms(
    logto: &LogtoClient,
    request: &AuthRequest,
    options: &SignInOptions,
    read: &BTreeMap<String, String>,
) -> Result<Option<AuthResponse>> {
    let is_from_elsewhere = || match request.header("sec-fetch-site") {
        Some(site) => !matches!(site, "same-origin" | "same-site" | "none"),
        None => request.referring_page(logto.config().application()).is_none(),
    };
    // At a host of which nothing is known no sign-in can begin, which is said first.
    if !logto.config().confirm_cross_site_sign_in() || logto.is_elsewhere() || !is_from_elsewhere() {
        return Ok(None);
    }
    if options.silent {
        let application = logto.config().application();
        let page = match &options.post_redirect_uri {
            Some(page) => application.return_to(page)?,
            None => application.home(),
        };
        return Ok(Some(request.follow(&Redirect::to(page))));
    }
    let error = Error::new(Code::Unconfirmed, "another site has led to the sign-in, and the user is asked first");
    Ok(Some(logto.error_page_to(request, &error, Redirect::to(again(logto, request, read)))))
}

/// The address of this very route with what was `read` of it.
pub(super) fn again(logto: &LogtoClient, request: &AuthRequest, read: &BTreeMap<String, String>) -> Destination {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(read).finish();
    let path = logto.route_path(request.path());
    logto.config().application().path(&if query.is_empty() { path } else { format!("{path}?{query}") })
}
