//! The device authorization grant (RFC 8628): the user signs in on any device, and this program asks whether that is done.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;

use super::token::{
    Client, TokenResponse, default_lifetime_seconds, lifetime_seconds, post_form, token_endpoint_error, token_request,
};
use crate::{
    error::{Code, Error, Result, excerpt},
    http::{Repeat, Transport, parse_json},
    secret::Secret,
    telemetry::Endpoint,
    types::Server,
};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// RFC 8628 section 3.2: where the answer has no `interval`, as Logto's.
const DEFAULT_INTERVAL_SECONDS: u64 = 5;
/// A server that asks for more is asked at this pace.
const MAX_INTERVAL_SECONDS: u64 = 60;
/// No code lives as long: Logto's lives 600 seconds.
const MAX_LIFETIME_SECONDS: u64 = 24 * 60 * 60;
/// Characters. People type it.
const MAX_USER_CODE: usize = 64;

/// RFC 8628 section 3.2.
#[derive(Deserialize)]
struct Answer {
    device_code: Secret,
    user_code: String,
    verification_uri: Url,
    #[serde(default)]
    verification_uri_complete: Option<Url>,
    #[serde(default = "default_lifetime_seconds", deserialize_with = "lifetime_seconds")]
    expires_in: i64,
    #[serde(default = "default_interval_seconds", deserialize_with = "interval_seconds")]
    interval: u64,
}

fn default_interval_seconds() -> u64 {
    DEFAULT_INTERVAL_SECONDS
}

fn interval_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let seconds = Value::deserialize(deserializer)?.as_u64().unwrap_or(DEFAULT_INTERVAL_SECONDS);
    Ok(seconds.clamp(1, MAX_INTERVAL_SECONDS))
}

/// A device authorization that waits for its user.
#[derive(Debug)]
pub(crate) struct DeviceAuthorization {
    pub(crate) device_code: Secret,
    /// Printable ASCII.
    pub(crate) user_code: String,
    pub(crate) verification_uri: Url,
    pub(crate) verification_uri_complete: Option<Url>,
    pub(crate) lifetime: Duration,
    pub(crate) interval: Duration,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeviceRequest<'a> {
    pub(crate) scopes: &'a [String],
    pub(crate) resources: &'a [String],
    /// Where the server is, as the user's browser reaches it.
    pub(crate) server: &'a Url,
}

/// Begins: gets the code that the user enters (RFC 8628 section 3.1).
pub(crate) async fn authorize(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    asked: DeviceRequest<'_>,
) -> Result<DeviceAuthorization> {
    let scope = asked.scopes.join(" ");
    let mut form = vec![("scope", scope.as_str())];
    form.extend(asked.resources.iter().map(|resource| ("resource", resource.as_str())));
    // A request that came twice is two codes, of which one is never entered.
    let response =
        post_form(transport, (Endpoint::DeviceAuthorization, endpoint), client, &form, Repeat::Always).await?;
    if response.status() != StatusCode::OK {
        let error = token_endpoint_error(&response, endpoint, false);
        return Err(if is_about_device_code(&error) {
            Error::new(Code::CliNoDeviceFlow, "the app is not for the device flow").caused_by(error)
        } else {
            error
        });
    }
    judge(parse_json(&response, Code::UnexpectedResponse, endpoint)?, asked.server)
}

/// Logto's word for an app that has no device flow; the description is for people, and all there is to tell this by.
fn is_about_device_code(error: &Error) -> bool {
    let Some(oauth) = error.oauth_error() else { return false };
    oauth.error == "unauthorized_client" || oauth.error_description().is_some_and(|text| text.contains(GRANT_TYPE))
}

