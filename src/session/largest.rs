//! What makes a session too large, and what to do about it.

use serde_json::{Map, Value};

use super::data::{ID_TOKEN, SessionData};
use crate::error::{Code, Error};

/// Claims are called by names of Logto's, which are short.
const MAX_NAME_CHARS: usize = 64;

/// The error of a session for which `room` is not enough. It names what takes the most of it, down to the claim of the ID token.
pub(super) fn too_large(data: &SessionData, room: &str) -> Error {
    let (member, size) = data.largest_member();
    let message = format!("the session does not fit {room}; {member} alone has {size} bytes");
    let claim = (member == ID_TOKEN).then(|| largest_claim(data.id_token.payload())).flatten();
    match &claim {
        Some((name, size)) => {
            Error::new(Code::SessionTooLarge, format!("{message}, {size} of them its claim `{name}`"))
        }
        None => Error::new(Code::SessionTooLarge, message),
    }
    .with_hint(format!("Keep sessions in a store (`session_store`), or {}.", smaller(member, claim.as_ref())))
}

/// The claim that takes the most bytes of JSON.
fn largest_claim(payload: &[u8]) -> Option<(String, usize)> {
    let claims: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let sizes = claims.into_iter().map(|(name, value)| (name, value.to_string().len()));
    let (name, size) = sizes.max_by_key(|(_, size)| *size)?;
    Some((name.chars().take(MAX_NAME_CHARS).collect(), size))
}

/// How it becomes smaller.
fn smaller(member: &str, claim: Option<&(String, usize)>) -> String {
    let Some((name, _)) = claim else {
        return match member {
            "the access tokens" => "take claims out of the access tokens (Logto Console › Custom JWT)".to_owned(),
            _ => format!("make {member} smaller"),
        };
    };
    match scope_of(name) {
        Some(scope) => format!("leave the claim `{name}` out of the ID token: drop `{scope}` from `scopes`"),
        None => format!("make the user's `{name}` smaller in Logto"),
    }
}

/// The scope that brings a claim.
fn scope_of(claim: &str) -> Option<&'static str> {
    Some(match claim {
        "organizations" => "urn:logto:scope:organizations",
        "organization_roles" => "urn:logto:scope:organization_roles",
        "organization_data" => "urn:logto:scope:organizations",
        "custom_data" => "custom_data",
        "identities" | "sso_identities" => "identities",
        "roles" => "roles",
        "address" => "address",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
