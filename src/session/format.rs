//! In which form a session is in its cookie.

use serde::{Deserialize, Serialize};

use crate::types::words;

/// In which form a session is in its cookie. The guide [from Next.js](crate::guide::from_next) leads from one to the next.
///
/// The cookie of `@logto/next` has no prefix `__Host-`, so a subdomain can plant one of its name, with a session of its own in it: whoever
/// controls a subdomain (or a page there) can sign your visitors in as a user of theirs (session fixation). Use [`Next`](Self::Next) and
/// [`FromNext`](Self::FromNext) where all subdomains are yours, and end them. A cookie that arrives twice tells of it: `FromNext` takes neither
/// over, and with `Next` it counts only if one of the two alone can be opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionFormat {
    /// The crate's own: small, in up to four cookies, bound to its name and application, or a reference into a store.
    #[default]
    Logto,
    /// The very cookie of `@logto/next` 4 and `@logto/node` 3: this service and a Next.js app on one host share the session. A subdomain can
    /// plant it.
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
