//! The userinfo endpoint (OpenID Connect Core 5.3).

use http::{Method, StatusCode, header};
use url::Url;

use crate::{
    claims::UserInfo,
    error::{Code, Error, Result},
    http::{Repeat, Transport, parse_json, request, unexpected, valid},
    secret::Secret,
    telemetry::Endpoint,
};

/// Asks who the access token belongs to, which must be `sub`.
pub(crate) async fn fetch(transport: &Transport, endpoint: &Url, access_token: &Secret, sub: &str) -> Result<UserInfo> {
    let request = request(Method::GET, endpoint)
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", access_token.expose()));
    let response = transport.send(Endpoint::UserInfo, valid(request.body(Vec::new()))?, Repeat::Always).await?;
    if response.status() != StatusCode::OK {
        return Err(unexpected(&response, Code::UserInfoFailed, endpoint));
    }
    let user_info: UserInfo = parse_json(&response, Code::UserInfoFailed, endpoint)?;
    // OpenID Connect Core 5.3.2: or tokens of two users could be mixed.
    if user_info.sub != sub {
        return Err(Error::new(Code::UserInfoSub, "the user info is about another user than the ID token"));
    }
    Ok(user_info)
}
