//! Logout tokens (OpenID Connect Back-Channel Logout section 2.4).

use std::time::Duration;

use serde_json::{Value, json};

use crate::testing::mock::{
    messages::{error::OidcResult, reply::LogoutCall},
    state::{State, session::Session},
};

const LIFETIME: Duration = Duration::from_secs(120);

/// One call for each app of the session that wants to be told.
pub(crate) fn calls(state: &State, session: &Session) -> OidcResult<Vec<LogoutCall>> {
    let mut calls = Vec::new();
    for (client_id, app_session) in &session.apps {
        let Some(app) = state.directory.app(client_id) else { continue };
        let Some(uri) = app.backchannel_logout_uri.clone() else { continue };
        let sid = app.backchannel_session_required.then_some(app_session.sid.as_str());
        calls.push(LogoutCall { uri, token: issue(state, client_id, Some(&session.user_id), sid)? });
    }
    Ok(calls)
}

pub(crate) fn issue(state: &State, client_id: &str, sub: Option<&str>, sid: Option<&str>) -> OidcResult<String> {
    let mut claims = state.new_claims(client_id, LIFETIME)?;
    claims.extend(sub.map(|sub| ("sub".into(), sub.into())));
    claims.extend(sid.map(|sid| ("sid".into(), sid.into())));
    claims.insert("events".into(), json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    state.sign("logout+jwt", &Value::Object(claims))
}
