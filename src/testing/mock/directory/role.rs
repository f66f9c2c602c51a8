//! Roles outside organizations, and what becomes of them when what they grant is renamed or deleted.

use super::MockDirectory;

/// The role of a new Logto that opens the Management API.
pub(crate) const MANAGEMENT_ROLE: &str = "Logto Management API access";

/// The role of a new Logto that `isAdmin` of an application stands for. No list shows it.
pub(crate) const INTERNAL_ROLE: &str = "#internal:admin";

/// A role outside organizations.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Whether machines have it, and not users.
    pub(crate) for_machines: bool,
    /// Whether each new user gets it.
    pub(crate) is_default: bool,
    pub(crate) grants: Vec<Permission>,
}

/// A scope of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permission {
    /// The indicator.
    pub(crate) resource: String,
    pub(crate) scope: String,
}

impl Role {
    /// A role of users with a lasting id, which grants nothing.
    pub(crate) fn predefined(name: &str) -> Self {
        Self {
            id: format!("role-{}", slug(name)),
            name: name.to_owned(),
            description: String::new(),
            for_machines: false,
            is_default: false,
            grants: Vec::new(),
        }
    }

    /// Whether no list shows it.
    pub(crate) fn is_internal(&self) -> bool {
        self.name.starts_with("#internal:")
    }

    /// Lets it grant a scope of a resource.
    pub(crate) fn grant(&mut self, resource: &str, scope: &str) {
        let permission = Permission { resource: resource.to_owned(), scope: scope.to_owned() };
        if !self.grants.contains(&permission) {
            self.grants.push(permission);
        }
    }
}

/// What a name is in an id: small letters, digits, and a dash for anything else.
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug
}

impl MockDirectory {
    pub(crate) fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    pub(crate) fn role_mut(&mut self, id: &str) -> Option<&mut Role> {
        self.roles.iter_mut().find(|role| role.id == id)
    }

    /// Defines the role of this name, or changes it if there is one.
    pub(crate) fn define_role(&mut self, name: &str, change: impl FnOnce(&mut Role)) {
        if let Some(known) = self.roles.iter_mut().find(|role| role.name == name) {
            return change(known);
        }
        let mut role = Role::predefined(name);
        while self.role(&role.id).is_some() {
            role.id.push('-');
        }
        change(&mut role);
        self.roles.push(role);
    }

    /// Defines the roles that users and machines have without a definition.
    pub(crate) fn define_roles(&mut self) {
        let of_users = self.users.iter().flat_map(|user| &user.roles).map(|name| (name.clone(), false));
        let of_machines = self.apps.iter().flat_map(|app| &app.roles).map(|name| (name.clone(), true));
        for (name, for_machines) in of_users.chain(of_machines).collect::<Vec<_>>() {
            if !self.roles.iter().any(|role| role.name == name) {
                self.define_role(&name, |role| role.for_machines = for_machines);
            }
        }
    }

    /// Those who have the role keep it under its new name.
    pub(crate) fn rename_role(&mut self, id: &str, new: &str) {
        let Some(role) = self.role_mut(id) else { return };
        let old = std::mem::replace(&mut role.name, new.to_owned());
        let of_users = self.users.iter_mut().map(|user| &mut user.roles);
        let names = of_users.chain(self.apps.iter_mut().map(|app| &mut app.roles)).flatten();
        for name in names.filter(|name| **name == old) {
            new.clone_into(name);
        }
    }

    /// Nobody has it any more.
    pub(crate) fn remove_role(&mut self, id: &str) {
        let Some(place) = self.roles.iter().position(|role| role.id == id) else { return };
        let gone = self.roles.remove(place);
        let of_users = self.users.iter_mut().map(|user| &mut user.roles);
        for names in of_users.chain(self.apps.iter_mut().map(|app| &mut app.roles)) {
            names.retain(|name| *name != gone.name);
        }
    }
}
