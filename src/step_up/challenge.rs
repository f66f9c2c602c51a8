//! Reads `WWW-Authenticate` (RFC 9110 section 11.6.1): a list of challenges, each a scheme with a list of parameters, with the same comma
//! between challenges as between parameters.
//!
//! The text comes from the network. It is read once from left to right, in bounded length; what cannot be read spoils its own challenge.

use std::time::Duration;

use super::StepUp;

/// More than any server sends; clients commonly stop at 8 KiB of headers.
const MAX_HEADER: usize = 8 * 1024;
/// The classes have to fit the cookie of the sign-in, too.
const MAX_CLASSES: usize = 1024;

/// What the first challenge asks for that is about the user's authentication (RFC 9470 section 3).
pub(super) fn step_up(header: &str) -> Option<StepUp> {
    let challenge = challenges(header).into_iter().find(|challenge| {
        challenge.scheme.eq_ignore_ascii_case("bearer")
            && challenge.get("error") == Some("insufficient_user_authentication")
    })?;
    let max_age = challenge.get("max_age").and_then(seconds);
    let classes = challenge
        .get("acr_values")
        .filter(|classes| classes.len() <= MAX_CLASSES && classes.bytes().all(|byte| matches!(byte, b' '..=b'~')));
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

#[derive(Debug, Default)]
struct Challenge<'a> {
    scheme: &'a str,
    /// Names in lower case.
    parameters: Vec<(String, String)>,
    /// It holds something that is no parameter: none of it is believed.
    malformed: bool,
}

impl Challenge<'_> {
    /// A parameter that is there once: twice is against section 11.2, and says nothing.
    fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.parameters.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let value = values.next().filter(|_| !self.malformed)?;
        values.next().is_none().then_some(value)
    }
}

fn challenges(header: &str) -> Vec<Challenge<'_>> {
    let mut challenges: Vec<Challenge<'_>> = Vec::new();
    let mut text = Scanner(if header.len() <= MAX_HEADER { header } else { "" });
    while text.skip_separators() {
        let before = text.0;
        let word = text.token();
        text.skip_blanks();
        // `name = value` belongs to the challenge before it; a word alone begins a challenge, which may go on without a comma.
        if !word.is_empty() && !text.0.starts_with('=') {
            challenges.push(Challenge { scheme: word, ..Challenge::default() });
            if text.at_end_of_element() || text.begins_parameter() {
                continue;
            }
            // Credentials of one word (`token68`), as in `Negotiate YII=`.
            text.skip_element();
            continue;
        }
        text.0 = before;
        let parameter = text.parameter();
        let ended = parameter.is_some() && text.at_end_of_element();
        if let Some(challenge) = challenges.last_mut() {
            challenge.malformed |= !ended;
            challenge.parameters.extend(parameter);
        }
        if !ended {
            text.skip_element();
        }
    }
    challenges
}

/// What is not yet read.
struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Skips commas and blanks; empty elements count as none (section 5.6.1.2). Says whether anything is left.
    fn skip_separators(&mut self) -> bool {
        self.0 = self.0.trim_start_matches([' ', '\t', ',']);
        !self.0.is_empty()
    }

    fn token(&mut self) -> &'a str {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let (token, rest) = self.0.split_at(self.0.find(|c| !is_token(c)).unwrap_or(self.0.len()));
        self.0 = rest;
        token
    }

    /// `name = value`, the value a token or a quoted string.
    fn parameter(&mut self) -> Option<(String, String)> {
        let name = self.token().to_ascii_lowercase();
        self.skip_blanks();
        self.0 = self.0.strip_prefix('=').filter(|_| !name.is_empty())?;
        self.skip_blanks();
        let value = match self.0.strip_prefix('"') {
            Some(rest) => {
                self.0 = rest;
                self.quoted()?
            }
            None => Some(self.token().to_owned()).filter(|token| !token.is_empty())?,
        };
        self.skip_blanks();
        Some((name, value))
    }

    /// The rest of a quoted string, without its end.
    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut chars = self.0.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => value.push(chars.next()?),
                c => value.push(c),
            }
        }
        self.0 = chars.as_str();
        Some(value)
    }

    fn at_end_of_element(&self) -> bool {
        self.0.is_empty() || self.0.starts_with(',')
    }

    fn begins_parameter(&self) -> bool {
        Scanner(self.0).parameter().is_some()
    }

    /// Skips to the next comma that is in no quoted string.
    fn skip_element(&mut self) {
        while let Some(c) = self.0.chars().next() {
            if c == ',' {
                return;
            }
            self.0 = self.0.strip_prefix(c).unwrap_or_default();
            if c == '"' && self.quoted().is_none() {
                self.0 = "";
            }
        }
    }
}
