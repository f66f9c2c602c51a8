//! Invitations, as an admin makes them. The admin never sees the magic link: who has it can sign in as the invited person.

use std::{
    sync::PoisonError,
    time::{Duration, SystemTime},
};

use axum::{
    Form,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use logto::{
    ErrorCode,
    management::{Invitation, InvitationMessage, Management, NewInvitation, NewOneTimeToken, Refusal},
};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use crate::{
    Answer, App, company,
    html::notice,
    member::{Admin, Instead, Member},
};

/// How long an invitation can be accepted.
const INVITATION: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long its link signs in, in seconds. After that the invitation still stands, and the invited person signs in by other means.
const MAGIC_LINK: u64 = 24 * 60 * 60;

#[derive(Deserialize)]
pub(crate) struct Invited {
    email: String,
    role: String,
}

/// POST `/company/{company}/invitations`.
pub(crate) async fn invite(Admin(member): Admin, Form(invited): Form<Invited>) -> Answer {
    let app = member.app.clone();
    let Some(role) = app.template.role(&invited.role) else {
        return company::whole_page(&member, Some("Choose a role.")).await;
    };
    let invitation = NewInvitation::new()
        .invitee(invited.email.trim())
        .organization(&member.company)
        .inviter(member.user.sub())
        .roles([role])
        .expires_at(SystemTime::now() + INVITATION);
    let created = {
        let app = app.clone();
        async move {
            let invitation = app.management.invitations().create(&invitation).await?;
            send(&app, &invitation).await
        }
    };
    match app.to_the_end(created).await {
        Ok(()) => Ok(to_the_page(&member)),
        Err(error) if error.code() == ErrorCode::MANAGEMENT_VALUE_REFUSED => {
            let code = Refusal::of(&error).and_then(Refusal::code);
            company::whole_page(&member, Some(refused(code))).await
        }
        Err(error) => Err(error),
    }
}

/// Logto's codes are stable.
fn refused(code: Option<&str>) -> &'static str {
    match code {
        Some("entity.unique_integrity_violation") => "This address has an invitation already. Send that again.",
        Some("guard.invalid_input") => "This is not an email address.",
        Some("request.invalid_input") => "Whoever has this address is a member already.",
        _ => "This address cannot be invited.",
    }
}

/// POST `/company/{company}/invitations/{invitation}/again`, with a magic link of its own.
pub(crate) async fn send_again(
    Admin(member): Admin,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, Instead> {
    let invitation = of_this_company(&member, &id).await?;
    let app = member.app.clone();
    member.app.to_the_end(async move { send(&app, &invitation).await }).await?;
    Ok(to_the_page(&member))
}

/// POST `/company/{company}/invitations/{invitation}/revoke`: the way back from a wrong address.
pub(crate) async fn revoke(Admin(member): Admin, Path((_, id)): Path<(String, String)>) -> Result<Response, Instead> {
    let invitation = of_this_company(&member, &id).await?;
    member.app.management.invitations().revoke(&invitation.id).await?;
    revoke_links(&member.app.management, &invitation.invitee).await?;
    Ok(to_the_page(&member))
}

/// An admin of one company could name an invitation of another.
async fn of_this_company(member: &Member, id: &str) -> Result<Invitation, Instead> {
    let found = member.app.management.invitations().get(id).await;
    let not_there = || {
        let text = "<p>It is not there any more, or it never was.</p>";
        Instead::Page(notice(member.app.base(), StatusCode::NOT_FOUND, "No invitation", text))
    };
    match found {
        Ok(invitation)
            if invitation.organization_id == member.company && invitation.status.as_deref() == Some("Pending") =>
        {
            Ok(invitation)
        }
        Ok(_) => Err(not_there()),
        Err(error) if error.code() == ErrorCode::MANAGEMENT_NOT_FOUND => Err(not_there()),
        Err(error) => Err(error.into()),
    }
}

/// Sends the message by Logto's email connector. What it says is in Logto Console › Connectors › the email connector, as `OrganizationInvitation`.
async fn send(app: &App, invitation: &Invitation) -> logto::Result<()> {
    let link = link(app, invitation).await?;
    if app.playground.mock().is_some() {
        let mut outbox = app.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        outbox.insert(invitation.id.clone(), link);
        return Ok(());
    }
    app.management.invitations().send_message(&invitation.id, &InvitationMessage::new().link(link)).await
}

/// Who has an account signs in to it as ever: a message that is forwarded must not open it. Nobody else has anything to lose yet, and is signed in by
/// the link. Both look the same to the admin, who is not to learn which addresses have accounts.
async fn link(app: &App, invitation: &Invitation) -> logto::Result<String> {
    let management = &app.management;
    let join = format!("{}/join/{}", app.base(), invitation.id);
    revoke_links(management, &invitation.invitee).await?;
    if management.users().find_by_email(&invitation.invitee).await?.is_some() {
        return Ok(app.address(&format!("/join/{}", invitation.id)));
    }
    let token = NewOneTimeToken::new().email(&invitation.invitee).expires_in(MAGIC_LINK);
    let token = management.one_time_tokens().create(&token).await?;
    let query = Serializer::new(String::new())
        .append_pair("one_time_token", token.token.expose())
        .append_pair("login_hint", &invitation.invitee)
        .append_pair("return_to", &join)
        .finish();
    Ok(app.address(&format!("/logto/sign-in?{query}")))
}

/// One link of an address works at a time, and none after the invitation was revoked.
async fn revoke_links(management: &Management, email: &str) -> logto::Result<()> {
    let tokens = management.one_time_tokens();
    let mut active = tokens.list().query("email", email).query("status", "active").items();
    while let Some(token) = active.next().await.transpose()? {
        tokens.revoke(&token.id).await?;
    }
    Ok(())
}

fn to_the_page(member: &Member) -> Response {
    Redirect::to(&member.path("#invitations")).into_response()
}
