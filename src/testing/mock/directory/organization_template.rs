//! The organization template: the roles and the permissions that all organizations share.

use super::{MemberKind, MockDirectory, role::Permission};

#[derive(Debug, Clone, Default)]
pub(crate) struct OrganizationTemplate {
    pub(crate) roles: Vec<OrganizationRole>,
    pub(crate) scopes: Vec<OrganizationScope>,
}

/// A role that users, or machines, can have in an organization. Memberships know it by its name.
#[derive(Debug, Clone)]
pub(crate) struct OrganizationRole {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) kind: MemberKind,
    /// Permissions of the organization, by id.
    pub(crate) scopes: Vec<String>,
    pub(crate) resource_scopes: Vec<Permission>,
}

/// A permission of the organization itself.
#[derive(Debug, Clone)]
pub(crate) struct OrganizationScope {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
}

impl OrganizationTemplate {
    pub(crate) fn role(&self, id: &str) -> Option<&OrganizationRole> {
        self.roles.iter().find(|role| role.id == id)
    }

    pub(crate) fn role_mut(&mut self, id: &str) -> Option<&mut OrganizationRole> {
        self.roles.iter_mut().find(|role| role.id == id)
    }

    pub(crate) fn role_named(&self, name: &str) -> Option<&OrganizationRole> {
        self.roles.iter().find(|role| role.name == name)
    }

    pub(crate) fn scope(&self, id: &str) -> Option<&OrganizationScope> {
        self.scopes.iter().find(|scope| scope.id == id)
    }

    /// The permissions that roles, by name, grant on the organization itself; each once.
    pub(crate) fn permissions(&self, roles: &[String]) -> Vec<&OrganizationScope> {
        let mut found: Vec<&OrganizationScope> = Vec::new();
        for scope in self.held(roles).flat_map(|role| &role.scopes).filter_map(|id| self.scope(id)) {
            if !found.iter().any(|known| known.id == scope.id) {
                found.push(scope);
            }
        }
        found
    }

    /// The names of the scopes that roles grant on the organization itself, or on a resource; each once.
    pub(super) fn scope_names(&self, roles: &[String], resource: Option<&str>) -> Vec<String> {
        let Some(resource) = resource else {
            return self.permissions(roles).into_iter().map(|scope| scope.name.clone()).collect();
        };
        let mut names: Vec<String> = Vec::new();
        let scopes = self.held(roles).flat_map(|role| &role.resource_scopes);
        for found in scopes.filter(|found| found.resource == resource) {
            if !names.contains(&found.scope) {
                names.push(found.scope.clone());
            }
        }
        names
    }

    fn held<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a OrganizationRole> {
        self.roles.iter().filter(|role| names.contains(&role.name))
    }

    /// The role of this name, which is made if there is none.
    fn role_made(&mut self, name: &str, kind: MemberKind) -> Option<&mut OrganizationRole> {
        if self.role_named(name).is_none() {
            let id = free_id("org-role", name, |id| self.role(id).is_some());
            self.roles.push(OrganizationRole {
                id,
                name: name.to_owned(),
                description: None,
                kind,
                scopes: Vec::new(),
                resource_scopes: Vec::new(),
            });
        }
        self.roles.iter_mut().find(|role| role.name == name)
    }

    /// The id of the permission of this name, which is made if there is none.
    fn scope_made(&mut self, name: &str) -> String {
        if let Some(scope) = self.scopes.iter().find(|scope| scope.name == name) {
            return scope.id.clone();
        }
        let id = free_id("org-scope", name, |id| self.scope(id).is_some());
        self.scopes.push(OrganizationScope { id: id.clone(), name: name.to_owned(), description: None });
        id
    }
}

