//! Pushed authorization requests (RFC 9126): what a sign-in asks for goes to the server before the browser does.

use http::{Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::{
    callback::authorization_error,
    token::{Client, post_form},
};
use crate::{
    error::{Code, Error, Result},
    http::{Repeat, Transport, parse_json, unexpected},
    telemetry::Endpoint,
};

/// RFC 9126 section 2.2.
#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}

/// Sends the parameters. Gives the reference that they are known by from now on, for about a minute and for one use.
pub(crate) async fn push(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    parameters: &[(&str, String)],
) -> Result<String> {
    let form: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // A request that came twice is two references, of which one is never used.
    let response =
        post_form(transport, (Endpoint::PushedAuthorization, endpoint), client, &form, Repeat::Always).await?;
    if !matches!(response.status(), StatusCode::CREATED | StatusCode::OK) {
        return Err(refused(&response, endpoint));
    }
    let Pushed { request_uri } = parse_json(&response, Code::UnexpectedResponse, endpoint)?;
    if request_uri.is_empty() {
        return Err(Error::new(Code::UnexpectedResponse, "the server gave no `request_uri` for what was pushed"));
    }
    Ok(request_uri)
}

/// The same errors as at the authorization endpoint, and those of a client that is not known (RFC 9126 section 2.3).
fn refused(response: &Response<Vec<u8>>, endpoint: &Url) -> Error {
    let plain = unexpected(response, Code::UnexpectedResponse, endpoint);
    match plain.oauth_error().cloned() {
        Some(oauth) if oauth.error == "invalid_client" => unexpected(response, Code::ClientRejected, endpoint),
        Some(oauth) if !oauth.error.is_empty() => {
            let error = authorization_error(oauth);
            match error.provider_status() {
                None => error.with_response(response.status().as_u16(), plain.retry_after()),
                Some(_) => error,
            }
        }
        _ => plain,
    }
}
