//! Logto's Management API: users, roles, organizations and what else an application's back office works on.
//!
//! [`Management`] calls it as a machine: a machine-to-machine app that has the role "Logto Management API access" (Logto Console › Roles).
//! Feature `management`.
//!
//! ```
//! # async fn example() -> logto::Result<()> {
//! use logto::{machine::MachineClient, management::{Management, NewUser}};
//!
//! let machine = MachineClient::builder()
//!     .endpoint("https://my-tenant.logto.app")
//!     .app_id("0oy4vc0dezrhkz2gm8mjb")
//!     .app_secret("6B5OTs3oXn1GEIQcp6eYYlfqJdRg8lYZ")
//!     .build()?;
//! let management = Management::new(machine)?;
//!
//! let ada = management.users().create(&NewUser::new().username("ada").primary_email("ada@example.com")).await?;
//! let mut users = management.users().list().items();
//! while let Some(user) = users.next().await {
//!     println!("{}", user?.id);
//! }
//!
//! // Any other operation, by its path.
//! let domains: Vec<serde_json::Value> = management.get("/domains").await?;
//! # drop((ada, domains)); Ok(()) }
//! ```
//!
//! Every answer keeps the members that no field is for, in `extra`. An update sends the members that were set and no others.

mod answer;
mod applications;
mod body;
mod builder;
mod ids;
mod invitations;
mod one_time_tokens;
mod organization_roles;
mod organization_scopes;
mod organizations;
mod page;
mod path;
mod reference;
mod refused;
mod resource;
mod resources;
mod roles;
mod search;
mod sso_connectors;
mod subject_tokens;
mod users;

use std::fmt;

use http::Method;
use serde::{Serialize, de::DeserializeOwned};

use self::answer::Answer;
pub use self::{
    answer::Nothing,
    applications::{
        AppSecret, AppTokenSettings, Application, ApplicationKind, ApplicationUpdate, Applications, NewAppSecret,
        NewApplication, RedirectSettings,
    },
    builder::ManagementBuilder,
    invitations::{Invitation, InvitationMessage, Invitations, NewInvitation},
    one_time_tokens::{
        InteractionEvent, NewOneTimeToken, OneTimeToken, OneTimeTokenContext, OneTimeTokenStatus, OneTimeTokens,
    },
    organization_roles::{NewOrganizationRole, OrganizationRole, OrganizationRoleUpdate, OrganizationRoles},
    organization_scopes::{NewOrganizationScope, OrganizationScope, OrganizationScopeUpdate, OrganizationScopes},
    organizations::{
        JitEmailDomain, NewOrganization, Organization, OrganizationApplication, OrganizationMember, OrganizationUpdate,
        Organizations,
    },
    page::{Items, List, Page},
    path::Path,
    reference::Reference,
    resources::{ApiResource, ApiResourceUpdate, ApiResources, NewApiResource, NewScope, Scope, ScopeUpdate},
    roles::{NewRole, Role, RoleKind, RoleUpdate, Roles},
    sso_connectors::{SsoConnector, SsoConnectors},
    subject_tokens::{NewSubjectToken, SubjectToken, SubjectTokens},
    users::{
        GrantsOf, MfaFactor, NewIdentity, NewPersonalAccessToken, NewTotp, NewUser, OrganizationOfUser,
        PasswordAlgorithm, PersonalAccessToken, ProfileUpdate, RevokeGrants, RoleInOrganization, SsoIdentity, User,
        UserAddress, UserGrant, UserIdentities, UserProfile, UserSession, UserUpdate, Users,
    },
};
pub use crate::logto_api::Refusal;
use crate::{
    api_client::ApiClient,
    error::{Code, Error, Result},
    http::{line_of, valid},
    machine::MachineClient,
};

/// The Management API of one tenant. Cheap to clone; make one and share it.
///
/// A call uses the machine's access token, which is asked for once and kept while it lives. A token that Logto refuses is replaced once. A request is
/// repeated after 429 and 503, but for `POST`, `PATCH` and `DELETE` after 503, as [`ApiClient`] does, within
/// [`max_retry_wait`](ManagementBuilder::max_retry_wait).
///
/// # Errors
/// Each operation fails with: `management.token_refused`; `management.forbidden`; `management.not_found`; `management.no_such_operation`;
/// `management.value_refused`; `management.not_set_up`; `management.rate_limited`; `management.failed`; `options.invalid` for what cannot be sent;
/// `network.…`; and those of [`MachineClient::get_access_token`]. [`Refusal::of`] gives Logto's code, message and data.
#[derive(Clone)]
pub struct Management {
    machine: MachineClient,
    api: ApiClient,
}

