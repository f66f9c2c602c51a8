//! What a webhook can be told of.

use std::{convert::Infallible, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! event_names {
    ($($(#[$doc:meta])* $variant:ident $name:literal)*) => {
        /// What happened: each event that a webhook can be registered for. `Display` and serde write it as Logto does: `User.Created`.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EventName {
            $($(#[$doc])* $variant,)*
            /// One that this version of the crate does not know, as it came.
            Other(String),
        }

        impl EventName {
            /// All that this version of the crate knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name as Logto writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }
        }

        impl From<&str> for EventName {
            fn from(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)*
                    _ => Self::Other(name.to_owned()),
                }
            }
        }
    };
}

event_names! {
    /// A user registered.
    PostRegister "PostRegister"
    /// A user signed in.
    PostSignIn "PostSignIn"
    /// A sign-in was asked for a second factor because of how it looked.
    PostSignInAdaptiveMfaTriggered "PostSignInAdaptiveMfaTriggered"
    /// A user set a new password.
    PostResetPassword "PostResetPassword"
    /// A user was created.
    UserCreated "User.Created"
    /// A user was deleted.
    UserDeleted "User.Deleted"
    /// A user was changed.
    UserDataUpdated "User.Data.Updated"
    /// A user was suspended, or is so no longer.
    UserSuspensionStatusUpdated "User.SuspensionStatus.Updated"
    /// A role was created.
    RoleCreated "Role.Created"
    /// A role was deleted.
    RoleDeleted "Role.Deleted"
    /// A role was changed.
    RoleDataUpdated "Role.Data.Updated"
    /// The permissions of a role changed.
    RoleScopesUpdated "Role.Scopes.Updated"
    /// A permission of an API resource was created.
    ScopeCreated "Scope.Created"
    /// A permission of an API resource was deleted.
    ScopeDeleted "Scope.Deleted"
    /// A permission of an API resource was changed.
    ScopeDataUpdated "Scope.Data.Updated"
    /// An organization was created.
    OrganizationCreated "Organization.Created"
    /// An organization was deleted.
    OrganizationDeleted "Organization.Deleted"
    /// An organization was changed.
    OrganizationDataUpdated "Organization.Data.Updated"
    /// Members of an organization came or went.
    OrganizationMembershipUpdated "Organization.Membership.Updated"
    /// An organization role was created.
    OrganizationRoleCreated "OrganizationRole.Created"
    /// An organization role was deleted.
    OrganizationRoleDeleted "OrganizationRole.Deleted"
    /// An organization role was changed.
    OrganizationRoleDataUpdated "OrganizationRole.Data.Updated"
    /// The permissions of an organization role changed.
    OrganizationRoleScopesUpdated "OrganizationRole.Scopes.Updated"
    /// An organization permission was created.
    OrganizationScopeCreated "OrganizationScope.Created"
    /// An organization permission was deleted.
    OrganizationScopeDeleted "OrganizationScope.Deleted"
    /// An organization permission was changed.
    OrganizationScopeDataUpdated "OrganizationScope.Data.Updated"
    /// An identifier was locked after too many wrong attempts.
    IdentifierLockout "Identifier.Lockout"
    /// So many messages were asked for that no more are sent for now.
    MessageRateLimited "Message.RateLimited"
    /// A user has as many grants as an application may have, and one was ended.
    GrantLimitExceeded "Grant.LimitExceeded"
}

impl From<String> for EventName {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl FromStr for EventName {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(name.into())
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for EventName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
}
