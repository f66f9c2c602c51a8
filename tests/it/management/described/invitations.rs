//! Invitations to organizations.

use std::time::SystemTime;

use logto::management::{InvitationMessage, NewInvitation};

use super::world::{World, calls, lists};

pub async fn call(world: &World) {
    let message = InvitationMessage::new().link("https://a.test").code("a").locale("de").ui_locales("de en");
    let new = || NewInvitation::new().invitee("a@b.test").organization("id").expires_at(SystemTime::now()).roles(["a"]);
    calls!(world;
        invitations.create(&new().inviter("user").message(message.clone())),
        invitations.create(&new().no_inviter()),
        invitations.get("id"),
        invitations.accept("id", "user"),
        invitations.revoke("id"),
        invitations.send_message("id", &message),
        invitations.delete("id"),
    );
    lists!(world;
        invitations.list(),
        invitations.list_of_organization("id"),
        invitations.list_of_inviter("user"),
        invitations.list_of_invitee("a@b.test"),
    );
}