impl Management {
    /// Returns the Management API of the tenant that the machine-to-machine app belongs to.
    ///
    /// The resource is `https://<tenant id>.logto.app/api` if the machine's endpoint is such a host, and that of a self-hosted tenant,
    /// `https://default.logto.app/api`, if it is another. For a custom domain of Logto Cloud set [`ManagementBuilder::resource`].
    ///
    /// # Errors
    /// `config.invalid` for a machine whose server is named by its issuer.
    pub fn new(machine: MachineClient) -> Result<Self> {
        Self::builder(machine).build()
    }

    /// Begins the settings.
    pub fn builder(machine: MachineClient) -> ManagementBuilder {
        ManagementBuilder::new(machine)
    }

    /// Reads the settings from the environment: those of [`MachineClient::from_env`], and the optional `LOGTO_MANAGEMENT_APP_ID` and
    /// `LOGTO_MANAGEMENT_APP_SECRET`, which take the place of `LOGTO_APP_ID` and `LOGTO_APP_SECRET` in a program that signs users in, too, and
    /// `LOGTO_MANAGEMENT_RESOURCE`.
    ///
    /// # Errors
    /// `config.invalid`, which names everything that is missing or wrong.
    pub fn from_env() -> Result<Self> {
        ManagementBuilder::from_env()?.build()
    }

    /// Sends `GET` and reads the JSON of the answer.
    ///
    /// ```
    /// # async fn example(management: logto::management::Management, id: &str) -> logto::Result<()> {
    /// use logto::management::Path;
    ///
    /// let phrases: serde_json::Value = management.get("/custom-phrases/en").await?;
    /// let logs: serde_json::Value = management.get(Path::new("/logs").query("userId", id)).await?;
    /// # drop((phrases, logs)); Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`Management`].
    pub async fn get<T: DeserializeOwned>(&self, path: impl Into<Path>) -> Result<T> {
        self.call(Method::GET, path.into(), None).await?.read()
    }

    /// Sends `POST` with a JSON body and reads the answer. [`Nothing`] takes any.
    ///
    /// # Errors
    /// See [`Management`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: impl Into<Path>,
        body: &(impl Serialize + ?Sized),
    ) -> Result<T> {
        self.send_json(Method::POST, path.into(), body).await
    }

    /// Sends `PUT` with a JSON body and reads the answer. [`Nothing`] takes any.
    ///
    /// # Errors
    /// See [`Management`].
    pub async fn put<T: DeserializeOwned>(&self, path: impl Into<Path>, body: &(impl Serialize + ?Sized)) -> Result<T> {
        self.send_json(Method::PUT, path.into(), body).await
    }

    /// Sends `PATCH` with a JSON body and reads the answer. [`Nothing`] takes any.
    ///
    /// # Errors
    /// See [`Management`].
    pub async fn patch<T: DeserializeOwned>(
        &self,
        path: impl Into<Path>,
        body: &(impl Serialize + ?Sized),
    ) -> Result<T> {
        self.send_json(Method::PATCH, path.into(), body).await
    }

    /// Sends `DELETE` and reads the answer. [`Nothing`] takes any.
    ///
    /// # Errors
    /// See [`Management`].
    pub async fn delete<T: DeserializeOwned>(&self, path: impl Into<Path>) -> Result<T> {
        self.call(Method::DELETE, path.into(), None).await?.read()
    }

    /// Returns a list that `GET` gives page by page. Nothing is sent before a page is asked for.
    pub fn list<T: DeserializeOwned>(&self, path: impl Into<Path>) -> List<T> {
        List::new(self.clone(), path.into())
    }

    async fn send_json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: Path,
        body: &(impl Serialize + ?Sized),
    ) -> Result<T> {
        // serde's own error may quote the value.
        let body = serde_json::to_vec(body)
            .map_err(|_| Error::new(Code::InvalidOption, "the body of the request cannot be written as JSON"))?;
        self.call(method, path, Some(body)).await?.read()
    }

    /// Sends one request; the answer is a success.
    async fn call(&self, method: Method, path: Path, body: Option<Vec<u8>>) -> Result<Answer> {
        let request = valid(path.request(method, body)?)?;
        let line = line_of(&request).replacen(' ', " /api", 1);
        let response = self.api.send(&self.machine, request).await.map_err(refused::without_answer)?;
        Answer::of(line, response)
    }
}

impl fmt::Debug for Management {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Management").field("machine", &self.machine).field("api", &self.api).finish()
    }
}
