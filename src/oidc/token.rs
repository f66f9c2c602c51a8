//! The token, revocation and introspection endpoints (RFC 6749 sections 4.1.3, 4.4 and 6, RFC 7009, RFC 7662, RFC 8693, RFC 8707).

use std::time::Duration;

use base64_simd::STANDARD;
use http::{Method, Response, StatusCode, header};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use crate::{
    clock::whole_part,
    error::{Code, Error, Result},
    http::{Repeat, Transport, parse_json, request, unexpected, valid},
    secret::Secret,
    telemetry::Endpoint,
    types::TokenKey,
};

/// The client, and the secret that it authenticates with.
#[derive(Debug, Clone)]
pub(crate) struct Client<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: Option<&'a Secret>,
}

/// What the token endpoint gives.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenResponse {
    pub(crate) access_token: Secret,
    token_type: String,
    #[serde(default = "default_lifetime_seconds", deserialize_with = "lifetime_seconds")]
    pub(crate) expires_in: i64,
    #[serde(default)]
    pub(crate) id_token: Option<Secret>,
    #[serde(default, deserialize_with = "non_empty_token")]
    pub(crate) refresh_token: Option<Secret>,
    #[serde(default)]
    pub(crate) scope: Option<String>,
    /// RFC 8693 section 2.2.1 requires it after a token exchange. Logto leaves it out.
    #[serde(default)]
    pub(crate) issued_token_type: Option<String>,
}

const OPENID: &str = "openid";

/// A refresh whose connection broke is sent once more within this: well inside the 3 seconds in which Logto lets a spent refresh token be used again.
const REFRESH_RETRY_WINDOW: Duration = Duration::from_secs(2);

/// RFC 6749 section 5.1 only recommends `expires_in`; a short life then costs a refresh, a long one a refused request.
pub(super) fn default_lifetime_seconds() -> i64 {
    300
}

/// Seconds of 68 years. No token lives as long, and times that are added up stay in bounds.
const MAX_LIFETIME_SECONDS: i64 = 0x7fff_ffff;

/// A number, also one with a fraction or an exponent, or in quotes as some servers have it. What is past is due; what says nothing counts as left out.
pub(super) fn lifetime_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let seconds = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        // Not the words `inf` and `nan`, which `parse` takes.
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit() || b" +-.eE".contains(&byte)) => {
            text.trim().parse::<f64>().ok()
        }
        _ => None,
    };
    Ok(seconds.map_or_else(default_lifetime_seconds, |seconds| whole_part(seconds).clamp(0, MAX_LIFETIME_SECONDS)))
}

/// An empty token is none (RFC 6749 appendix A.17): kept, it would take the place of the one that works.
fn non_empty_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<Secret>::deserialize(deserializer)?.filter(|token| !token.expose().is_empty()))
}

/// Exchanges an authorization code. The PKCE verifier proves that the browser that returns is the one that left.
pub(crate) async fn exchange_code(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    code: &str,
    redirect_uri: &str,
    code_verifier: &str,
) -> Result<TokenResponse> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", code_verifier),
    ];
    // A code whose answer was lost is lost, too, so that a second use takes nothing away (RFC 6749 section 4.1.2).
    token_request(transport, endpoint, client, &form, Repeat::Unanswered).await.map_err(|error| {
        match error.oauth_error().map(|oauth| oauth.error.as_str()) {
            Some("invalid_grant") => {
                Error::new(Code::CodeRefused, "the authorization code was refused").caused_by(error)
            }
            // A rule that came between the authorization and its exchange.
            Some("access_denied") => {
                Error::new(Code::AccessDenied, "Logto does not let the user into this application").caused_by(error)
            }
            _ => error,
        }
    })
}

/// Exchanges a refresh token for an access token, and perhaps for a new refresh token.
///
/// Where narrower scopes are asked for and nothing else, `openid` is among them: without it Logto gives no token for its own endpoints, but a
/// JWT for the API resource of the sign-in, if there was exactly one (recorded).
pub(crate) async fn refresh(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    refresh_token: &Secret,
    key: &TokenKey,
) -> Result<TokenResponse> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
    let is_for_logto = key.resource.is_none() && key.organization.is_none() && !key.scopes.is_empty();
    if is_for_logto && !key.scopes.iter().any(|scope| scope == OPENID) {
        let key = TokenKey { scopes: [&[OPENID.to_owned()], key.scopes.as_slice()].concat(), ..key.clone() };
        return token_request_for(transport, endpoint, client, &form, &key, Repeat::Within(REFRESH_RETRY_WINDOW)).await;
    }
    token_request_for(transport, endpoint, client, &form, key, Repeat::Within(REFRESH_RETRY_WINDOW)).await
}

