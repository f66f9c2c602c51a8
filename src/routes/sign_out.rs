//! The route that ends the session.

use url::form_urlencoded;

use super::AuthRequest;
use crate::{
    client::{LogtoClient, RequestSession, cross_site_refused},
    error::{Code, Error, Result},
    response::AuthResponse,
    types::SignOutOptions,
};

/// Where the user goes then is asked for by `return_to`, in the form that was posted or in the query.
pub(super) async fn end(logto: &LogtoClient, request: &AuthRequest, session: &RequestSession) -> Result<AuthResponse> {
    if !request.is_same_origin(&logto.config().base_url) {
        let error = Error::new(Code::CrossSite, "the sign-out was not sent by a page of this site");
        return Err(cross_site_refused(Some(logto), error));
    }
    let form = form_urlencoded::parse(request.form().unwrap_or_default().as_bytes()).into_owned();
    let mut return_to = form.chain(request.query()).filter(|(name, value)| name == "return_to" && !value.is_empty());
    let mut options = SignOutOptions::new();
    if let Some((_, return_to)) = return_to.next() {
        // Before anything ends: an address that is refused is a mistake of the page, and its user is still there.
        options = options.post_logout_redirect_uri(logto.config().post_logout_address(&return_to)?);
    }
    Ok(request.follow(&session.sign_out(options).await?))
}
