//! On what a user is signed in, as the application tells it.

use std::{fmt, net::IpAddr};

/// Bytes of a user agent that are kept.
const MAX_USER_AGENT_BYTES: usize = 256;

/// The device of a signed-in user, for a list of the user's sessions: [`Session::set_device`](crate::Session::set_device).
///
/// Both are personal data. They are sealed with the session and gone with it; `Debug` does not tell them.
///
/// ```
/// use logto::sessions::Device;
///
/// let device = Device::new().user_agent("Mozilla/5.0 (X11; Linux x86_64)").address([192, 0, 2, 7]);
/// assert_eq!(device.get_user_agent(), Some("Mozilla/5.0 (X11; Linux x86_64)"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Device {
    user_agent: Option<String>,
    address: Option<IpAddr>,
}

impl Device {
    /// Creates a device without data.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the request's `User-Agent`. At most 256 bytes are kept, without control characters and without those that turn the direction of text.
    #[must_use]
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        let mut kept = String::new();
        for character in user_agent.chars().filter(|character| is_shown(*character)) {
            if kept.len().saturating_add(character.len_utf8()) > MAX_USER_AGENT_BYTES {
                break;
            }
            kept.push(character);
        }
        self.user_agent = Some(kept.trim().to_owned()).filter(|kept| !kept.is_empty());
        self
    }

    /// Sets the client's address. Behind a proxy only the application knows it: a header such as `X-Forwarded-For` is reliable only if the
    /// application's own proxy sets it.
    #[must_use]
    pub fn address(mut self, address: impl Into<IpAddr>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Returns the user agent, as it is kept. A browser has sent it: escape it in a page.
    #[must_use]
    pub fn get_user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Returns the address.
    #[must_use]
    pub fn get_address(&self) -> Option<IpAddr> {
        self.address
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Device(…)")
    }
}

/// Whether a page or a log that shows the character stays what it is.
fn is_shown(character: char) -> bool {
    let turns_text = matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !character.is_control() && !turns_text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_bounded_and_has_nothing_that_forges_a_line_or_turns_it() {
        let kept = |text: &str| Device::new().user_agent(text).user_agent;
        assert_eq!(kept("a\r\nb\u{2028}c\u{202e}d\u{0}\u{7f}\u{feff}e").as_deref(), Some("abcde"));
        assert_eq!(kept(" \t\r\n "), None);
        assert_eq!(kept(&"a".repeat(5_000)).map(|kept| kept.len()), Some(256));
        // Of a character that does not fit nothing is kept.
        assert_eq!(kept(&format!("{}한", "a".repeat(254))), Some("a".repeat(254)));
    }
}
