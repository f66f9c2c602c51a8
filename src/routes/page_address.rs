//! The address of a page, as the way back to it after a sign-in.

use std::fmt::Write;

use url::{Position, Url};

use super::{AuthRequest, reader::Reader};
use crate::client::LogtoClient;

/// Longer addresses are cut: the sign-in remembers about 1,400 characters, and the address of the sign-in route has three for one.
const MAX_ADDRESS_BYTES: usize = 2048;

/// The page that a request asked for, on this site. `None` where it has no address that a browser could return to.
pub(super) fn of(logto: &LogtoClient, target: &str) -> Option<String> {
    let target = [target, target.split('?').next().unwrap_or_default()];
    let target = target.into_iter().find(|target| target.starts_with('/') && target.len() <= MAX_ADDRESS_BYTES)?;
    let path = escaped(&logto.site_path(target));
    // `//host` would be another site (RFC 3986 section 4.2).
    Some(match path.starts_with("//") {
        true => format!("{}{path}", logto.config().base_url.origin().ascii_serialization()),
        false => path,
    })
}

/// The page that a script runs on, as far as the request tells, if it is one to return to. A link that htmx has taken over wants its own page.
pub(super) fn of_script(logto: &LogtoClient, request: &AuthRequest) -> Option<String> {
    let is_htmx = request.reader() == Reader::Htmx;
    if is_htmx && request.header("hx-boosted") == Some("true") && request.is_page_request() {
        return of(logto, &request.target);
    }
    let named = request.header("hx-current-url").filter(|_| is_htmx);
    let page = named.or_else(|| request.header("referer")).filter(|page| page.len() <= MAX_ADDRESS_BYTES)?;
    let (config, page) = (logto.config(), Url::parse(page).ok()?);
    let page = config.application().return_to(page.as_str()).ok()?;
    let page = Url::parse(&page).ok()?;
    // A path where that says as much.
    let is_path = page.origin() == config.base_url.origin() && config.path_prefix().is_empty();
    let path = &page[Position::BeforePath..];
    Some(if is_path && !path.starts_with("//") { path.to_owned() } else { page.into() })
}

/// Browsers read `\` as `/` at the beginning of an address, and send it as it is in a query (WHATWG URL, "query state").
fn escaped(path: &str) -> String {
    path.chars().fold(String::with_capacity(path.len()), |mut escaped, c| {
        match c {
            '\\' => escaped.push_str("%5C"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    _ = write!(escaped, "%{byte:02X}");
                }
            }
            c => escaped.push(c),
        }
        escaped
    })
}
