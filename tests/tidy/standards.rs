//! `docs/asvs.md` and `docs/specifications.md`: each row has one known verdict, what it names exists, and the totals are those of the rows.

use std::{collections::BTreeSet, fs};

use super::{
    quoted,
    source::{read, repository},
    tidy,
};

/// A table of requirements: the name of its first column, its levels and its verdicts.
struct Form {
    first: &'static str,
    levels: &'static [&'static str],
    verdicts: &'static [&'static str],
}

const ASVS: Form = Form { first: "Id", levels: &["1", "2", "3"], verdicts: &["met", "not met", "not ours"] };
const SPECIFICATIONS: Form =
    Form { first: "Section", levels: &["MUST", "SHOULD"], verdicts: &["met", "documented", "not met", "not ours"] };

#[test]
fn the_tables_of_the_standards_are_true() {
    let file = |name: &str| fs::read_to_string(repository(name)).ok();
    let wrong = [("docs/asvs.md", &ASVS), ("docs/specifications.md", &SPECIFICATIONS)]
        .into_iter()
        .flat_map(|(page, form)| untrue(page, &read(page), form, file));
    tidy(
        wrong.collect(),
        "Let the row say what is so, and name the test that shows it as it is called now; correct the totals to the numbers of the rows.",
    );
}

/// A row of a table: the heading above it, the cells of the table's first line, and its own.
struct Row<'a> {
    heading: &'a str,
    head: Vec<&'a str>,
    cells: Vec<&'a str>,
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split(" | ").map(str::trim).collect()
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let (mut heading, mut head, mut found) = ("", Vec::new(), Vec::new());
    for line in text.lines() {
        match line.strip_prefix("## ") {
            Some(title) => heading = title,
            None if !line.starts_with('|') => head = Vec::new(),
            None if head.is_empty() => head = cells(line),
            None if line.starts_with("|---") => {}
            None => found.push(Row { heading, head: head.clone(), cells: cells(line) }),
        }
    }
    found
}

/// What is wrong with a page: rows of requirements (a table whose first column is `form.first`), and rows of totals (by `Level` or by `Chapter`).
fn untrue(page: &str, text: &str, form: &Form, file: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let rows = rows(text);
    let (requirements, others): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.head.first() == Some(&form.first));
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for row in &requirements {
        let id = format!("{page}: {}, {}", row.heading, row.cells.first().unwrap_or(&""));
        if !seen.insert(id.clone()) {
            wrong.push(format!("{id} is there twice"));
        }
        wrong.extend(untrue_row(row, form, &file).into_iter().map(|fault| format!("{id}: {fault}")));
    }
    if requirements.is_empty() {
        wrong.push(format!("{page}: no table begins with the column {}", form.first));
    }
    wrong.extend(untrue_totals(&requirements, &others, form).into_iter().map(|fault| format!("{page}: {fault}")));
    wrong
}

fn untrue_row(row: &Row<'_>, form: &Form, file: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let (Some(level), Some(verdict), Some(shown)) = (row.cells.get(1), row.cells.get(3), row.cells.last()) else {
        return vec!["too few cells".to_owned()];
    };
    let mut wrong = Vec::new();
    if row.cells.len() != row.head.len() || row.cells.iter().any(|cell| cell.is_empty()) {
        wrong.push("a cell is missing, empty or one too many".to_owned());
    }
    if !form.levels.contains(level) {
        wrong.push(format!("no such level: {level}"));
    }
    if !form.verdicts.contains(verdict) {
        wrong.push(format!("no such verdict: {verdict}"));
    }
    if row.cells.iter().any(|cell| cell.contains("TODO")) {
        wrong.push("is unfinished".to_owned());
    }
    let (mut tests, mut pages) = (0, 0);
    // Where nothing is to be shown, the cell is a reason in words.
    let is_reason = !["met", "documented"].contains(verdict);
    let mut present: Option<(&str, String)> = None;
    for word in quoted(shown) {
        match &present {
            _ if word.starts_with("docs/") => match file(word) {
                Some(_) => pages += 1,
                None => wrong.push(format!("there is no {word}")),
            },
            _ if word.contains('/') => match file(word) {
                Some(text) => present = Some((word, text)),
                None => wrong.push(format!("there is no {word}")),
            },
            Some((_, text)) if text.contains(&format!("fn {word}(")) => tests += 1,
            Some((name, _)) => wrong.push(format!("there is no `{word}` in {name}")),
            None if is_reason => {}
            None => wrong.push(format!("`{word}` is in no file")),
        }
    }
    // Where documentation is what a standard asks for, a page shows it; what a program has to do is shown by a test.
    let is_shown = match *verdict {
        "met" if form.verdicts.contains(&"documented") => tests > 0,
        "met" => tests + pages > 0,
        "documented" => pages > 0,
        _ => true,
    };
    if !is_shown {
        wrong.push(format!("is {verdict}, and nothing shows it"));
    }
    wrong
}

