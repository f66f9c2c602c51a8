//! Invitations, as the invited person accepts them: signed in, with the address that was invited, and by a button. A page that is only looked at makes
//! nobody a member.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use logto::{ErrorCode, RequestSession, SignedIn, management::Invitation};

use crate::{
    App,
    html::{escape, notice, page, who},
    member::Instead,
};

/// GET `/join/{invitation}`.
pub(crate) async fn show(user: SignedIn, State(app): State<App>, Path(id): Path<String>) -> Result<Response, Instead> {
    let invitation = match invited(&app, &user, &id).await? {
        Offer::Open(invitation) => invitation,
        Offer::Accepted(company) => return Ok(to_the_company(&app, &company)),
    };
    let company = app.management.organizations().get(&invitation.organization_id).await?;
    let name = escape(&company.name);
    let base = app.base();
    let body = format!(
        r#"{}<div class="card"><h2>{name} invites you</h2><p>You will see who else is in {name}, and they will see you.</p>
        <form method="post" action="{base}/join/{}"><div class="go"><button>Join {name}</button></div></form></div>"#,
        who(base, &user),
        escape(&id)
    );
    Ok(page(base, &format!("Join {}", company.name), &body))
}

/// POST `/join/{invitation}`.
pub(crate) async fn accept(
    user: SignedIn,
    session: RequestSession,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Instead> {
    session.require_from_this_site()?;
    let company = match invited(&app, &user, &id).await? {
        Offer::Accepted(company) => company,
        Offer::Open(invitation) => {
            // Logto compares the addresses as well.
            match app.management.invitations().accept(&id, user.sub()).await {
                Ok(accepted) => accepted.organization_id,
                // By the other of two clicks, or revoked meanwhile.
                Err(error) if error.code() == ErrorCode::MANAGEMENT_VALUE_REFUSED => {
                    match invited(&app, &user, &invitation.id).await? {
                        Offer::Accepted(company) => company,
                        Offer::Open(_) => return Err(error.into()),
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    // The ID token names the company from now on.
    session.refresh_session().await?;
    Ok(to_the_company(&app, &company))
}

enum Offer {
    Open(Box<Invitation>),
    /// By this user, for this company.
    Accepted(String),
}

/// The invitation, if it is for this user. Who is somebody else learns nothing of it.
async fn invited(app: &App, user: &SignedIn, id: &str) -> Result<Offer, Instead> {
    let base = app.base();
    let over = |status, title, text: &str| Instead::Page(notice(base, status, title, text));
    let invitation = match app.management.invitations().get(id).await {
        Ok(invitation) => invitation,
        Err(error) if error.code() == ErrorCode::MANAGEMENT_NOT_FOUND => {
            return Err(over(StatusCode::NOT_FOUND, "No invitation", "<p>There is no such invitation.</p>"));
        }
        Err(error) => return Err(error.into()),
    };
    let claims = user.claims();
    let address = claims.email.as_deref().filter(|_| claims.email_verified == Some(true));
    if !address.is_some_and(|address| address.eq_ignore_ascii_case(&invitation.invitee)) {
        let text = format!(
            r#"<p>You are signed in as {}, and the invitation went to another address. Sign out, and open the link in the message once more.</p>
            <form method="post" action="{base}/logto/sign-out"><div class="go"><button>Sign out</button></div></form>"#,
            escape(claims.email.as_deref().or(claims.username.as_deref()).unwrap_or("somebody else"))
        );
        return Err(over(StatusCode::FORBIDDEN, "For somebody else", &text));
    }
    match invitation.status.as_deref() {
        Some("Pending") => Ok(Offer::Open(Box::new(invitation))),
        Some("Accepted") if invitation.accepted_user_id.as_deref() == Some(user.sub()) => {
            Ok(Offer::Accepted(invitation.organization_id))
        }
        _ => Err(over(StatusCode::GONE, "Too late", "<p>This invitation is over. Ask for another one.</p>")),
    }
}

fn to_the_company(app: &App, id: &str) -> Response {
    Redirect::to(&format!("{}/company/{id}", app.base())).into_response()
}