/// Asks for an access token for the client itself (RFC 6749 section 4.4).
pub(crate) async fn client_credentials(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    key: &TokenKey,
) -> Result<TokenResponse> {
    token_request_for(transport, endpoint, client, &[("grant_type", "client_credentials")], key, Repeat::Always).await
}

/// The tokens of an exchange (RFC 8693 section 2.1).
#[derive(Debug)]
pub(crate) struct Exchanged<'a> {
    pub(crate) subject_token: &'a Secret,
    pub(crate) subject_token_type: &'a str,
    pub(crate) actor_token: Option<&'a Secret>,
    pub(crate) repeat: Repeat,
}

/// What an access token is called in a token exchange (RFC 8693 section 3).
pub(crate) const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Exchanges a token for an access token of its user (RFC 8693 section 2.1).
pub(crate) async fn exchange(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    tokens: &Exchanged<'_>,
    key: &TokenKey,
) -> Result<TokenResponse> {
    let mut form = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", tokens.subject_token.expose()),
        ("subject_token_type", tokens.subject_token_type),
    ];
    if let Some(actor_token) = tokens.actor_token {
        form.extend([("actor_token", actor_token.expose()), ("actor_token_type", ACCESS_TOKEN_TYPE)]);
    }
    token_request_for(transport, endpoint, client, &form, key, tokens.repeat).await.map_err(|error| {
        match error.oauth_error().map(|oauth| oauth.error.as_str()) {
            // Logto says `invalid_grant`, and RFC 8693 section 2.2.2 `invalid_request`, which has other meanings that have codes of their own.
            Some("invalid_grant" | "invalid_request") if error.is(Code::TokenRefused) => {
                Error::new(Code::SubjectRefused, "the token to be exchanged was refused").caused_by(error)
            }
            _ => error,
        }
    })
}

/// Revokes a refresh token, and with it the whole grant.
pub(crate) async fn revoke(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    refresh_token: &Secret,
) -> Result<()> {
    let form = [("token", refresh_token.expose()), ("token_type_hint", "refresh_token")];
    let response = post_form(transport, (Endpoint::Revocation, endpoint), client, &form, Repeat::Always).await?;
    match response.status() {
        StatusCode::OK => Ok(()),
        _ => Err(token_endpoint_error(&response, endpoint, false)),
    }
}

/// What the server knows of an opaque access token (RFC 7662 section 2).
pub(crate) async fn introspect(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    token: &str,
) -> Result<Map<String, Value>> {
    let form = [("token", token), ("token_type_hint", "access_token")];
    let response = post_form(transport, (Endpoint::Introspection, endpoint), client, &form, Repeat::Always).await?;
    match response.status() {
        StatusCode::OK => parse_json(&response, Code::IntrospectionFailed, endpoint),
        _ => Err(match token_endpoint_error(&response, endpoint, false) {
            error if error.is(Code::TokenRefused) => unexpected(&response, Code::IntrospectionFailed, endpoint),
            error => error,
        }),
    }
}

/// A token request that says for what the token is to be.
async fn token_request_for(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    form: &[(&str, &str)],
    key: &TokenKey,
    repeat: Repeat,
) -> Result<TokenResponse> {
    let scope = key.scopes.join(" ");
    let mut form = form.to_vec();
    form.extend(key.resource.as_deref().map(|resource| ("resource", resource)));
    form.extend(key.organization.as_deref().map(|organization| ("organization_id", organization)));
    form.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
    token_request(transport, endpoint, client, &form, repeat).await
}

pub(super) async fn token_request(
    transport: &Transport,
    endpoint: &Url,
    client: &Client<'_>,
    form: &[(&str, &str)],
    repeat: Repeat,
) -> Result<TokenResponse> {
    let response = post_form(transport, (Endpoint::Token, endpoint), client, form, repeat).await?;
    if response.status() != StatusCode::OK {
        let of_organization = form.iter().any(|(name, _)| *name == "organization_id");
        return Err(token_endpoint_error(&response, endpoint, of_organization));
    }
    let tokens: TokenResponse = parse_json(&response, Code::UnexpectedResponse, endpoint)?;
    // RFC 6749 section 7.1: a token of an unknown type must not be used.
    if !tokens.token_type.eq_ignore_ascii_case("bearer") || !is_token(tokens.access_token.expose()) {
        return Err(Error::new(Code::UnexpectedResponse, "the token endpoint gave no bearer token"));
    }
    Ok(tokens)
}

