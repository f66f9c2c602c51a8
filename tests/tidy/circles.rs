//! No two files import each other, directly or in a circle.
//!
//! A file has an arrow to another that defines an item which it names outside of tests; re-exports are followed to the definition. The file
//! of a module and the files below it may know each other, at any depth.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    source::{Import, Source, is_word, some, sources, tokens, tree},
    tidy,
};

#[test]
fn no_two_files_import_each_other() {
    let sources = ["src", "benches"].into_iter().flat_map(sources).collect();
    tidy(
        crates(sources).iter().flat_map(|sources| circles(sources)).collect(),
        "Put what both need into a file below both, or move what uses the other to where it may know it.",
    );
}

/// The files of each crate, with their modules from its root. A program in one file has none that it could import.
fn crates(sources: Vec<Source>) -> Vec<Vec<Source>> {
    let directory = |path: &str| path.rsplit_once('/').map_or(String::new(), |(directory, _)| directory.to_owned());
    let is_root = |path: &str| path.ends_with("/lib.rs") || path.ends_with("/main.rs");
    let roots: BTreeMap<_, _> = sources
        .iter()
        .filter(|source| is_root(&source.path))
        .map(|source| (directory(&source.path), source.module.len()))
        .collect();
    let mut crates: BTreeMap<&String, Vec<Source>> = BTreeMap::new();
    for mut source in sources {
        let around = roots.iter().filter(|(root, _)| source.path.starts_with(&format!("{root}/")));
        if let Some((root, depth)) = around.max_by_key(|(root, _)| root.len())
            && !directory(&source.path).ends_with("/bin")
        {
            source.module.drain(..*depth);
            crates.entry(root).or_default().push(source);
        }
    }
    crates.into_values().collect()
}

/// Of each set of files that lead to each other the shortest circle, with the names that tie it.
fn circles(sources: &[Source]) -> Vec<String> {
    let arrows = arrows(sources);
    let reached: BTreeMap<_, _> = arrows.keys().map(|&file| (file, reached(&arrows, file))).collect();
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for (file, others) in reached.iter().filter(|(file, others)| others.contains(*file)) {
        let leads_back = |other: &&&str| reached.get(**other).is_some_and(|others| others.contains(file));
        let set: BTreeSet<&str> = others.iter().filter(leads_back).copied().collect();
        if told.insert(*set.first().unwrap()) {
            let circle = set.iter().map(|file| way_back(&arrows, file)).min_by_key(Vec::len).unwrap();
            let steps = circle.windows(2).map(|step| {
                let names: Vec<_> = arrows[step[0]][step[1]].iter().map(String::as_str).collect();
                format!(" → {} ({})", step[1], names.join(", "))
            });
            let more = match set.len() + 1 - circle.len() {
                0 => String::new(),
                more => format!(", and {more} more in circles with them"),
            };
            circles.push(format!("{}{}{more}", circle[0], steps.collect::<String>()));
        }
    }
    circles
}

/// From a file to those that define what it names, with the names.
type Arrows<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<String>>>;

/// Where the arrows from a file lead, step by step.
fn reached<'a>(arrows: &Arrows<'a>, file: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![file];
    while let Some(file) = next.pop() {
        next.extend(arrows.get(file).into_iter().flat_map(BTreeMap::keys).filter(|file| reached.insert(**file)));
    }
    reached
}

/// The shortest way from a file back to itself, if there is one.
fn way_back<'a>(arrows: &Arrows<'a>, file: &'a str) -> Vec<&'a str> {
    let mut ways = VecDeque::from([vec![file]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for &next in arrows.get(way[way.len() - 1]).into_iter().flat_map(BTreeMap::keys) {
            let longer = [way.as_slice(), &[next]].concat();
            if next == file {
                return longer;
            }
            if seen.insert(next) {
                ways.push_back(longer);
            }
        }
    }
    Vec::new()
}

fn arrows(sources: &[Source]) -> Arrows<'_> {
    let files: Vec<_> = sources.iter().filter(|source| !source.test).map(File::new).collect();
    let scopes = Scopes::new(&files);
    let mut arrows = Arrows::new();
    for file in &files {
        for (here, path) in &file.paths {
            for (name, definition) in scopes.definitions(here, path, &file.words) {
                let (from, to) = (file.source, files[definition].source);
                if !from.module.starts_with(&to.module) && !to.module.starts_with(&from.module) {
                    arrows.entry(&from.path).or_default().entry(&to.path).or_default().insert(name);
                }
            }
        }
    }
    arrows
}

