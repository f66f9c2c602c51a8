//! The one part of the Management API that a token exchange needs: subject tokens.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    clock::{random_token, whole_seconds},
    error::Result,
    testing::mock::{
        MockLogto,
        messages::{error::OidcResult, reply::Reply, request::RecordedRequest},
        state::{
            State,
            store::{PersonalAccessToken, SubjectToken},
        },
    },
};

/// The Management API's identifier, where Logto is self-hosted.
const RESOURCE: &str = "https://default.logto.app/api";
const SUBJECT_TOKEN_LIFETIME: Duration = Duration::from_secs(600);

/// Anything under `/api`: there is no saying what is there to those who may not know.
pub(crate) fn api(state: &mut State, request: &RecordedRequest) -> OidcResult {
    match (refusal(state, request), request.method(), request.path()) {
        (Some(refusal), ..) => Ok(refusal),
        (None, "POST", "/api/subject-tokens") => subject_tokens(state, request),
        (None, ..) => Ok(Reply::text(404, "Not Found")),
    }
}

/// POST `/api/subject-tokens`.
fn subject_tokens(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let Some(user_id) = body.get("userId").and_then(Value::as_str) else {
        return Ok(failure(400, "guard.invalid_input", "The request body is invalid."));
    };
    if state.directory.user(user_id).is_none() {
        return Ok(failure(404, "entity.not_found", "The resource does not exist."));
    }
    let token = create_subject_token(state, user_id.to_owned())?;
    Ok(Reply::json(201, &json!({ "subjectToken": token, "expiresIn": whole_seconds(SUBJECT_TOKEN_LIFETIME) })))
}

/// Who may not: whoever brings no access token for the Management API with the scope `all`.
pub(crate) fn refusal(state: &State, request: &RecordedRequest) -> Option<Reply> {
    let Some(header) = request.header("authorization") else {
        return Some(failure(401, "auth.authorization_header_missing", "Authorization header is missing."));
    };
    let unauthorized = "Unauthorized. Please check credentials and its scope.";
    let Some(claims) = header.strip_prefix("Bearer ").and_then(|token| state.keys.verify(token)) else {
        let data = json!({ "code": "ERR_JWS_INVALID", "name": "JWSInvalid" });
        let body = json!({ "code": "auth.unauthorized", "data": data, "message": unauthorized });
        return Some(Reply::json(401, &body));
    };
    let claim = |name: &str| claims.get(name).cloned().unwrap_or_default();
    let is_good = claim("aud") == RESOURCE
        && claim("iss") == state.issuer
        && claim("scope").as_str().is_some_and(|scope| scope.split(' ').any(|word| word == "all"))
        && claim("exp").as_i64().is_some_and(|exp| exp > state.now_seconds());
    if claim("aud") != RESOURCE {
        let data = json!({
            "code": "ERR_JWT_CLAIM_VALIDATION_FAILED", "name": "JWTClaimValidationFailed", "claim": "aud",
            "reason": "check_failed", "payload": claims,
        });
        let body = json!({ "code": "auth.unauthorized", "data": data, "message": unauthorized });
        return Some(Reply::json(401, &body));
    }
    (!is_good).then(|| failure(401, "auth.unauthorized", unauthorized))
}

pub(crate) fn failure(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "code": code, "message": message }))
}

fn create_subject_token(state: &mut State, user_id: String) -> Result<String> {
    let token = format!("sub_{}", random_token()?);
    let expires_at = state.after(SUBJECT_TOKEN_LIFETIME);
    state.store.subject_tokens.insert(token.clone(), SubjectToken { user_id, expires_at, used: false });
    Ok(token)
}

/// Tokens to be exchanged.
impl MockLogto {
    /// A subject token for a user, named by username or id, as the Management API makes them (`POST /api/subject-tokens`, which this server
    /// has, too). It works once, for ten minutes.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    #[allow(clippy::expect_used, reason = "a test cannot go on without the token it asks for")]
    #[must_use]
    pub fn create_subject_token(&self, user: &str) -> String {
        let mut state = self.shared.state();
        let id = state.directory.user_called(user).expect("there is such a user").id.clone();
        create_subject_token(&mut state, id).expect("the system gives random bytes")
    }

    /// A personal access token of a user, named by username or id. It works until it expires, if it does.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    #[allow(clippy::expect_used, reason = "a test cannot go on without the token it asks for")]
    #[must_use]
    pub fn create_personal_access_token(&self, user: &str, lifetime: Option<Duration>) -> String {
        let mut state = self.shared.state();
        let user_id = state.directory.user_called(user).expect("there is such a user").id.clone();
        let token = format!("pat_{}", random_token().expect("the system gives random bytes"));
        let expires_at = lifetime.map(|lifetime| state.after(lifetime));
        state.store.personal_access_tokens.insert(token.clone(), PersonalAccessToken { user_id, expires_at });
        token
    }
}
