//! The parameters by which lists are searched: `search`, `search.<field>`, `mode`, `mode.<field>`, `joint` and `isCaseSensitive`.

use serde_json::json;

use super::Call;
use crate::testing::mock::{endpoints::account::refusal::Answer, messages::reply::Reply};

/// A field of the things in a list: its name in the database, and its value.
pub(crate) type Field<T> = (&'static str, fn(&T) -> Option<&str>);

/// What a list is searched for.
pub(crate) struct Search<T: 'static> {
    fields: &'static [Field<T>],
    matches: Vec<Match>,
    all: bool,
    case_sensitive: bool,
}

/// Of one field, or of any.
struct Match {
    field: Option<String>,
    mode: Mode,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Exact,
    Like,
    SimilarTo,
    Posix,
}

impl<T> Search<T> {
    /// Reads the query. Without a search everything is found.
    pub(crate) fn read(call: &Call<'_>, fields: &'static [Field<T>]) -> Answer<Self> {
        let value = |name| call.request.query_value(name);
        let all = match value("joint").or_else(|| value("jointMode")) {
            None | Some("" | "or") => false,
            Some("and") => true,
            Some(joint) => {
                return Err(wrong(&format!("Search joint mode `{joint}` is not valid, expect one of or, and.")));
            }
        };
        let case_sensitive = call.says("isCaseSensitive");
        let mut search = Self { fields, matches: Vec::new(), all, case_sensitive };
        let mut modes = Vec::new();
        for (name, value) in call.request.query() {
            if name.starts_with("mode") {
                let field = field(name)?;
                modes.push((field.clone(), mode(field.as_deref(), value)?));
            } else if name.starts_with("search") {
                search.add(field(name)?, value);
            }
        }
        let mode_of = |field: &Option<String>| modes.iter().find(|(known, _)| known == field).map(|(_, mode)| *mode);
        for found in &mut search.matches {
            found.mode = mode_of(&found.field).or_else(|| mode_of(&None)).unwrap_or(Mode::Like);
            found.check(case_sensitive)?;
            let is_known = |field: &String| fields.iter().any(|(known, _)| known == field);
            if let Some(unknown) = found.field.as_ref().filter(|field| !is_known(field)) {
                let known: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
                let known = known.join(", ");
                return Err(wrong(&format!("Search field `{unknown}` is not valid, expect one of {known}.")));
            }
        }
        Ok(search)
    }

    fn add(&mut self, field: Option<String>, value: &str) {
        match self.matches.iter_mut().find(|known| known.field == field) {
            Some(known) => known.values.push(value.to_owned()),
            None => self.matches.push(Match { field, mode: Mode::Like, values: vec![value.to_owned()] }),
        }
    }

    pub(crate) fn finds(&self, thing: &T) -> bool {
        let mut matches = self.matches.iter().map(|search| {
            let fields = self.fields.iter().filter(|(name, _)| search.field.as_ref().is_none_or(|field| field == name));
            fields.filter_map(|(_, value)| value(thing)).any(|value| search.is_met_by(value, self.case_sensitive))
        });
        self.matches.is_empty() || if self.all { matches.all(|is_met| is_met) } else { matches.any(|is_met| is_met) }
    }
}

impl Match {
    fn check(&self, case_sensitive: bool) -> Answer<()> {
        if self.mode != Mode::Exact && self.values.len() > 1 {
            return Err(wrong("Only one search value is allowed when search mode is not `exact`."));
        }
        if self.values.iter().any(String::is_empty) {
            return Err(wrong("Search value cannot be empty."));
        }
        match self.mode {
            Mode::Exact | Mode::Like => Ok(()),
            Mode::SimilarTo if !case_sensitive => Err(wrong("Cannot use case-insensitive match for `similar to`.")),
            Mode::SimilarTo | Mode::Posix => Err(Reply::text(501, "MockLogto does not search by regular expressions.")),
        }
    }