/// What a file defines and names outside of tests.
struct File<'a> {
    source: &'a Source,
    /// A module, a name in it, and what that stands for.
    names: Vec<(Vec<String>, String, Named)>,
    /// Each with the module in which it stands.
    paths: Vec<(Vec<String>, Path)>,
    words: BTreeSet<&'a str>,
}

#[derive(Clone)]
enum Named {
    Item,
    Module,
    Import(Path),
}

#[derive(Clone)]
struct Path {
    /// Whether it begins at the root, and not with a name of the module in which it stands or with another crate.
    from_root: bool,
    names: Vec<String>,
}

impl<'a> File<'a> {
    fn new(source: &'a Source) -> Self {
        let tokens = without_tests(&tokens(&source.code));
        let words = tokens.iter().copied().filter(|token| is_word(token)).collect();
        let mut file = Self { source, names: Vec::new(), paths: Vec::new(), words };
        let mut here = source.module.clone();
        // Which of the blocks around are modules.
        let mut blocks = Vec::new();
        let mut index = 0;
        while index < tokens.len() {
            let at = |index: usize| tokens.get(index).copied().unwrap_or_default();
            let (token, next) = (tokens[index], at(index + 1));
            let is_in_module = blocks.iter().all(|is_module| *is_module);
            match token {
                "mod" if at(index + 2) == "{" => {
                    file.names.push((here.clone(), next.to_owned(), Named::Module));
                    here.push(next.to_owned());
                    blocks.push(true);
                    index += 2;
                }
                "{" => blocks.push(false),
                "}" if blocks.pop() == Some(true) => _ = here.pop(),
                "use" if is_word(next) => {
                    index += 1;
                    for import in file.read(&tokens, &mut index, &here) {
                        let path = Path { from_root: is_from_root(next), names: import.path };
                        file.names.push((here.clone(), import.name, Named::Import(path)));
                    }
                    continue;
                }
                "macro_rules" if is_in_module => file.define(&here, at(index + 2)),
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union" if is_in_module => {
                    file.define(&here, next);
                }
                word if next == "::" && is_word(word) && (index == 0 || tokens[index - 1] != "::") => {
                    file.read(&tokens, &mut index, &here);
                    continue;
                }
                _ => {}
            }
            index += 1;
        }
        file
    }

    fn define(&mut self, here: &[String], name: &str) {
        self.names.push((here.to_vec(), name.to_owned(), Named::Item));
    }

    /// Notes the path or the tree of paths that begins here.
    fn read(&mut self, tokens: &[&str], index: &mut usize, here: &[String]) -> Vec<Import> {
        let from_root = is_from_root(tokens[*index]);
        let mut found = Vec::new();
        tree(tokens, index, if from_root { here } else { &[] }, &mut found);
        let paths = found.iter().map(|import| Path { from_root, names: import.path.clone() });
        self.paths.extend(paths.map(|path| (here.to_vec(), path)));
        found
    }
}

fn is_from_root(first: &str) -> bool {
    ["crate", "super", "self"].contains(&first)
}

/// A module, and a name in it.
type Name = (Vec<String>, String);

/// What names stand for in the modules of a crate, each with the number of the file that says so.
struct Scopes {
    names: BTreeMap<Name, Vec<(usize, Named)>>,
    /// The number of a module's file.
    files: BTreeMap<Vec<String>, usize>,
}

