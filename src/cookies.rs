//! The attributes of the crate's cookies.

use serde::{Deserialize, Serialize};

use crate::types::words;

/// Whether browsers send the session's cookie with requests that other sites cause (RFC 6265bis section 4.1.2.7).
///
/// A browser must send the cookie of a pending sign-in after the redirect from Logto, which may be another site, so it is [`Lax`](Self::Lax) where
/// the session's is [`Strict`](Self::Strict).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SameSite {
    /// With links from other sites, not with their forms, frames and scripts. The default.
    #[default]
    Lax,
    /// With requests of this site alone. Who follows a link from another site is nobody on the first page. Logto's redirect to the callback is
    /// such a link, too: the callback route of this crate answers it with a page that asks for the callback once more, from this site. A callback
    /// in a handler of your own does not, and the page after it finds nobody signed in.
    Strict,
    /// With all requests, also in a frame on another site. Each POST of your application then needs its own protection against other sites (CSRF).
    /// It takes https.
    None,
}

words! { SameSite is "cookie_same_site":
    Lax = "lax",
    Strict = "strict",
    None = "none",
}
