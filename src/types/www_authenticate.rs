//! Reads `WWW-Authenticate` (RFC 9110 section 11.6.1): a list of challenges, each a scheme with a list of parameters, with the same comma
//! between challenges as between parameters.
//!
//! The text comes from the network. It is read once from left to right, in bounded length; what cannot be read spoils its own challenge.

/// More than any server sends; clients commonly stop at 8 KiB of headers.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// A scheme, and what it says.
#[derive(Debug, Default)]
pub(crate) struct Challenge<'a> {
    scheme: &'a str,
    /// Names in lower case.
    parameters: Vec<(String, String)>,
    /// It contains something that is not a parameter: the whole challenge is ignored.
    malformed: bool,
}

impl Challenge<'_> {
    /// Whether it is of the scheme `Bearer` (RFC 6750 section 3).
    pub(crate) fn is_bearer(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("bearer")
    }

    /// A parameter that is there once: twice is against section 11.2, and says nothing.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.all(name);
        let value = values.next().filter(|_| !self.malformed)?;
        values.next().is_none().then_some(value)
    }

    /// All values that a parameter has as far as they can be read, whatever else the challenge holds. The name is in lower case.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameters.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The challenges of a header, or of several that are joined with commas.
pub(crate) fn challenges(header: &str) -> Vec<Challenge<'_>> {
    let mut challenges: Vec<Challenge<'_>> = Vec::new();
    let mut text = Scanner(if header.len() <= MAX_HEADER_BYTES { header } else { "" });
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
        // Some servers forget the comma.
        if !ended && !text.begins_parameter() {
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
