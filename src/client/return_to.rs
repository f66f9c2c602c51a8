//! Where a user may be sent after signing in or out: this site, or an origin on the list.

use url::Url;

use crate::{Error, LogtoConfig, Result, error::Code};

/// The absolute address for `wanted`, or an error where it leads elsewhere.
///
/// The address is parsed as a browser parses it (WHATWG URL), and it is the parsed address that is used: what was checked is where the user goes.
pub(super) fn checked(config: &LogtoConfig, wanted: &str) -> Result<String> {
    let refused = |why: &str| Error::new(Code::ReturnToRefused, format!("the address to return to {why}"));
    // Browsers drop tabs and line breaks, and read `\` as `/`: nobody needs them, and every trick does.
    if wanted.contains(|c: char| c.is_control() || c == '\\') {
        return Err(refused("holds a backslash or a control character"));
    }
    let url = match wanted.starts_with('/') {
        true => config.base_url.join(wanted),
        false => Url::parse(wanted),
    }
    .map_err(|source| refused("is neither a path nor a URL").with_source(source))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("holds a user name or a password"));
    }
    // The origin of `blob:https://…` is that of the address inside (WHATWG URL, "origin"), and the browser reads no page of the site there.
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused(&format!("has the scheme {}, and neither http nor https", url.scheme())));
    }
    let origin = url.origin();
    if origin != config.base_url.origin() && !config.allowed_return_origins.contains(&origin) {
        return Err(refused(&format!("leads to another origin, {}", origin.ascii_serialization())));
    }
    Ok(url.into())
}
