//! The frame of the pages, and the parts that forms are made of. Every value is escaped where it is written.

use std::{fmt, time::SystemTime};

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::trouble::Trouble;

/// A whole page. Nobody keeps it, and of scripts only the one of this site runs.
pub(crate) fn page(base: &str, title: &str, trouble: Option<&Trouble>, body: &str) -> Response {
    let (status, mark) = match trouble {
        None => (StatusCode::OK, ""),
        // The title is the first thing that a screen reader reads.
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, "Not done: "),
    };
    let html = format!(
        r##"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{mark}{title}</title><link rel="stylesheet" href="{base}/style.css"><link rel="icon" href="data:,"></head>
<body><a class="skip" href="#content">Skip to the content</a><main id="content" class="page">{body}</main></body></html>"##,
        title = escape(title),
    );
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src https: http: data:; base-uri 'none'; frame-ancestors 'none'";
    let headers =
        [("cache-control", "no-store"), ("content-security-policy", policy), ("referrer-policy", "same-origin")];
    (status, headers, Html(html)).into_response()
}

/// A page for one thing, with the way back to all others.
pub(crate) fn sub_page(base: &str, title: &str, trouble: Option<&Trouble>, body: &str) -> Response {
    let general = trouble.map(Trouble::of_the_page).unwrap_or_default();
    let body = format!(r#"<a class="back" href="{base}/">← All settings</a><h1>{}</h1>{general}{body}"#, escape(title));
    page(base, title, trouble, &body)
}

/// A form that posts its fields.
pub(crate) fn form(action: &str, fields: &[&dyn fmt::Display], button: &str) -> String {
    let fields: String = fields.iter().map(ToString::to_string).collect();
    format!(r#"<form method="post" action="{action}">{fields}<div class="go"><button>{button}</button></div></form>"#)
}

/// A form that is a button alone. `about` is read out after its text, where several buttons on a page read the same.
pub(crate) fn button(action: &str, class: &str, text: &str, about: &str, values: &[(&str, &str)]) -> String {
    let values: String = values.iter().map(|(name, value)| hidden(name, value)).collect();
    let about = match about {
        "" => String::new(),
        about => format!(r#"<span class="out-of-sight"> {}</span>"#, escape(about)),
    };
    format!(r#"<form method="post" action="{action}">{values}<button class="{class}">{text}{about}</button></form>"#)
}

pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value))
}

/// A field with its label, its hint, and what is wrong with it.
pub(crate) struct Field<'a> {
    name: &'a str,
    label: &'a str,
    value: &'a str,
    attributes: &'a str,
    hint: &'a str,
    trouble: Option<&'a Trouble>,
    read_only: bool,
    has_focus: bool,
}

impl<'a> Field<'a> {
    pub(crate) fn new(name: &'a str, label: &'a str, attributes: &'a str) -> Self {
        Self { name, label, value: "", attributes, hint: "", trouble: None, read_only: false, has_focus: false }
    }

    pub(crate) fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    pub(crate) fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// What went wrong on this page. The focus is on the field that it is about.
    pub(crate) fn trouble(mut self, trouble: Option<&'a Trouble>) -> Self {
        self.trouble = trouble.filter(|trouble| trouble.is_about(self.name));
        self.has_focus = self.trouble.is_some() || self.has_focus && trouble.is_none();
        self
    }

    /// The field that the page is for.
    pub(crate) fn first(mut self) -> Self {
        self.has_focus = true;
        self
    }

    pub(crate) fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, label, value, attributes, hint, trouble, .. } = self;
        let parts =
            [("wrong", trouble.is_some()), ("hint", !hint.is_empty())].into_iter().filter(|(_, is_there)| *is_there);
        let described: Vec<_> = parts.map(|(part, _)| format!("{name}-{part}")).collect();
        let states = [
            (" readonly", self.read_only),
            (" autofocus", self.has_focus),
            (r#" aria-invalid="true""#, trouble.is_some()),
        ];
        let states: String = states.into_iter().filter(|(_, holds)| *holds).map(|(state, _)| state).collect();
        writeln!(f, r#"<div class="field"><label for="{name}">{label}</label>"#)?;
        write!(f, r#"<input id="{name}" name="{name}" value="{}" {attributes}{states}"#, escape(value))?;
        writeln!(f, r#" aria-describedby="{}">"#, described.join(" "))?;
        if let Some(trouble) = trouble {
            writeln!(f, r#"<div id="{name}-wrong">{}</div>"#, trouble.words())?;
        }
        if !hint.is_empty() {
            writeln!(f, r#"<p class="hint" id="{name}-hint">{hint}</p>"#)?;
        }
        write!(f, "</div>")
    }
}

/// "12 min ago".
pub(crate) fn ago(time: SystemTime) -> String {
    match SystemTime::now().duration_since(time).unwrap_or_default().as_secs() {
        0..60 => "just now".to_owned(),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h ago", seconds / 3_600),
        seconds @ 86_400..172_800 => format!("{} day ago", seconds / 86_400),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

/// Users and browsers say who they are, and may say anything: it is text and never HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
