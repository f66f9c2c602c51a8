//! Which claims a scope gives, in the ID token and at userinfo.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::{
    MockDirectory, MockUser,
    claim_names::{EXTENDED, ON_BY_DEFAULT, OPTIONAL},
};

/// The scopes that concern the user; all others are of resources and organizations.
pub(crate) const USER_SCOPES: &[&str] = &[
    "openid",
    "offline_access",
    "profile",
    "email",
    "phone",
    "address",
    "custom_data",
    "identities",
    "roles",
    ORGANIZATIONS,
    ORGANIZATION_ROLES,
    "urn:logto:scope:sessions",
    "urn:logto:scope:trusted_devices",
];

pub(crate) const ORGANIZATIONS: &str = "urn:logto:scope:organizations";
const ORGANIZATION_ROLES: &str = "urn:logto:scope:organization_roles";

pub(crate) fn is_user_scope(scope: &str) -> bool {
    USER_SCOPES.contains(&scope)
}

/// Where the claims go: some are in ID tokens only where the Console says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    IdToken,
    UserInfo,
}

impl MockDirectory {
    /// The claims about a user that these scopes give.
    pub(crate) fn claims(&self, user: &MockUser, scopes: &[String], place: Place) -> Map<String, Value> {
        let mut claims = Map::new();
        claims.insert("sub".into(), user.id.as_str().into());
        // A claim set by hand stands in for the computed one of its name.
        for (name, scope, computed) in self.governed(user, place) {
            if scopes.iter().any(|asked| asked == scope) {
                claims.insert(name.to_owned(), user.claims.get(name).cloned().unwrap_or(computed));
            }
        }
        for (_, names) in OPTIONAL.iter().filter(|(scope, _)| scopes.iter().any(|asked| asked == scope)) {
            let set = names.iter().filter_map(|name| user.claims.get_key_value(*name));
            claims.extend(set.map(|(name, value)| (name.clone(), value.clone())));
        }
        claims
    }

    /// Name, scope and value of the claims that are there even when the user has no such thing.
    fn governed(&self, user: &MockUser, place: Place) -> Vec<(&'static str, &'static str, Value)> {
        let mut claims = vec![
            ("name", "profile", json!(user.name)),
            ("picture", "profile", json!(user.picture)),
            ("username", "profile", json!(user.username)),
            ("created_at", "profile", millis(user.created_at)),
            ("updated_at", "profile", millis(user.updated_at)),
            ("email", "email", json!(user.email)),
            ("email_verified", "email", json!(user.email.is_some())),
            ("phone_number", "phone", json!(user.phone)),
            ("phone_number_verified", "phone", json!(user.phone.is_some())),
            ("roles", "roles", json!(user.roles)),
            ("organizations", ORGANIZATIONS, self.organization_ids(user)),
            ("organization_roles", ORGANIZATION_ROLES, self.organization_roles(user)),
        ];
        if let Some(username) = &user.username {
            claims.push(("preferred_username", "profile", json!(username)));
        }
        claims.extend([
            ("organization_data", ORGANIZATIONS, self.organization_data(user)),
            ("custom_data", "custom_data", json!({})),
            ("identities", "identities", Value::Object(user.identities.clone())),
            ("sso_identities", "identities", json!([])),
        ]);
        claims.retain(|(name, ..)| place == Place::UserInfo || self.is_in_id_tokens(name));
        claims
    }

    fn is_in_id_tokens(&self, name: &str) -> bool {
        let is_on = match &self.id_token_claims {
            Some(names) => names.iter().any(|on| on == name),
            None => ON_BY_DEFAULT.contains(&name),
        };
        is_on || !EXTENDED.contains(&name)
    }

    fn organization_ids(&self, user: &MockUser) -> Value {
        user.memberships
            .iter()
            .filter(|membership| self.organization(&membership.organization).is_some())
            .map(|membership| membership.organization.as_str())
            .collect()
    }

    fn organization_roles(&self, user: &MockUser) -> Value {
        user.memberships
            .iter()
            .filter(|membership| self.organization(&membership.organization).is_some())
            .flat_map(|membership| membership.roles.iter().map(|role| format!("{}:{role}", membership.organization)))
            .collect()
    }

    fn organization_data(&self, user: &MockUser) -> Value {
        user.memberships
            .iter()
            .filter_map(|membership| self.organization(&membership.organization))
            .map(|organization| {
                json!({ "id": organization.id, "name": organization.name, "description": organization.description })
            })
            .collect()
    }
}

/// Logto counts these two in milliseconds, against OpenID Connect Core section 5.1.
pub(crate) fn millis(time: Option<SystemTime>) -> Value {
    let elapsed = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).into()
}
