//! The member `accessToken`: JSON in a string, a map of what `@logto/client` calls access token keys.
//!
//! One more entry, which no key of theirs can name, holds what this crate knows of the session. `@logto/client` keeps entries that it
//! does not ask for and forgets all of them when a sign-in begins or the tokens are cleared, so this one never passes to another session.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    secret::Secret,
    session::{
        app_data::AppData,
        data::{Login, REFRESH_MARGIN_SECONDS, SessionData, StoredAccessToken},
    },
    store::SessionId,
    types::{AppJson, TokenKey},
};

/// Their keys all have an `@`.
const STAMP: &str = "logto-rust";

/// What their format has no place for. Without token, scope and expiry they would take the whole map for broken.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stamp {
    /// The session's id.
    token: String,
    scope: String,
    expires_at: i64,
    created_at: i64,
    touched_at: i64,
    issued_at: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    refreshed_at: i64,
    /// What the application keeps in the session, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    /// What travelled with the sign-in, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_state: Option<String>,
    /// What the sign-in's ID token said of the login, as JSON, where it said how or when the user authenticated: Next.js takes whatever a
    /// refresh brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    token: Cow<'a, str>,
    scope: Cow<'a, str>,
    /// Unix seconds by the clock of the client.
    expires_at: i64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    Token(Entry<'a>),
    Stamp(Stamp),
}

/// The access tokens, the one that lives longest last, and the stamp. What is not an entry of theirs is passed over.
pub(super) fn read(json: &str) -> (Vec<StoredAccessToken>, Option<Stamp>) {
    let mut map: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
    let stamp = map.remove(STAMP).and_then(|stamp| serde_json::from_value(stamp).ok());
    let tokens = map.into_iter().filter_map(|(key, entry)| {
        let Entry { token, scope, expires_at } = serde_json::from_value(entry).ok()?;
        let (token, scope) = (Secret::new(token), scope.into_owned());
        Some(StoredAccessToken { key: parse_key(&key)?, token, scope, expires_at, margin: REFRESH_MARGIN_SECONDS })
    });
    let mut tokens: Vec<_> = tokens.collect();
    tokens.sort_by_key(|token| token.expires_at);
    (tokens, stamp)
}

pub(super) fn write(data: &SessionData) -> serde_json::Result<String> {
    let entry = |stored: &'_ StoredAccessToken| Entry {
        token: stored.token.expose().to_owned().into(),
        scope: stored.scope.clone().into(),
        expires_at: stored.expires_at,
    };
    let tokens = data.access_tokens.iter().map(|stored| (key(&stored.key), Written::Token(entry(stored))));
    let stamp = (STAMP.to_owned(), Written::Stamp(Stamp::of(data)));
    serde_json::to_string(&tokens.chain([stamp]).collect::<BTreeMap<_, _>>())
}

impl Stamp {
    fn of(data: &SessionData) -> Self {
        Self {
            token: data.id.to_key(),
            scope: String::new(),
            expires_at: 0,
            created_at: data.created_at,
            touched_at: data.touched_at,
            issued_at: data.issued_at,
            refreshed_at: data.refreshed_at,
            data: data.app_data.slot().map(|json| json.as_str().to_owned()),
            app_state: data.app_data.carried().map(|json| json.as_str().to_owned()),
            login: Some(data.login())
                .filter(|login| data.login.is_some() || login.tells_of_authentication())
                .map(|login| login.json()),
        }
    }

    /// Gives a session back what it was stamped with. `None` where the stamp cannot be read. A session that is `named` by its sign-in has
    /// its id from there, which stays the same when Next.js drops the stamp.
    pub(super) fn apply(&self, data: &mut SessionData, named: bool) -> Option<()> {
        let id = SessionId::from_key(&self.token)?;
        if !named {
            data.id = id;
        }
        data.created_at = self.created_at;
        let is_refreshed = data.issued_at > self.issued_at;
        match self.login.as_deref().map(Login::from_json) {
            Some(login) => data.keep_login(login),
            // The sign-in's ID token did not say how the user authenticated, so none that Next.js got since can.
            None if is_refreshed => data.keep_login(Login::of(&data.id_token).without_authentication()),
            None => {}
        }
        // Their refreshes move the ID token's `iat`, which stands in `touched_at`, but not the stamp.
        data.touched_at = data.touched_at.max(self.touched_at);
        data.issued_at = self.issued_at;
        data.refreshed_at = self.refreshed_at;
        let json = |json: &Option<String>| json.as_deref().map(AppJson::from_written);
        data.app_data = AppData::new(json(&self.data), json(&self.app_state));
        Some(())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref)] // serde asks like this.
fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}

/// `<scopes, sorted>@<resource>#<organization>`, the organization with its `#` only where there is one.
fn key(key: &TokenKey) -> String {
    let organization = key.organization.as_ref().map(|organization| format!("#{organization}"));
    format!(
        "{}@{}{}",
        key.scopes.join(" "),
        key.resource.as_deref().unwrap_or_default(),
        organization.unwrap_or_default()
    )
}

/// A resource has no fragment (RFC 8707 section 2), so the first `#` ends it.
fn parse_key(text: &str) -> Option<TokenKey> {
    let (scopes, target) = text.split_once('@')?;
    let (resource, organization) = match target.split_once('#') {
        Some((resource, organization)) => (resource, Some(organization.to_owned())),
        None => (target, None),
    };
    let resource = (!resource.is_empty()).then(|| resource.to_owned());
    Some(TokenKey { resource, organization, scopes: scopes.split_whitespace().map(str::to_owned).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_logto_client() {
        let of = |resource: &str, organization: Option<&str>, scopes: &[&str]| TokenKey {
            resource: (!resource.is_empty()).then(|| resource.to_owned()),
            organization: organization.map(str::to_owned),
            scopes: scopes.iter().copied().map(str::to_owned).collect(),
        };
        for (text, expected) in [
            ("@", of("", None, &[])),
            ("@https://api.example.test", of("https://api.example.test", None, &[])),
            ("@#org-1", of("", Some("org-1"), &[])),
            ("@https://api.example.test/a?b#org-1", of("https://api.example.test/a?b", Some("org-1"), &[])),
            ("read write@urn:api#org-1", of("urn:api", Some("org-1"), &["read", "write"])),
        ] {
            assert_eq!(key(&expected), text);
            assert_eq!(parse_key(text), Some(expected), "{text}");
        }
        assert_eq!(parse_key(STAMP), None, "no key of theirs is taken for the stamp");
    }
}
