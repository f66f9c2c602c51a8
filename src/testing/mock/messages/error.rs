//! The errors of the OpenID Connect endpoints: RFC 6749 section 5.2 with the two members that Logto adds.

use serde_json::{Map, Value};

use super::reply::Reply;

/// An error answer.
#[derive(Debug, Clone)]
pub(crate) struct OidcError {
    status: u16,
    error: &'static str,
    description: Option<String>,
    /// Members beside the usual ones: `state`, `iss`, `scope`.
    members: Vec<(&'static str, String)>,
    challenge: Option<Challenge>,
    session_lost: bool,
    foreign_origin: bool,
}

/// The `WWW-Authenticate` field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Challenge {
    /// Only the realm: nothing was presented (RFC 6750 section 3.1).
    Bare(&'static str),
    /// The realm and the error.
    Explained(&'static str),
}

pub(crate) type OidcResult<T = Reply> = Result<T, OidcError>;

impl OidcError {
    pub(crate) fn new(status: u16, error: &'static str, description: impl Into<String>) -> Self {
        let description = Some(description.into());
        Self {
            status,
            error,
            description,
            members: Vec::new(),
            challenge: None,
            session_lost: false,
            foreign_origin: false,
        }
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", description)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::invalid_request(format!("missing required parameter '{parameter}'"))
    }

    pub(crate) fn repeated(parameter: &str) -> Self {
        Self::invalid_request(format!("'{parameter}' parameter must not be provided twice"))
    }

    /// Logto never says what was wrong with a grant.
    pub(crate) fn invalid_grant() -> Self {
        Self::new(400, "invalid_grant", "grant request is invalid")
    }

    pub(crate) fn invalid_target() -> Self {
        Self::new(400, "invalid_target", "resource indicator is missing, or unknown")
    }

    pub(crate) fn unknown_client(id: &str) -> Self {
        Self::new(400, "invalid_client", format!("invalid client {id}"))
    }

    /// The calling page may not read the answer, either.
    pub(crate) fn foreign_origin(origin: &str, client_id: &str) -> Self {
        let description = format!("origin {origin} not allowed for client: {client_id}");
        Self { foreign_origin: true, ..Self::invalid_request(description) }
    }

    /// As the endpoint for pushed requests puts it: there is no redirect URI to be wrong.
    pub(crate) fn of_pushed(self) -> Self {
        if self.error == "invalid_redirect_uri" { Self { error: "invalid_request", ..self } } else { self }
    }

    pub(crate) fn is_about_origin(&self) -> bool {
        self.foreign_origin
    }

    pub(crate) fn without_description(error: &'static str) -> Self {
        Self { description: None, ..Self::new(400, error, "") }
    }

    /// The interaction is gone: Logto's own code differs from the OAuth error.
    pub(crate) fn session_not_found(description: &str) -> Self {
        Self { session_lost: true, ..Self::invalid_request(description) }
    }

    pub(crate) fn challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    pub(crate) fn member(mut self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        self.members.extend(value.map(|value| (name, value.into())));
        self
    }

    /// The parameters of an authorization error response (RFC 6749 section 4.1.2.1), without `state` and `iss`.
    pub(crate) fn into_params(self) -> Vec<(&'static str, String)> {
        let mut params = vec![("error", self.error.to_owned())];
        params.extend(self.description.map(|description| ("error_description", description)));
        params.extend(self.members);
        params
    }

    /// `plain` leaves Logto's own members out, as `?parse_error=false` asks for.
    pub(crate) fn into_reply(self, issuer: &str, plain: bool) -> Reply {
        let description = self.description.unwrap_or_default();
        let mut body = Map::new();
        if !plain {
            let (code, message) = logto_words(self.error, self.session_lost);
            body.insert("code".into(), code.into());
            body.insert("message".into(), message.into());
            if self.error == "invalid_grant" {
                body.insert("error_uri".into(), "https://openid.sh/debug/invalid_grant".into());
            }
        }
        body.insert("error".into(), self.error.into());
        body.insert("error_description".into(), description.as_str().into());
        // RFC 6750 section 3: which scope is missing.
        let missing = self.members.iter().find(|(name, _)| *name == "scope");
        let missing = missing.map(|(_, scope)| format!(", scope=\"{scope}\"")).unwrap_or_default();
        body.extend(self.members.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        let reply = Reply::json(self.status, &Value::Object(body));
        match self.challenge {
            Some(Challenge::Bare(scheme)) => reply.header("www-authenticate", format!("{scheme} realm=\"{issuer}\"")),
            Some(Challenge::Explained(scheme)) => reply.header(
                "www-authenticate",
                format!(
                    "{scheme} realm=\"{issuer}\", error=\"{}\", error_description=\"{description}\"{missing}",
                    self.error
                ),
            ),
            None => reply,
        }
    }
}

impl From<crate::error::Error> for OidcError {
    fn from(error: crate::error::Error) -> Self {
        tracing::error!(%error, "MockLogto failed");
        Self::new(500, "server_error", "oops! something went wrong")
    }
}

/// Logto's `code` and `message`. Two of its messages are templates that it does not fill in.
fn logto_words(error: &str, session_lost: bool) -> (String, String) {
    if session_lost {
        return ("session.not_found".into(), "Session not found. Please go back and sign in again.".into());
    }
    let code = format!("oidc.{error}");
    let message = match error {
        "access_denied" => "Access denied.",
        "insufficient_scope" => "Token missing scope `{{scope}}`.",
        "invalid_grant" => "Grant request is invalid.",
        "invalid_redirect_uri" => "`redirect_uri` did not match any of the client's registered `redirect_uris`.",
        "invalid_request" => "Request is invalid.",
        "invalid_scope" => "Invalid scope: {{error_description}}.",
        "invalid_target" => "Invalid resource indicator.",
        "invalid_token" => "Invalid token provided.",
        "unsupported_grant_type" => "Unsupported `grant_type` requested.",
        _ => return (code.clone(), format!("An OIDC error occurred: {code}.")),
    };
    (code, message.to_owned())
}
