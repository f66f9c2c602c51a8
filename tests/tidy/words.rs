//! The glossary of `CONTRIBUTING.md` ("Words"): documents and comments have no phrase of its left column outside code.

use std::path::Path;

use super::{
    section,
    source::{files, read, sources},
    tidy,
};

/// What is not checked yet, by the beginning of its path, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("docs/dependencies.md", "its sentences change with the dependencies"),
    ("docs/errors.md", "it repeats the hints of the errors, which snapshots pin"),
    ("docs/testing.md", "its rows have the words of the tests that they name"),
    ("src/account", "reworded with the next change of the module"),
    ("src/api_client", "reworded with the next change of the module"),
    ("src/cli.rs", "reworded with the next change of the module"),
    ("src/cli/", "reworded with the next change of the module"),
    ("src/error/", "the hints are pinned by snapshots"),
    ("src/logto_api", "reworded with the next change of the module"),
    ("src/machine", "reworded with the next change of the module"),
    ("src/management", "reworded with the next change of the module"),
    ("src/response/page", "the pages are pinned by snapshots"),
    ("src/testing/", "reworded with the next change of the module"),
];

#[test]
fn documents_and_comments_have_the_words_of_the_glossary() {
    let contributing = read("CONTRIBUTING.md");
    let glossary = section(&contributing, "Words");
    let phrases = phrases(glossary);
    assert!(phrases.len() > 40, "{phrases:?}");
    let is_checked = |path: &str| !EXCEPTIONS.iter().any(|(start, _)| path.starts_with(start));
    let mut wrong = found_in("CONTRIBUTING.md", &prose(&contributing.replace(glossary, "")), &phrases);
    let documents = files(Path::new("docs"), "md").into_iter();
    for path in documents.chain(["README.md", "SECURITY.md", "examples/README.md"].map(str::to_owned)) {
        if is_checked(&path) {
            wrong.extend(found_in(&path, &prose(&read(&path)), &phrases));
        }
    }
    for source in sources("src").iter().filter(|source| is_checked(&source.path)) {
        wrong.extend(found_in(&source.path, &prose(&comments(&source.text)), &phrases));
    }
    tidy(wrong, "Write what the right column of the glossary says, or another plain word: CONTRIBUTING.md, \"Words\".");
}

/// The quoted phrases of a table's first column, each as its words.
fn phrases(glossary: &str) -> Vec<Vec<String>> {
    let cells = glossary.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let quoted = cells.flat_map(|cell| cell.split('"').skip(1).step_by(2));
    quoted.map(|phrase| phrase.split(' ').map(str::to_owned).collect()).collect()
}

/// The text with empty lines in place of fenced code, and without what is in backticks or is the target of a link.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        let is_target = line.starts_with('[') && line.contains("]: ");
        lines.push(if is_code || is_fence || is_target { "" } else { line });
    }
    bare(&lines.join("\n"))
}

/// Code and targets may go over the end of a line, and not over an empty one. The number of lines stays.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['`', ']']) {
        let (before, from) = rest.split_at(start);
        bare.push_str(before);
        bare.push_str(" ` ");
        let close = match from.get(..2) {
            _ if from.starts_with('`') => Some('`'),
            Some("](") => Some(')'),
            Some("][") => Some(']'),
            _ => None,
        };
        let paragraph = from.split("\n\n").next().unwrap_or_default();
        let end = close.and_then(|close| paragraph[1..].find(close));
        let (removed, after) = from.split_at(end.map_or(1, |end| end + 2));
        bare.extend(removed.chars().filter(|c| *c == '\n'));
        rest = after;
    }
    bare + rest
}

/// The text of the comments that have lines of their own; every other line is empty.
fn comments(code: &str) -> String {
    let lines = code.lines().map(|line| line.trim_start().strip_prefix("//").unwrap_or_default());
    lines.map(|line| line.trim_start_matches(['/', '!'])).collect::<Vec<_>>().join("\n")
}

/// Each place of a phrase, also over the end of a line, with the number of its first line.
fn found_in(path: &str, prose: &str, phrases: &[Vec<String>]) -> Vec<String> {
    let lines = prose.lines().enumerate();
    let words: Vec<_> = lines.flat_map(|(index, line)| words(line).map(move |word| (index + 1, word))).collect();
    let mut found = Vec::new();
    for start in 0..words.len() {
        for phrase in phrases {
            let is_here = phrase.iter().enumerate().all(|(offset, wanted)| {
                words.get(start + offset).is_some_and(|(_, word)| is_same(word, wanted, offset == 0))
            });
            if is_here {
                found.push(format!("{path}:{}: \"{}\"", words[start].0, phrase.join(" ")));
            }
        }
    }
    found
}

/// The first word of a sentence has a capital.
fn is_same(word: &str, wanted: &str, is_first: bool) -> bool {
    let (mut word, mut wanted) = (word.chars(), wanted.chars());
    match (word.next(), wanted.next()) {
        (Some(a), Some(b)) if a == b || is_first && a.to_ascii_lowercase() == b => word.eq(wanted),
        _ => false,
    }
}

/// Words, and each other character that is not a blank.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_of_a_word = |c: char| c.is_alphanumeric() || c == '\'' || c == '-';
    let parts = line.split_inclusive(move |c: char| !is_of_a_word(c));
    let parts = parts.flat_map(move |part| match part.char_indices().next_back() {
        Some((end, last)) if !is_of_a_word(last) => [&part[..end], &part[end..]],
        _ => [part, ""],
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

#[test]
fn a_word_of_the_glossary_is_reported_in_prose_only() {
    let glossary =
        "| Instead of | Write |\n|---|---|\n| \"whoever\", \"the very\" | a user who |\n| \"app id\" | \"App ID\" |\n";
    let phrases = phrases(glossary);
    assert_eq!(phrases.len(), 3, "{phrases:?}");
    let document = |text: &str| found_in("a.md", &prose(text), &phrases);
    assert_eq!(document("One.\nTwo for whoever asks."), ["a.md:2: \"whoever\""]);
    assert_eq!(
        document("Whoever asks (the\nvery same) has an app id."),
        ["a.md:1: \"whoever\"", "a.md:1: \"the very\"", "a.md:2: \"app id\""]
    );
    assert_eq!(document("[whoever](a.md#whoever) [x][whoever] asks"), ["a.md:1: \"whoever\""]);
    assert_eq!(document("One ` tick.\n\nFor `a\nb` whoever."), ["a.md:4: \"whoever\""]);
    for allowed in [
        "The App ID, what-whoever-ever, whoevers, and every.",
        "`whoever` asks `the very`.",
        "Code:\n\n```rust\n// whoever\n```\n",
        "[label]: whoever.md",
        "the `a` very, the, very",
        "`a\nwhoever b` and `c`",
    ] {
        assert_eq!(document(allowed), [""; 0], "{allowed}");
    }
    let code = "/// For whoever\n//! asks.\nlet whoever = \"whoever\";\n    // The very same `app id`.\n";
    let code = found_in("a.rs", &prose(&comments(code)), &phrases);
    assert_eq!(code, ["a.rs:1: \"whoever\"", "a.rs:4: \"the very\""]);
}
