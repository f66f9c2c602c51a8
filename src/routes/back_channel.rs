//! The route that Logto posts to.

use super::{AuthRequest, FORM_MEDIA_TYPE};
use crate::{
    client::LogtoClient,
    error::{Code, Error},
    response::AuthResponse,
};

/// Logto sends it, and no browser: no cookie is read or set, and who sent it is told by the token.
pub(super) async fn handle(logto: &LogtoClient, request: &AuthRequest) -> AuthResponse {
    if request.method != "POST" {
        return AuthResponse::document(405, &serde_json::json!({ "code": "routes.method_not_allowed", "message": "The method is not that of the route." }))
            .header("allow", "POST");
    }
    let result = if let Some(form) = request.form() {
        logto.back_channel_logout(form).await
    } else {
        let error = Error::new(Code::LogoutTokenMissing, format!("the request's body is not {FORM_MEDIA_TYPE}"));
        Err(logto.tell_refused_logout(error))
    };
    AuthResponse::back_channel_logout(result.as_ref().err())
}
