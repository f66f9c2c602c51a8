//! `docs/parity.md` beside the npm packages that it is about, as `npm ci` installed them in `tests/next-interop`, and beside this crate.

mod claims;
mod codes;
mod declarations;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::Path,
};

use self::declarations::{Module, modules};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// `@logto/next` and `@logto/node`, and what they pass on.
const PACKAGES: &[&str] = &["@logto/next", "@logto/node", "@logto/client", "@logto/js"];

#[test]
fn every_export_of_the_packages_is_named_in_the_document() {
    let packages = Path::new(ROOT).join("tests/next-interop/node_modules");
    if !packages.join("@logto/next").is_dir() {
        // Past the test harness, which would keep it to itself.
        std::io::stderr().write_all(b"skipped: needs `npm ci` in tests/next-interop\n").unwrap();
        return;
    }
    let modules: BTreeMap<_, _> = PACKAGES.iter().flat_map(|package| modules(&packages, package)).collect();
    assert!(modules.len() >= 8, "{:?}", modules.keys());
    let wrong = differences(&modules, &sections(&document()));
    assert!(wrong.is_empty(), "\n  {}\n\nCorrect docs/parity.md.\n", wrong.join("\n  "));
}

#[test]
fn every_counterpart_is_compiled_as_a_public_path() {
    let (path, wanted) = (Path::new(ROOT).join("tests/it/parity_paths.rs"), compiled(&document()));
    if std::env::var_os("LOGTO_TEST_WRITE").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    assert!(
        fs::read_to_string(path).unwrap() == wanted,
        "tests/it/parity_paths.rs is not what docs/parity.md asks for: run this test with LOGTO_TEST_WRITE=1, and see whether it compiles"
    );
}

/// What a module exports and its section lacks, and the other way round.
fn differences(modules: &BTreeMap<String, Module>, sections: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, module) in modules {
        let Some(named) = sections.get(name) else {
            wrong.push(format!("there is no section for `{name}`"));
            continue;
        };
        let missing = module.exports.difference(named);
        wrong.extend(missing.map(|export| format!("the section of `{name}` does not name `{export}`")));
        let known = |export: &&String| module.exports.contains(*export) || module.for_subclasses.contains(*export);
        let gone = named.iter().filter(|export| !known(export));
        wrong.extend(gone.map(|export| format!("`{name}` exports no `{export}`")));
    }
    wrong
}

fn document() -> String {
    fs::read_to_string(Path::new(ROOT).join("docs/parity.md")).unwrap()
}

/// The names in the column "There" of each section, by the module of its heading.
fn sections(document: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut sections = BTreeMap::new();
    for section in document.split("\n## ").skip(1) {
        let heading = section.lines().next().unwrap_or_default();
        let Some(module) = quoted(heading).find(|name| name.starts_with("@logto/")) else { continue };
        let names = rows(section).flat_map(|cells| quoted(cells[1])).map(str::to_owned).collect();
        assert!(sections.insert(module.to_owned(), names).is_none(), "`{module}` has two sections");
    }
    sections
}

/// A file that compiles if each name in the column "Here" is a public path of this crate. What has a blank is no path: `GET /callback`.
fn compiled(document: &str) -> String {
    let names = rows(document).flat_map(|cells| quoted(cells[2])).filter(|name| !name.contains(' '));
    let (methods, items): (BTreeSet<_>, BTreeSet<_>) = names.partition(|name| is_method(name));
    assert!(items.len() > 30 && methods.len() > 15, "{items:?} {methods:?}");
    let items = items.iter().map(|name| format!("use logto::{name} as _;\n")).collect::<Vec<_>>().concat();
    let methods = methods.iter().map(|name| format!("    let _ = logto::{name};\n")).collect::<Vec<_>>().concat();
    format!(
        "//! Written by `tests/it/parity.rs` after the column \"Here\" of `docs/parity.md`: what stands there is public.\n\n{items}\nconst _: fn() = || {{\n{methods}}};\n"
    )
}

/// `LogtoClient::sign_in`, and neither `axum::routes` nor `SessionFormat::Next`.
fn is_method(path: &str) -> bool {
    let is_type = |name: &str| name.starts_with(char::is_uppercase);
    path.rsplit_once("::").is_some_and(|(before, name)| is_type(before) && !is_type(name))
}

/// The cells of the rows of tables with the columns "#", "There", "Here" and "Difference", without heads.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix('|')?.trim_end().strip_suffix('|'));
    let cells = lines.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| cells.len() == 4 && cells[1] != "There" && !cells[1].starts_with("---"))
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn a_missing_or_surplus_export_in_the_parity_document_is_reported() {
    let document = "# Title\n\n## `@logto/a`\n\n| # | There | Here | Difference |\n|---|---|---|---|\n| 1–2 | `A`, `b` | `C`; `GET /d` | `E` |\n| | `f` | | Inside. |\n";
    let sections = sections(document);
    let module = |exports: &[&str], for_subclasses: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        BTreeMap::from([(
            "@logto/a".to_owned(),
            Module { exports: names(exports), for_subclasses: names(for_subclasses) },
        )])
    };
    let check = |exports, for_subclasses| differences(&module(exports, for_subclasses), &sections).len();
    assert_eq!(check(&["A", "b", "f"], &[]), 0);
    assert_eq!(check(&["A", "b"], &["f", "g"]), 0);
    assert_eq!(check(&["A", "b", "f", "g"], &[]), 1);
    assert_eq!(check(&["A", "b"], &[]), 1);
    assert_eq!(differences(&module(&[], &[]), &BTreeMap::new()).len(), 1);
}
