//! Who may use an application, where its access control is on.

use super::MockUser;

/// The rules of an application's access control. A user who meets one of them may use it.
///
/// ```
/// use logto::testing::{MockAccessControl, MockApp};
///
/// let app = MockApp::new("app-id", "app-secret").access_control(MockAccessControl::new().user("ada").role("librarian"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct MockAccessControl(Vec<Rule>);

#[derive(Debug, Clone)]
enum Rule {
    User(String),
    Role(String),
    Organization(String),
    OrganizationRole(String, String),
}

impl MockAccessControl {
    /// No rule, which lets nobody in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a user in, named by username or id.
    #[must_use]
    pub fn user(self, name: impl Into<String>) -> Self {
        self.rule(Rule::User(name.into()))
    }

    /// Lets in who has a role.
    #[must_use]
    pub fn role(self, role: impl Into<String>) -> Self {
        self.rule(Rule::Role(role.into()))
    }

    /// Lets in the members of an organization.
    #[must_use]
    pub fn organization(self, id: impl Into<String>) -> Self {
        self.rule(Rule::Organization(id.into()))
    }

    /// Lets in who has a role in an organization.
    #[must_use]
    pub fn organization_role(self, id: impl Into<String>, role: impl Into<String>) -> Self {
        self.rule(Rule::OrganizationRole(id.into(), role.into()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn rule(mut self, rule: Rule) -> Self {
        self.0.push(rule);
        self
    }

    pub(super) fn let_in(&self, user: &MockUser) -> bool {
        self.0.iter().any(|rule| match rule {
            Rule::User(name) => user.is_called(name),
            Rule::Role(role) => user.roles.contains(role),
            Rule::Organization(id) => user.memberships.iter().any(|membership| membership.organization == *id),
            Rule::OrganizationRole(id, role) => user
                .memberships
                .iter()
                .any(|membership| membership.organization == *id && membership.roles.contains(role)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_admitted_only_if_an_access_rule_matches() {
        let ada = MockUser::new("ada").role("librarian").organization("acme", &["admin"]);
        let rules = || MockAccessControl::new().user("bob");
        for let_in in [
            rules().user("ada"),
            rules().user("user-ada"),
            rules().role("librarian"),
            rules().organization("acme"),
            rules().organization_role("acme", "admin"),
        ] {
            assert!(let_in.let_in(&ada), "{let_in:?}");
        }
        for barred in [
            MockAccessControl::new(),
            rules(),
            rules().role("admin"),
            rules().organization("globex"),
            rules().organization_role("acme", "member"),
            rules().organization_role("globex", "admin"),
        ] {
            assert!(!barred.let_in(&ada), "{barred:?}");
        }
    }
}
