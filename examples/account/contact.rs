//! The e-mail address and the phone number: a new one is taken once the code that was sent to it has come back.

use axum::Form;
use logto::{
    Secret,
    account::{AccountUser, CodeFor, Identifier, SentCode},
};
use serde::Deserialize;

use crate::{
    confirm::CODE,
    html::{Field, button, escape, form, sub_page},
    trouble::Trouble,
    visit::{Answer, Step, Visit},
};

/// Which of the two.
#[derive(Clone, Copy)]
pub(crate) enum Contact {
    Email,
    Phone,
}

struct Words {
    path: &'static str,
    title: &'static str,
    label: &'static str,
    hint: &'static str,
    attributes: &'static str,
    changed: &'static str,
    removed: &'static str,
}

const EMAIL: Words = Words {
    path: "/email",
    title: "E-mail address",
    label: "New address",
    hint: "You get a code there. Nothing changes before you have entered it.",
    attributes: r#"type="email" autocomplete="email" required"#,
    changed: "Your e-mail address is changed.",
    removed: "Your e-mail address is removed.",
};

const PHONE: Words = Words {
    path: "/phone",
    title: "Phone number",
    label: "New number",
    hint: "With the country code, such as +82 10 1234 5678. You get a code there. Nothing changes before you have entered it.",
    attributes: r#"type="tel" autocomplete="tel" required"#,
    changed: "Your phone number is changed.",
    removed: "Your phone number is removed.",
};

impl Contact {
    fn words(self) -> &'static Words {
        match self {
            Self::Email => &EMAIL,
            Self::Phone => &PHONE,
        }
    }

    fn identifier(self, address: &str) -> Identifier {
        match self {
            Self::Email => Identifier::email(address),
            Self::Phone => Identifier::phone(address),
        }
    }

    fn present(self, user: &AccountUser) -> Option<String> {
        match self {
            Self::Email => user.primary_email.clone(),
            Self::Phone => user.primary_phone.as_ref().map(|number| format!("+{number}")),
        }
    }

    /// The code that was sent to a new one of this kind.
    fn sent(self, visit: &Visit) -> Option<&SentCode> {
        let Some(Step::Contact(sent)) = &visit.kept.step else { return None };
        (matches!(sent.identifier(), Identifier::Email(_)) == matches!(self, Self::Email)).then_some(sent)
    }
}

pub(crate) async fn show(visit: Visit, contact: Contact) -> Answer {
    visit.confirmed(contact.words().path)?;
    match contact.sent(&visit) {
        Some(sent) => code_page(&visit, contact, sent, None),
        None => page(&visit, contact, "", None).await,
    }
}

async fn page(visit: &Visit, contact: Contact, typed: &str, trouble: Option<&Trouble>) -> Answer {
    let user = visit.account.user().await?;
    let (base, words) = (visit.base(), contact.words());
    let action = format!("{base}{}", words.path);
    let (now, remove) = match contact.present(&user) {
        None => ("You have none yet.".to_owned(), String::new()),
        Some(present) => (
            format!("It is <strong>{}</strong> now.", escape(&present)),
            remove_card(&format!("{action}/remove"), &present),
        ),
    };
    let field =
        Field::new("address", words.label, words.attributes).first().value(typed).hint(words.hint).trouble(trouble);
    let form = form(&action, &[&field], "Send the code");
    let body = format!(r#"{}<p>{now}</p><div class="card">{form}</div>{remove}"#, visit.holds());
    Ok(sub_page(base, words.title, trouble, &body))
}

/// Asks once more, without a script.
fn remove_card(action: &str, present: &str) -> String {
    let button = button(action, "risky", "Remove it", present, &[]);
    format!(
        r#"<details class="card"><summary>Remove {}</summary><p>You can no longer sign in with it, and get no messages there.</p><div class="go">{button}</div></details>"#,
        escape(present)
    )
}

#[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
fn code_page(visit: &Visit, contact: Contact, sent: &SentCode, trouble: Option<&Trouble>) -> Answer {
    let (base, words, address) = (visit.base(), contact.words(), sent.identifier().value());
    let action = format!("{base}{}", words.path);
    let field = Field::new("code", "The code", CODE).first().trouble(trouble);
    let form = form(&format!("{action}/code"), &[&field], "Save");
    let again = button(&action, "bare", "Send another code", "", &[("address", address)]);
    let other = button(&format!("{action}/other"), "bare", "Take another address or number", "", &[]);
    let body = format!(
        r#"{}<p>A code has been sent to <strong>{}</strong>.</p>{}<div class="card">{form}<div class="go">{again}{other}</div></div>"#,
        visit.holds(),
        escape(address),
        visit.message(address),
    );
    Ok(sub_page(base, words.title, trouble, &body))
}

#[derive(Deserialize)]
pub(crate) struct Address {
    address: String,
}

pub(crate) async fn send(mut visit: Visit, Form(it): Form<Address>, contact: Contact) -> Answer {
    let path = contact.words().path;
    visit.confirmed(path)?;
    match visit.account.send_code(contact.identifier(&it.address), CodeFor::NewAddress).await {
        Ok(sent) => visit.next(Step::Contact(sent), path).await,
        Err(error) => {
            let trouble = visit.trouble(error, "address", path).await?;
            page(&visit, contact, &it.address, Some(&trouble)).await
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Code {
    code: Secret,
}

pub(crate) async fn code(mut visit: Visit, Form(it): Form<Code>, contact: Contact) -> Answer {
    let words = contact.words();
    let confirmed = visit.confirmed(words.path)?;
    let Some(sent) = contact.sent(&visit).cloned() else {
        return page(&visit, contact, "", Some(&Trouble::begun_elsewhere())).await;
    };
    let verified = match visit.account.verify_code(&sent, &it.code).await {
        Ok(verified) => verified,
        Err(error) => {
            let trouble = visit.trouble(error, "code", words.path).await?;
            return code_page(&visit, contact, &sent, Some(&trouble));
        }
    };
    let set = match contact {
        Contact::Email => visit.account.set_email(&verified, &confirmed).await,
        Contact::Phone => visit.account.set_phone(&verified, &confirmed).await,
    };
    match set {
        Ok(()) => visit.saved(words.changed, "/#sign-in").await,
        // The code is used up.
        Err(error) => {
            visit.kept.step = None;
            visit.keep().await?;
            let trouble = visit.trouble(error, "address", words.path).await?;
            page(&visit, contact, sent.identifier().value(), Some(&trouble)).await
        }
    }
}

pub(crate) async fn other(mut visit: Visit, contact: Contact) -> Answer {
    visit.kept.step = None;
    visit.keep().await?;
    visit.go_to(contact.words().path)
}

pub(crate) async fn remove(mut visit: Visit, contact: Contact) -> Answer {
    let words = contact.words();
    let confirmed = visit.confirmed(words.path)?;
    let removed = match contact {
        Contact::Email => visit.account.remove_email(&confirmed).await,
        Contact::Phone => visit.account.remove_phone(&confirmed).await,
    };
    match removed {
        Ok(()) => visit.saved(words.removed, "/#sign-in").await,
        Err(error) => {
            let trouble = visit.trouble(error, "", words.path).await?;
            page(&visit, contact, "", Some(&trouble)).await
        }
    }
}
