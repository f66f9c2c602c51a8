//! Colleagues who are in at once: whoever signs up with an address of the company's domain (just-in-time provisioning).

use axum::{
    Form,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use logto::{ErrorCode, SignedIn};
use serde::Deserialize;

use crate::{
    Answer,
    html::{card, escape, notice},
    member::{Admin, Member},
};

/// Everybody has an address there. An application of your own asks for a proof that the domain is the company's, such as a DNS record.
const EVERYBODYS: [&str; 12] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "aol.com",
    "proton.me",
    "naver.com",
    "qq.com",
    "163.com",
];

#[derive(Deserialize)]
pub(crate) struct Wanted {
    on: String,
}

pub(crate) async fn section(member: &Member) -> logto::Result<String> {
    let mut domains = member.app.management.organizations().list_jit_email_domains(&member.company).items();
    let mut known = Vec::new();
    while let Some(domain) = domains.next().await.transpose()? {
        known.push(domain.email_domain);
    }
    let button = |on, text: &str| {
        format!(
            r#"<form method="post" action="{}"><input type="hidden" name="on" value="{on}"><div class="go"><button class="quiet">{text}</button></div></form>"#,
            member.path("/domain")
        )
    };
    let content = match (known.first(), own_domain(&member.user)) {
        (Some(domain), _) => format!(
            "<p>Whoever signs up with an address of <b>{}</b> is a member at once.</p>{}",
            escape(domain),
            button("no", "Stop this")
        ),
        (None, Some(domain)) => format!(
            r#"<p class="muted">Colleagues need no invitation if they sign up with an address of the company.</p>{}"#,
            button("yes", &format!("Let in addresses of {}", escape(domain)))
        ),
        (None, None) => {
            r#"<p class="muted">For this you need an address of the company that you have confirmed.</p>"#.to_owned()
        }
    };
    Ok(card("domain", "Colleagues", &content))
}

/// POST `/company/{company}/domain`. The domain is that of the admin's own address, or a company could let in the people of another.
pub(crate) async fn set(Admin(member): Admin, Form(wanted): Form<Wanted>) -> Answer {
    let organizations = member.app.management.organizations();
    if wanted.on == "yes" {
        let Some(domain) = own_domain(&member.user) else {
            let text = "<p>Addresses of this domain are anybody's.</p>";
            return Ok(notice(member.app.base(), StatusCode::UNPROCESSABLE_ENTITY, "No domain of a company", text));
        };
        match organizations.add_jit_email_domain(&member.company, domain).await {
            Ok(_) => {}
            // Another admin was faster.
            Err(error) if error.code() == ErrorCode::MANAGEMENT_VALUE_REFUSED => {}
            Err(error) => return Err(error),
        }
    } else {
        organizations.replace_jit_email_domains(&member.company, [""; 0]).await?;
    }
    Ok(Redirect::to(&member.path("#domain")).into_response())
}

/// That of an address that the user has confirmed.
fn own_domain(user: &SignedIn) -> Option<&str> {
    let claims = user.claims();
    let address = claims.email.as_deref().filter(|_| claims.email_verified == Some(true))?;
    let (_, domain) = address.rsplit_once('@')?;
    (!EVERYBODYS.contains(&domain.to_ascii_lowercase().as_str())).then_some(domain)
}
