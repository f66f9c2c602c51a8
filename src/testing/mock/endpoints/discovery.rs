//! The documents that describe the server.

use serde_json::{Value, json};

use crate::testing::mock::{
    directory::claims::USER_SCOPES,
    messages::reply::Reply,
    state::{State, context::CLASSES, keys::SigningAlg, tampering},
};

/// GET `/oidc/.well-known/openid-configuration` and `/oidc/.well-known/oauth-authorization-server`.
pub(crate) fn metadata(state: &mut State) -> Reply {
    let mut document = document(&state.issuer, state.keys.current().alg());
    if state.step_up {
        tell_of_step_up(&mut document);
    }
    Reply::json(200, &tampering::apply(&mut state.tampering.discovery, document))
        .header("access-control-allow-origin", "*")
        .header("vary", "Accept-Encoding, Origin")
}

/// GET `/oidc/jwks`.
pub(crate) fn jwks(state: &mut State) -> Reply {
    let keys = tampering::apply(&mut state.tampering.jwks, state.keys.public());
    Reply::typed(200, "application/jwk-set+json; charset=utf-8", keys.to_string())
        .header("access-control-allow-origin", "*")
        .header("cache-control", "no-cache, max-age=0, must-revalidate")
        .header("vary", "Accept-Encoding, Origin")
}

fn tell_of_step_up(document: &mut Value) {
    let Some(members) = document.as_object_mut() else { return };
    members.insert("acr_values_supported".into(), json!(CLASSES));
    if let Some(claims) = members.get_mut("claims_supported").and_then(Value::as_array_mut) {
        claims.extend(["acr".into(), "amr".into()]);
    }
}

fn document(issuer: &str, alg: SigningAlg) -> Value {
    json!({
        "authorization_endpoint": format!("{issuer}/auth"),
        "device_authorization_endpoint": format!("{issuer}/device/auth"),
        "claims_parameter_supported": false,
        "claims_supported": [
            "sub", "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
            "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "username", "created_at",
            "email", "email_verified", "phone_number", "phone_number_verified", "address", "custom_data",
            "identities", "sso_identities", "roles", "organizations", "organization_data", "organization_roles",
            "sid", "auth_time", "iss",
        ],
        "code_challenge_methods_supported": ["S256"],
        "end_session_endpoint": format!("{issuer}/session/end"),
        "grant_types_supported": [
            "implicit", "authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks"),
        "authorization_response_iss_parameter_supported": true,
        "response_modes_supported": ["form_post", "fragment", "query"],
        "response_types_supported": ["code id_token", "code", "id_token", "none"],
        "scopes_supported": USER_SCOPES,
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_jwt", "client_secret_post", "private_key_jwt", "none",
        ],
        "token_endpoint_auth_signing_alg_values_supported": ["HS256", "RS256", "PS256", "ES256", "Ed25519", "EdDSA"],
        "token_endpoint": format!("{issuer}/token"),
        "id_token_signing_alg_values_supported": [alg.as_str()],
        "pushed_authorization_request_endpoint": format!("{issuer}/request"),
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{issuer}/me"),
        "introspection_endpoint": format!("{issuer}/token/introspection"),
        "revocation_endpoint": format!("{issuer}/token/revocation"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "claim_types_supported": ["normal"],
    })
}
