//! Who changes how the account is signed in to shows first that it is them: by the password, or by a code to the present address.

use axum::{Form, extract::Query};
use logto::{
    Secret,
    account::{AccountUser, CodeFor, Identifier, Verification},
};
use serde::Deserialize;

use crate::{
    html::{Field, button, escape, form, hidden, sub_page},
    trouble::Trouble,
    visit::{Answer, Visit},
};

const TITLE: &str = "Is it you?";

/// The pages that ask for it. Whoever writes a link to here may choose one of these, and no address of their own.
const PAGES: [&str; 7] = ["username", "password", "email", "phone", "linked", "two-step", "devices"];

#[derive(Deserialize)]
pub(crate) struct Then {
    #[serde(default)]
    then: String,
}

impl Then {
    fn page(&self) -> &'static str {
        PAGES.into_iter().find(|page| *page == self.then).unwrap_or_default()
    }

    fn hidden(&self) -> String {
        hidden("then", self.page())
    }
}

pub(crate) async fn show(visit: Visit, Query(then): Query<Then>) -> Answer {
    page(&visit, &then, None).await
}

async fn page(visit: &Visit, then: &Then, trouble: Option<&Trouble>) -> Answer {
    let user = visit.account.user().await?;
    let base = visit.base();
    let mut ways = String::new();
    if user.has_password != Some(false) {
        let attributes = r#"type="password" autocomplete="current-password" required"#;
        let password = Field::new("password", "Your password", attributes).first().trouble(trouble);
        ways += &card(&form(&format!("{base}/confirm"), &[&then.hidden(), &password], "Continue"));
    }
    let mut codes = String::new();
    for address in addresses(&user) {
        let (kind, text) = match &address {
            Identifier::Email(address) => ("email", format!("Send a code to {}", escape(address))),
            Identifier::Phone(number) => ("phone", format!("Send a code to +{}", escape(number))),
            _ => continue,
        };
        let values = [("then", then.page()), ("to", kind)];
        codes += &button(&format!("{base}/confirm/send"), "quiet", &text, "", &values);
    }
    if !codes.is_empty() {
        ways += &card(&format!(r#"<p>Or by a code:</p><div class="go">{codes}</div>"#));
    }
    if ways.is_empty() {
        ways = card("<p>Your account has no password, no e-mail address and no phone number to confirm it by.</p>");
    }
    let why = "What comes next is for the owner of this account alone. Once confirmed, you are not asked again for ten minutes.";
    Ok(sub_page(base, TITLE, trouble, &format!(r#"<p class="muted">{why}</p>{ways}"#)))
}

fn card(content: &str) -> String {
    format!(r#"<div class="card">{content}</div>"#)
}

/// Where a code can be sent to: the user's present addresses alone.
fn addresses(user: &AccountUser) -> Vec<Identifier> {
    let email = user.primary_email.as_ref().map(Identifier::email);
    let phone = user.primary_phone.as_ref().map(Identifier::phone);
    email.into_iter().chain(phone).collect()
}

#[derive(Deserialize)]
pub(crate) struct Password {
    #[serde(flatten)]
    then: Then,
    password: Secret,
}

pub(crate) async fn password(mut visit: Visit, Form(it): Form<Password>) -> Answer {
    match visit.account.verify_password(&it.password).await {
        Ok(confirmed) => go_on(visit, confirmed, &it.then).await,
        Err(error) => {
            let trouble = visit.trouble(error, "password", it.then.page()).await?;
            page(&visit, &it.then, Some(&trouble)).await
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct To {
    #[serde(flatten)]
    then: Then,
    to: String,
}

pub(crate) async fn send(mut visit: Visit, Form(it): Form<To>) -> Answer {
    let user = visit.account.user().await?;
    let is_wanted = |address: &Identifier| matches!(address, Identifier::Email(_)) == (it.to == "email");
    let Some(address) = addresses(&user).into_iter().find(is_wanted) else { return visit.go_to("/") };
    match visit.account.send_code(address, CodeFor::Permission).await {
        Ok(sent) => {
            visit.kept.confirm_code = Some(sent);
            visit.keep().await?;
            visit.go_to(&format!("/confirm/code?then={}", it.then.page()))
        }
        Err(error) => {
            let trouble = visit.trouble(error, "", it.then.page()).await?;
            page(&visit, &it.then, Some(&trouble)).await
        }
    }
}

pub(crate) async fn show_code(visit: Visit, Query(then): Query<Then>) -> Answer {
    code_page(&visit, &then, None)
}

fn code_page(visit: &Visit, then: &Then, trouble: Option<&Trouble>) -> Answer {
    let Some(sent) = &visit.kept.confirm_code else {
        return visit.go_to(&format!("/confirm?then={}", then.page()));
    };
    let (base, address) = (visit.base(), sent.identifier().value());
    let code = Field::new("code", "The code", CODE).first().trouble(trouble);
    let form = form(&format!("{base}/confirm/code"), &[&then.hidden(), &code], "Continue");
    let (shown, message) = (escape(address), visit.message(address));
    let other = format!(r#"<p><a href="{base}/confirm?then={}">Confirm in another way</a></p>"#, then.page());
    let body = format!(
        r#"<p class="muted">A code has been sent to {shown}.</p>{message}<div class="card">{form}</div>{other}"#
    );
    Ok(sub_page(base, TITLE, trouble, &body))
}

pub(crate) const CODE: &str =
    r#"class="code" inputmode="numeric" autocomplete="one-time-code" maxlength="10" required"#;

#[derive(Deserialize)]
pub(crate) struct Code {
    #[serde(flatten)]
    then: Then,
    code: Secret,
}

pub(crate) async fn code(mut visit: Visit, Form(it): Form<Code>) -> Answer {
    let Some(sent) = &visit.kept.confirm_code else {
        return visit.go_to(&format!("/confirm?then={}", it.then.page()));
    };
    match visit.account.verify_code(sent, &it.code).await {
        Ok(verified) => go_on(visit, verified.into(), &it.then).await,
        Err(error) => {
            let trouble = visit.trouble(error, "code", it.then.page()).await?;
            code_page(&visit, &it.then, Some(&trouble))
        }
    }
}

async fn go_on(mut visit: Visit, confirmed: Verification, then: &Then) -> Answer {
    visit.kept.confirmed = Some(confirmed);
    visit.kept.confirm_code = None;
    visit.keep().await?;
    visit.go_to(&format!("/{}", then.page()))
}
