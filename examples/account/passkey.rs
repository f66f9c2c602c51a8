//! A passkey: the browser makes it, by a script, and Logto checks it. It is made for Logto's host, so a page of another one works where the
//! administrator has named its origin (Logto Console › Sign-in & account › Account center).

use axum::Form;
use serde::Deserialize;

use crate::{
    html::{Field, escape, sub_page},
    trouble::Trouble,
    two_step,
    visit::{Answer, Step, Visit},
};

const PATH: &str = "/two-step";

/// The page comes at once, and not after a redirect: what the browser needs is too long to be kept.
pub(crate) async fn begin(mut visit: Visit) -> Answer {
    visit.confirmed(PATH)?;
    let registration = match visit.account.begin_passkey().await {
        Ok(registration) => registration,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            return two_step::page(&mut visit, Some(&trouble)).await;
        }
    };
    let options = registration.options().map(ToString::to_string).unwrap_or_default();
    visit.kept.step = Some(Step::Passkey(registration));
    visit.keep().await?;
    let base = visit.base();
    let name = Field::new("name", "A name for it", r#"maxlength="64" placeholder="My phone""#)
        .hint("So that you know it among others.");
    let body = format!(
        r#"{}<div class="card"><form method="post" action="{base}/two-step/passkey" id="passkey" data-options="{}">{name}
<input type="hidden" name="credential"><p class="wrong" role="alert" id="failed"></p>
<noscript><p class="wrong">A browser makes passkeys by JavaScript alone, and here it is off.</p></noscript>
<div class="go"><button>Make the passkey</button></div></form></div><script src="{base}/passkey.js"></script>"#,
        visit.holds(),
        escape(&options),
    );
    Ok(sub_page(base, "Passkey", None, &body))
}

#[derive(Deserialize)]
pub(crate) struct Made {
    name: String,
    credential: String,
}

pub(crate) async fn add(mut visit: Visit, Form(it): Form<Made>) -> Answer {
    let confirmed = visit.confirmed(PATH)?;
    let Some(Step::Passkey(registration)) = &visit.kept.step else {
        return two_step::page(&mut visit, Some(&Trouble::begun_elsewhere())).await;
    };
    let Ok(credential) = serde_json::from_str(&it.credential) else {
        let trouble = Trouble::new("", "The browser has made no passkey.");
        return two_step::page(&mut visit, Some(&trouble)).await;
    };
    let name = Some(it.name.trim()).filter(|name| !name.is_empty());
    let added = async {
        let passkey = visit.account.finish_passkey(registration, &credential).await?;
        visit.account.add_passkey(&passkey, name, &confirmed).await
    };
    match added.await {
        Ok(()) => visit.done("The passkey is added. Make backup codes, too.", PATH).await,
        Err(error) => {
            let trouble = visit.trouble(error, "", PATH).await?;
            two_step::page(&mut visit, Some(&trouble)).await
        }
    }
}