impl Scopes {
    fn new(files: &[File<'_>]) -> Self {
        let mut scopes = Self { names: BTreeMap::new(), files: BTreeMap::new() };
        for (number, file) in files.iter().enumerate() {
            scopes.files.insert(file.source.module.clone(), number);
            if let Some((name, parent)) = file.source.module.split_last() {
                scopes.add(parent, name, number, Named::Module);
            }
            for (module, name, named) in &file.names {
                scopes.add(module, name, number, named.clone());
            }
        }
        scopes
    }

    fn add(&mut self, module: &[String], name: &str, file: usize, named: Named) {
        self.names.entry((module.to_vec(), name.to_owned())).or_default().push((file, named));
    }

    /// The items that a path names, each with the number of its file. With `*` the words of the file decide.
    fn definitions(&self, here: &[String], path: &Path, words: &BTreeSet<&str>) -> BTreeSet<(String, usize)> {
        let mut found = BTreeSet::new();
        match path.names.split_last() {
            Some((last, module)) if last == "*" => {
                for word in words {
                    let names = [module, &[(*word).to_owned()]].concat();
                    self.find(here, &Path { from_root: path.from_root, names }, false, 0, &mut found);
                }
            }
            _ => self.find(here, path, true, 0, &mut found),
        }
        found
    }

    /// Follows a path through modules and re-exports. What is not found in the module that it leads to counts as defined there, by a macro,
    /// if it `must_be` somewhere.
    fn find(&self, here: &[String], path: &Path, must_be: bool, depth: usize, found: &mut BTreeSet<(String, usize)>) {
        // Imports that lead to each other.
        if depth > 8 {
            return;
        }
        let mut module = if path.from_root { Vec::new() } else { here.to_vec() };
        for (place, name) in path.names.iter().enumerate() {
            let behind = &path.names[place + 1..];
            let through = |import: &Path| {
                let names = [import.names.as_slice(), behind].concat();
                Path { from_root: import.from_root, names }
            };
            let named = self.names.get(&(module.clone(), name.clone())).map(Vec::as_slice).unwrap_or_default();
            for (file, named) in named {
                match named {
                    Named::Item => _ = found.insert((name.clone(), *file)),
                    // The path of another crate begins with its own name.
                    Named::Import(import) if !import.from_root && import.names.first() == Some(name) => {}
                    Named::Import(import) => self.find(&module, &through(import), must_be, depth + 1, found),
                    Named::Module => {}
                }
            }
            if named.is_empty() {
                let before = found.len();
                for (_, named) in self.names.get(&(module.clone(), "*".to_owned())).into_iter().flatten() {
                    if let Named::Import(import) = named {
                        let mut import = import.clone();
                        import.names.pop();
                        import.names.push(name.clone());
                        self.find(&module, &through(&import), false, depth + 1, found);
                    }
                }
                if must_be && found.len() == before && (place > 0 || path.from_root) {
                    found.extend(self.files.get(&module).map(|file| (name.clone(), *file)));
                }
            }
            if !named.iter().any(|(_, named)| matches!(named, Named::Module)) {
                return;
            }
            module.push(name.clone());
        }
    }
}

/// The tokens without the items that are compiled for tests only.
fn without_tests<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    const TEST: &[&str] = &["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut rest = tokens;
    while let Some((token, behind)) = rest.split_first() {
        if rest.starts_with(TEST) {
            rest = &rest[TEST.len()..];
            rest = &rest[item(rest)..];
        } else {
            kept.push(*token);
            rest = behind;
        }
    }
    kept
}

/// How many tokens the item or the field has that begins here.
fn item(tokens: &[&str]) -> usize {
    let is_import = tokens.iter().take_while(|token| !["{", "(", ";"].contains(token)).any(|token| *token == "use");
    let (mut depth, mut angles) = (0_usize, 0_usize);
    for (index, token) in tokens.iter().enumerate() {
        match *token {
            ")" | "]" | "}" if depth == 0 => return index,
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth -= 1;
                if depth == 0 && *token == "}" && !is_import {
                    return index + 1;
                }
            }
            "<" => angles += 1,
            ">" => angles = angles.saturating_sub(1),
            ";" if depth == 0 => return index + 1,
            "," if depth == 0 && angles == 0 => return index + 1,
            _ => {}
        }
    }
    tokens.len()
}

