//! What is asked for after the password: an authenticator app, passkeys, and backup codes for when these are lost.

use std::fmt::Write;

use axum::{Form, response::Response};
use logto::{
    Secret,
    account::{BackupCodes, FactorKind, MfaFactor, TotpSecret},
};
use serde::Deserialize;

use crate::{
    confirm::CODE,
    html::{Field, ago, button, escape, form, sub_page},
    trouble::Trouble,
    visit::{Answer, Step, Visit},
};

const PATH: &str = "/two-step";

pub(crate) async fn show(mut visit: Visit) -> Answer {
    visit.confirmed(PATH)?;
    page(&mut visit, None).await
}

pub(crate) async fn page(visit: &mut Visit, trouble: Option<&Trouble>) -> Answer {
    let done = visit.take_done().await?;
    let factors = visit.account.mfa_factors().await?;
    let base = visit.base();
    let has = |kind: &FactorKind| factors.iter().any(|factor| factor.kind == *kind);
    let list = if factors.is_empty() {
        "<p>You have no second step yet: whoever knows your password can sign in.</p>".to_owned()
    } else {
        let rows: String = factors.iter().map(|factor| row(base, factor)).collect();
        format!(r#"<div class="card"><ul class="rows wide">{rows}</ul></div>"#)
    };
    let mut ways = String::new();
    let mut way = |path: &str, text: &str, why: &str| {
        let button = button(&format!("{base}/two-step/{path}"), "quiet", text, "", &[]);
        _ = write!(ways, r#"<li><span>{why}</span><span class="act">{button}</span></li>"#);
    };
    if !has(&FactorKind::Totp) {
        way("app/new", "Add an authenticator app", "Shows a code that changes every 30 seconds.");
    }
    way("passkey/new", "Add a passkey", "Your fingerprint, your face, or a security key.");
    if factors.iter().any(|factor| factor.kind != FactorKind::BackupCode) {
        let text = if has(&FactorKind::BackupCode) { "Make new backup codes" } else { "Make backup codes" };
        way("codes/new", text, "Codes on paper, for when the rest is lost.");
    }
    let body = format!(
        r#"{done}{}<p class="muted">After your password you show something that only you have.</p>{list}<div class="card"><h2>Add</h2><ul class="rows wide">{ways}</ul></div>"#,
        visit.holds()
    );
    Ok(sub_page(base, "Two-step sign-in", trouble, &body))
}

fn row(base: &str, factor: &MfaFactor) -> String {
    let kind = name(&factor.kind);
    let mut facts: Vec<String> = Vec::new();
    facts.extend(factor.name.as_deref().or(factor.agent.as_deref()).map(escape));
    facts.extend(factor.remaining_codes.map(|left| format!("{left} left")));
    facts.extend(factor.created_at.map(|time| format!("added {}", ago(time))));
    facts.extend(factor.last_used_at.map(|time| format!("last used {}", ago(time))));
    let remove = button(&format!("{base}/two-step/remove"), "risky", "Remove", &kind, &[("id", &factor.id)]);
    format!(
        r#"<li><span><strong>{}</strong><br><span class="muted small">{}</span></span><span class="act">{remove}</span></li>"#,
        escape(&kind),
        facts.join(" · ")
    )
}

pub(crate) fn name(kind: &FactorKind) -> String {
    match kind {
        FactorKind::Totp => "Authenticator app".to_owned(),
        FactorKind::WebAuthn => "Passkey".to_owned(),
        FactorKind::BackupCode => "Backup codes".to_owned(),
        FactorKind::Email => "Code by e-mail".to_owned(),
        FactorKind::Phone => "Code by text message".to_owned(),
        FactorKind::Other(name) => name.clone(),
        other => format!("{other:?}"),
    }
}

pub(crate) async fn new_app(mut visit: Visit) -> Answer {
    visit.confirmed(PATH)?;
    match visit.account.new_totp_secret().await {
        Ok(secret) => visit.next(Step::App(secret), "/two-step/app").await,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            page(&mut visit, Some(&trouble)).await
        }
    }
}

pub(crate) async fn show_app(visit: Visit) -> Answer {
    visit.confirmed(PATH)?;
    let Some(Step::App(secret)) = &visit.kept.step else { return visit.go_to(PATH) };
    app_page(&visit, secret, None).await
}

async fn app_page(visit: &Visit, secret: &TotpSecret, trouble: Option<&Trouble>) -> Answer {
    let user = visit.account.user().await?;
    let account = user.username.or(user.primary_email).unwrap_or(user.id);
    let uri = secret.uri("Settings example", &account);
    let characters: Vec<_> = secret.secret().expose().chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    let code = Field::new("code", "The code that the app shows now", CODE).first().trouble(trouble);
    let body = format!(
        r#"{}<div class="card"><ol class="steps">
<li><a href="{}">Open it in an authenticator app</a> on this device, or type this key into the app on another one:
<span class="secret" translate="no">{}</span></li>
<li>{}</li></ol></div>"#,
        visit.holds(),
        escape(uri.expose()),
        groups.join(" "),
        form(&format!("{}/two-step/app", visit.base()), &[&code], "Add the app"),
    );
    Ok(sub_page(visit.base(), "Authenticator app", trouble, &body))
}

#[derive(Deserialize)]
pub(crate) struct Code {
    code: Secret,
}

pub(crate) async fn add_app(mut visit: Visit, Form(it): Form<Code>) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    let Some(Step::App(secret)) = &visit.kept.step else {
        return page(&mut visit, Some(&Trouble::begun_elsewhere())).await;
    };
    let secret = secret.clone();
    match visit.account.add_totp(&secret, &it.code, &confirmed).await {
        Ok(()) => visit.done("The authenticator app is added. Make backup codes, too.", PATH).await,
        Err(error) => {
            let trouble = visit.trouble(error, "code", PATH).await?;
            app_page(&visit, &secret, Some(&trouble)).await
        }
    }
}

