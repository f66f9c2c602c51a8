//! Choosing a user, and what the user sees.

use std::time::SystemTime;

use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use http::Request;
use logto::{RequestSession, SignedIn};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    App,
    desk::{Act, Refused, is_support, name_of},
    html::{button, card, escape, notice, page, who},
};

type Answer = Result<Response, logto::Error>;

#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
}

/// GET `/`.
pub(crate) async fn home(
    user: SignedIn,
    session: RequestSession,
    State(app): State<App>,
    Query(search): Query<Search>,
) -> Answer {
    if !is_support(user.claims()) {
        return Ok(not_support(&app));
    }
    let base = app.playground.base_path();
    let body = match app.desk.current(&session, user.sub()).await? {
        Some(act) => acting(&app, &act).await?,
        None => choice(&app, search.q.trim()).await?,
    };
    Ok(page(base, "Support", &format!("{}{body}", who(base, &user))))
}

fn not_support(app: &App) -> Response {
    let text = "<p>This page is for people of the support.</p>";
    notice(app.playground.base_path(), StatusCode::FORBIDDEN, "Not for you", text)
}

async fn choice(app: &App, text: &str) -> Result<String, logto::Error> {
    let base = app.playground.base_path();
    let users = app.management.users();
    let found = if text.is_empty() { users.list() } else { users.search(text) };
    let found = found.page(1, 20).await?;
    let row = |user| {
        let (name, id) = (name_of(user), user.id.as_str());
        format!(
            r#"<li><span>{} <span class="muted small">{}</span></span><form method="post" action="{base}/act">
            <input type="hidden" name="user" value="{}"><label class="out-of-sight" for="ticket-{}">Ticket</label>
            <input id="ticket-{}" name="ticket" placeholder="Ticket" maxlength="64" required>
            <div class="go"><button class="quiet">Act for<span class="out-of-sight"> {}</span></button></div></form></li>"#,
            escape(name),
            escape(id),
            escape(id),
            escape(id),
            escape(id),
            escape(name)
        )
    };
    let rows: String = found.items.iter().map(row).collect();
    let rows = if rows.is_empty() { "<li>Nobody is called so.</li>".to_owned() } else { rows };
    let search = format!(
        r#"<form action="{base}/"><div class="field"><label for="q">Name, address or id</label>
        <input id="q" name="q" type="search" value="{}"></div><div class="go"><button>Search</button></div></form>"#,
        escape(text)
    );
    Ok(card("users", "Act for a user", &format!(r#"{search}<ul class="rows wide">{rows}</ul>"#)))
}

/// What the API says to the user, asked by somebody else.
async fn acting(app: &App, act: &Act) -> Result<String, logto::Error> {
    let base = app.playground.base_path();
    let request = Request::get("/books").body(Vec::new()).unwrap_or_default();
    let answer = app.books.send(&act.token, request).await?;
    let books: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let claims = act.token.claims()?;
    let claims = json!({ "sub": claims.sub, "act": claims.act, "aud": claims.aud, "scope": claims.scope });
    let left = act.until.duration_since(SystemTime::now()).unwrap_or_default().as_secs();
    let banner = format!(
        r#"<p class="demo" role="status">You act for <b>{}</b> ({}), as {}, on ticket {}. It ends by itself in {left} seconds.</p>{}"#,
        escape(&act.name),
        escape(&act.user),
        escape(&act.actor),
        escape(&act.ticket),
        button(&format!("{base}/act/end"), "Stop", "acting for the user", &[])
    );
    let shown = |title, value: &Value| card("value", title, &format!("<pre>{}</pre>", escape(&format!("{value:#}"))));
    Ok(format!("{banner}{}{}", shown("What the API answers", &books), shown("What the access token says", &claims)))
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    user: String,
    ticket: String,
}

/// POST `/act`.
pub(crate) async fn begin(
    user: SignedIn,
    session: RequestSession,
    State(app): State<App>,
    Form(wanted): Form<Wanted>,
) -> Answer {
    session.require_from_this_site()?;
    if !is_support(user.claims()) {
        tracing::warn!(target: "impersonation", actor = user.sub(), user = wanted.user, "refused: not support");
        return Ok(not_support(&app));
    }
    let ticket = wanted.ticket.trim();
    if ticket.is_empty() || ticket.len() > 64 {
        let text = "<p>Say which ticket it is for.</p>";
        return Ok(notice(app.playground.base_path(), StatusCode::UNPROCESSABLE_ENTITY, "No ticket", text));
    }
    match app.desk.begin(&app, &session, &wanted.user, ticket).await {
        Ok(()) => Ok(to_home(&app)),
        Err(Refused::Because(why)) => {
            let text = format!("<p>{why}</p>");
            Ok(notice(app.playground.base_path(), StatusCode::FORBIDDEN, "Not done", &text))
        }
        Err(Refused::Failed(error)) => Err(error),
    }
}

/// POST `/act/end`.
pub(crate) async fn end(user: SignedIn, session: RequestSession, State(app): State<App>) -> Answer {
    session.require_from_this_site()?;
    app.desk.end(&session, user.sub()).await?;
    Ok(to_home(&app))
}

fn to_home(app: &App) -> Response {
    Redirect::to(&format!("{}/", app.playground.base_path())).into_response()
}
