//! The frame of the pages, and the small ones. Every value is escaped.

/// A whole page with the banner.
pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex,nofollow\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<p class=\"banner\">MockLogto — for development and tests only, never production</p>\n\
         <main>\n{body}\n</main>\n</body>\n</html>\n",
        escape(title)
    )
}

pub(crate) fn notice(title: &str, text: &str) -> String {
    page(title, &format!("<h1>{}</h1>\n<p>{}</p>", escape(title), escape(text)))
}

/// A form that posts itself (OAuth 2.0 Form Post Response Mode).
pub(crate) fn self_posting(action: &str, fields: &[(&'static str, String)]) -> String {
    let inputs: String = fields.iter().map(|(name, value)| hidden(name, value)).collect();
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<title>Submitting Callback</title>\n<script>\n\
         document.addEventListener('DOMContentLoaded', function () {{ document.forms[0].submit() }});\n\
         </script>\n</head>\n<body>\n<form method=\"post\" action=\"{}\">\n{inputs}\
         <noscript>\nYour browser does not support JavaScript or you've disabled it.<br/>\n\
         <button autofocus type=\"submit\">Continue</button>\n</noscript>\n</form>\n</body>\n</html>",
        escape(action)
    )
}

pub(crate) fn sign_out(action: &str, xsrf: &str) -> String {
    self_posting(action, &[("xsrf", xsrf.to_owned()), ("logout", "yes".to_owned())])
}

pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\"/>\n", escape(name), escape(value))
}

/// Safe in text and in quoted attributes.
pub(in crate::testing) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#191c1d;--paper:#fff;--ground:#f2f2f7;--line:#c9c5d0;--accent:#5d34f2}\
@media(prefers-color-scheme:dark){:root{--ink:#eff1f1;--paper:#24222e;--ground:#161420;--line:#47464e;--accent:#7958ff}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
.banner{margin:0;padding:.5rem 1rem;background:#ffb400;color:#191c1d;text-align:center;font-size:.875rem;font-weight:600}\
main{max-width:26rem;margin:8vh auto;padding:2rem;background:var(--paper);border-radius:1rem;box-shadow:0 4px 24px #0002}\
@media(max-width:30rem){main{margin:0;border-radius:0;box-shadow:none}}\
h1{margin:0 0 1rem;font-size:1.5rem}\
label{display:block;margin:0 0 1rem;font-size:.875rem}\
input{display:block;width:100%;margin-top:.25rem;padding:.625rem .75rem;border:1px solid var(--line);border-radius:.5rem;background:transparent;color:inherit;font:inherit}\
button,.button{display:block;width:100%;margin:0 0 .75rem;padding:.625rem;border:0;border-radius:.5rem;background:var(--accent);color:#fff;font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}\
.plain{background:transparent;color:inherit;border:1px solid var(--line)}\
.kakao{background:#fee500;color:#191919}\
:focus-visible{outline:3px solid #5d34f280;outline-offset:2px}\
.error{padding:.5rem .75rem;border-radius:.5rem;background:#ba1b1b;color:#fff}\
.hint{font-size:.875rem;opacity:.8}\
a{color:var(--accent)}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_an_attribute_or_a_text() {
        let hostile = "\"><script>alert('&')</script>";
        for html in [self_posting(hostile, &[("state", hostile.to_owned())]), notice(hostile, hostile)] {
            assert!(!html.contains("<script>alert"), "{html}");
        }
        assert_eq!(escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    }
}
