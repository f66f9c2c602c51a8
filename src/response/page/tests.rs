use std::{fs, path::Path};

use super::*;
use crate::{
    response::{AuthResponse, ErrorPageRequest, ResponseFormat},
    types::{Application, Destination},
};

/// Those of an application on this machine: the start page, the sign-in, the sign-out.
fn destinations() -> [Destination; 3] {
    let base_url = "http://localhost:3000".parse().unwrap();
    let application = Application { base_url: &base_url, allowed: &[] };
    [application.home(), application.path("/logto/sign-in"), application.path("/logto/sign-out")]
}

fn links([home, sign_in, sign_out]: &[Destination; 3]) -> Links<'_> {
    Links { home, sign_in, sign_out }
}

/// A page that somebody in a browser asked for.
fn asked<'a>(destinations: &'a [Destination; 3], base_url: &'a url::Url) -> ErrorPageRequest<'a> {
    let application = Application { base_url, allowed: &[] };
    ErrorPageRequest { format: ResponseFormat::Html, path: "/me", links: links(destinations), application }
}

/// What stands between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(inside, _)| inside)
}

/// Errors of an API, of a back-channel logout and of a webhook are answered to programs alone, and who only looks gets nothing to look at.
fn has_a_page(code: Code) -> bool {
    !["bearer_token.", "logout_token.", "request.looks_only", "webhook."]
        .iter()
        .any(|prefix| code.as_str().starts_with(prefix))
}

#[test]
fn the_page_of_every_error_is_pinned() {
    let destinations = destinations();
    let lines: Vec<_> = Code::ALL
        .iter()
        .filter(|code| has_a_page(**code))
        .map(|&code| {
            let sample = Error::new(code, "message");
            let page = error(&sample, &links(&destinations), false);
            let action = match (page.contains("<form"), page.contains(r#"class="button""#)) {
                (true, _) => format!("form to {}", between(&page, r#"action=""#, "\"")),
                (false, true) => format!("link to {}", between(&page, r#"class="button" href=""#, "\"")),
                (false, false) => "start page alone".to_owned(),
            };
            let (title, summary) = (between(&page, "<title>", "</title>"), between(&page, "<h1>", "</h1>"));
            format!("{} | {} | {title} | {summary} | {action}", sample.code(), sample.http_status())
        })
        .collect();
    let list = lines.join("\n");
    insta::assert_snapshot!(list);
}

#[test]
fn text_cannot_end_a_quoted_attribute_of_either_kind() {
    assert_eq!(escape(r#"<a href='x' title="y">&"#), "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;");
}

#[test]
fn a_diagnosis_is_recommended_only_for_errors_of_settings_logto_or_the_network() {
    let destinations = destinations();
    let recommends = |code| error(&Error::new(code, "message"), &links(&destinations), true).contains("diagnose()");
    for code in [Code::DiscoveryFailed, Code::Unreachable, Code::IdTokenExpired] {
        assert!(recommends(code), "{code:?}");
    }
    for code in [Code::NotAuthenticated, Code::UserCancelled, Code::StateMismatched, Code::InvalidParameter] {
        assert!(!recommends(code), "{code:?}");
    }
}

/// The first message that the sources give an error of this code. What stands in braces is filled in when it happens.
fn message(sources: &str, code: Code) -> String {
    let name = format!("Code::{code:?},");
    let calls = sources.match_indices(&name).filter_map(|(start, _)| {
        // An argument, and no arm of a `match`.
        let is_argument = sources.get(..start)?.trim_end().ends_with('(');
        sources.get(start + name.len()..).filter(|_| is_argument)
    });
    let mut literals = calls.filter_map(|rest| {
        let rest = rest.trim_start();
        let literal = rest.strip_prefix("format!(").unwrap_or(rest).trim_start().strip_prefix('"')?;
        literal.split_once('"').map(|(literal, _)| literal.to_owned()).filter(|literal| !literal.is_empty())
    });
    literals.next().unwrap_or_else(|| "(composed where it happens)".to_owned())
}

fn sources_below(folder: &Path) -> String {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let text = |path: &Path| match path.is_dir() {
        true => sources_below(path),
        false if path.ends_with("tests.rs") || path.extension().is_none_or(|extension| extension != "rs") => {
            String::new()
        }
        false => fs::read_to_string(path).unwrap(),
    };
    entries.iter().map(|path| text(path)).collect()
}

/// Every error on one page: what a developer sees, page, message and hint. `bash tests/error_pages.sh` makes a picture of it.
#[test]
fn every_error_is_on_the_contact_sheet() {
    let (destinations, base_url) = (destinations(), "http://localhost:3000".parse().unwrap());
    let sources = sources_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut sheet = format!("<!doctype html><meta charset=\"utf-8\"><title>Errors</title>{SHEET_STYLE}");
    for &code in Code::ALL {
        let sample = Error::new(code, message(&sources, code));
        let frame = match (has_a_page(code), code.as_str().starts_with("logout_token.")) {
            (true, _) => {
                format!(r#"<iframe srcdoc="{}"></iframe>"#, escape(&error(&sample, &links(&destinations), true)))
            }
            (false, is_logout) => {
                let answer = match (is_logout, sample.kind()) {
                    (true, _) => AuthResponse::back_channel_logout(Some(&sample)).into_body(),
                    (false, ErrorKind::InvalidRequest) => "no content".to_owned(),
                    (false, ErrorKind::Config) => AuthResponse::from(&sample).into_body(),
                    (false, _) => "JSON, with a challenge in `WWW-Authenticate`".to_owned(),
                };
                format!("<pre>{}</pre>", escape(&format!("{answer}\n\n{sample}\n\nWhat to do: {}", sample.hint())))
            }
        };
        let _ = writeln!(
            sheet,
            "<article><h1>{}</h1><p>{:?}, {}</p>{frame}</article>",
            sample.code(),
            sample.kind(),
            sample.http_status()
        );
        assert!(
            sample.is(Code::LooksOnly)
                || AuthResponse::error(&sample, &asked(&destinations, &base_url), None, true)
                    .body()
                    .contains(sample.code().as_str())
        );
    }
    for code in Code::ALL {
        assert_eq!(sheet.matches(&format!("<article><h1>{}</h1>", code.as_str())).count(), 1, "{code:?}");
    }
    if let Some(path) = std::env::var_os("LOGTO_TEST_ERROR_SHEET") {
        fs::write(path, sheet).unwrap();
    }
}

const SHEET_STYLE: &str = r"<style>
:root { color-scheme: light; font-family: system-ui, sans-serif; }
body { margin: 8px; display: grid; grid-template-columns: repeat(9, 330px); gap: 6px; background: #fff; }
article { border: 1px solid #999; height: 400px; overflow: hidden; }
h1 { font-size: 12px; margin: 4px 6px 0; } p { font-size: 11px; margin: 0 6px 2px; }
iframe { width: 550px; height: 606px; border: 0; border-top: 1px solid #ccc; transform: scale(.6); transform-origin: 0 0; }
pre { margin: 0; padding: 6px; border-top: 1px solid #ccc; font: 10px system-ui, sans-serif; white-space: pre-wrap; overflow-wrap: anywhere; }
</style>";
