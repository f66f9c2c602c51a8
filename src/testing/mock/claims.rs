//! Which claims a scope gives, in the ID token and at userinfo.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::world::{MockUser, World};

/// The scopes that concern the user; all others are of resources and organizations.
pub(super) const USER_SCOPES: &[&str] = &[
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

pub(super) const ORGANIZATIONS: &str = "urn:logto:scope:organizations";
const ORGANIZATION_ROLES: &str = "urn:logto:scope:organization_roles";

/// The claims that a scope governs and that appear only when the user has them (OpenID Connect Core section 5.4).
const OPTIONAL: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "profile",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
        ],
    ),
    ("address", &["address"]),
];

/// Where the claims go: some are for userinfo only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    IdToken,
    UserInfo,
}

impl World {
    /// The claims about a user that these scopes give.
    pub(super) fn claims(&self, user: &MockUser, scopes: &[String], place: Place) -> Map<String, Value> {
        let mut claims = Map::new();
        claims.insert("sub".into(), user.id.as_str().into());
        // A claim set by hand stands in for the computed one of its name.
        for (name, scope, computed) in self.governed(user, place) {
            if scopes.iter().any(|asked| asked == scope) {
                claims.insert(name.to_owned(), user.claims.get(name).cloned().unwrap_or(computed));
            }
        }
        for (name, value) in &user.claims {
            let shown = match governing_scope(name) {
                Some(_) if claims.contains_key(name) => false,
                Some((scope, userinfo_only)) => {
                    scopes.iter().any(|asked| asked == scope) && (place == Place::UserInfo || !userinfo_only)
                }
                None => true,
            };
            if shown {
                claims.insert(name.clone(), value.clone());
            }
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
        if place == Place::UserInfo {
            claims.extend([
                ("organization_data", ORGANIZATIONS, self.organization_data(user)),
                ("custom_data", "custom_data", json!({})),
                ("identities", "identities", Value::Object(user.identities.clone())),
                ("sso_identities", "identities", json!([])),
            ]);
        }
        claims
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

/// The scope that a claim needs, and whether it is for userinfo only.
fn governing_scope(name: &str) -> Option<(&'static str, bool)> {
    match name {
        "custom_data" => Some(("custom_data", true)),
        "identities" | "sso_identities" => Some(("identities", true)),
        "organization_data" => Some((ORGANIZATIONS, true)),
        "organizations" => Some((ORGANIZATIONS, false)),
        "organization_roles" => Some((ORGANIZATION_ROLES, false)),
        "roles" => Some(("roles", false)),
        "email" | "email_verified" => Some(("email", false)),
        "phone_number" | "phone_number_verified" => Some(("phone", false)),
        "name" | "picture" | "username" | "preferred_username" | "created_at" | "updated_at" => {
            Some(("profile", false))
        }
        _ => OPTIONAL.iter().find_map(|(scope, names)| names.contains(&name).then_some((*scope, false))),
    }
}

/// Logto counts these two in milliseconds, against OpenID Connect Core section 5.1.
pub(super) fn millis(time: Option<SystemTime>) -> Value {
    let elapsed = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).into()
}
