//! The format of the session cookie.

use serde::{Deserialize, Serialize};

use crate::types::words;

/// The format of the session cookie. The guide [from Next.js](crate::guide::from_next) describes the change from one to the next.
///
/// The cookie of `@logto/next` has no prefix `__Host-`, so a subdomain can inject one of its name, with another session in it: an attacker who
/// controls a subdomain (or a page there) can sign your visitors in as another user (session fixation). Use [`Next`](Self::Next) and
/// [`FromNext`](Self::FromNext) only if all subdomains are yours, and only for a limited time. Two such cookies in a request indicate an attack:
/// `FromNext` takes over neither, and with `Next` one counts only if the other cannot be opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionFormat {
    /// The crate's own: small, in up to four cookies, bound to its name and application, or a reference into a store.
    #[default]
    Logto,
    /// The same cookie as `@logto/next` 4 and `@logto/node` 3: this service and a Next.js app on one host share the session. A subdomain can inject
    /// it.
    Next,
    /// The crate's own; who comes with a cookie of `@logto/next` has it turned into that, and stays signed in. For the end of a move, until
    /// [`from_next_until`](crate::LogtoConfigBuilder::from_next_until): a subdomain can plant what is taken over.
    FromNext,
}

words! { SessionFormat is "session_format":
    Logto = "logto",
    Next = "next",
    FromNext = "from-next",
}
