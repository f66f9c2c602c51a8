//! Invitations to an organization, from creation to acceptance.

use std::{fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{List, Management, Nothing, Path, body::body, reference::Reference};
use crate::{error::Result, logto_api::lenient};

/// An invitation to an organization. `Debug` prints no address.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Invitation {
    /// The invitation's id.
    pub id: String,
    /// The email address that is invited.
    pub invitee: String,
    /// The organization's id.
    pub organization_id: String,
    /// The id of the user who invites.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub inviter_id: Option<String>,
    /// The id of the user who accepted.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub accepted_user_id: Option<String>,
    /// `Pending`, `Accepted`, `Expired` or `Revoked`.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub status: Option<String>,
    /// The organization roles that the user gets by accepting.
    #[serde(default, deserialize_with = "lenient::list")]
    pub organization_roles: Vec<Reference>,
    /// When the invitation was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// When the invitation changed last.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub updated_at: Option<SystemTime>,
    /// Until when the invitation can be accepted.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub expires_at: Option<SystemTime>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("id", &self.id)
            .field("organization_id", &self.organization_id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

body! {
    /// An invitation to be created. The invitee, the organization and the end are required. Logto sends no email unless a message is set.
    NewInvitation;
    /// Sets the email address that is invited.
    text invitee "invitee";
    /// Sets the organization, by its id.
    text organization "organizationId";
    /// Sets until when the invitation can be accepted.
    time expires_at "expiresAt";
    /// Sets the organization roles that the user gets by accepting, by their ids.
    texts roles "organizationRoleIds";
    /// Sets the user who invites, by the user's id: a member of the organization.
    text inviter |
    /// Sets that no user invites.
    no_inviter "inviterId";
    /// Has Logto send the invitation by its email connector.
    value(InvitationMessage) message "messagePayload";
}

body! {
    /// The values for the template of the email. A template needs a link; [`Invitation::id`] has to be in it if the application accepts by it.
    InvitationMessage;
    /// Sets the address of the page of the application that accepts the invitation.
    text link "link";
    /// Sets a code, for a template with one.
    text code "code";
    /// Sets the language of the template, such as `de`.
    text locale "locale";
    /// Sets the languages that the template is looked for in, in order of preference, separated by spaces.
    text ui_locales "uiLocales";
}

/// Invitations: see [`Management::invitations`].
///
/// ```
/// # async fn example(management: logto::management::Management, organization_id: &str, user_id: &str) -> logto::Result<()> {
/// use std::time::{Duration, SystemTime};
/// use logto::management::{InvitationMessage, NewInvitation};
///
/// let invitations = management.invitations();
/// let invitation = NewInvitation::new()
///     .invitee("ada@example.com")
///     .organization(organization_id)
///     .expires_at(SystemTime::now() + Duration::from_secs(7 * 24 * 60 * 60))
///     .message(InvitationMessage::new().link("https://app.example.com/invitations"));
/// let invitation = invitations.create(&invitation).await?;
///
/// // Ada has signed in and agrees.
/// invitations.accept(&invitation.id, user_id).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Invitations<'a>(&'a Management);

impl Management {
    /// Returns the operations on invitations to organizations.
    #[must_use]
    pub fn invitations(&self) -> Invitations<'_> {
        Invitations(self)
    }
}

impl Invitations<'_> {
    /// Lists invitations.
    pub fn list(&self) -> List<Invitation> {
        self.0.list(PATH).whole()
    }

    /// Lists the invitations to an organization, by its id.
    pub fn list_of_organization(&self, id: &str) -> List<Invitation> {
        self.list().query("organizationId", id)
    }

    /// Lists the invitations by a user, by the user's id.
    pub fn list_of_inviter(&self, id: &str) -> List<Invitation> {
        self.list().query("inviterId", id)
    }

    /// Lists the invitations of an email address.
    pub fn list_of_invitee(&self, email: &str) -> List<Invitation> {
        self.list().query("invitee", email)
    }

    /// Creates an invitation, and sends it if a message is set.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](super::Refusal::code) is `entity.unique_integrity_violation` for an address with a pending
    /// invitation to the organization, and `request.invalid_input` for an end in the past. `management.not_set_up` for a message without an email
    /// connector. See also [`Management`].
    pub async fn create(&self, invitation: &NewInvitation) -> Result<Invitation> {
        self.0.post(PATH, &invitation.clone().or_no_message()).await
    }

    /// Returns an invitation.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get(&self, id: &str) -> Result<Invitation> {
        self.0.get(invitation(id)).await
    }

    /// Accepts an invitation for a user, who becomes a member of the organization, and returns it.
    ///
    /// Logto compares the user's email address with that of the invitation. Accept for the user who is signed in, and for no other.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](super::Refusal::code) is `request.invalid_input` for a user with another email address.
    /// See also [`Management`].
    pub async fn accept(&self, id: &str, user: &str) -> Result<Invitation> {
        self.set_status(id, json!({ "status": "Accepted", "acceptedUserId": user })).await
    }

    /// Revokes a pending invitation and returns it.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`].
    pub async fn revoke(&self, id: &str) -> Result<Invitation> {
        self.set_status(id, json!({ "status": "Revoked" })).await
    }

    /// Sends the email of an invitation, once more or for the first time.
    ///
    /// # Errors
    /// `management.not_set_up` without an email connector. See also [`Management`].
    pub async fn send_message(&self, id: &str, message: &InvitationMessage) -> Result<()> {
        self.0.post::<Nothing>(invitation(id).then("message"), message).await.map(drop)
    }

    /// Deletes an invitation. A user who accepted it stays a member.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.remove(invitation(id)).await
    }

    async fn set_status(&self, id: &str, status: Value) -> Result<Invitation> {
        self.0.put(invitation(id).then("status"), &status).await
    }
}

impl NewInvitation {
    /// Logto takes `false` for no email, and its description asks for one of the two.
    fn or_no_message(mut self) -> Self {
        self.members.entry("messagePayload").or_insert(false.into());
        self
    }
}

const PATH: &str = "/organization-invitations";

fn invitation(id: &str) -> Path {
    Path::new(PATH).id(id)
}
