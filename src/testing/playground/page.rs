//! The pages. Every value is escaped, and every link is below the base URL.

use serde::Serialize;

use crate::{claims::IdTokenClaims, client::LogtoContext, config::LogtoConfig, testing::mock::messages::html::escape};

pub(super) fn home(config: &LogtoConfig, context: &LogtoContext) -> String {
    match context.claims() {
        None => frame(config, "Welcome", SIGNED_OUT),
        Some(claims) => {
            let name = claims.name.as_deref().unwrap_or(&claims.sub);
            frame(config, &format!("Hello, {name}"), &signed_in(claims))
        }
    }
}

pub(super) fn value(config: &LogtoConfig, title: &str, value: &impl Serialize) -> String {
    frame(config, title, &pretty(value))
}

const SIGNED_OUT: &str = r#"<p>Sign in to see what Logto knows of you.</p>
<nav><a href="{base}/logto/sign-in">Sign in</a><a class="quiet" href="{base}/logto/sign-up">Create account</a>
<a class="kakao" href="{base}/logto/sign-in?direct_sign_in=social:kakao">Continue with Kakao</a></nav>"#;

fn signed_in(claims: &IdTokenClaims) -> String {
    let organizations = claims
        .organizations
        .iter()
        .map(|id| format!(r#"<a class="quiet" href="{{base}}/organization/{0}">Organization {0}</a>"#, escape(id)));
    let organizations = organizations.collect::<Vec<_>>().concat();
    format!(
        r#"<nav><a class="quiet" href="{{base}}/protected">Protected page</a><a class="quiet" href="{{base}}/user-info">Fetch user info</a>
<a class="quiet" href="{{base}}/access-token">Access token</a>{organizations}
<form method="post" action="{{base}}/logto/sign-out"><button>Sign out</button></form></nav><h2>Claims</h2>{}"#,
        pretty(claims)
    )
}

fn pretty(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string());
    // A brace would be read as a placeholder of the frame.
    format!("<pre>{}</pre>", escape(&json).replace('{', "&#123;"))
}

fn frame(config: &LogtoConfig, title: &str, body: &str) -> String {
    FRAME
        .replace("{style}", STYLE)
        .replace("{body}", body)
        .replace("{title}", &escape(title).replace('{', "&#123;"))
        .replace("{home}", &escape(home_path(config)))
        .replace("{base}", &escape(base_path(config)))
}

/// The path of the base URL: the browser is there whatever a proxy or a router takes off.
pub(super) fn base_path(config: &LogtoConfig) -> &str {
    let after_scheme = config.base_url().split_once("://").map_or("", |(_, rest)| rest);
    after_scheme.find('/').and_then(|slash| after_scheme.get(slash..)).unwrap_or_default()
}

/// The base URL itself: below a path it has no slash at its end, and a router may not know the address with one.
fn home_path(config: &LogtoConfig) -> &str {
    match base_path(config) {
        "" => "/",
        path => path,
    }
}

const FRAME: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1>{body}<p><small><a href="{home}">Start page</a></small></p></main></body></html>"#;

/// For pages that are written by hand, too.
pub(super) const STYLE: &str = r"
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.55; --accent: #5d34f2; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f5f4fb, #14121d); }
main { box-sizing: border-box; width: min(44rem, 100% - 2rem); margin: 2rem 0; padding: 2.5rem; border-radius: 1.25rem; background: light-dark(#fff, #1f1c2b); box-shadow: 0 1rem 3rem #0002; }
h1 { margin: 0 0 .5rem; font-size: 1.8rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; opacity: .7; }
nav { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
nav a, button { padding: .6rem 1.2rem; border: 1px solid transparent; border-radius: .6rem; background: var(--accent); color: #fff; font: inherit; text-decoration: none; cursor: pointer; }
nav .quiet, button { background: none; border-color: #8886; color: inherit; } nav .kakao { background: #fee500; color: #191600; }
pre { padding: 1rem; border-radius: .6rem; background: #8881; overflow: auto; font-size: .85rem; } small a { color: inherit; }
";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(base_url: &str) -> LogtoConfig {
        let settings = LogtoConfig::builder().endpoint("http://localhost:3001").app_id("app").base_url(base_url);
        settings.cookie_secret("a cookie secret of these tests, long enough").build().unwrap()
    }

    #[test]
    fn links_are_below_the_base_url() {
        for (base_url, base, home) in [
            ("http://localhost:3000", "", "/"),
            ("http://localhost:3000/", "", "/"),
            ("http://localhost:3000/app", "/app", "/app"),
            ("https://example.com/a/b/", "/a/b", "/a/b"),
        ] {
            let config = at(base_url);
            assert_eq!((base_path(&config), home_path(&config)), (base, home), "{base_url}");
            let page = super::home(&config, &LogtoContext::default());
            assert!(page.contains(&format!(r#"href="{base}/logto/sign-in""#)), "{page}");
            assert!(page.contains(&format!(r#"<a href="{home}">Start page</a>"#)), "{page}");
        }
    }

    /// A naive page writes a user's name, or an organization's id, as it came.
    #[test]
    fn names_that_users_choose_are_escaped_on_a_page() {
        let config = at("http://localhost:3000");
        for script in ["<script>alert(1)</script>", "\"><script>alert(1)</script>", "' onmouseover='alert(1)", "{body}"]
        {
            let claims = serde_json::json!({
                "iss": script, "sub": script, "aud": script, "exp": 1, "iat": 1, "name": script, "organizations": [script], "x": script,
            });
            let claims: IdTokenClaims = serde_json::from_value(claims).unwrap();
            let hello = frame(&config, script, &signed_in(&claims));
            for page in [hello, value(&config, script, &script)] {
                assert!(!page.contains("<script>") && !page.contains("' onmouseover='"), "{page}");
            }
        }
    }

    #[test]
    fn the_style_is_on_every_page() {
        let config = at("http://localhost:3000");
        assert!(STYLE.contains("nav"));
        assert!(value(&config, "{style}", &"{style}").contains(STYLE));
        assert_eq!(value(&config, "{style}", &"{style}").matches(STYLE).count(), 1, "values are no placeholders");
    }
}
