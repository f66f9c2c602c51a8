//! A request by the Account API: sent, and its answer read.

use http::{HeaderValue, Method, Response, header};
use serde::de::DeserializeOwned;

use super::ApiPath;
use crate::{
    error::{Code, Error, Result},
    http::{Repeat, path_of, request, valid},
    oidc::provider::Provider,
    secret::Secret,
    telemetry::Endpoint,
};

/// The header that names the verification of who asks.
const VERIFICATION_HEADER: &str = "logto-verification-id";

/// A request to the API.
pub(crate) struct ApiRequest<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a ApiPath,
    pub(crate) token: Option<&'a Secret>,
    pub(crate) verification: Option<&'a Secret>,
    pub(crate) body: &'a ApiBody,
}

/// What a request carries.
pub(crate) enum ApiBody {
    None,
    Json(Vec<u8>),
    /// Of this media type.
    Other(String, Vec<u8>),
}

impl ApiBody {
    /// # Errors
    /// `options.invalid` for what is no JSON.
    pub(crate) fn json(value: &impl serde::Serialize) -> Result<Self> {
        // serde's own error may quote the value.
        let json = serde_json::to_vec(value)
            .map_err(|_| Error::new(Code::InvalidOption, "the body of the request cannot be written as JSON"))?;
        Ok(Self::Json(json))
    }
}

/// Sends a request; every status but a redirect is an `Ok`.
///
/// # Errors
/// `network.…`, and `options.invalid` where the request cannot be sent.
pub(crate) async fn send(provider: &Provider, endpoint: Endpoint, asked: ApiRequest<'_>) -> Result<Response<Vec<u8>>> {
    let ApiRequest { method, path, token, verification, body } = asked;
    let url = path.url(provider.addresses())?;
    // What was deleted is not there the second time, which would pass for a failure.
    let repeat = if method == Method::DELETE { Repeat::Never } else { Repeat::of(&method) };
    let mut builder = request(method, &url).header(header::ACCEPT, "application/json");
    if let Some(token) = token {
        builder = builder.header(header::AUTHORIZATION, sensitive(&format!("Bearer {}", token.expose()))?);
    }
    if let Some(verification) = verification {
        builder = builder.header(VERIFICATION_HEADER, sensitive(verification.expose())?);
    }
    let body = match body {
        ApiBody::None => Vec::new(),
        ApiBody::Json(json) => {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
            json.clone()
        }
        ApiBody::Other(media_type, bytes) => {
            builder = builder.header(header::CONTENT_TYPE, media_type);
            bytes.clone()
        }
    };
    provider.transport().send(endpoint, valid(builder.body(body))?, repeat).await
}

/// Reads the JSON of an answer. The error says which request it was, and nothing of the answer's values.
///
/// # Errors
/// `code` for what is not JSON of this shape.
pub(crate) fn read<T: DeserializeOwned>(
    response: &Response<Vec<u8>>,
    path: &ApiPath,
    provider: &Provider,
    code: Code,
) -> Result<T> {
    serde_json::from_slice(response.body()).map_err(|source| {
        let at = path.url(provider.addresses()).map(|url| path_of(&url)).unwrap_or_default();
        // serde quotes text that stands in the place of something else.
        let what = match source.classify() {
            serde_json::error::Category::Data => "JSON of another shape",
            _ => "something that is not JSON",
        };
        Error::new(code, format!("{at} answered with {what}")).with_response(response.status().as_u16(), None)
    })
}

/// A header that no log prints.
fn sensitive(value: &str) -> Result<HeaderValue> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| Error::new(Code::InvalidOption, "a token or an id has characters that a header cannot carry"))?;
    header.set_sensitive(true);
    Ok(header)
}
