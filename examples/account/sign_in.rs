//! The user name and the password.

use axum::{Form, response::Response};
use logto::{Secret, account::AccountUser};
use serde::Deserialize;

use crate::{
    html::{Field, escape, form, sub_page},
    trouble::Trouble,
    visit::{Answer, Visit},
};

pub(crate) async fn show_username(visit: Visit) -> Answer {
    visit.confirmed("/username")?;
    let user = visit.account.user().await?;
    Ok(username_page(&visit, user.username.as_deref().unwrap_or_default(), None))
}

fn username_page(visit: &Visit, typed: &str, trouble: Option<&Trouble>) -> Response {
    let base = visit.base();
    let attributes = r#"autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="128" required"#;
    let field = Field::new("username", "User name", attributes)
        .first()
        .value(typed)
        .hint("Letters, digits and _, and no digit at the beginning. You sign in with it.")
        .trouble(trouble);
    let form = form(&format!("{base}/username"), &[&field], "Save");
    sub_page(base, "User name", trouble, &format!(r#"{}<div class="card">{form}</div>"#, visit.holds()))
}

#[derive(Deserialize)]
pub(crate) struct Username {
    username: String,
}

pub(crate) async fn set_username(mut visit: Visit, Form(it): Form<Username>) -> Answer {
    let confirmed = visit.confirmed("/username")?;
    match visit.account.set_username(it.username.trim(), &confirmed).await {
        Ok(_) => visit.saved("Your user name is changed.", "/#sign-in").await,
        Err(error) => {
            let trouble = visit.trouble(error, "username", "/username").await?;
            Ok(username_page(&visit, &it.username, Some(&trouble)))
        }
    }
}

/// Who has nothing to be confirmed by sets a first password without.
fn has_something_to_confirm_by(user: &AccountUser) -> bool {
    user.has_security_verification_method != Some(false)
}

pub(crate) async fn show_password(visit: Visit) -> Answer {
    let user = visit.account.user().await?;
    if has_something_to_confirm_by(&user) {
        visit.confirmed("/password")?;
    }
    Ok(password_page(&visit, &user, None))
}

fn password_page(visit: &Visit, user: &AccountUser, trouble: Option<&Trouble>) -> Response {
    let base = visit.base();
    // A program that keeps passwords notes whose it is.
    let name = user.username.as_ref().or(user.primary_email.as_ref()).map(|name| escape(name)).unwrap_or_default();
    let whose = format!(r#"<input type="text" autocomplete="username" value="{name}" hidden>"#);
    let attributes = r#"type="password" autocomplete="new-password" required"#;
    let new = Field::new("new", "New password", attributes)
        .first()
        .hint("A sentence is easy to remember and hard to guess.")
        .trouble(trouble);
    let again = Field::new("again", "Once more", attributes).trouble(trouble);
    let form = form(&format!("{base}/password"), &[&whose, &new, &again], "Save");
    sub_page(base, "Password", trouble, &format!(r#"{}<div class="card">{form}</div>"#, visit.holds()))
}

#[derive(Deserialize)]
pub(crate) struct Password {
    new: Secret,
    again: Secret,
}

pub(crate) async fn set_password(mut visit: Visit, Form(it): Form<Password>) -> Answer {
    let user = visit.account.user().await?;
    if it.new != it.again {
        return Ok(password_page(&visit, &user, Some(&Trouble::new("again", "These two are not the same."))));
    }
    let set = match has_something_to_confirm_by(&user) {
        true => visit.account.set_password(&it.new, &visit.confirmed("/password")?).await,
        false => visit.account.set_first_password(&it.new).await,
    };
    match set {
        Ok(()) => {
            visit.done("Your password is changed. Where you are signed in, you stay signed in.", "/#sign-in").await
        }
        Err(error) => {
            let trouble = visit.trouble(error, "new", "/password").await?;
            Ok(password_page(&visit, &user, Some(&trouble)))
        }
    }
}
