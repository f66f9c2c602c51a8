//! A company: how it begins, and its page.

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use logto::{
    RequestSession, SignedIn,
    management::{Management, NewOrganization, Organization, OrganizationMember, Reference},
};
use serde::Deserialize;

use crate::{
    Answer, App, domain,
    html::{card, escape, page, who, with_status},
    member::Member,
    open_invitations::{self, trouble},
    template::Template,
};

/// More members are a list of its own, with pages.
const SHOWN: u32 = 100;

#[derive(Deserialize)]
pub(crate) struct Founded {
    name: String,
}

pub(crate) fn form(base: &str, wrong: Option<&str>) -> String {
    let form = format!(
        r#"{}<form method="post" action="{base}/companies"><div class="field"><label for="name">Name</label>
        <input id="name" name="name" maxlength="128" autocomplete="organization" required></div>
        <div class="go"><button>Found the company</button></div></form>"#,
        trouble(wrong)
    );
    card("found", "A new company", &form)
}

/// POST `/companies`: who founds a company is its first member, and its admin.
pub(crate) async fn found(
    user: SignedIn,
    session: RequestSession,
    State(app): State<App>,
    Form(founded): Form<Founded>,
) -> Answer {
    session.require_from_this_site()?;
    let name = founded.name.trim();
    if name.is_empty() || name.chars().count() > 128 {
        let body = format!("{}{}", who(app.base(), &user), form(app.base(), Some("Give it a name.")));
        return Ok(with_status(StatusCode::UNPROCESSABLE_ENTITY, page(app.base(), "Desk", &body)));
    }
    let (management, template) = (app.management.clone(), app.template.clone());
    let (name, founder) = (name.to_owned(), user.sub().to_owned());
    let company = app.to_the_end(async move { create(&management, &template, &name, &founder).await }).await?;
    // The ID token names the new company from now on.
    session.refresh_session().await?;
    Ok(Redirect::to(&format!("{}/company/{}", app.base(), company.id)).into_response())
}

async fn create(
    management: &Management,
    template: &Template,
    name: &str,
    founder: &str,
) -> logto::Result<Organization> {
    let organizations = management.organizations();
    let company = organizations.create(&NewOrganization::new().name(name)).await?;
    let furnished = async {
        organizations.add_members(&company.id, [founder]).await?;
        organizations.assign_member_roles(&company.id, founder, [&template.admin]).await?;
        // What colleagues are who come in by their email domain.
        organizations.add_jit_roles(&company.id, [&template.member]).await
    };
    if let Err(error) = furnished.await {
        // Nobody could ever get into it.
        _ = organizations.delete(&company.id).await;
        return Err(error);
    }
    Ok(company)
}

/// GET `/company/{company}`.
pub(crate) async fn show(member: Member) -> Answer {
    whole_page(&member, None).await
}

/// The company's page, with what is wrong with the invitation that was to be made.
pub(crate) async fn whole_page(member: &Member, wrong: Option<&str>) -> Answer {
    let organizations = member.app.management.organizations();
    let company = organizations.get(&member.company).await?;
    let members = organizations.list_members(&member.company).page(1, SHOWN).await?;
    let rows: String = members.items.iter().map(row).collect();
    let count = members.total.unwrap_or_default();
    let base = member.app.base();
    let mut body = format!(
        r#"<a class="back" href="{base}/">← All companies</a><h1>{}</h1>{}"#,
        escape(&company.name),
        card("members", &format!("Members ({count})"), &format!(r#"<ul class="rows wide">{rows}</ul>"#))
    );
    if member.may_invite() {
        body.push_str(&open_invitations::section(member, wrong).await?);
        body.push_str(&domain::section(member).await?);
    }
    let page = page(base, &company.name, &body);
    Ok(if wrong.is_some() { with_status(StatusCode::UNPROCESSABLE_ENTITY, page) } else { page })
}

fn row(member: &OrganizationMember) -> String {
    let user = &member.user;
    let name = [&user.name, &user.username, &user.primary_email].into_iter().flatten().next();
    let roles: Vec<_> = member.organization_roles.iter().filter_map(name_of).collect();
    format!(
        r#"<li><span>{} <span class="muted small">{}</span></span><span class="tag">{}</span></li>"#,
        escape(name.unwrap_or(&user.id)),
        escape(user.primary_email.as_deref().unwrap_or_default()),
        escape(&roles.join(", "))
    )
}

fn name_of(role: &Reference) -> Option<&str> {
    role.name.as_deref()
}
