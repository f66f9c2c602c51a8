//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0).

use std::time::Duration;

use serde_json::{Value, json};
use url::form_urlencoded;

use super::{error::OidcResult, session::Session, state::State};

const LIFETIME: Duration = Duration::from_secs(120);
const TIMEOUT: Duration = Duration::from_millis(2500);

/// A logout token on its way to an app.
#[derive(Debug, Clone)]
pub(super) struct LogoutCall {
    uri: String,
    token: String,
}

/// One call for each app of the session that wants to be told.
pub(super) fn calls(state: &State, session: &Session) -> OidcResult<Vec<LogoutCall>> {
    let mut calls = Vec::new();
    for (client_id, app_session) in &session.apps {
        let Some(app) = state.world.app(client_id) else { continue };
        let Some(uri) = app.backchannel_logout_uri.clone() else { continue };
        let sid = app.backchannel_session_required.then_some(app_session.sid.as_str());
        calls.push(LogoutCall { uri, token: logout_token(state, client_id, Some(&session.user_id), sid)? });
    }
    Ok(calls)
}

pub(super) fn logout_token(state: &State, client_id: &str, sub: Option<&str>, sid: Option<&str>) -> OidcResult<String> {
    let mut claims = state.new_claims(client_id, LIFETIME)?;
    claims.extend(sub.map(|sub| ("sub".into(), sub.into())));
    claims.extend(sid.map(|sid| ("sid".into(), sid.into())));
    claims.insert("events".into(), json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    state.sign("logout+jwt", &Value::Object(claims))
}

/// Makes the calls, one after the other. A failure is the app's loss: the user is signed out here all the same.
pub(super) async fn send(calls: &[LogoutCall]) {
    if calls.is_empty() {
        return;
    }
    // reqwest would panic.
    #[cfg(all(feature = "rustls-no-provider", not(any(feature = "native-tls", feature = "rustls"))))]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return tracing::warn!("no back-channel logouts: rustls has no `CryptoProvider`");
    }
    let builder = reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).no_proxy();
    let Ok(client) = builder.build() else { return tracing::warn!("no HTTP client for back-channel logouts") };
    for call in calls {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &call.token).finish();
        let request = client.post(&call.uri).header("content-type", "application/x-www-form-urlencoded").body(body);
        match request.send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => tracing::debug!(uri = call.uri, "back-channel logout"),
            Err(error) => tracing::warn!(uri = call.uri, %error, "back-channel logout failed"),
        }
    }
}
