//! The frame of the pages, and the parts they are made of. Every value is escaped where it is written.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use logto::SignedIn;

/// A whole page, which nobody keeps.
pub(crate) fn page(base: &str, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        r##"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="{base}/style.css"><link rel="icon" href="data:,"></head>
<body><a class="skip" href="#content">Skip to the content</a><main id="content" class="page">{body}</main></body></html>"##
    );
    let policy = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";
    let headers =
        [("cache-control", "no-store"), ("content-security-policy", policy), ("referrer-policy", "same-origin")];
    (headers, Html(html)).into_response()
}

/// A page that says why something is not so, with the way back.
pub(crate) fn notice(base: &str, status: StatusCode, title: &str, text: &str) -> Response {
    let body = format!(
        r#"<a class="back" href="{base}/">← Start page</a><h1>{}</h1><div class="card" role="alert">{text}</div>"#,
        escape(title)
    );
    with_status(status, page(base, title, &body))
}

pub(crate) fn with_status(status: StatusCode, mut page: Response) -> Response {
    *page.status_mut() = status;
    page
}

/// Who is signed in, and the way out.
pub(crate) fn who(base: &str, user: &SignedIn) -> String {
    let claims = user.claims();
    let name =
        [&claims.name, &claims.username, &claims.email].into_iter().flatten().next().map_or("You", String::as_str);
    let initial: String = name.chars().take(1).flat_map(char::to_uppercase).collect();
    format!(
        r#"<header class="who"><span class="face" aria-hidden="true">{}</span><div><h1>{}</h1><p class="muted">{}</p></div>
        <form method="post" action="{base}/logto/sign-out"><button class="quiet">Sign out</button></form></header>"#,
        escape(&initial),
        escape(name),
        escape(claims.email.as_deref().unwrap_or_default())
    )
}

pub(crate) fn card(id: &str, title: &str, content: &str) -> String {
    format!(r#"<section id="{id}" aria-labelledby="{id}-title"><h2 id="{id}-title">{title}</h2>{content}</section>"#)
}

/// A form that is a button alone. `about` is read out after its text, where several buttons on a page read the same.
pub(crate) fn button(action: &str, text: &str, about: &str, values: &[(&str, &str)]) -> String {
    let hidden =
        |(name, value): &(&str, &str)| format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value));
    let values = values.iter().map(hidden).collect::<Vec<_>>().concat();
    format!(
        r#"<form method="post" action="{action}">{values}<button class="quiet">{text}<span class="out-of-sight"> {}</span></button></form>"#,
        escape(about)
    )
}

/// Users and companies are called as they like: it is text and never HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
