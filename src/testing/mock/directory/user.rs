//! A user of the server.

use std::{collections::BTreeMap, time::SystemTime};

use serde_json::{Map, Value, json};

use super::{
    Holder, Membership, MockProviderToken, claim_names,
    mfa::{Factor, FactorKind, MfaChoices},
    password::Password,
};
use crate::secret::Secret;

/// A user. What is not set is `null` in the claims, as with Logto.
///
/// ```
/// use logto::testing::MockUser;
/// use serde_json::json;
///
/// let user = MockUser::new("grace")
///     .password("hopper")
///     .name("Grace Hopper")
///     .role("librarian")
///     .organization("org-acme", &["admin"])
///     .claim("custom_data", json!({ "plan": "pro" }));
/// ```
#[derive(Debug, Clone)]
pub struct MockUser {
    /// What tests call the user.
    handle: String,
    pub(crate) id: String,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Password>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) picture: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(in super::super) memberships: Vec<Membership>,
    pub(crate) identities: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) token_claims: Map<String, Value>,
    pub(crate) suspended: bool,
    pub(crate) factors: Vec<Factor>,
    pub(crate) mfa_choices: MfaChoices,
    /// By target.
    pub(crate) social_tokens: BTreeMap<String, MockProviderToken>,
    /// By the id of the enterprise connector.
    pub(crate) sso_tokens: BTreeMap<String, MockProviderToken>,
    pub(crate) created_at: Option<SystemTime>,
    pub(crate) updated_at: Option<SystemTime>,
    pub(crate) last_sign_in_at: Option<SystemTime>,
    /// The first app that the user signed in to.
    pub(crate) application_id: Option<String>,
}

impl MockUser {
    /// A user with this username. The id (`sub`) is `user-` with the username, unless [`id`](Self::id) sets another.
    pub fn new(username: impl Into<String>) -> Self {
        let handle = username.into();
        Self {
            id: format!("user-{handle}"),
            username: Some(handle.clone()),
            handle,
            password: None,
            name: None,
            email: None,
            phone: None,
            picture: None,
            roles: Vec::new(),
            memberships: Vec::new(),
            identities: Map::new(),
            claims: Map::new(),
            token_claims: Map::new(),
            suspended: false,
            factors: Vec::new(),
            mfa_choices: MfaChoices::default(),
            social_tokens: BTreeMap::new(),
            sso_tokens: BTreeMap::new(),
            created_at: None,
            updated_at: None,
            last_sign_in_at: None,
            application_id: None,
        }
    }

    /// A user who came by way of a social connector: no username, and an identity under the connector's name.
    pub fn social(connector: impl Into<String>, name: impl Into<String>) -> Self {
        let (connector, name) = (connector.into(), name.into());
        let details = json!({ "id": "3141592653", "name": name, "email": null, "avatar": null });
        let mut user = Self::new(connector.clone()).name(name);
        user.username = None;
        user.identities.insert(connector, json!({ "userId": "3141592653", "details": details }));
        user
    }

    /// The user's id, which is `sub` in every token.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// The password for the sign-in page.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Password::Plain(Secret::new(password)));
        self
    }

    /// The full name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The email address; it counts as verified.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// The phone number, as Logto keeps it: digits, without `+`.
    #[must_use]
    pub fn phone(mut self, phone: impl Into<String>) -> Self {
        self.phone = Some(phone.into());
        self
    }

    /// The address of the picture.
    #[must_use]
    pub fn picture(mut self, picture: impl Into<String>) -> Self {
        self.picture = Some(picture.into());
        self
    }

    /// Gives a role.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Takes every role away.
    #[must_use]
    pub fn without_roles(mut self) -> Self {
        self.roles.clear();
        self
    }

    /// Makes the user a member of an organization, with these roles in it.
    #[must_use]
    pub fn organization(mut self, id: impl Into<String>, roles: &[&str]) -> Self {
        self.memberships.push(Membership::new(id, roles));
        self
    }

    /// Takes every membership away.
    #[must_use]
    pub fn without_organizations(mut self) -> Self {
        self.memberships.clear();
        self
    }

    /// Gives a second factor (TOTP), which the user shows where it is asked for, and which an organization may require.
    #[must_use]
    pub fn mfa(mut self) -> Self {
        let id = format!("totp-of-{}", self.handle);
        self.factors.push(Factor { id, created_at: None, kind: FactorKind::Totp });
        self
    }

    /// Links the user's account at a social provider, and keeps its token in the secret vault.
    #[must_use]
    pub fn social_token(mut self, target: impl Into<String>, token: MockProviderToken) -> Self {
        let target = target.into();
        let identity = || json!({ "userId": "3141592653", "details": { "id": "3141592653" } });
        self.identities.entry(target.clone()).or_insert_with(identity);
        self.social_tokens.insert(target, token);
        self
    }

    /// Keeps the token of an enterprise SSO provider in the secret vault.
    #[must_use]
    pub fn sso_token(mut self, connector_id: impl Into<String>, token: MockProviderToken) -> Self {
        self.sso_tokens.insert(connector_id.into(), token);
        self
    }

    /// Sets a claim that Logto has (`zoneinfo`, `custom_data`, …) to any JSON. It appears with the scope that governs it, in user info and,
    /// but for `custom_data` and others that the Console [turns on](crate::testing::MockLogtoBuilder::extended_id_token_claims), in ID tokens.
    ///
    /// # Panics
    ///
    /// If Logto has no claim of this name. Custom claims are in access tokens alone: [`access_token_claim`](Self::access_token_claim).
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        assert!(
            claim_names::exists(&name),
            "Logto has no claim {name:?} in ID tokens and user info; custom claims are in access tokens alone: MockUser::access_token_claim"
        );
        self.claims.insert(name, value.into());
        self
    }

    /// Adds a custom claim to the user's access tokens that are JWTs, as a script of Logto Console › Custom JWT does. Registered claims (`sub`,
    /// `scope`, …) do not count.
    #[must_use]
    pub fn access_token_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.token_claims.insert(name.into(), value.into());
        self
    }

    /// What is counted from now on: the server has got to know the user as this.
    pub(crate) fn begin(&mut self, now: SystemTime) {
        self.created_at.get_or_insert(now);
        for factor in &mut self.factors {
            factor.created_at.get_or_insert(now);
        }
        for token in self.social_tokens.values_mut().chain(self.sso_tokens.values_mut()) {
            token.begin(now);
        }
    }

    pub(crate) fn has_mfa(&self) -> bool {
        !self.factors.is_empty()
    }

    /// Whether the user has anything to be verified by.
    pub(crate) fn can_verify(&self) -> bool {
        self.password.is_some() || self.email.is_some() || self.phone.is_some()
    }

    /// Whether this is the user's password.
    pub(crate) fn is_password(&self, typed: &str) -> bool {
        self.password.as_ref().is_some_and(|password| password.is(typed))
    }

    /// By how many names the user is told apart at a sign-in.
    pub(crate) fn identifiers(&self) -> usize {
        let named = [&self.username, &self.email, &self.phone].into_iter().flatten().count();
        named.saturating_add(self.identities.len())
    }

    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.handle == name || self.id == name || self.username.as_deref() == Some(name)
    }

    pub(crate) fn handle(&self) -> &str {
        &self.handle
    }

    pub(in super::super) fn holder(&self) -> Holder<'_> {
        Holder { roles: &self.roles, memberships: &self.memberships, is_user: true }
    }
}
