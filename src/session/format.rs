//! In which form a session is in its cookie.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, error::Code};

/// In which form a session is in its cookie. `docs/from-next.md` leads from one to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionFormat {
    /// The crate's own: small, in up to four cookies, bound to its name and application, or a reference into a store.
    #[default]
    Logto,
    /// The very cookie of `@logto/next` 4 and `@logto/node` 3: this service and a Next.js app on one host share the session.
    Next,
    /// The crate's own; who comes with a cookie of `@logto/next` has it turned into that, and stays signed in. For the end of a move.
    FromNext,
}

impl FromStr for SessionFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "logto" => Ok(Self::Logto),
            "next" => Ok(Self::Next),
            "from-next" => Ok(Self::FromNext),
            _ => Err(Error::new(Code::InvalidOption, "session_format is `logto`, `next` or `from-next`")),
        }
    }
}
