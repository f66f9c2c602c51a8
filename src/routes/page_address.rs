//! The address of a page, as the way back to it after a sign-in.

use std::fmt::Write;

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
