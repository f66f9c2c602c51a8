//! Messages that invite to an organization. The mock sends none: it keeps them for the test.

use serde_json::Value;

use super::refusals::no_email_connector;
use crate::testing::mock::{MockLogto, MockLogtoBuilder, endpoints::account::refusal::Answer, state::State};

/// Keeps a message, if there is an email connector to send it.
pub(super) fn send(state: &mut State, invitee: &str, payload: Value) -> Answer<()> {
    let messages = state.directory.invitation_messages.as_mut().ok_or_else(no_email_connector)?;
    messages.push((invitee.to_owned(), payload));
    Ok(())
}

impl MockLogtoBuilder {
    /// Has an email connector, so that invitations to organizations can be sent
    /// ([`MockLogto::invitation_messages`]). Without it, an invitation with a message is refused with 501, as a new Logto refuses it.
    pub fn email_connector(mut self) -> Self {
        self.directory.invitation_messages = Some(Vec::new());
        self
    }
}

/// Messages.
impl MockLogto {
    /// The messages that invited to organizations, oldest first: the email address, and the payload (`link`, `code`, …).
    #[must_use]
    pub fn invitation_messages(&self) -> Vec<(String, Value)> {
        self.shared.state().directory.invitation_messages.clone().unwrap_or_default()
    }
}
