//! An API resource.

use std::time::{Duration, SystemTime};

use super::{
    MockDirectory,
    role::{Permission, slug},
};

/// The Management API's indicator, where Logto is self-hosted.
pub(crate) const MANAGEMENT_RESOURCE: &str = "https://default.logto.app/api";

/// An API resource (RFC 8707) with its scopes.
#[derive(Debug, Clone)]
pub struct MockResource {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) indicator: String,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) access_token_ttl: Duration,
    pub(crate) is_default: bool,
}

/// A scope of a resource.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// `None` until the server knows it.
    pub(crate) created_at: Option<SystemTime>,
}

impl MockResource {
    /// A resource without scopes, whose access tokens live an hour.
    pub fn new(indicator: impl Into<String>) -> Self {
        let indicator = indicator.into();
        Self {
            id: format!("resource-{}", slug(&indicator)),
            name: indicator.clone(),
            indicator,
            scopes: Vec::new(),
            access_token_ttl: Duration::from_secs(3600),
            is_default: false,
        }
    }

    /// Defines a scope. Users and machines get it by a role: [`MockLogtoBuilder::role`](crate::testing::MockLogtoBuilder::role).
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        let name = scope.into();
        let id = format!("scope-{}-{}", slug(&self.indicator), slug(&name));
        self.scopes.push(Scope { id, name, description: None, created_at: None });
        self
    }

    /// How long its access tokens live.
    #[must_use]
    pub fn access_token_ttl(mut self, ttl: Duration) -> Self {
        self.access_token_ttl = ttl;
        self
    }

    /// The Management API of a new Logto.
    pub(crate) fn management() -> Self {
        let mut api = Self::new(MANAGEMENT_RESOURCE).scope("all");
        "management-api".clone_into(&mut api.id);
        "Logto Management API".clone_into(&mut api.name);
        for scope in &mut api.scopes {
            "management-api-all".clone_into(&mut scope.id);
            scope.description = Some("Default scope for Management API, allows all permissions.".to_owned());
        }
        api
    }
}

impl MockDirectory {
    pub(crate) fn resource_with_id(&self, id: &str) -> Option<&MockResource> {
        self.resources.iter().find(|resource| resource.id == id)
    }

    pub(crate) fn resource_with_id_mut(&mut self, id: &str) -> Option<&mut MockResource> {
        self.resources.iter_mut().find(|resource| resource.id == id)
    }

    /// A scope by its id, with its resource.
    pub(crate) fn scope(&self, id: &str) -> Option<(&MockResource, &Scope)> {
        let all = self.resources.iter().flat_map(|resource| resource.scopes.iter().map(move |scope| (resource, scope)));
        all.into_iter().find(|(_, scope)| scope.id == id)
    }

    /// The scope that a permission is of.
    pub(crate) fn scope_of(&self, permission: &Permission) -> Option<(&MockResource, &Scope)> {
        let resource = self.resource(&permission.resource)?;
        Some((resource, resource.scopes.iter().find(|scope| scope.name == permission.scope)?))
    }

    /// Roles grant the scope under its new name.
    pub(crate) fn rename_scope(&mut self, id: &str, new: &str) {
        let Some((resource, scope)) = self.scope(id) else { return };
        let old = Permission { resource: resource.indicator.clone(), scope: scope.name.clone() };
        let mut all = self.resources.iter_mut().flat_map(|resource| &mut resource.scopes);
        if let Some(scope) = all.find(|scope| scope.id == id) {
            new.clone_into(&mut scope.name);
        }
        for permission in self.all_grants().flatten().filter(|known| **known == old) {
            new.clone_into(&mut permission.scope);
        }
    }

    /// No role grants the scope any more.
    pub(crate) fn remove_scope(&mut self, id: &str) {
        let Some((resource, scope)) = self.scope(id) else { return };
        let gone = Permission { resource: resource.indicator.clone(), scope: scope.name.clone() };
        for resource in &mut self.resources {
            resource.scopes.retain(|scope| scope.id != id);
        }
        for grants in self.all_grants() {
            grants.retain(|permission| *permission != gone);
        }
    }

    /// What roles grant, outside organizations and in them.
    fn all_grants(&mut self) -> impl Iterator<Item = &mut Vec<Permission>> {
        let in_organizations = self.organization_template.roles.iter_mut().map(|role| &mut role.resource_scopes);
        self.roles.iter_mut().map(|role| &mut role.grants).chain(in_organizations)
    }

    /// The scopes go with it.
    pub(crate) fn remove_resource(&mut self, id: &str) {
        let scopes = self.resource_with_id(id).map(|resource| resource.scopes.clone()).unwrap_or_default();
        for scope in scopes {
            self.remove_scope(&scope.id);
        }
        self.resources.retain(|resource| resource.id != id);
    }
}
