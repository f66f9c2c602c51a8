//! Which clients may call the Management API.

use serde_json::{Value, json};

use crate::testing::mock::{
    directory::MANAGEMENT_RESOURCE,
    endpoints::account::refusal::{failure, refusal},
    messages::{reply::Reply, request::RecordedRequest},
    state::State,
};

/// The refusal of a request without an access token for the Management API that has the scope `all`.
pub(crate) fn turned_away(state: &State, request: &RecordedRequest) -> Option<Reply> {
    let Some(header) = request.header("authorization") else {
        return Some(failure(401, "auth.authorization_header_missing", "Authorization header is missing."));
    };
    let Some(token) = header.strip_prefix("Bearer") else {
        let body = json!({
            "code": "auth.authorization_token_type_not_supported", "data": { "supportedTypes": ["Bearer"] },
            "message": "Authorization type is not supported.",
        });
        return Some(Reply::json(401, &body));
    };
    let Some(claims) = state.keys.verify(token.trim_start()) else {
        return Some(unauthorized(&json!({ "code": "ERR_JWS_INVALID", "name": "JWSInvalid" })));
    };
    let claim = |name: &str| claims.get(name).cloned().unwrap_or_default();
    let wrong = [("aud", MANAGEMENT_RESOURCE), ("iss", state.issuer.as_str())];
    if let Some((name, _)) = wrong.iter().find(|(name, expected)| claim(name) != *expected) {
        return Some(unauthorized(&json!({
            "code": "ERR_JWT_CLAIM_VALIDATION_FAILED", "name": "JWTClaimValidationFailed", "claim": name,
            "reason": "check_failed", "payload": claims,
        })));
    }
    if claim("exp").as_i64().is_none_or(|exp| exp <= state.now_seconds()) {
        return Some(unauthorized(&json!({
            "code": "ERR_JWT_EXPIRED", "name": "JWTExpired", "claim": "exp", "reason": "check_failed", "payload": claims,
        })));
    }
    let scope = claim("scope");
    let has_all = scope.as_str().is_some_and(|scope| scope.split(' ').any(|word| word == "all"));
    (!has_all).then(|| refusal(403, "auth.forbidden"))
}

fn unauthorized(why: &Value) -> Reply {
    let message = "Unauthorized. Please check credentials and its scope.";
    Reply::json(401, &json!({ "code": "auth.unauthorized", "data": why, "message": message }))
}
