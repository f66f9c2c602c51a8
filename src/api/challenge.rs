//! What a refused request is answered with: `WWW-Authenticate: Bearer …` (RFC 6750 section 3, RFC 9470, RFC 9728 section 5.1).

use super::{TokenRequirements, metadata::Metadata};
use crate::error::{Challenge, Code, Error};

/// What a challenge says beside the error: the API's name, and where its metadata is.
#[derive(Debug)]
pub(super) struct Realm {
    pub(super) name: String,
    pub(super) resource_metadata: Option<String>,
}

impl Realm {
    /// The error with its challenge, if it is one that the client is to be told of; else as it was.
    ///
    /// `addressed` is the resource of several that the request is for. It is then what the challenge is about.
    pub(super) fn challenge(
        &self,
        error: Error,
        requirements: &TokenRequirements,
        addressed: Option<&Metadata>,
    ) -> Error {
        let code = error.code_of();
        let Some((name, description)) = client_message(code) else {
            return error;
        };
        // RFC 6750 section 3 asks for at least one parameter. The realm is the one that is always true.
        let name_of_api = addressed.map_or(&self.name, |document| &document.resource);
        let resource_metadata = addressed.map(|document| document.url.as_str()).or(self.resource_metadata.as_deref());
        let mut header = format!("Bearer realm={}", quoted(name_of_api));
        let mut parameter = |name: &str, value: &str| {
            if !value.is_empty() {
                header.extend([", ", name, "=", &quoted(value)]);
            }
        };
        // Section 3.1: who sent no credentials has made no error.
        if let Some(name) = name {
            parameter("error", name);
            parameter("error_description", description);
        }
        parameter("scope", &requirements.scopes.join(" "));
        if code == Code::BearerAuthentication {
            parameter("acr_values", &requirements.acr_values.join(" "));
            parameter("max_age", &requirements.max_age.map(|age| age.as_secs().to_string()).unwrap_or_default());
        }
        parameter("resource_metadata", resource_metadata.unwrap_or_default());
        error.with_challenge(Challenge { header, description })
    }
}

/// The error's name on the wire, if it has one, and what the client is told. `None` where the client can do nothing about it.
///
/// These are our words alone: nothing of what the client sent comes back in a header, so there is nothing to inject.
fn client_message(code: Code) -> Option<(Option<&'static str>, &'static str)> {
    let description = match code {
        Code::BearerMissing => return Some((None, "An access token is required.")),
        Code::BearerRequest => {
            return Some((Some("invalid_request"), "The Authorization header does not hold one bearer token."));
        }
        Code::BearerScope => return Some((Some("insufficient_scope"), "The access token lacks a scope.")),
        Code::BearerOrganization => {
            return Some((Some("insufficient_scope"), "The access token is not for this organization."));
        }
        Code::BearerAuthentication => {
            let name = "insufficient_user_authentication";
            return Some((Some(name), "The user must authenticate again, or more strongly."));
        }
        Code::BearerOpaque => "The access token is opaque. Ask for one with the resource of this API.",
        Code::BearerIdToken => "An ID token is not an access token.",
        Code::BearerMalformed => "The access token is malformed.",
        Code::BearerTyp => "The token is not an access token.",
        Code::BearerAlg => "The access token's algorithm is not accepted.",
        Code::BearerKey => "The access token is signed with an unknown key.",
        Code::BearerSignature => "The access token's signature is wrong.",
        Code::BearerIss => "The access token is from another issuer.",
        Code::BearerAud => "The access token is for another audience.",
        Code::BearerSub | Code::BearerClientId => "The access token lacks a claim.",
        Code::BearerExpired => "The access token expired.",
        Code::BearerNotYet | Code::BearerIat => "The access token is not valid yet.",
        Code::BearerBound => "The access token is bound to a key. Ask for a plain bearer token.",
        Code::BearerInactive => "The access token is not active.",
        _ => return None,
    };
    Some((Some("invalid_token"), description))
}

/// A quoted-string (RFC 9110 section 5.6.4) of the characters that RFC 6750 section 3 allows in the values: printable ASCII without
/// quotation mark and backslash. Others are left out, so that nothing ends the string or the header.
fn quoted(value: &str) -> String {
    let allowed = |c: &char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    std::iter::once('"').chain(value.chars().filter(allowed)).chain(std::iter::once('"')).collect()
}

#[cfg(test)]
mod tests;
