//! The authorization response (RFC 6749 section 4.1.2, RFC 9207).

use url::form_urlencoded;

use crate::error::{Code, Error, OAuthError, Result, excerpt};

/// The parameters of a callback, taken from the network and not yet validated.
#[derive(Default)]
pub(crate) struct CallbackParams {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    error_uri: Option<String>,
    scope: Option<String>,
}

impl CallbackParams {
    /// Reads a query (`code=…&state=…`), a path with a query, or a whole URL; only the query counts.
    pub(crate) fn parse(query_or_url: &str) -> Result<Self> {
        let query = query_of(query_or_url);
        let mut params = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "code" => &mut params.code,
                "state" => &mut params.state,
                "iss" => &mut params.iss,
                "error" => &mut params.error,
                "error_description" => &mut params.error_description,
                "error_uri" => &mut params.error_uri,
                // Logto names the scope that it refuses.
                "scope" => &mut params.scope,
                _ => continue,
            };
            // RFC 6749 section 3.1: parameters must not be included more than once.
            if slot.replace(value.into_owned()).is_some() {
                return Err(Error::new(Code::RepeatedParameter, format!("the callback holds `{name}` more than once")));
            }
        }
        Ok(params)
    }

    /// The `state`, which says to which sign-in the callback belongs.
    pub(crate) fn state(&self) -> Result<&str> {
        match (&self.state, &self.code, &self.error) {
            (Some(state), ..) if !state.is_empty() => Ok(state),
            // "Cancel" on Logto's consent page leads to the bare redirect URI.
            (_, None, None) => {
                Err(Error::new(Code::UserCancelled, "the callback has no parameters: the user cancelled at Logto"))
            }
            _ => Err(Error::new(Code::MissingState, "the callback has no `state`")),
        }
    }

    /// The authorization code, once the answer is known to come from `issuer` and is not an error.
    pub(crate) fn code(&self, issuer: &str, iss_required: bool) -> Result<&str> {
        // RFC 9207 section 2.4: before anything else is done with the answer, an error included.
        match &self.iss {
            Some(iss) if iss == issuer => {}
            Some(iss) => {
                return Err(Error::new(
                    Code::IssMismatched,
                    format!("the callback comes from `{}`, not from `{issuer}`", excerpt(iss)),
                ));
            }
            None if iss_required => return Err(Error::new(Code::IssMissing, "the callback has no `iss`")),
            None => {}
        }
        if let Some(error) = &self.error {
            let oauth = OAuthError {
                error: error.clone(),
                error_description: self.error_description.clone(),
                error_uri: self.error_uri.clone(),
                scope: self.scope.clone(),
                ..OAuthError::default()
            };
            return Err(authorization_error(oauth));
        }
        match &self.code {
            Some(code) if !code.is_empty() => Ok(code),
            _ => Err(Error::new(Code::MissingCode, "the callback has neither `code` nor `error`")),
        }
    }
}

/// The query of a callback: that alone, a path with it, or a whole URL.
pub(crate) fn query_of(query_or_url: &str) -> &str {
    let query = query_or_url.split('#').next().unwrap_or_default();
    // `://` and `?` in a value need no escape (RFC 3986 section 3.4), so only what is before the first parameter can tell.
    let head = query.split(['?', '=', '&']).next().unwrap_or_default();
    let is_query = !(query.starts_with(['/', '?']) || head.contains("://"));
    if is_query { query } else { query.split_once('?').unwrap_or_default().1 }
}

/// Sorts the errors of RFC 6749 section 4.1.2.1, RFC 8707 section 2 and OpenID Connect Core 3.1.2.6 by who is to act.
pub(super) fn authorization_error(oauth: OAuthError) -> Error {
    let name = oauth.error.as_str();
    let (code, message) = match name {
        // Logto's name, and the text of the library that it is built on, for a user who left. Anything else called `access_denied` is a rule
        // of Logto against this user.
        "oidc.aborted" => (Code::UserCancelled, "the sign-in was left"),
        "access_denied" if oauth.error_description() == Some(ABORTED) => (Code::UserCancelled, "the sign-in was left"),
        "access_denied" => (Code::AccessDenied, "Logto does not let the user into this application"),
        "invalid_request"
        | "invalid_scope"
        | "invalid_target"
        | "invalid_client"
        | "unauthorized_client"
        | "unsupported_response_type" => (Code::RequestRefused, "Logto refused the authorization request"),
        "server_error" | "temporarily_unavailable" => (Code::SignInServerError, "Logto could not serve the sign-in"),
        _ => (Code::AuthorizationRefused, "Logto refused the sign-in"),
    };
    let error = Error::new(code, format!("{message}: {oauth}"));
    let error = match name {
        // These two stand for a status, which no redirect can have.
        "server_error" => error.with_response(500, None),
        "temporarily_unavailable" => error.with_response(503, None),
        _ if matches!(code, Code::RequestRefused | Code::AuthorizationRefused) => error.with_hint(hint(name)),
        _ => error,
    };
    error.with_oauth(oauth)
}

/// The description of a sign-in that the user left (oidc-provider).
const ABORTED: &str = "End-User aborted interaction";

/// What to do about an error that Logto sends a browser back with (RFC 6749 section 4.1.2.1).
pub(crate) fn hint(error: &str) -> &'static str {
    match error {
        "login_required" => "Nobody is signed in at Logto, and `prompt=none` forbids asking: sign in without it.",
        "consent_required" | "interaction_required" => {
            "Logto has to ask the user, and `prompt=none` forbids it: sign in without it."
        }
        "invalid_scope" => {
            "Ask only for scopes that the app may have: Logto Console › Applications › your app › Permissions."
        }
        "invalid_target" => {
            "Register the API resource in Logto Console › API resources under the identifier in `resources`."
        }
        "unmet_authentication_requirements" => {
            "The user cannot authenticate as `acr_values` ask: let the user set up a second factor (Logto Console › Multi-factor auth), or name a class that suffices, too."
        }
        "unauthorized_client" | "unsupported_response_type" => {
            "Use an app of the type Traditional web (or a single-page or native app without a secret): Logto Console › Applications. An app of another type cannot sign users in by a code."
        }
        "invalid_client" => "Compare `app_id` with Logto Console › Applications › your app › Endpoints & Credentials.",
        "invalid_request" => {
            "Compare the app's type and settings in the Logto Console with the message, and the options of the sign-in, which went along."
        }
        _ => Code::AuthorizationRefused.hint(),
    }
}

#[cfg(test)]
mod tests;
