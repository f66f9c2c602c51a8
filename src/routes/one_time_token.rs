//! A sign-in by a one-time token that another site's page has led to.

use std::collections::BTreeMap;

use super::{AuthRequest, Route, asked_by};
use crate::{
    client::LogtoClient,
    error::{Code, Error, Result},
    response::AuthResponse,
    types::SignInOptions,
};

/// A page that asks first, unless it is known that this site or the user led here.
///
/// A one-time token signs in anyone who opens its link, as the user for whom it was created. Any site could lead its visitors to a link of its own
/// account, and what they enter then would be there for it to read (login CSRF, RFC 6819 section 4.4.1.8); so the page says who would be signed in.
/// Its link leads here once more with what was `read` of the address, and then this site did.
pub(super) fn asks_first(
    logto: &LogtoClient,
    request: &AuthRequest,
    options: &SignInOptions,
    read: &BTreeMap<String, String>,
) -> Option<AuthResponse> {
    // At a host of which nothing is known no sign-in can begin, which is said first.
    if options.one_time_token.is_none() || logto.is_elsewhere() || is_ours_or_the_users(logto, request) {
        return None;
    }
    let go_on = asked_by::again(logto, request, read);
    Some(AuthResponse::ask_first(options.login_hint.as_deref(), &go_on, &logto.config().application().home()))
}

/// No sign-in leads on to one by a one-time token. The way there may end on a page of this site, such as the one that posts a callback once more,
/// and then nobody would be asked.
///
/// # Errors
/// `sign_in.return_to_refused`.
pub(super) fn check_return_to(logto: &LogtoClient, return_to: &str) -> Result<()> {
    let leads_on = logto.config().application().resolve(return_to).is_ok_and(|url| {
        matches!(logto.route(url.path()), Some(Route::SignIn | Route::SignUp))
            && url.query_pairs().any(|(name, _)| name == "one_time_token")
    });
    match leads_on {
        true => Err(Error::new(Code::ReturnToRefused, "the address to return to signs in by a one-time token")),
        false => Ok(()),
    }
}

/// Fetch Metadata section 2.3: a page of this very site led here, or no page at all, as from the address bar, a bookmark or a program for
/// mail. A browser that does not say it names the page that led here, if it is one of this site's.
fn is_ours_or_the_users(logto: &LogtoClient, request: &AuthRequest) -> bool {
    match request.header("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => request.referring_page(logto.config().application()).is_some(),
    }
}
