//! Who calls the token endpoint and its neighbours (RFC 6749 section 2.3).

use base64_simd::STANDARD;
use url::form_urlencoded;

use crate::testing::mock::{
    directory::{AppKind, MockApp},
    messages::{
        error::{Challenge, OidcError, OidcResult},
        request::RecordedRequest,
    },
    state::State,
};

/// The app that makes the request, if it proves to be it, and may be called from the page that calls.
pub(crate) fn authenticate(state: &State, request: &RecordedRequest) -> OidcResult<MockApp> {
    let app = proven(state, request)?;
    check_origin(state, &app, request)?;
    Ok(app)
}

/// A page of another origin than the server's and the app's own may not.
pub(crate) fn check_origin(state: &State, app: &MockApp, request: &RecordedRequest) -> OidcResult<()> {
    match request.header("origin") {
        Some(origin) if origin != state.endpoint && !app.allows_origin(origin) => {
            Err(OidcError::foreign_origin(origin, &app.id))
        }
        _ => Ok(()),
    }
}

fn proven(state: &State, request: &RecordedRequest) -> OidcResult<MockApp> {
    let form = request.form_params();
    if form.get("client_assertion").is_some() {
        return Err(OidcError::invalid_request("invalid client_assertion format"));
    }
    let posted_id = form.get("client_id");
    let posted_secret = form.get("client_secret");
    let Some((id, secret)) = basic_credentials(request)? else {
        let id = posted_id.ok_or_else(|| OidcError::invalid_request("no client authentication mechanism provided"))?;
        return prove(state, id, posted_secret).map_err(|refusal| refusal.with_challenge(false));
    };
    if posted_id.is_some_and(|posted| posted != id) {
        return Err(OidcError::invalid_request("client_id mismatch"));
    }
    if posted_secret.is_some() {
        return Err(OidcError::invalid_request("client authentication must only be provided using one mechanism"));
    }
    prove(state, &id, Some(&secret)).map_err(|refusal| refusal.with_challenge(true))
}

struct Refusal {
    error: OidcError,
    is_about_secret: bool,
}

impl Refusal {
    /// Only who tried Basic is told to try Basic (RFC 6749 section 5.2).
    fn with_challenge(self, basic: bool) -> OidcError {
        if basic && self.is_about_secret { self.error.challenge(Challenge::Explained("Basic")) } else { self.error }
    }
}

fn prove(state: &State, id: &str, secret: Option<&str>) -> Result<MockApp, Refusal> {
    let Some(app) = state.directory.app(id) else {
        return Err(Refusal { error: OidcError::unknown_client(id), is_about_secret: false });
    };
    let proven = match (app.kind, secret) {
        (AppKind::Public, secret) => secret.is_none(),
        (_, Some(secret)) => app.is_secret(secret, state.now()),
        (_, None) => false,
    };
    if proven {
        Ok(app.clone())
    } else {
        let error = OidcError::new(401, "invalid_client", "client authentication failed");
        Err(Refusal { error, is_about_secret: true })
    }
}

/// Both parts are form-encoded inside the Base64 (RFC 6749 section 2.3.1).
fn basic_credentials(request: &RecordedRequest) -> OidcResult<Option<(String, String)>> {
    let Some(header) = request.header("authorization") else { return Ok(None) };
    let malformed = || OidcError::invalid_request("invalid authorization header value format");
    let encoded = header.strip_prefix("Basic ").ok_or_else(malformed)?;
    let decoded = STANDARD.decode_to_vec(encoded.trim()).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    Ok(Some((form_decoded(id), form_decoded(secret))))
}

fn form_decoded(part: &str) -> String {
    // A lone part has no name: with `=` in front it is a value.
    let pair = format!("={}", part.replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
