//! A sign-in by a one-time token that another site's page has led to.

use url::{Url, form_urlencoded};

use super::{AuthRequest, Route};
use crate::{LogtoClient, Reply, SignInOptions};

/// What the sign-in route reads: no other parameter goes on.
const PARAMETERS: [&str; 10] = [
    "return_to",
    "direct_sign_in",
    "first_screen",
    "login_hint",
    "organization_id",
    "one_time_token",
    "ui_locales",
    "silent",
    "max_age",
    "acr_values",
];

/// A page that asks first, where it is not known that this site or the user themselves led here.
///
/// A one-time token signs in whoever opens its link, as the one that it was made for. Any site could lead its visitors to a link of its own
/// account, and what they enter then would be there for it to read (login CSRF, RFC 6819 section 4.4.1.8); so the page says who would be
/// signed in. Its link leads here once more, and then this site did.
pub(super) fn asks_first(logto: &LogtoClient, request: &AuthRequest, options: &SignInOptions) -> Option<Reply> {
    if options.one_time_token.is_none() || is_ours_or_the_users(logto, request) {
        return None;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in PARAMETERS {
        // Of several the last counts, as for the sign-in.
        query.extend_pairs(request.query().filter(|(known, _)| known == name).last());
    }
    let target = format!("{}?{}", logto.site_path(request.path()), query.finish());
    let application = logto.config().application();
    Some(Reply::ask_first(options.login_hint.as_deref(), &application.path(&target), &application.home()))
}

/// Whether an address of this site begins a sign-in by a one-time token.
pub(super) fn is_asked_for_by(logto: &LogtoClient, address: &str) -> bool {
    let is_ours = |url: &Url| url.origin() == logto.config().base_url.origin();
    Url::parse(address).ok().filter(is_ours).is_some_and(|url| {
        matches!(logto.route(url.path()), Some(Route::SignIn | Route::SignUp))
            && url.query_pairs().any(|(name, value)| name == "one_time_token" && !value.is_empty())
    })
}

/// Fetch Metadata section 2.3: a page of this very site led here, or no page at all, as from the address bar, a bookmark or a program for
/// mail. A browser that does not say it names the page that led here, if it is one of this site's.
fn is_ours_or_the_users(logto: &LogtoClient, request: &AuthRequest) -> bool {
    match request.header("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => request.page_before(&logto.config().base_url).is_some(),
    }
}