    fn is_met_by(&self, value: &str, case_sensitive: bool) -> bool {
        let folded = |text: &str| if case_sensitive { text.to_owned() } else { text.to_lowercase() };
        let value = folded(value);
        self.values.iter().map(|wanted| folded(wanted)).any(|wanted| match self.mode {
            Mode::Exact => wanted == value,
            _ => is_like(&value.chars().collect::<Vec<_>>(), &wanted.chars().collect::<Vec<_>>()),
        })
    }
}

/// `LIKE` of SQL: `%` is any text, `_` is any letter, and what follows a backslash is itself.
fn is_like(text: &[char], pattern: &[char]) -> bool {
    // Where the pattern goes on if what follows the last `%` does not fit here.
    let (mut retry, mut at, mut place) = (None, 0, 0);
    while let Some(letter) = text.get(at) {
        match pattern.get(place) {
            Some('\\') if pattern.get(place.saturating_add(1)) == Some(letter) => {
                (at, place) = (at.saturating_add(1), place.saturating_add(2));
            }
            Some('%') => {
                retry = Some((place.saturating_add(1), at));
                place = place.saturating_add(1);
            }
            Some(wanted) if *wanted == '_' || (wanted == letter && *wanted != '\\') => {
                (at, place) = (at.saturating_add(1), place.saturating_add(1));
            }
            _ => {
                let Some((after, from)) = retry else { return false };
                let next = from.saturating_add(1);
                (retry, at, place) = (Some((after, next)), next, after);
            }
        }
    }
    pattern.iter().skip(place).all(|letter| *letter == '%')
}

/// `search.primaryEmail` is about `primary_email`, and `search` about any field.
fn field(name: &str) -> Answer<Option<String>> {
    let mut path = name.split('.');
    path.next();
    let field = path.next();
    if path.next().is_some() {
        let path = name.split_once('.').map_or("", |(_, path)| path);
        return Err(wrong(&format!(
            "Unsupported nested search field path `{path}` detected. Only the first level field is supported."
        )));
    }
    let mut snake = String::new();
    for letter in field.unwrap_or_default().chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    Ok(Some(snake).filter(|name| !name.is_empty()))
}

fn mode(field: Option<&str>, name: &str) -> Answer<Mode> {
    let of = field.map(|field| format!(" for field `{field}`")).unwrap_or_default();
    match name {
        "exact" => Ok(Mode::Exact),
        "like" => Ok(Mode::Like),
        "similar_to" => Ok(Mode::SimilarTo),
        "posix" => Ok(Mode::Posix),
        _ => Err(wrong(&format!(
            "Search match mode `{name}`{of} is not valid, expect one of exact, like, similar_to, posix."
        ))),
    }
}

/// `90-management/users/23-search-bad-field.json`.
fn wrong(why: &str) -> Reply {
    let message = format!("Input is invalid. {why}");
    Reply::json(400, &json!({ "code": "request.invalid_input", "data": {}, "message": message }))
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn like_matches_the_whole_text_with_percent_and_underscore() {
        let like = |text: &str, pattern: &str| {
            is_like(&text.chars().collect::<Vec<_>>(), &pattern.chars().collect::<Vec<_>>())
        };
        for (text, pattern) in [
            ("ada", "ada"),
            ("ada", "%"),
            ("ada", "a%"),
            ("ada", "%d%"),
            ("ada", "a_a"),
            ("", ""),
            ("", "%"),
            ("aab", "%ab"),
            ("50%", "50\\%"),
            ("a_b", "%a\\_b%"),
            ("a\\b", "a\\\\b"),
            ("a%", "_\\%"),
        ] {
            assert!(like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [
            ("ada", "da"),
            ("ada", "ad"),
            ("ada", "_"),
            ("ada", ""),
            ("", "_"),
            ("abc", "%b"),
            ("505", "50\\%"),
            ("axb", "a\\_b"),
            ("ab", "a\\\\b"),
            ("a", "a\\"),
        ] {
            assert!(!like(text, pattern), "{text} {pattern}");
        }
    }
}
