//! Where the user is signed in, and which applications may use the account.

use std::fmt::Write;

use axum::Form;
use logto::account::{AccountGrant, AccountSession, GrantsOf, RevokeGrants};
use serde::Deserialize;

use crate::{
    html::{ago, button, escape, sub_page},
    trouble::Trouble,
    visit::{Answer, Visit},
};

const PATH: &str = "/devices";

pub(crate) async fn show(mut visit: Visit) -> Answer {
    page(&mut visit, None).await
}

async fn page(visit: &mut Visit, trouble: Option<&Trouble>) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    let done = visit.take_done().await?;
    let sessions = visit.account.sessions(&confirmed).await;
    let lists = match sessions {
        Ok(sessions) => visit.account.grants(GrantsOf::All, &confirmed).await.map(|grants| (sessions, grants)),
        Err(error) => Err(error),
    };
    let (mut sessions, grants) = match lists {
        Ok(lists) => lists,
        Err(error) => {
            // The administrator may have switched it off.
            let trouble = visit.trouble(error, "", PATH).await?;
            return Ok(sub_page(visit.base(), TITLE, Some(&trouble), ""));
        }
    };
    sessions.sort_by_key(|session| (!session.is_current, std::cmp::Reverse(session.signed_in_at)));
    let base = visit.base();
    let devices: String = sessions.iter().map(|session| device(base, session)).collect();
    // This application has one for each device, which ends with the device.
    let client = visit.settings.playground.client();
    let is_other = |grant: &&AccountGrant| grant.application_id.as_deref() != Some(client.config().app_id());
    let applications: String = grants.iter().filter(is_other).map(|grant| application(base, grant)).collect();
    let applications = match applications.is_empty() {
        true => r#"<p class="muted">No other application may use your account.</p>"#.to_owned(),
        false => format!(r#"<ul class="rows wide">{applications}</ul>"#),
    };
    let body = format!(
        r#"{done}{}<section aria-labelledby="devices"><h2 id="devices">Signed-in devices</h2><ul class="rows wide">{devices}</ul></section>
<section aria-labelledby="applications"><h2 id="applications">Applications with access</h2>{applications}</section>"#,
        visit.holds(),
    );
    Ok(sub_page(base, TITLE, trouble, &body))
}

const TITLE: &str = "Devices and applications";

fn device(base: &str, session: &AccountSession) -> String {
    let what = session.user_agent.as_deref().map_or_else(|| "Unknown browser".to_owned(), browser);
    let mut facts: Vec<String> = Vec::new();
    facts.extend(session.ip.as_deref().map(escape));
    facts.extend(session.signed_in_at.map(|time| format!("signed in {}", ago(time))));
    let action = match session.is_current {
        true => r#"<span class="tag">This device</span>"#.to_owned(),
        false => button(&format!("{base}/devices/end"), "risky", "Sign it out", &what, &[("id", &session.id)]),
    };
    row(&what, &facts, &action)
}

fn application(base: &str, grant: &AccountGrant) -> String {
    let what = grant.application_name.as_deref().or(grant.application_id.as_deref()).unwrap_or("Unknown application");
    let mut facts: Vec<String> = Vec::new();
    facts.extend(grant.granted_at.map(|time| format!("since {}", ago(time))));
    let action = button(&format!("{base}/devices/revoke"), "risky", "Take access away", what, &[("id", &grant.id)]);
    row(what, &facts, &action)
}

fn row(what: &str, facts: &[String], action: &str) -> String {
    let mut row = String::new();
    _ = write!(row, "<li><span><strong>{}</strong><br>", escape(what));
    _ = write!(
        row,
        r#"<span class="muted small">{}</span></span><span class="act">{action}</span></li>"#,
        facts.join(" · ")
    );
    row
}

/// "Firefox on Windows", out of what a browser calls itself.
fn browser(user_agent: &str) -> String {
    // Each calls itself what came before it, too.
    let names = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("CrOS", "Chromebook"),
        ("Linux", "Linux"),
    ];
    let find =
        |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    match (find(&names), find(&systems)) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ => user_agent.chars().take(60).collect(),
    }
}

#[derive(Deserialize)]
pub(crate) struct Which {
    id: String,
}

/// With its refresh tokens: without these the applications on that device go on.
pub(crate) async fn end(mut visit: Visit, Form(it): Form<Which>) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    match visit.account.end_session(&it.id, RevokeGrants::All, &confirmed).await {
        Ok(()) => visit.done("The device is signed out.", PATH).await,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            page(&mut visit, Some(&trouble)).await
        }
    }
}

pub(crate) async fn revoke(mut visit: Visit, Form(it): Form<Which>) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    match visit.account.revoke_grant(&it.id, &confirmed).await {
        Ok(()) => visit.done("The application no longer has access.", PATH).await,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            page(&mut visit, Some(&trouble)).await
        }
    }
}
