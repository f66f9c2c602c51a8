//! The pages of ours that a user may see.

use std::fmt::Write;

use super::Links;
use crate::error::{Code, Error, ErrorKind};

/// The policy of a page without script and without a form. Nobody else's page shows it in a frame, where a click could be stolen.
pub(super) const WITHOUT_FORM: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
/// The same with the form that signs out. It may lead anywhere, since Chromium asks this policy of each redirect that follows.
const WITH_FORM: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'; frame-ancestors 'none'";

/// What the browser calls the page.
fn title(error: &Error) -> &'static str {
    match error.kind() {
        _ if denies_access(error) => "No access",
        ErrorKind::Usage => "Error",
        _ if asks_to_sign_out(error) => "Sign-out",
        _ => "Sign-in",
    }
}

/// Whether the user is known and may not, so that signing in again changes nothing.
fn denies_access(error: &Error) -> bool {
    error.kind() == ErrorKind::Forbidden && !error.is_about_the_sign_in()
}

fn asks_to_sign_out(error: &Error) -> bool {
    error.is(Code::MethodNotAllowed) || error.is(Code::CrossSite)
}

/// The policy of the [`error`] page.
pub(super) fn policy(error: &Error) -> &'static str {
    if offers_sign_out(error) { WITH_FORM } else { WITHOUT_FORM }
}

fn offers_sign_out(error: &Error) -> bool {
    denies_access(error) || asks_to_sign_out(error)
}

pub(super) fn error(error: &Error, links: &Links<'_>, details: bool) -> String {
    let mut body = format!("<h1>{}</h1>\n", escape(error.summary()));
    if denies_access(error) {
        body.push_str("<p>To use another account, sign out first.</p>\n");
    }
    if error.is(Code::Unconfirmed) {
        body.push_str("<p>Another site has led here. Continue only if you want to sign in.</p>\n");
    }
    if offers_sign_out(error) {
        let _ = writeln!(
            body,
            r#"<form method="post" action="{}"><button>Sign out</button></form>"#,
            escape(links.sign_out)
        );
    } else if error.kind() != ErrorKind::Usage && !error.is(Code::NotSetUp) {
        let action = if error.is(Code::Unconfirmed) { "Continue to sign in" } else { "Sign in" };
        let _ = writeln!(body, r#"<p><a class="button" href="{}">{action}</a></p>"#, escape(links.sign_in));
    }
    let _ = writeln!(body, r#"<p><a href="{}">Back to the start page</a></p>"#, escape(links.home));
    if details {
        let _ = writeln!(
            body,
            "<section><h2>For developers</h2><p>{}</p><p><strong>What to do:</strong> {}</p>{}<p>Shown because the base URL is on this machine.</p></section>",
            escape(&error.to_string()),
            escape(error.hint()),
            if is_about_logto(error) { DIAGNOSE } else { "" },
        );
    }
    let _ = writeln!(body, "<footer><code>{}</code></footer>", escape(error.code().as_str()));
    format!("{}{body}</main></body></html>\n", head(title(error)))
}

/// Not `forms[0].submit()`: a field named `submit` would be in its place.
pub(super) const SCRIPT: &str = "HTMLFormElement.prototype.submit.call(document.forms[0])";

/// A form without `action` goes to the address of its page.
pub(super) fn repost_page(fields: impl Iterator<Item = (String, String)>) -> String {
    let mut inputs = String::new();
    for (name, value) in fields {
        let _ = writeln!(inputs, r#"<input type="hidden" name="{}" value="{}">"#, escape(&name), escape(&value));
    }
    format!(
        "{}<form method=\"post\">\n{inputs}<p>Signing you in …</p>\n<noscript><button>Continue</button></noscript>\n</form>\n<script>{SCRIPT}</script></main></body></html>\n",
        head("Sign-in"),
    )
}

/// The address is that of a page of ours, or one that was judged.
pub(super) fn again(address: &str) -> String {
    let address = escape(address);
    let refresh = format!(r#"<meta http-equiv="refresh" content="0;url={address}">"#);
    format!(
        "{}<p>Signing you in …</p>\n<p><a class=\"button\" href=\"{address}\">Continue</a></p>\n</main></body></html>\n",
        head_with("Sign-in", &refresh),
    )
}

/// For the eyes alone: the heading says it, too.
#[cfg(feature = "cli")]
const CHECK_MARK: &str =
    "<p aria-hidden=\"true\" style=\"margin:0;font-size:3rem;line-height:1;color:#2e9e6b\">✓</p>\n";

/// The browser's part is over: the program goes on in its window.
#[cfg(feature = "cli")]
pub(super) fn cli(application: &str, failure: Option<&Error>) -> String {
    let (heading, text) = match failure {
        None => ("You are signed in", "You can close this page and go back to "),
        Some(error) if error.kind() == ErrorKind::Cancelled => {
            ("Nobody was signed in", "The sign-in was left. You can close this page and go back to ")
        }
        Some(_) => ("The sign-in failed", "You can close this page. What went wrong is told by "),
    };
    let mark = if failure.is_none() { CHECK_MARK } else { "" };
    let code = failure.map(|error| format!("<footer><code>{}</code></footer>", escape(error.code().as_str())));
    format!(
        "{}{mark}<h1>{heading}</h1>\n<p>{text}<strong>{}</strong>.</p>\n{}</main></body></html>\n",
        head("Sign-in"),
        escape(application),
        code.unwrap_or_default(),
    )
}

#[cfg(feature = "cli")]
pub(super) fn cli_refusal(application: &str) -> String {
    format!(
        "{}<h1>There is nothing to see here</h1>\n<p><strong>{}</strong> waits for a sign-in, and this address is not part of it.</p>\n</main></body></html>\n",
        head("Sign-in"),
        escape(application),
    )
}

const DIAGNOSE: &str =
    "<p>To look further: <code>LogtoClient::diagnose()</code> compares the settings with what Logto answers.</p>";

/// Whether the settings and Logto do not agree, which a diagnosis would show.
fn is_about_logto(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Config | ErrorKind::Provider | ErrorKind::Network | ErrorKind::InvalidToken)
}

pub(super) fn head(title: &str) -> String {
    head_with(title, "")
}

fn head_with(title: &str, more: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{more}<title>{title}</title>
{STYLE}"#
    )
}

const STYLE: &str = r"<style>
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; }
main { max-width: 34rem; padding: 2rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 0; }
.button, button { display: inline-block; padding: .6rem 1.2rem; border: 0; border-radius: .5rem; background: #5d34f2; color: #fff; font: inherit; text-decoration: none; cursor: pointer; }
section { margin-top: 1.5rem; padding: 1rem; border: 1px solid #8886; border-radius: .5rem; overflow-wrap: anywhere; }
footer { margin-top: 1.5rem; opacity: .6; }
</style></head><body><main>
";

/// Text made safe for HTML, in content and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
