//! Just-in-time provisioning: users who become members of organizations by themselves.
//!
//! Logto does this when a user registers on its pages: by the domain of the email address, or with the enterprise connector that the user comes
//! by; and when a user comes with a one-time token that names organizations (`provision-library.ts` of its source). Neither a user whom the
//! Management API creates nor one who gets an email address later is provisioned.

use super::State;
use crate::testing::mock::directory::organization_members::MemberKind;

impl State {
    /// Makes a user a member of the organizations that name the domain of the user's email address. Gives those that the user came to.
    pub(crate) fn provision_by_email(&mut self, user_id: &str) -> Vec<String> {
        let email = self.directory.user(user_id).and_then(|user| user.email.clone());
        // The second of the parts that the at signs leave, as at Logto.
        let Some(domain) = email.as_deref().and_then(|email| email.split('@').nth(1)) else { return Vec::new() };
        let named = self.directory.organizations.iter().filter(|organization| {
            !domain.is_empty() && organization.jit.email_domains.iter().any(|known| known == domain)
        });
        let organizations: Vec<_> = named.map(|organization| organization.id.clone()).collect();
        self.provision(user_id, &organizations)
    }

    /// Makes a user a member of organizations, with their roles for newcomers. Gives those that the user came to.
    pub(crate) fn provision(&mut self, user_id: &str, organizations: &[String]) -> Vec<String> {
        let mut came_to = Vec::new();
        for id in organizations {
            let Some(roles) = self.directory.organization(id).map(|organization| organization.jit.roles.clone()) else {
                continue;
            };
            if self.directory.add_member(MemberKind::User, user_id, id) {
                came_to.push(id.clone());
            }
            // A user who is a member already gets the roles, too.
            if let Some(membership) = self.directory.membership_mut(MemberKind::User, user_id, id) {
                for role in roles {
                    if !membership.roles.contains(&role) {
                        membership.roles.push(role);
                    }
                }
            }
        }
        came_to
    }
}
