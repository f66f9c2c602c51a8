//! Text from the network in messages and in the log: in one line, bounded, and without characters that make a reader see something else.

use std::borrow::Cow;

/// What a message is cut to. Of ours alone the one with all problems of a configuration comes near.
const MAX_MESSAGE_CHARS: usize = 8192;
/// What a value from the network is cut to within a message.
const MAX_EXCERPT_CHARS: usize = 120;

/// One line, whatever a server or a library put into its message.
pub(crate) fn one_line(text: &str) -> String {
    let parts = text.split(is_unprintable).filter(|part| !part.is_empty());
    cut(&parts.collect::<Vec<_>>().join(" "), MAX_MESSAGE_CHARS).into_owned()
}

/// Text of unknown length and origin, as it goes into a message: at most 120 characters. What ends a line, turns the direction of writing, is
/// invisible or ends a quotation is escaped, so that it cannot pass for a line or a field of the log.
pub(crate) fn excerpt(text: &str) -> Cow<'_, str> {
    excerpt_to(text, MAX_EXCERPT_CHARS)
}

/// The same with another limit.
pub(crate) fn excerpt_to(text: &str, most: usize) -> Cow<'_, str> {
    let cut = cut(text, most);
    if !cut.contains(|c| is_unprintable(c) || is_quoting(c)) {
        return cut;
    }
    let mut escaped = String::new();
    for c in cut.chars() {
        match c {
            c if is_unprintable(c) => escaped.extend(c.escape_unicode()),
            c if is_quoting(c) => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// The beginning of a text.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(text.get(..end).unwrap_or_default().chars().chain(['…']).collect()),
    }
}

fn is_quoting(c: char) -> bool {
    matches!(c, '"' | '\\')
}

/// Control characters, separators of lines and paragraphs, and what is invisible or changes the direction of writing (Unicode Technical
/// Report 36 section 2.5).
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_short_line_that_ends_no_quotation() {
        assert_eq!(excerpt("plain é `x`"), "plain é `x`");
        assert_eq!(excerpt("a\nb\u{2028}c\u{202e}d\"e\\f"), "a\\u{a}b\\u{2028}c\\u{202e}d\\\"e\\\\f");
        assert_eq!(excerpt(&"é".repeat(120)), "é".repeat(120));
        assert_eq!(excerpt(&"é".repeat(121)), format!("{}…", "é".repeat(120)));
        assert_eq!(excerpt_to("\u{202e}\u{202e}", 1), "\\u{202e}…");
    }

    #[test]
    fn a_message_is_one_line_without_invisible_characters() {
        assert_eq!(one_line("\r\na\u{2029}b\u{200b}\u{202d}c\u{85}"), "a b c");
        assert_eq!(one_line(&"é".repeat(10_000)).chars().count(), MAX_MESSAGE_CHARS + 1);
    }
}
