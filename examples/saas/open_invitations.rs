//! The invitations of a company that are open, and the form for a further one.

use logto::management::Invitation;

use crate::{
    html::{button, card, escape},
    member::Member,
};

/// For admins, with what is wrong with the invitation that was to be made.
pub(crate) async fn section(member: &Member, wrong: Option<&str>) -> logto::Result<String> {
    let mut invitations = member.app.management.invitations().list_of_organization(&member.company).items();
    let mut rows = String::new();
    while let Some(invitation) = invitations.next().await.transpose()? {
        if invitation.status.as_deref() == Some("Pending") {
            rows.push_str(&row(member, &invitation));
        }
    }
    let form = format!(
        r#"{}<form method="post" action="{}"><div class="field"><label for="email">Email address</label>
        <input id="email" name="email" type="email" autocomplete="off" required></div>
        <div class="go"><button name="role" value="member">Invite</button>
        <button class="quiet" name="role" value="admin">Invite as admin</button></div></form>"#,
        trouble(wrong),
        member.path("/invitations")
    );
    let list = if rows.is_empty() { rows } else { format!(r#"<ul class="rows wide">{rows}</ul>"#) };
    Ok(card("invitations", "Invitations", &format!("{list}{form}")))
}

fn row(member: &Member, invitation: &Invitation) -> String {
    let action = |what| member.path(&format!("/invitations/{}/{what}", invitation.id));
    let roles: Vec<_> = invitation.organization_roles.iter().filter_map(|role| role.name.as_deref()).collect();
    let message = member.app.would_have_sent(&invitation.id).map(|link| {
        format!(
            r#"<aside class="demo">The Logto of this example sends no messages. It would send: <a href="{}">the invitation</a></aside>"#,
            escape(&link)
        )
    });
    format!(
        r#"<li><span>{} <span class="muted small">{}</span>{}</span><span class="act">{}{}</span></li>"#,
        escape(&invitation.invitee),
        escape(&roles.join(", ")),
        message.unwrap_or_default(),
        button(&action("again"), "Send again", &invitation.invitee, &[]),
        button(&action("revoke"), "Revoke", &invitation.invitee, &[])
    )
}

/// What is wrong with a form, before it.
pub(crate) fn trouble(text: Option<&str>) -> String {
    text.map(|text| format!(r#"<p class="wrong" role="alert">{}</p>"#, escape(text))).unwrap_or_default()
}
