//! What an API asks for that wants another authentication of the user (RFC 9470 section 3).

use std::time::Duration;

use super::StepUp;
use crate::types::www_authenticate::challenges;

/// The classes have to fit the cookie of the sign-in, too.
const MAX_ACR_VALUES_BYTES: usize = 1024;

/// What the first challenge asks for that is about the user's authentication.
pub(super) fn step_up(header: &str) -> Option<StepUp> {
    let challenge = challenges(header).into_iter().find(|challenge| {
        challenge.is_bearer() && challenge.get("error") == Some("insufficient_user_authentication")
    })?;
    let max_age = challenge.get("max_age").and_then(seconds);
    let classes = challenge.get("acr_values").filter(|classes| {
        classes.len() <= MAX_ACR_VALUES_BYTES && classes.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    });
    let step_up = StepUp::new().acr_values(classes);
    Some(match max_age {
        Some(max_age) => step_up.max_age(max_age),
        None if step_up.acr_values.is_empty() => step_up.max_age(Duration::ZERO),
        None => step_up,
    })
}

/// A non-negative integer. One beyond all numbers limits nothing.
fn seconds(text: &str) -> Option<Duration> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok().map(Duration::from_secs)).flatten()
}