impl MockDirectory {
    /// Puts into the template what organizations predefine and members have. The ids are made of the names.
    pub(in super::super) fn complete_organization_template(&mut self) {
        for place in 0..self.organizations.len() {
            let Some(organization) = self.organizations.get_mut(place) else { break };
            let (grants, jit) = (std::mem::take(&mut organization.grants), organization.jit.roles.clone());
            for grant in grants {
                let kind = self.kind_of_role(&grant.role);
                let template = &mut self.organization_template;
                let scopes = match grant.resource {
                    None => Scopes::Own(grant.scopes.iter().map(|name| template.scope_made(name)).collect()),
                    Some(resource) => Scopes::Of(resource, grant.scopes),
                };
                if let Some(role) = template.role_made(&grant.role, kind) {
                    role.grant(scopes);
                }
            }
            for name in jit {
                self.organization_template.role_made(&name, MemberKind::User);
            }
        }
        for name in self.member_role_names() {
            let kind = self.kind_of_role(&name);
            self.organization_template.role_made(&name, kind);
        }
    }

    /// A role that machines alone have is one for machines.
    fn kind_of_role(&self, name: &str) -> MemberKind {
        let has = |memberships: &[super::Membership]| {
            memberships.iter().any(|membership| membership.roles.iter().any(|role| role == name))
        };
        let of_users = self.users.iter().any(|user| has(&user.memberships));
        match !of_users && self.apps.iter().any(|app| has(&app.memberships)) {
            true => MemberKind::Application,
            false => MemberKind::User,
        }
    }

    fn member_role_names(&self) -> Vec<String> {
        let of_users = self.users.iter().flat_map(|user| &user.memberships);
        let all = of_users.chain(self.apps.iter().flat_map(|app| &app.memberships));
        let names = all.flat_map(|membership| &membership.roles);
        names.filter(|name| self.organization_template.role_named(name).is_none()).cloned().collect()
    }
}

enum Scopes {
    Own(Vec<String>),
    Of(String, Vec<String>),
}

impl OrganizationRole {
    fn grant(&mut self, scopes: Scopes) {
        match scopes {
            Scopes::Own(ids) => ids.into_iter().for_each(|id| add(&mut self.scopes, id)),
            Scopes::Of(resource, scopes) => {
                for scope in scopes {
                    add(&mut self.resource_scopes, Permission { resource: resource.clone(), scope });
                }
            }
        }
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// An id that stands in a path as it is: `org-role-admin`, and `org-role-admin-2` where that is taken.
fn free_id(kind: &str, name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let first = format!("{kind}-{}", name.chars().map(plain).collect::<String>());
    let mut id = first.clone();
    let mut number = 1_usize;
    while is_taken(&id) {
        number = number.saturating_add(1);
        id = format!("{first}-{number}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::mock::directory::{MockApp, MockOrganization, MockUser};

    #[test]
    fn the_template_has_what_organizations_and_members_name() {
        let acme = MockOrganization::new("acme").role("admin", &["read:x", "read-x"]).jit_role("guest");
        let globex =
            MockOrganization::new("globex").role("admin", &["read:x"]).role_for_resource("admin", "api", &["s"]);
        let mut directory = MockDirectory { organizations: vec![acme, globex], ..MockDirectory::default() };
        directory.users.push(MockUser::new("ada").organization("acme", &["admin", "clerk"]));
        directory.apps.push(MockApp::new("m", "").organization("acme", &["admin", "robot"]).machine());
        for _ in 0..2 {
            directory.complete_organization_template();
        }
        let template = &directory.organization_template;
        let roles: Vec<_> = template.roles.iter().map(|role| (role.id.as_str(), role.kind)).collect();
        let expected = [
            ("org-role-admin", MemberKind::User),
            ("org-role-guest", MemberKind::User),
            ("org-role-clerk", MemberKind::User),
            ("org-role-robot", MemberKind::Application),
        ];
        assert_eq!(roles, expected);
        let scopes: Vec<_> = template.scopes.iter().map(|scope| (scope.id.as_str(), scope.name.as_str())).collect();
        assert_eq!(scopes, [("org-scope-read-x", "read:x"), ("org-scope-read-x-2", "read-x")]);
        let admin = ["admin".to_owned()];
        assert_eq!(template.scope_names(&admin, None), ["read:x", "read-x"]);
        assert_eq!(template.scope_names(&admin, Some("api")), ["s"]);
        assert!(template.scope_names(&admin, Some("other")).is_empty());
    }
}
