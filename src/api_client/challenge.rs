//! What `WWW-Authenticate` says about a token that was refused (RFC 9110 section 11.6.1, RFC 6750 section 3).

use http::{HeaderMap, header::WWW_AUTHENTICATE};

/// Whether another token may help: no bearer challenge names an error but `invalid_token`.
///
/// A header that cannot be read names none. At worst that costs one more request.
pub(super) fn is_about_the_token(headers: &HeaderMap) -> bool {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(errors).all(|error| error == "invalid_token")
}

/// The `error` of each bearer challenge in a header.
fn errors(header: &str) -> Vec<String> {
    let (mut rest, mut is_bearer, mut errors) = (header, false, Vec::new());
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, behind) = split_at(rest, |c| matches!(c, ' ' | '\t' | ',' | '=' | '"'));
        if word.is_empty() {
            return errors;
        }
        // `name = value`. A token68 may end in `=`, too; its value is nothing, or more of these.
        if let Some(value) = behind.trim_start_matches([' ', '\t']).strip_prefix('=') {
            let (value, behind) = value_of(value.trim_start_matches([' ', '\t']));
            if is_bearer && word.eq_ignore_ascii_case("error") {
                errors.push(value);
            }
            rest = behind;
        } else {
            is_bearer = word.eq_ignore_ascii_case("bearer");
            rest = behind;
        }
    }
}

/// A token or a quoted-string (RFC 9110 section 5.6.4), and what is behind it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, behind) = split_at(text, |c| matches!(c, ' ' | '\t' | ','));
        return (value.to_owned(), behind);
    };
    let (mut value, mut chars) = (String::new(), quoted.chars());
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => value.extend(chars.next()),
            c => value.push(c),
        }
    }
    (value, chars.as_str())
}

fn split_at(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;
