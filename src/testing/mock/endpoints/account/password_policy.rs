//! What a new password may be: the policy of a new Logto, but for the list of passwords that have leaked, which is a service of others.

use serde_json::{Value, json};

use crate::testing::mock::directory::MockUser;

const MIN: usize = 8;
const MAX: usize = 256;
/// So many letters beside what is easily guessed make a password good.
const TOLERATED: usize = 3;
/// From this length on, a repetition or a sequence counts.
const NOTICED: usize = 3;
const SEQUENCES: &[&str] = &[
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik",
    "9ol",
];

/// Why the password is refused, if it is.
pub(crate) fn issues(password: &str, user: &MockUser) -> Vec<Value> {
    let letters: Vec<char> = password.chars().collect();
    let mut issues = Vec::new();
    if letters.len() < MIN {
        issues.push(json!({ "code": "password_rejected.too_short", "interpolation": { "min": MIN } }));
    } else if letters.len() > MAX {
        issues.push(json!({ "code": "password_rejected.too_long", "interpolation": { "max": MAX } }));
    }
    if !letters.iter().all(|letter| letter.is_ascii_graphic() || *letter == ' ') {
        issues.push(json!({ "code": "password_rejected.unsupported_characters" }));
    }
    let (guessed, reasons) = easily_guessed(&letters, user);
    if guessed > letters.len().saturating_sub(TOLERATED).max(1) {
        issues.extend(reasons.iter().map(|reason| json!({ "code": format!("password_rejected.restricted.{reason}") })));
    }
    issues
}

/// How many letters belong to something easily guessed, and to what.
fn easily_guessed(letters: &[char], user: &MockUser) -> (usize, Vec<&'static str>) {
    let personal = personal(user);
    let (mut reasons, mut covered_to, mut count) = (Vec::new(), 0_usize, 0_usize);
    for (place, rest) in (0..letters.len()).filter_map(|place| Some((place, letters.get(place..)?))) {
        let found = [
            (repetition(rest), "repetition"),
            (sequence(rest), "sequence"),
            (starts_with_longest(rest, &personal), "user_info"),
        ];
        for (length, reason) in found.into_iter().filter(|(length, _)| *length > 0) {
            let end = place.saturating_add(length).min(letters.len());
            count = count.saturating_add(end.saturating_sub(covered_to.max(place)));
            covered_to = covered_to.max(end);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    (count, reasons)
}

fn repetition(rest: &[char]) -> usize {
    let length = rest.iter().take_while(|letter| Some(*letter) == rest.first()).count();
    if length >= NOTICED { length } else { 0 }
}

/// The longest beginning that is part of a sequence, forwards or backwards, in one case.
fn sequence(rest: &[char]) -> usize {
    let is_part = |length: usize| {
        let part: String = rest.iter().take(length).collect();
        let backwards: String = part.chars().rev().collect();
        let in_one_case = part == part.to_ascii_lowercase() || part == part.to_ascii_uppercase();
        let (part, backwards) = (part.to_ascii_lowercase(), backwards.to_ascii_lowercase());
        in_one_case && SEQUENCES.iter().any(|known| known.contains(&part) || known.contains(&backwards))
    };
    let length = (1..=rest.len()).take_while(|length| *length == 1 || is_part(*length)).last().unwrap_or_default();
    if length >= NOTICED { length } else { 0 }
}

fn starts_with_longest(rest: &[char], words: &[String]) -> usize {
    let rest = rest.iter().collect::<String>().to_lowercase();
    let found = words.iter().filter(|word| rest.starts_with(word.as_str()));
    found.map(|word| word.chars().count()).max().unwrap_or_default()
}

/// What everybody knows of the user.
fn personal(user: &MockUser) -> Vec<String> {
    let name = user.name.as_deref().unwrap_or_default();
    let joined: String = name.split_whitespace().collect();
    let email = user.email.as_deref().and_then(|email| email.split('@').next());
    let words = [Some(name), Some(&joined), user.username.as_deref(), email, user.phone.as_deref()];
    let words = words.into_iter().flatten().chain(name.split(' '));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}
