//! The route that begins a sign-in for another site (OpenID Connect Core 1.0 section 4).

use url::form_urlencoded;

use super::{AuthRequest, FORM_MEDIA_TYPE, asked_by, one_time_token};
use crate::{
    client::{LogtoClient, RequestSession},
    error::{Code, Error, Result, excerpt},
    response::AuthResponse,
    types::{Redirect, SignInOptions},
};

/// By GET: to Logto.
pub(super) async fn begin(
    logto: &LogtoClient,
    request: &AuthRequest,
    session: &RequestSession,
) -> Result<AuthResponse> {
    // It is for other sites, so they are not asked about; but a page of theirs has to lead here.
    asked_by::check_destination(logto, request)?;
    let params = InitiationParams::read(request.query())?;
    check_issuer(logto, params.iss.as_deref())?;
    let mut options = SignInOptions::new();
    if let Some(hint) = params.login_hint {
        options = options.login_hint(hint);
    }
    // Where it may lead is checked as for any sign-in: this site, or an origin on the list. Another address is refused and not ignored, so that the
    // site that sent the user sees the error.
    if let Some(target) = params.target_link_uri {
        one_time_token::check_return_to(logto, &target)?;
        options = options.post_redirect_uri(target);
    }
    options.from_another_site = true;
    Ok(AuthResponse::redirect(&session.sign_in(options).await?))
}

/// By POST: the same by GET. A POST of another site comes without our cookies, so the pending sign-ins could not be counted.
pub(super) fn redirect_to_get(logto: &LogtoClient, request: &AuthRequest) -> Result<AuthResponse> {
    let form = request
        .form()
        .ok_or_else(|| refused(format!("the request to sign in was posted, and its body is not {FORM_MEDIA_TYPE}")))?;
    let params = InitiationParams::read(form_urlencoded::parse(form.as_bytes()).into_owned())?;
    check_issuer(logto, params.iss.as_deref())?;
    let pairs = [("iss", params.iss), ("login_hint", params.login_hint), ("target_link_uri", params.target_link_uri)];
    let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let again = format!("{}?{query}", logto.route_path(request.path()));
    Ok(AuthResponse::see_other(&Redirect::to(logto.config().application().path(&again))))
}

/// The parameters of a request, as they came.
#[derive(Default)]
struct InitiationParams {
    iss: Option<String>,
    login_hint: Option<String>,
    target_link_uri: Option<String>,
}

impl InitiationParams {
    fn read(pairs: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let mut params = Self::default();
        for (name, value) in pairs {
            let slot = match name.as_str() {
                "iss" => &mut params.iss,
                "login_hint" => &mut params.login_hint,
                "target_link_uri" => &mut params.target_link_uri,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(refused(format!("the request to sign in holds `{name}` more than once")));
            }
        }
        // RFC 6749 section 3.1: a parameter without a value counts as left out.
        for slot in [&mut params.iss, &mut params.login_hint, &mut params.target_link_uri] {
            *slot = slot.take().filter(|value| !value.is_empty());
        }
        Ok(params)
    }
}

/// Section 4: `iss` says where to sign in, and there is one such place for us.
fn check_issuer(logto: &LogtoClient, iss: Option<&str>) -> Result<()> {
    let config = logto.config();
    match iss {
        None => Err(refused("the request to sign in has no `iss`".to_owned())),
        Some(iss)
            if iss == config.issuer() || config.addresses().accepted_issuers.iter().any(|accepted| accepted == iss) =>
        {
            Ok(())
        }
        Some(iss) => {
            let found = excerpt(iss);
            Err(refused(format!("the request to sign in names the issuer `{found}`, expected `{}`", config.issuer())))
        }
    }
}

fn refused(message: String) -> Error {
    Error::new(Code::InvalidInitiation, message)
}