/// RFC 6749 appendix A.12, without the space, which no `Authorization` header bears: what goes into a header must not end it.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The client authenticates by its secret, if it has one.
pub(super) async fn post_form(
    transport: &Transport,
    (endpoint, url): (Endpoint, &Url),
    client: &Client<'_>,
    form: &[(&str, &str)],
    repeat: Repeat,
) -> Result<Response<Vec<u8>>> {
    // RFC 6749 section 3.2.1: a client without a secret names itself in the body.
    let is_named = form.iter().any(|(name, _)| *name == "client_id");
    let public = (client.secret.is_none() && !is_named).then_some(("client_id", client.id));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).extend_pairs(public).finish();
    let mut request = request(Method::POST, url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json");
    if let Some(secret) = client.secret {
        request = request.header(header::AUTHORIZATION, basic(client.id, secret));
    }
    transport.send(endpoint, valid(request.body(body.into_bytes()))?, repeat).await
}

/// `client_secret_basic`: both parts are form-urlencoded first (RFC 6749 section 2.3.1).
fn basic(id: &str, secret: &Secret) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode_to_string(format!("{}:{}", encode(id), encode(secret.expose()))))
}

/// Sorts a refusal by whose turn it is. `of_organization`: whether a token for an organization was asked for.
pub(super) fn token_endpoint_error(response: &Response<Vec<u8>>, endpoint: &Url, of_organization: bool) -> Error {
    let plain = unexpected(response, Code::TokenRefused, endpoint);
    let Some(oauth) = plain.oauth_error() else {
        return plain;
    };
    let code = match oauth.error.as_str() {
        "invalid_client" | "unauthorized_client" => Code::ClientRejected,
        "invalid_target" => Code::ResourceRefused,
        "invalid_scope" => Code::ScopeRefused,
        "insufficient_scope" => Code::MissingScope,
        "access_denied" if of_organization => {
            denied_by_organization(response.status(), oauth.error_description().unwrap_or_default())
        }
        "access_denied" => Code::TokenAccessDenied,
        // Logto's word for what RFC 6749 section 5.2 calls `unauthorized_client`.
        "invalid_request" if is_about_grant_type(&plain) => Code::GrantNotAllowed,
        _ => return plain,
    };
    unexpected(response, code, endpoint)
}

/// Logto has one name for all that keeps somebody out of an organization. Its descriptions tell them apart, and are not translated. What an
/// organization refuses is 403; 400 is the application's access control, or a Custom JWT script with a text of its own.
fn denied_by_organization(status: StatusCode, description: &str) -> Code {
    match description {
        _ if status != StatusCode::FORBIDDEN => Code::TokenAccessDenied,
        "user is not a member of the organization" => Code::OrganizationMember,
        "organization requires MFA but user has no MFA configured" => Code::OrganizationMfa,
        "organization access is not granted to the application" => Code::OrganizationConsent,
        _ => Code::OrganizationRefused,
    }
}

/// The description is for people, and all there is to tell this by; where it changes, the code is the general one.
fn is_about_grant_type(error: &Error) -> bool {
    let description = error.oauth_error().and_then(|oauth| oauth.error_description());
    description.is_some_and(|text| text.contains("grant type is not allowed"))
}

#[cfg(test)]
mod tests {
    use super::TokenResponse;

    #[test]
    fn a_token_without_a_lifetime_lives_five_minutes() {
        for member in ["", r#", "expires_in": "soon""#, r#", "expires_in": null"#] {
            assert_eq!(lifetime(member), 300, "{member}");
        }
    }

    #[test]
    fn a_lifetime_is_a_number_in_any_form() {
        for (given, seconds) in [
            ("60", 60),
            ("0", 0),
            ("3600.0", 3600),
            ("3599.9", 3599),
            ("1e3", 1000),
            ("3.6E+3", 3600),
            (r#""3600""#, 3600),
            (r#"" 3600 ""#, 3600),
            (r#""3600.5""#, 3600),
            (r#""1e3""#, 1000),
            // What is past is due.
            ("-1", 0),
            ("-0.5", 0),
            (r#""-3600""#, 0),
            ("-9223372036854775808", 0),
            // What is huge is long, and no more.
            ("2147483648", 2_147_483_647),
            ("18446744073709551615", 2_147_483_647),
            ("1e300", 2_147_483_647),
            (r#""1e999""#, 2_147_483_647),
            // What is no number says nothing.
            ("true", 300),
            ("[3600]", 300),
            (r#"{ "seconds": 3600 }"#, 300),
            (r#""""#, 300),
            (r#""-""#, 300),
            (r#""inf""#, 300),
            (r#""NaN""#, 300),
            (r#""0x10""#, 300),
            (r#""3600 s""#, 300),
        ] {
            assert_eq!(lifetime(&format!(r#", "expires_in": {given}"#)), seconds, "{given}");
        }
    }

    fn lifetime(member: &str) -> i64 {
        let response = format!(r#"{{ "access_token": "a", "token_type": "Bearer"{member} }}"#);
        serde_json::from_str::<TokenResponse>(&response).unwrap().expires_in
    }
}
