//! Invitations, from creation to acceptance.

use logto::management::{InvitationMessage, NewInvitation};

use super::folder::{Folder, at, millis};

const ID: &str = "nhoqr3ab3mshqfe6pvhdu";
const ORGANIZATION: &str = "zxhxp5l0xlny";

#[tokio::test]
async fn management_recorded_invitations_are_replayed() {
    let folder = Folder::new("invitations");
    let invitations = folder.management.invitations();
    let new = |invitee: &str, expires_at| {
        NewInvitation::new().invitee(invitee).organization(ORGANIZATION).expires_at(at(expires_at))
    };
    let dave = "dave_362bed@example.test";

    let made = new(dave, 1_796_483_472_826).roles(["hvewucmz3naj4qejt6qae"]).no_inviter();
    let made = folder.read("01-create", invitations.create(&made)).await;
    assert_eq!((made.id.as_str(), made.invitee.as_str(), made.organization_id.as_str()), (ID, dave, ORGANIZATION));
    assert_eq!((made.inviter_id, made.accepted_user_id, made.status.as_deref()), (None, None, Some("Pending")));
    assert_eq!(made.organization_roles[0].name.as_deref(), Some("admin"));
    assert_eq!((millis(made.created_at), millis(made.updated_at)), (1_795_878_672_832, 1_795_878_672_832));
    assert_eq!(millis(made.expires_at), 1_796_483_472_826);

    let again = new(dave, 1_796_483_472_839);
    folder.refused("02-create-again", "management.value_refused", invitations.create(&again)).await;
    let past = new("erin_362bed@example.test", 1_000);
    folder.refused("03-create-past", "management.value_refused", invitations.create(&past)).await;
    let message = InvitationMessage::new().link("https://example.test/join");
    let sent = new("frank_362bed@example.test", 1_796_483_472_855).message(message.clone());
    folder.refused("04-create-no-connector", "management.not_set_up", invitations.create(&sent)).await;
    folder.by_path("05-create-bad", "management.value_refused").await;
    let unknown = new("gil_362bed@example.test", 1_796_483_472_924).organization("nosuch");
    folder.refused("05b-create-unknown-org", "management.value_refused", invitations.create(&unknown)).await;

    let page = folder.read("06-list", invitations.list().page(1, 20)).await;
    assert_eq!((page.total, page.has_next(), page.items[0].id.as_str()), (Some(1), false, ID));
    let page = folder.read("07-list-of-organization", invitations.list_of_organization(ORGANIZATION).page(1, 20)).await;
    assert_eq!(page.items.len(), 1);
    assert_eq!(folder.read("08-get", invitations.get(ID)).await, page.items[0]);
    folder.refused("09-get-404", "management.not_found", invitations.get("nosuch")).await;

    let other = invitations.accept(ID, "dtyu8qlg9lii");
    folder.refused("10-accept-wrong-user", "management.value_refused", other).await;
    let accepted = folder.read("11-accept", invitations.accept(ID, "37s5njgpd347")).await;
    assert_eq!(
        (accepted.status.as_deref(), accepted.accepted_user_id.as_deref()),
        (Some("Accepted"), Some("37s5njgpd347"))
    );
    let revoked = folder.read("14-revoke", invitations.revoke("egxvqwsmovmls7f590ev7")).await;
    assert_eq!((revoked.status.as_deref(), revoked.organization_roles), (Some("Revoked"), Vec::new()));
    let resent = invitations.send_message(ID, &message);
    folder.refused("15-message-no-connector", "management.not_set_up", resent).await;
    folder.refused("17-delete-again", "management.not_found", invitations.delete(ID)).await;
    folder.finish();
}
