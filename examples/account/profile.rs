//! Name and picture, and what else is known of the user: nothing of it is for signing in, so nothing is to be confirmed.

use axum::Form;
use logto::{
    Error,
    account::{AccountProfile, AccountUser, ProfileUpdate, Refusal, UserUpdate},
};
use serde::Deserialize;

use crate::{
    html::{Field, form, sub_page},
    trouble::Trouble,
    visit::{Answer, Instead, Visit},
};

/// Fields are called as Logto calls the members, so that a refusal finds its field. What a form does not have stays as it is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Basics {
    name: Option<String>,
    avatar: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct More {
    given_name: Option<String>,
    family_name: Option<String>,
    nickname: Option<String>,
    birthdate: Option<String>,
    website: Option<String>,
}

const MEMBERS: [&str; 7] = ["name", "avatar", "givenName", "familyName", "nickname", "birthdate", "website"];

impl Basics {
    fn of(user: AccountUser) -> Self {
        Self { name: user.name, avatar: user.avatar }
    }
}

impl More {
    fn of(user: AccountUser) -> Self {
        let AccountProfile { given_name, family_name, nickname, birthdate, website, .. } =
            user.profile.unwrap_or_default();
        Self { given_name, family_name, nickname, birthdate, website }
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    page(&visit, None, None, None).await
}

/// With what was typed, in place of what Logto has.
async fn page(visit: &Visit, basics: Option<Basics>, more: Option<More>, trouble: Option<&Trouble>) -> Answer {
    let (center, user) = (visit.account.center().await?, visit.account.user().await?);
    let (basics, more) = (basics.unwrap_or_else(|| Basics::of(user.clone())), more.unwrap_or_else(|| More::of(user)));
    let field = |access, name, label, attributes, value: &Option<String>, hint| match center.may_see(access) {
        true => Field::new(name, label, attributes)
            .value(value.as_deref().unwrap_or_default())
            .hint(hint)
            .trouble(trouble)
            .read_only(!center.may_edit(access))
            .to_string(),
        false => String::new(),
    };
    let name =
        field("name", "name", "Name", r#"autocomplete="name" maxlength="128""#, &basics.name, "As others see it.");
    let hint = "The address of a picture on the web. Empty for none.";
    let avatar = field("avatar", "avatar", "Picture", URL, &basics.avatar, hint);
    let more = [
        ("givenName", "Given name", r#"autocomplete="given-name""#, &more.given_name),
        ("familyName", "Family name", r#"autocomplete="family-name""#, &more.family_name),
        ("nickname", "Nickname", r#"autocomplete="nickname""#, &more.nickname),
        ("birthdate", "Birthday", r#"type="date" autocomplete="bday""#, &more.birthdate),
        ("website", "Website", URL, &more.website),
    ];
    let more = more.map(|(name, label, attributes, value)| field("profile", name, label, attributes, value, ""));
    let base = visit.base();
    let can_save = |fields: &[&str]| fields.iter().any(|field| center.may_edit(field));
    let basics =
        card("basics", "Name and picture", &format!("{base}/profile"), &[name, avatar], can_save(&["name", "avatar"]));
    let [given, family, nickname, birthdate, website] = more;
    let pair = match center.may_see("profile") {
        true => format!(r#"<div class="pair">{given}{family}{nickname}{birthdate}</div>"#),
        false => String::new(),
    };
    let more =
        card("more", "More about you", &format!("{base}/profile/more"), &[pair, website], can_save(&["profile"]));
    Ok(sub_page(base, "About you", trouble, &format!("{basics}{more}")))
}

const URL: &str = r#"type="url" placeholder="https://…""#;

/// Nothing where no field is shown, and no button where none can be changed.
fn card(id: &str, title: &str, action: &str, fields: &[String], can_save: bool) -> String {
    let content = match (fields.concat(), can_save) {
        (fields, _) if fields.is_empty() => return String::new(),
        (fields, true) => form(action, &[&fields], "Save"),
        (fields, false) => fields,
    };
    format!(r#"<section id="{id}" aria-labelledby="{id}-title"><h2 id="{id}-title">{title}</h2>{content}</section>"#)
}

pub(crate) async fn save(mut visit: Visit, Form(typed): Form<Basics>) -> Answer {
    let before = Basics::of(visit.account.user().await?);
    let mut update = UserUpdate::new();
    update = match changed(typed.name.as_deref(), before.name.as_deref()) {
        None => update,
        Some("") => update.no_name(),
        Some(name) => update.name(name),
    };
    update = match changed(typed.avatar.as_deref(), before.avatar.as_deref()) {
        None => update,
        Some("") => update.no_avatar(),
        Some(avatar) => update.avatar(avatar),
    };
    if update == UserUpdate::new() {
        return visit.go_to("/");
    }
    match visit.account.update(&update).await {
        Ok(_) => visit.saved("Your name and picture are saved.", "/#about").await,
        Err(error) => {
            let trouble = trouble(&mut visit, error).await?;
            page(&visit, Some(typed), None, Some(&trouble)).await
        }
    }
}

/// What was typed, if it is another value. A change alone is sent: another tab may have changed the rest.
fn changed<'a>(typed: Option<&'a str>, before: Option<&str>) -> Option<&'a str> {
    let typed = typed?.trim();
    (typed != before.unwrap_or_default()).then_some(typed)
}

pub(crate) async fn save_more(mut visit: Visit, Form(typed): Form<More>) -> Answer {
    let given_name: fn(ProfileUpdate, String) -> ProfileUpdate = ProfileUpdate::given_name;
    let before = More::of(visit.account.user().await?);
    let mut update = ProfileUpdate::new();
    for (now, before, set) in [
        (&typed.given_name, &before.given_name, given_name),
        (&typed.family_name, &before.family_name, ProfileUpdate::family_name),
        (&typed.nickname, &before.nickname, ProfileUpdate::nickname),
        (&typed.birthdate, &before.birthdate, ProfileUpdate::birthdate),
        (&typed.website, &before.website, ProfileUpdate::website),
    ] {
        if let Some(value) = changed(now.as_deref(), before.as_deref()) {
            update = set(update, value.to_owned());
        }
    }
    if update == ProfileUpdate::new() {
        return visit.go_to("/");
    }
    match visit.account.update_profile(&update).await {
        Ok(_) => visit.saved("What is known about you is saved.", "/#about").await,
        Err(error) => {
            let trouble = trouble(&mut visit, error).await?;
            page(&visit, None, Some(typed), Some(&trouble)).await
        }
    }
}

/// Beside the field whose member Logto could not take.
async fn trouble(visit: &mut Visit, error: Error) -> Result<Trouble, Instead> {
    let members = Refusal::of(&error).map(Refusal::members).unwrap_or_default();
    let field = MEMBERS.into_iter().find(|member| members.iter().any(|refused| refused == member));
    visit.trouble(error, field.unwrap_or_default(), "/profile").await
}
