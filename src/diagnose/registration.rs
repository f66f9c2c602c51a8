//! What the Logto Console knows of this app, asked with requests that change nothing.
//!
//! Without a user and a browser session there is nothing to lose: the code is none that was ever issued, `prompt=none` shows no page, and
//! the end session endpoint ends no session that is not presented to it.

use http::{HeaderMap, Method, Response, StatusCode, header};
use url::Url;

use super::{CLIENT, Check, POST_SIGN_OUT, REDIRECT_URI, SCOPES};
use crate::{
    client::LogtoClient,
    error::{Code, Error, OAuthError, Result},
    http::{Repeat, request, unexpected, valid},
    oidc::{
        authorize::AuthorizationRequest,
        callback,
        discovery::{self, ProviderMetadata},
        logout::end_session_url,
        token,
    },
    organizations::ORGANIZATIONS_RESOURCE,
    telemetry::Endpoint,
    types::{Prompt, ResponseMode, SignInOptions},
};

/// The `code`, `state` and `nonce` of the requests, so that they can be recognized in Logto's log.
const PROBE_VALUE: &str = "logto-rust-diagnose";
/// The pair of RFC 7636 appendix B. It protects nothing here; the requests must only be well formed.
const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const CREDENTIALS: &str = "Logto Console › Applications › your app › Endpoints & Credentials";

impl LogtoClient {
    /// A code that does not exist: Logto authenticates the client first, and answers `invalid_grant` to one that it knows.
    pub(super) async fn check_credentials(&self, metadata: &ProviderMetadata) -> Check {
        let config = self.config();
        let (id, secret) = (&config.app_id, config.app_secret.is_some());
        let (credentials, redirect_uri) = (self.credentials(), config.redirect_uri());
        let endpoint = &metadata.token_endpoint;
        let answer =
            token::exchange_code(self.transport(), endpoint, &credentials, PROBE_VALUE, &redirect_uri, CODE_VERIFIER)
                .await;
        let Err(error) = answer else {
            let found = "the token endpoint gave tokens for a code that does not exist";
            return Check::failure(CLIENT, found, "Set LOGTO_ENDPOINT to a Logto server: this is none.");
        };
        let kind = if secret { "with its secret" } else { "as a public client, without a secret" };
        match error.oauth_error().map(OAuthError::error) {
            Some("invalid_grant") => Check::ok(CLIENT, format!("Logto knows the app `{id}`, {kind}")),
            Some("invalid_client") if error.provider_status() == Some(400) => {
                Check::failure(CLIENT, error.to_string(), unknown_app(id))
            }
            Some("invalid_client") if secret => {
                let hint = format!(
                    "{CREDENTIALS}: set LOGTO_APP_ID to the App ID and LOGTO_APP_SECRET to an App secret of the same app. A single page or native app has no secret: leave it out."
                );
                Check::failure(CLIENT, format!("Logto refuses the secret of the app `{id}`: {error}"), hint)
            }
            Some("invalid_client") => {
                let hint = format!(
                    "{CREDENTIALS}: set LOGTO_APP_SECRET to an App secret of this app, which is no public client."
                );
                Check::failure(CLIENT, format!("Logto wants a secret of the app `{id}`: {error}"), hint)
            }
            // "requested grant type is not allowed for this client"
            Some("unauthorized_client" | "invalid_request") => {
                let hint = "Logto Console › Applications › Create application › Traditional web: users cannot sign in to a machine-to-machine app.";
                Check::failure(CLIENT, error.to_string(), hint)
            }
            _ => Check::failure(CLIENT, error.to_string(), error.hint()),
        }
    }

    /// A sign-in without a page: Logto validates the redirect URI and the request, and redirects the browser back.
    pub(super) async fn check_authorization(&self, metadata: &ProviderMetadata) -> [Check; 2] {
        let config = self.config();
        let redirect_uri = config.redirect_uri();
        let url = AuthorizationRequest {
            endpoint: &discovery::to_internal_url(&metadata.authorization_endpoint, self.0.provider.addresses()),
            client_id: &config.app_id,
            redirect_uri: &redirect_uri,
            scopes: &config.scopes,
            resources: &config.resources,
            prompt: &[Prompt::None],
            state: PROBE_VALUE,
            nonce: PROBE_VALUE,
            code_challenge: CODE_CHALLENGE,
            // A form would be for a browser to send.
            response_mode: ResponseMode::Query,
            options: &SignInOptions::new(),
        }
        .url();
        let skipped = || Check::skipped(SCOPES, "it takes a redirect URI that Logto accepts");
        match self.get_without_cookies(Endpoint::Authorization, &url).await {
            Ok(response) => match redirected_error(response.headers(), &redirect_uri) {
                Some(error) => [
                    Check::ok(REDIRECT_URI, format!("{redirect_uri} is registered")),
                    self.check_sign_in_request(&error),
                ],
                None => [self.check_authorization_error(&response, &url, &redirect_uri), skipped()],
            },
            Err(error) => [Check::failure(REDIRECT_URI, error.to_string(), error.hint()), skipped()],
        }
    }