pub(crate) async fn new_codes(mut visit: Visit) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    match visit.account.new_backup_codes(&confirmed).await {
        Ok(codes) => visit.next(Step::BackupCodes(codes), "/two-step/codes").await,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            page(&mut visit, Some(&trouble)).await
        }
    }
}

pub(crate) async fn show_codes(visit: Visit) -> Answer {
    visit.confirmed(PATH)?;
    match &visit.kept.step {
        Some(Step::BackupCodes(codes)) => Ok(codes_page(&visit, codes, None)),
        _ => visit.go_to(PATH),
    }
}

fn codes_page(visit: &Visit, codes: &BackupCodes, trouble: Option<&Trouble>) -> Response {
    let items: Vec<_> = codes.codes().iter().map(|code| format!("<li>{}</li>", escape(code.expose()))).collect();
    let items = items.concat();
    let body = format!(
        r#"{}<p>Write them down or print them: they are shown this once. Each is good for one sign-in. They hold once you have pressed the button, and older ones no longer do.</p>
<div class="card"><ul class="codes" translate="no">{items}</ul>{}</div>"#,
        visit.holds(),
        form(&format!("{}/two-step/codes", visit.base()), &[], "I have written them down"),
    );
    sub_page(visit.base(), "Backup codes", trouble, &body)
}

/// Logto keeps one set: the one before makes way.
pub(crate) async fn add_codes(mut visit: Visit) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    let Some(Step::BackupCodes(codes)) = &visit.kept.step else {
        return page(&mut visit, Some(&Trouble::begun_elsewhere())).await;
    };
    let codes = codes.clone();
    let before = visit.account.mfa_factors().await?.into_iter().find(|factor| factor.kind == FactorKind::BackupCode);
    let added = async {
        if let Some(before) = before {
            visit.account.remove_factor(&before.id, &confirmed).await?;
        }
        visit.account.add_backup_codes(&codes, &confirmed).await
    };
    match added.await {
        Ok(()) => visit.done("The backup codes hold.", PATH).await,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            Ok(codes_page(&visit, &codes, Some(&trouble)))
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Which {
    id: String,
}

pub(crate) async fn remove(mut visit: Visit, Form(it): Form<Which>) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    match visit.account.remove_factor(&it.id, &confirmed).await {
        Ok(()) => visit.done("It is removed.", PATH).await,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            page(&mut visit, Some(&trouble)).await
        }
    }
}