/// What is shown on a terminal is what it seems to be: an address of http or https, and a code without control characters.
fn judge(answer: Answer, server: &Url) -> Result<DeviceAuthorization> {
    let Answer { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = answer;
    Server(server).check(&verification_uri)?;
    let is_shown = |code: &str| code.len() <= MAX_USER_CODE && code.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if device_code.expose().is_empty() || user_code.trim().is_empty() || !is_shown(&user_code) {
        let message = format!("the server gave no code that a user can enter: `{}`", excerpt(&user_code));
        return Err(Error::new(Code::UnexpectedResponse, message));
    }
    let lifetime = u64::try_from(expires_in).unwrap_or_default().min(MAX_LIFETIME_SECONDS);
    Ok(DeviceAuthorization {
        device_code,
        user_code,
        verification_uri_complete: verification_uri_complete.filter(|url| Server(server).check(url).is_ok()),
        verification_uri,
        lifetime: Duration::from_secs(lifetime),
        interval: Duration::from_secs(interval),
    })
}

/// What the token endpoint says to a device code.
#[derive(Debug)]
pub(crate) enum Poll {
    Tokens(Box<TokenResponse>),
    /// The user has not finished.
    Pending,
    /// The same, and this program asks too often.
    SlowDown,
}

/// Asks once whether the user has finished (RFC 8628 section 3.4). It is not sent twice: Logto revokes the grant of a code that comes again
/// after the tokens were given (recorded).
///
/// # Errors
/// `cli.denied`, `cli.expired`, and those of the token endpoint and the network.
pub(crate) async fn poll(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    device_code: &Secret,
) -> Result<Poll> {
    let form = [("grant_type", GRANT_TYPE), ("device_code", device_code.expose())];
    let error = match token_request(transport, endpoint, client, &form, Repeat::Never).await {
        Ok(tokens) => return Ok(Poll::Tokens(Box::new(tokens))),
        Err(error) => error,
    };
    // RFC 8628 section 3.5.
    match error.oauth_error().map(|oauth| oauth.error.as_str()) {
        Some("authorization_pending") => Ok(Poll::Pending),
        Some("slow_down") => Ok(Poll::SlowDown),
        Some("access_denied") => Err(Error::new(Code::CliDenied, "the sign-in was refused").caused_by(error)),
        Some("expired_token") => Err(Error::new(Code::CliExpired, "the code has expired").caused_by(error)),
        // Of a code that the server does not know, or does not know any more.
        Some("invalid_grant") => Err(Error::new(Code::CliExpired, "the code is not good any more").caused_by(error)),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn judged(changes: &Value) -> Result<DeviceAuthorization> {
        let mut answer = serde_json::json!({
            "device_code": "code", "user_code": "ABCD-EFGH", "expires_in": 600,
            "verification_uri": "https://x.logto.app/device", "verification_uri_complete": "https://x.logto.app/device?user_code=ABCD-EFGH",
        });
        for (name, value) in changes.as_object().unwrap() {
            answer.as_object_mut().unwrap().insert(name.clone(), value.clone());
        }
        judge(serde_json::from_value(answer).unwrap(), &"https://x.logto.app".parse().unwrap())
    }

    #[test]
    fn an_answer_without_an_interval_is_asked_every_five_seconds() {
        for (changes, seconds) in [
            (serde_json::json!({}), 5),
            (serde_json::json!({ "interval": 2 }), 2),
            (serde_json::json!({ "interval": 0 }), 1),
            (serde_json::json!({ "interval": 1e9 }), 5),
            (serde_json::json!({ "interval": 4_000_000_000_u64 }), 60),
            (serde_json::json!({ "interval": "soon" }), 5),
        ] {
            assert_eq!(judged(&changes).unwrap().interval, Duration::from_secs(seconds), "{changes}");
        }
        assert_eq!(judged(&serde_json::json!({ "expires_in": 1e12 })).unwrap().lifetime, Duration::from_secs(86400));
    }

    #[test]
    fn what_a_terminal_would_not_show_as_it_is_is_refused() {
        for changes in [
            serde_json::json!({ "user_code": "\u{1b}[2J" }),
            serde_json::json!({ "user_code": "" }),
            serde_json::json!({ "user_code": "x".repeat(65) }),
            serde_json::json!({ "device_code": "" }),
        ] {
            assert_eq!(judged(&changes).unwrap_err().code(), "unexpected_response_error", "{changes}");
        }
        for address in ["javascript:alert(1)", "file:///etc/passwd", "http://x.logto.app/device"] {
            let changes = serde_json::json!({ "verification_uri": address });
            assert_eq!(judged(&changes).unwrap_err().code(), "discovery.failed", "{address}");
            let changes = serde_json::json!({ "verification_uri_complete": address });
            assert_eq!(judged(&changes).unwrap().verification_uri_complete, None, "{address}");
        }
    }
}