// The rule can fail.

#[test]
fn a_dependency_cycle_of_files_is_reported_with_the_imported_names() {
    let check = |files: &[(&str, &str)]| circles(&some(files));
    assert_eq!(
        check(&[
            ("src/a.rs", "use crate::b::{B, c}; pub struct A;"),
            ("src/b.rs", "use super::a::A; pub struct B; pub fn c() {}"),
            ("src/d.rs", "use crate::{a::A, b::B};"),
        ]),
        ["src/a.rs → src/b.rs (B, c) → src/a.rs (A)"]
    );
    assert_eq!(
        check(&[
            ("src/a.rs", "use crate::b::B; pub struct A;"),
            ("src/b.rs", "use crate::c::C; pub struct B;"),
            ("src/c.rs", "use crate::a::A; pub struct C;"),
        ]),
        ["src/a.rs → src/b.rs (B) → src/c.rs (C) → src/a.rs (A)"]
    );
    assert_eq!(
        check(&[
            ("src/a.rs", "use crate::b::B; pub struct A;"),
            ("src/b.rs", "use crate::{c::C, d::D}; pub struct B;"),
            ("src/c.rs", "use crate::{a::A, b::B}; pub struct C;"),
            ("src/d.rs", "use crate::e::E; pub struct D;"),
            ("src/e.rs", "use crate::d::D; pub struct E;"),
        ]),
        [
            "src/b.rs → src/c.rs (C) → src/b.rs (B), and 1 more in circles with them",
            "src/d.rs → src/e.rs (E) → src/d.rs (D)",
        ],
        "the shortest of each set"
    );
}

#[test]
fn a_circle_is_seen_however_its_arrows_are_written() {
    let parent = ("src/a/mod.rs", "mod one; mod two;");
    let two = ("src/a/two.rs", "use super::one::One; pub struct Two; pub fn go() {}");
    let check = |text| circles(&some(&[parent, ("src/a/one.rs", text), two])).len();
    for arrow in [
        "use super::two::Two; pub struct One;",
        "use crate::a::two::Two as Other; pub struct One;",
        "use super::two; pub struct One; fn f() { two::go() }",
        "use super::two as other; pub struct One; fn f() { other::go() }",
        "use super::{two::{self}}; pub struct One(two::Two);",
        "pub struct One; fn f() { crate::a::two::go() }",
        "pub struct One; fn f() { let x = super::two::Two::new; }",
        "pub struct One; mod inner { fn f() { super::super::two::go() } }",
        "use super::two::*; pub struct One(Two);",
        "use super::two::made_by_a_macro; pub struct One;",
    ] {
        assert_eq!(check(arrow), 1, "{arrow}");
    }
    for none in [
        "pub struct One; // use super::two::Two;",
        "pub struct One; const TEXT: &str = \"super::two::Two\";",
        "use super::two; pub struct One;",
        "use super::two::*; pub struct One(Three);",
        "use two::Two; pub struct One;",
        "pub(in super::two) struct One;",
    ] {
        assert_eq!(check(none), 0, "{none}");
    }
}

#[test]
fn a_re_export_leads_to_the_file_that_defines_the_item() {
    let check = |root, parent, one| {
        circles(&some(&[
            ("src/lib.rs", root),
            ("src/a/mod.rs", parent),
            ("src/a/one.rs", one),
            ("src/a/two.rs", "use crate::a::one::One; pub struct Two;"),
        ]))
    };
    let circle = ["src/a/one.rs → src/a/two.rs (Two) → src/a/one.rs (One)"];
    let parent = "mod one; mod two; pub use self::{one::One, two::Two};";
    assert_eq!(check("mod a;", parent, "use super::Two; pub struct One;"), circle);
    assert_eq!(check("mod a; pub use self::a::Two;", parent, "use crate::Two; pub struct One;"), circle);
    assert_eq!(check("mod a; pub use a::Two as Other;", parent, "use crate::Other; pub struct One;"), circle);
    assert_eq!(check("mod a;", "mod one; mod two; pub use self::two::*;", "use super::Two; pub struct One;"), circle);
    assert!(check("mod a;", "mod one; mod two; pub struct Two;", "use super::Two; pub struct One;").is_empty());
}

