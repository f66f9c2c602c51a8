//! The organization template: what all companies share. Logto Console › Organization template shows it.

use logto::{
    Error, ErrorCode,
    management::{Management, NewOrganizationRole, NewOrganizationScope},
};

/// The permission to invite, and to say which domain may come in.
pub(crate) const INVITE: &str = "invite:member";

/// The ids of the roles.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) admin: String,
    pub(crate) member: String,
}

impl Template {
    /// Creates what is missing, and changes nothing else of it.
    pub(crate) async fn ensure(management: &Management) -> logto::Result<Self> {
        let invite = scope(management, INVITE).await?;
        let admin = role(management, "admin", &[&invite]).await?;
        let member = role(management, "member", &[]).await?;
        // A role of this name may have been there before.
        management.organization_roles().assign_scopes(&admin, [&invite]).await?;
        Ok(Self { admin, member })
    }

    /// The role that a form names.
    pub(crate) fn role(&self, name: &str) -> Option<&str> {
        match name {
            "admin" => Some(&self.admin),
            "member" => Some(&self.member),
            _ => None,
        }
    }
}

async fn scope(management: &Management, name: &str) -> logto::Result<String> {
    let scopes = management.organization_scopes();
    let find = async || {
        let mut found = scopes.search(name).items();
        while let Some(scope) = found.next().await.transpose()? {
            if scope.name == name {
                return Ok(Some(scope.id));
            }
        }
        Ok::<_, Error>(None)
    };
    if let Some(id) = find().await? {
        return Ok(id);
    }
    match scopes.create(&NewOrganizationScope::new().name(name)).await {
        Ok(scope) => Ok(scope.id),
        Err(error) => made_meanwhile(error, find().await?),
    }
}

async fn role(management: &Management, name: &str, scopes: &[&str]) -> logto::Result<String> {
    let roles = management.organization_roles();
    let find = async || {
        let mut found = roles.search(name).items();
        while let Some(role) = found.next().await.transpose()? {
            if role.name == name {
                return Ok(Some(role.id));
            }
        }
        Ok::<_, Error>(None)
    };
    if let Some(id) = find().await? {
        return Ok(id);
    }
    match roles.create(&NewOrganizationRole::new().name(name).scopes(scopes.iter().copied())).await {
        Ok(role) => Ok(role.id),
        Err(error) => made_meanwhile(error, find().await?),
    }
}

/// Another instance has started at the same time.
fn made_meanwhile(error: Error, found: Option<String>) -> logto::Result<String> {
    found.filter(|_| error.code() == ErrorCode::MANAGEMENT_VALUE_REFUSED).ok_or(error)
}
