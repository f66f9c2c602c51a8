//! What a text of a body is to be.

use serde_json::{Value, json};

/// What a text is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    Any,
    NotEmpty,
    Email,
    Digits,
    Username,
    Url,
}

impl Rule {
    pub(super) fn issue(self, text: &str) -> Option<Value> {
        let pattern = || json!({ "validation": "regex", "code": "invalid_string", "message": "Invalid" });
        let wrong = match self {
            Self::Any => false,
            Self::NotEmpty => {
                return text.is_empty().then(|| {
                    json!({
                        "code": "too_small", "minimum": 1, "type": "string", "inclusive": true, "exact": false,
                        "message": "String must contain at least 1 character(s)",
                    })
                });
            }
            Self::Url => {
                return url::Url::parse(text)
                    .is_err()
                    .then(|| json!({ "validation": "url", "code": "invalid_string", "message": "Invalid url" }));
            }
            Self::Email => !is_email(text),
            Self::Digits => text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Username => {
                let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                !is_word || text.is_empty() || text.starts_with(|first: char| first.is_ascii_digit())
            }
        };
        wrong.then(pattern)
    }
}

/// Something, an at sign, something with a dot in it, and no space.
pub(super) fn is_email(text: &str) -> bool {
    let domain = |domain: &str| domain.rsplit_once('.').is_some_and(|(host, end)| !host.is_empty() && !end.is_empty());
    !text.contains(char::is_whitespace)
        && text.rsplit_once('@').is_some_and(|(name, host)| !name.is_empty() && domain(host))
}