#[test]
fn a_dependency_cycle_within_one_module_tree_is_allowed() {
    let files = [
        ("src/lib.rs", "mod a; mod b; pub use self::a::A;"),
        ("src/a.rs", "mod one; use self::one::{deep::Deep, One}; pub struct A;"),
        ("src/a/one/mod.rs", "pub mod deep; use super::A; use deep::Deep; pub struct One;"),
        ("src/a/one/deep.rs", "use super::{super::A, One}; pub struct Deep;"),
    ];
    assert!(circles(&some(&files)).is_empty());
    let cousin = ("src/b.rs", "use crate::a::A; pub struct B;");
    let uncle = ("src/a.rs", "mod one; use crate::b::B; pub struct A;");
    assert!(circles(&some(&[files[0], cousin, files[1], files[2], files[3]])).is_empty());
    assert_eq!(circles(&some(&[files[0], cousin, uncle, files[2], files[3]])).len(), 1, "another module is no child");
}

#[test]
fn what_tests_import_ties_no_circle() {
    let b = ("src/b.rs", "use crate::a::A; pub struct B; pub fn b() {}");
    let check = |text| circles(&some(&[("src/a.rs", text), b])).len();
    for only_in_tests in [
        "pub struct A; #[cfg(test)] mod tests { use crate::b::B; fn f() { crate::b::b() } }",
        "#[cfg(test)] use crate::b::{self, B}; pub struct A;",
        "pub struct A { #[cfg(test)] b: crate::b::B, c: u8 }",
        "pub struct A; #[cfg(test)] impl A { fn f<T, U>(a: crate::b::B) {} }",
    ] {
        assert_eq!(check(only_in_tests), 0, "{only_in_tests}");
    }
    for not_in_tests_alone in [
        "#[cfg(test)] use std::{fs, io}; use crate::b::B; pub struct A;",
        "pub struct A { #[cfg(test)] c: Vec<(u8, u8)>, b: crate::b::B }",
        "#[cfg(test)] mod tests { fn f() {} } pub struct A(crate::b::B);",
        "#[cfg(not(test))] use crate::b::B; pub struct A;",
    ] {
        assert_eq!(check(not_in_tests_alone), 1, "{not_in_tests_alone}");
    }
    let mut files = some(&[("src/a.rs", "pub struct A;"), b, ("src/a/tests.rs", "use crate::b::B; pub struct T;")]);
    files.extend(some(&[("src/c.rs", "use crate::a::tests::T;")]));
    files[2].test = true;
    assert!(circles(&files).is_empty());
}

#[test]
fn each_crate_has_its_own_root() {
    let files = [
        ("benches/src/lib.rs", "mod a; pub struct Lib;"),
        ("benches/src/a.rs", "pub struct A;"),
        ("benches/src/bin/alone.rs", "use crate::a::A;"),
        ("benches/src/bin/compare/main.rs", "mod a; mod b;"),
        ("benches/src/bin/compare/a.rs", "use crate::b::B; pub struct A;"),
        ("benches/src/bin/compare/b.rs", "use crate::a::A; pub struct B;"),
        ("benches/benches/alone.rs", ""),
    ];
    let crates = crates(some(&files));
    let paths = |files: &Vec<Source>| files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
    assert_eq!(paths(&crates[0]), ["benches/src/lib.rs", "benches/src/a.rs"]);
    assert_eq!(paths(&crates[1]), [files[3].0, files[4].0, files[5].0]);
    assert_eq!((crates.len(), &crates[1][1].module), (2, &vec!["a".to_owned()]));
    assert!(circles(&crates[0]).is_empty());
    assert_eq!(circles(&crates[1]).len(), 1);
}