    /// Logto stayed with the browser: it does not send it to an address that it does not know (RFC 6749 section 4.1.2.1).
    fn check_authorization_error(&self, response: &Response<Vec<u8>>, url: &Url, redirect_uri: &str) -> Check {
        if response.status().is_redirection() {
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
            let found = format!("the authorization endpoint redirects to {}", to.split('?').next().unwrap_or_default());
            return Check::failure(REDIRECT_URI, found, Error::new(Code::Redirected, "").hint());
        }
        let error = unexpected(response, Code::UnexpectedResponse, url);
        match error.oauth_error().map(OAuthError::error) {
            Some("invalid_redirect_uri") => {
                let hint = format!(
                    "Logto Console › Applications › your app (a traditional web app) › Redirect URIs: add {redirect_uri}; its path letter by letter. Until then Logto shows users an error of its own, and the application never hears of it."
                );
                Check::failure(REDIRECT_URI, format!("{redirect_uri} is not registered"), hint)
            }
            Some("invalid_client") => {
                Check::failure(REDIRECT_URI, error.to_string(), unknown_app(&self.config().app_id))
            }
            _ => Check::failure(REDIRECT_URI, error.to_string(), error.hint()),
        }
    }

    fn check_sign_in_request(&self, error: &OAuthError) -> Check {
        let config = self.config();
        match error.error() {
            // OpenID Connect Core 3.1.2.6: there is nobody to sign in, and that is all.
            "login_required" | "interaction_required" | "consent_required" => {
                let resources = match config.resources.as_slice() {
                    [] => "no resources".to_owned(),
                    some => format!("resources {}", some.join(", ")),
                };
                Check::ok(SCOPES, format!("Logto accepts the request: {} scopes, {resources}", config.scopes.len()))
            }
            "invalid_target" => {
                let own = config.resources.iter().filter(|resource| *resource != ORGANIZATIONS_RESOURCE);
                let hint = format!(
                    "Logto Console › API resources: each of these must be an API identifier there, letter by letter: {}. Or take it out of LOGTO_RESOURCES.",
                    own.cloned().collect::<Vec<_>>().join(", ")
                );
                Check::failure(SCOPES, format!("Logto does not know a resource: {error}"), hint)
            }
            "invalid_scope" => Check::failure(
                SCOPES,
                format!("Logto refuses a scope: {error}"),
                format!(
                    "Logto Console › Applications › your app › Permissions: grant what LOGTO_SCOPES asks for (`{}`), or ask for less.",
                    config.scopes.join(" ")
                ),
            ),
            _ => Check::failure(SCOPES, format!("Logto refuses the request: {error}"), callback::hint(error.error())),
        }
    }

    /// Without a session cookie there is no session to end; Logto answers with the page that would ask for confirmation, or refuses the URI.
    pub(super) async fn check_sign_out(&self, metadata: &ProviderMetadata) -> Check {
        let config = self.config();
        let Some(endpoint) = &metadata.end_session_endpoint else {
            return Check::skipped(POST_SIGN_OUT, "there is no end_session_endpoint");
        };
        let endpoint = discovery::to_internal_url(endpoint, self.0.provider.addresses());
        let target = config.base_url();
        let url = end_session_url(&endpoint, &config.app_id, None, target, None);
        let response = match self.get_without_cookies(Endpoint::EndSession, &url).await {
            Ok(response) if response.status() == StatusCode::OK => {
                return Check::ok(POST_SIGN_OUT, format!("{target} is registered"));
            }
            Ok(response) => unexpected(&response, Code::UnexpectedResponse, &url),
            Err(error) => error,
        };
        match response.oauth_error().map(OAuthError::error) {
            Some("invalid_request") => {
                let hint = format!(
                    "Logto Console › Applications › your app › Post sign-out redirect URIs: add {target}; a slash at its end makes no difference. Until then users who sign out end on an error of Logto's."
                );
                Check::failure(POST_SIGN_OUT, format!("{target} is not registered: {response}"), hint)
            }
            Some("invalid_client") => Check::failure(POST_SIGN_OUT, response.to_string(), unknown_app(&config.app_id)),
            _ => Check::failure(POST_SIGN_OUT, response.to_string(), response.hint()),
        }
    }

    /// Opens an address as a browser without cookies would, and stays there.
    async fn get_without_cookies(&self, endpoint: Endpoint, url: &Url) -> Result<Response<Vec<u8>>> {
        let request = request(Method::GET, url).header(header::ACCEPT, "text/html,application/json").body(Vec::new());
        self.transport().exchange(endpoint, valid(request)?, Repeat::Always).await
    }
}

/// The error that the browser is sent back to the application with, if it is sent there.
fn redirected_error(headers: &HeaderMap, redirect_uri: &str) -> Option<OAuthError> {
    let target = Url::parse(headers.get(header::LOCATION)?.to_str().ok()?).ok()?;
    let mut bare = target.clone();
    bare.set_query(None);
    if bare != Url::parse(redirect_uri).ok()? {
        return None;
    }
    let param = |wanted: &str| {
        target.query_pairs().find_map(|(name, value)| (name == wanted).then(|| value.into_owned())).unwrap_or_default()
    };
    Some(OAuthError {
        error: param("error"),
        error_description: Some(param("error_description")).filter(|text| !text.is_empty()),
        ..OAuthError::default()
    })
}

fn unknown_app(id: &str) -> String {
    format!(
        "{CREDENTIALS}: set LOGTO_APP_ID to the App ID there. Logto at LOGTO_ENDPOINT has no app `{id}`; it may belong to another tenant."
    )
}
