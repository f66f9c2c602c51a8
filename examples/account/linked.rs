//! Accounts at other providers that the user signs in with.

use std::fmt::Write;

use axum::{
    Form,
    extract::RawQuery,
    response::{IntoResponse, Redirect},
};
use logto::account::{AccountUser, LinkOptions};
use serde::Deserialize;

use crate::{
    html::{button, escape, sub_page},
    trouble::Trouble,
    visit::{Answer, Step, Visit},
};

const PATH: &str = "/linked";

pub(crate) async fn show(mut visit: Visit) -> Answer {
    visit.confirmed(PATH)?;
    page(&mut visit, None).await
}

async fn page(visit: &mut Visit, trouble: Option<&Trouble>) -> Answer {
    let done = visit.take_done().await?;
    let user = visit.account.user().await?;
    let base = visit.base();
    let waiting = match visit.kept.step {
        Some(Step::Linked(_)) => format!(
            r#"<div class="card"><p>Your other account is ready.</p><div class="go">{}</div></div>"#,
            button(&format!("{base}/linked/finish"), "", "Link it", "", &[])
        ),
        _ => String::new(),
    };
    let body = format!(
        r#"{done}{}<p class="muted">You sign in with any of them.</p>{waiting}<div class="card"><ul class="rows">{}</ul></div>"#,
        visit.holds(),
        rows(visit, &user)
    );
    Ok(sub_page(base, "Linked accounts", trouble, &body))
}

fn rows(visit: &Visit, user: &AccountUser) -> String {
    let (base, identities) = (visit.base(), user.identities.clone().unwrap_or_default());
    let mut rows = String::new();
    for (target, identity) in &identities {
        let member = |name: &str| identity.details.as_ref()?.get(name)?.as_str();
        let whose = member("name").or(member("email")).unwrap_or(&identity.user_id);
        let end = button(&format!("{base}/linked/end"), "risky", "Unlink", &name(target), &[("target", target)]);
        rows += &row(target, &escape(whose), &end);
    }
    for connector in visit.settings.connectors.iter().filter(|it| !identities.contains_key(&it.target)) {
        let link = button(
            &format!("{base}/linked/begin"),
            "quiet",
            "Link",
            &name(&connector.target),
            &[("connector", &connector.id)],
        );
        rows += &row(&connector.target, r#"<span class="muted">Not linked</span>"#, &link);
    }
    rows
}

fn row(target: &str, value: &str, action: &str) -> String {
    let mut row = String::new();
    _ = write!(row, r#"<li><span class="what">{}</span><span>{value}</span>"#, escape(&name(target)));
    _ = write!(row, r#"<span class="act">{action}</span></li>"#);
    row
}

/// What people call it.
pub(crate) fn name(target: &str) -> String {
    match target {
        "github" => "GitHub".to_owned(),
        "wechat" => "WeChat".to_owned(),
        _ => target.chars().take(1).flat_map(char::to_uppercase).chain(target.chars().skip(1)).collect(),
    }
}

#[derive(Deserialize)]
pub(crate) struct Which {
    connector: String,
}

pub(crate) async fn begin(mut visit: Visit, Form(it): Form<Which>) -> Answer {
    visit.confirmed(PATH)?;
    let base_url = visit.settings.playground.client().config().base_url().to_owned();
    let options = LinkOptions::new(it.connector, format!("{}/linked/callback", base_url.trim_end_matches('/')));
    let pending = match visit.account.begin_link(options).await {
        Ok(pending) => pending,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            return page(&mut visit, Some(&trouble)).await;
        }
    };
    let provider = pending.authorization_uri().unwrap_or_default().to_owned();
    visit.kept.step = Some(Step::Link(pending));
    visit.keep().await?;
    Ok(Redirect::to(&provider).into_response())
}

/// The provider sends the browser here. That it belongs to this user and this link shows the `state`, which is compared by the crate.
pub(crate) async fn callback(mut visit: Visit, RawQuery(query): RawQuery) -> Answer {
    let Some(Step::Link(pending)) = &visit.kept.step else {
        let trouble = Trouble::new("", "No link was begun here, or it is done already.");
        return page(&mut visit, Some(&trouble)).await;
    };
    match visit.account.finish_link(pending, &query.unwrap_or_default()).await {
        Ok(verified) => {
            visit.kept.step = Some(Step::Linked(verified));
            visit.keep().await?;
            // Without a confirmation that still holds the page asks for it, and has the button.
            finish(visit).await
        }
        // The link stays begun: another address than the provider's may have led here.
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            page(&mut visit, Some(&trouble)).await
        }
    }
}

pub(crate) async fn finish(mut visit: Visit) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    let Some(Step::Linked(verified)) = visit.kept.step.take() else { return visit.go_to(PATH) };
    match visit.account.link_identity(&verified, &confirmed).await {
        Ok(()) => visit.done("The account is linked.", PATH).await,
        Err(error) => {
            visit.keep().await?;
            let trouble = visit.trouble(error, "", PATH).await?;
            page(&mut visit, Some(&trouble)).await
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Target {
    target: String,
}

pub(crate) async fn end(mut visit: Visit, Form(it): Form<Target>) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    match visit.account.unlink_identity(&it.target, &confirmed).await {
        Ok(()) => visit.done("The account is no longer linked.", PATH).await,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            page(&mut visit, Some(&trouble)).await
        }
    }
}
