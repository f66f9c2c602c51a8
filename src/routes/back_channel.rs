//! The route that Logto posts to.

use crate::{Error, LogtoClient, Reply, error::Code};

const FORM: &str = "application/x-www-form-urlencoded";

/// Logto sends it, and no browser: no cookie is read or set, and who sent it is told by the token.
pub(super) async fn answer(logto: &LogtoClient, method: &str, content_type: Option<&str>, body: &str) -> Reply {
    if method != "POST" {
        return Reply::json(405, &serde_json::json!({ "code": "routes.method_not_allowed" })).header("allow", "POST");
    }
    let result = match content_type.map(essence) {
        Some(essence) if essence.eq_ignore_ascii_case(FORM) => logto.back_channel_logout(body).await,
        _ => Err(Error::new(Code::LogoutTokenMissing, format!("the request's body is not {FORM}"))),
    };
    Reply::back_channel_logout(result.as_ref().err())
}

/// A media type without its parameters (RFC 9110 section 8.3.1).
fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}
