//! Texts that Logto looks for by the query parameter `search`.

/// The pattern for texts that contain this one, in the form of `LIKE`. A text with `%` is a pattern already.
pub(super) fn containing(text: &str) -> String {
    if text.contains('%') {
        return text.to_owned();
    }
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_for_itself_unless_it_is_a_pattern() {
        for (text, pattern) in
            [("ada", "%ada%"), ("", "%%"), ("_a\\b", "%\\_a\\\\b%"), ("a%", "a%"), ("%a_b%", "%a_b%")]
        {
            assert_eq!(containing(text), pattern);
        }
    }
}
