//! All settings on one page: what the administrator lets users see, with a way to change what they may change.

use std::fmt::Write;

use logto::account::{AccountCenter, AccountUser, FactorKind, MfaFactor};

use crate::{
    html::{button, escape, page},
    linked, two_step,
    visit::{Answer, Visit},
};

pub(crate) async fn show(mut visit: Visit) -> Answer {
    let center = visit.account.center().await?;
    if !center.enabled {
        let text = "<h1>Your account</h1><p>The administrator has switched these settings off.</p>";
        return Ok(page(visit.base(), "Your account", None, &format!("{text}{}", sign_out(visit.base()))));
    }
    let user = visit.account.user().await?;
    let factors = if center.may_see("mfa") { visit.account.mfa_factors().await? } else { Vec::new() };
    let body = [
        head(visit.base(), &user),
        visit.take_done().await?,
        about(visit.base(), &user, &center),
        how_to_sign_in(visit.base(), &user, &center),
        second_step(visit.base(), &factors, &center),
        linked_accounts(&visit, &user, &center),
        devices(visit.base(), &center),
    ];
    Ok(page(visit.base(), "Your account", None, &body.concat()))
}

fn head(base: &str, user: &AccountUser) -> String {
    let name = user.name.as_deref().or(user.username.as_deref()).unwrap_or("Your account");
    let face = if let Some(address) = &user.avatar {
        format!(r#"<img class="face" src="{}" alt="" referrerpolicy="no-referrer">"#, escape(address))
    } else {
        let initial: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
        format!(r#"<span class="face" aria-hidden="true">{}</span>"#, escape(&initial))
    };
    format!(
        r#"<header class="who">{face}<div><h1>{}</h1><p class="muted">Your account</p></div>{}</header>"#,
        escape(name),
        sign_out(base)
    )
}

fn sign_out(base: &str) -> String {
    button(&format!("{base}/logto/sign-out"), "quiet", "Sign out", "", &[])
}

/// Rows of a card, of which those are left out that the administrator does not show.
struct Rows<'a> {
    base: &'a str,
    center: &'a AccountCenter,
    html: String,
}

impl<'a> Rows<'a> {
    fn new(base: &'a str, center: &'a AccountCenter) -> Self {
        Self { base, center, html: String::new() }
    }

    fn row(mut self, field: &str, what: &str, value: Option<&str>, path: &str) -> Self {
        if !self.center.may_see(field) {
            return self;
        }
        let value = match value.filter(|value| !value.is_empty()) {
            Some(value) => escape(value),
            None => r#"<span class="muted">None</span>"#.to_owned(),
        };
        let link = match self.center.may_edit(field) {
            true => format!(r#"<a href="{}{path}">Change<span class="out-of-sight"> {what}</span></a>"#, self.base),
            false => r#"<span class="muted small">Cannot be changed</span>"#.to_owned(),
        };
        _ = write!(
            self.html,
            r#"<li><span class="what">{what}</span><span>{value}</span><span class="act">{link}</span></li>"#
        );
        self
    }

    /// Nothing where there is no row.
    fn card(self, id: &str, title: &str) -> String {
        match self.html.is_empty() {
            true => self.html,
            false => card(id, title, &format!(r#"<ul class="rows">{}</ul>"#, self.html)),
        }
    }
}

fn card(id: &str, title: &str, content: &str) -> String {
    format!(r#"<section id="{id}" aria-labelledby="{id}-title"><h2 id="{id}-title">{title}</h2>{content}</section>"#)
}

fn about(base: &str, user: &AccountUser, center: &AccountCenter) -> String {
    let profile = user.profile.clone().unwrap_or_default();
    let names = [profile.given_name, profile.family_name].map(Option::unwrap_or_default).join(" ");
    Rows::new(base, center)
        .row("name", "Name", user.name.as_deref(), "/profile")
        .row("avatar", "Picture", user.avatar.as_ref().map(|_| "Shown above"), "/profile#basics")
        .row("profile", "Full name", Some(names.trim()), "/profile#more")
        .row("profile", "Birthday", profile.birthdate.as_deref(), "/profile#more")
        .row("profile", "Website", profile.website.as_deref(), "/profile#more")
        .card("about", "About you")
}

fn how_to_sign_in(base: &str, user: &AccountUser, center: &AccountCenter) -> String {
    let phone = user.primary_phone.as_ref().map(|number| format!("+{number}"));
    let password = match user.has_password {
        Some(true) => Some("Set"),
        _ => None,
    };
    Rows::new(base, center)
        .row("username", "User name", user.username.as_deref(), "/username")
        .row("password", "Password", password, "/password")
        .row("email", "E-mail", user.primary_email.as_deref(), "/email")
        .row("phone", "Phone", phone.as_deref(), "/phone")
        .card("sign-in", "How you sign in")
}

fn second_step(base: &str, factors: &[MfaFactor], center: &AccountCenter) -> String {
    let kinds: Vec<_> = factors.iter().map(|factor| two_step::name(&factor.kind)).collect();
    let is_on = factors.iter().any(|factor| factor.kind != FactorKind::BackupCode);
    let value = if is_on { kinds.join(", ") } else { String::new() };
    Rows::new(base, center).row("mfa", "Second step", Some(&value), "/two-step").card("two-step", "Two-step sign-in")
}

fn linked_accounts(visit: &Visit, user: &AccountUser, center: &AccountCenter) -> String {
    let identities = user.identities.clone().unwrap_or_default();
    let names: Vec<_> = identities.keys().map(|target| linked::name(target)).collect();
    Rows::new(visit.base(), center)
        .row("social", "Linked", Some(&names.join(", ")), "/linked")
        .card("linked", "Linked accounts")
}

fn devices(base: &str, center: &AccountCenter) -> String {
    if !center.may_see("session") {
        return String::new();
    }
    let text = "Where you are signed in, and which applications may use your account.";
    let link = format!(r#"<p><a href="{base}/devices">See devices and applications</a></p>"#);
    card("devices", "Devices and applications", &format!(r#"<p class="muted">{text}</p>{link}"#))
}
