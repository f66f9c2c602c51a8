//! The response of the token endpoint that all grants share.

use serde_json::{Map, Value};

use super::access::AccessGranted;

/// RFC 6749 section 5.1, with the ID token of OpenID Connect Core section 3.1.3.3.
pub(crate) fn token_response(access: AccessGranted, id_token: Option<String>, refresh_token: Option<String>) -> Value {
    let mut members = Map::new();
    members.insert("access_token".into(), access.token.into());
    members.insert("expires_in".into(), access.expires_in.into());
    members.extend(id_token.map(|token| ("id_token".into(), token.into())));
    members.extend(refresh_token.map(|token| ("refresh_token".into(), token.into())));
    members.extend(access.scope.map(|scope| ("scope".into(), scope.into())));
    members.insert("token_type".into(), "Bearer".into());
    Value::Object(members)
}
