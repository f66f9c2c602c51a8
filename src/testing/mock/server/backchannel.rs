//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): the requests to the apps.

use std::time::Duration;

use url::form_urlencoded;

use super::outgoing;
use crate::testing::mock::messages::reply::LogoutCall;

const TIMEOUT: Duration = Duration::from_millis(2500);

/// Makes the calls, one after the other. A failure is the app's loss: the user is signed out here all the same.
pub(crate) async fn send(calls: &[LogoutCall]) {
    if calls.is_empty() {
        return;
    }
    let client = outgoing::client(|client| client.timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()));
    let Some(client) = client else { return };
    for call in calls {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &call.token).finish();
        let request = client.post(&call.uri).header("content-type", "application/x-www-form-urlencoded").body(body);
        match request.send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => tracing::debug!(uri = call.uri, "back-channel logout"),
            Err(error) => tracing::warn!(uri = call.uri, %error, "back-channel logout failed"),
        }
    }
}