/// The tables of totals: a row counts the requirements of its levels (`1 and 2`) or of one heading, a column those of one verdict.
fn untrue_totals(requirements: &[Row<'_>], others: &[Row<'_>], form: &Form) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut counted = BTreeSet::new();
    for row in others {
        let (Some(by @ (&"Level" | &"Chapter")), Some(label)) = (row.head.first(), row.cells.first()) else {
            continue;
        };
        let is_counted = |requirement: &&Row<'_>| match *by {
            "Level" => requirement.cells.get(1).is_some_and(|level| label.split(" and ").any(|one| one == *level)),
            _ => requirement.heading == *label,
        };
        let of: Vec<_> = requirements.iter().filter(is_counted).collect();
        counted.insert((*by, *label));
        for (column, number) in row.head.iter().zip(&row.cells).skip(1) {
            let is_one = |row: &&&Row<'_>| match (*column, row.cells.get(3)) {
                ("all", _) => true,
                ("ours", verdict) => verdict != Some(&"not ours"),
                (column, verdict) => verdict == Some(&column),
            };
            let count = of.iter().filter(is_one).count().to_string();
            if count != *number {
                wrong.push(format!("{by} {label}, {column}: {number}, and the rows are {count}"));
            }
        }
    }
    let headings: BTreeSet<_> = requirements.iter().map(|row| ("Chapter", row.heading)).collect();
    let levels = form.levels.iter().map(|level| ("Level", *level));
    wrong.extend(
        levels
            .chain(headings)
            .filter(|total| !counted.contains(total))
            .map(|(by, label)| format!("no row of the totals is for {by} {label}")),
    );
    wrong
}

#[test]
fn a_row_of_a_standard_that_is_not_true_is_seen() {
    let file = |name: &str| match name {
        "tests/a.rs" => Some("fn one() {}\nasync fn two(".to_owned()),
        "docs/a.md" => Some(String::new()),
        _ => None,
    };
    let form = Form { first: "Id", levels: &["1", "2"], verdicts: &["met", "not met", "not ours"] };
    let totals = "| Level | ours | met | all |\n|---|---|---|---|\n| 1 | 1 | 1 | 2 |\n| 2 | 1 | 1 | 1 |\n| 1 and 2 | 2 | 2 | 3 |\n\n";
    let chapters = "| Chapter | ours | not ours |\n|---|---|---|\n| V1 | 2 | 1 |\n\n## V1\n\n";
    let good = "| 1.1 | 1 | a | met | b | `tests/a.rs` `one`, `two` |\n| 1.2 | 2 | a | met | b | `docs/a.md` |\n| 1.3 | 1 | a | not ours | b | – |\n";
    let check = |totals: &str, rows: &str| {
        let text = format!(
            "{totals}{chapters}| Id | Level | What | Verdict | How | Shown by |\n|---|---|---|---|---|---|\n{rows}"
        );
        untrue("p", &text, &form, file)
    };
    assert_eq!(check(totals, good), [""; 0]);
    assert_eq!(check(&totals.replace("| 1 | 1 | 1 | 2 |", "| 1 | 1 | 1 | 3 |"), good).len(), 1, "a wrong number");
    assert_eq!(check(&totals.replace("| 2 | 1 | 1 | 1 |\n", ""), good).len(), 1, "no total");
    for (right, wrong) in [
        ("`one`", "`three`"),
        ("`one`, `two`", "–"),
        ("tests/a.rs", "tests/b.rs"),
        ("`docs/a.md`", "`docs/b.md`"),
        ("`tests/a.rs` `one`", "`one`"),
        ("1.2", "1.1"),
        ("a | not ours", "TODO | not ours"),
        ("| a | not ours", "| | not ours"),
        ("not ours | b | –", "not ours | –"),
        ("not ours", "perhaps"),
        ("| 1.2 | 2 |", "| 1.2 | 4 |"),
    ] {
        assert!(good.contains(right), "{right}");
        assert!(!check(totals, &good.replacen(right, wrong, 1)).is_empty(), "{wrong}");
    }
    let strict = Form { verdicts: &["met", "documented"], ..form };
    let row =
        "## S\n| Id | Level | What | Verdict | Shown by |\n|---|---|---|---|---|\n| 1 | 1 | a | met | `docs/a.md` |\n";
    let is_shown = |text: &str| !untrue("p", text, &strict, file).iter().any(|fault| fault.ends_with("shows it"));
    assert!(!is_shown(row), "a page shows no behaviour");
    assert!(is_shown(&row.replace("met", "documented")));
    assert!(!is_shown(&row.replace("met", "documented").replace("docs/a.md", "tests/a.rs` `one")));
    assert!(!untrue("p", "", &form, file).is_empty(), "an empty page");
}
