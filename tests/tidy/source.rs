//! What the rules read: files, and what Rust files are made of.

use std::{fs, path::Path};

/// A Rust file.
pub(crate) struct Source {
    pub(crate) path: String,
    /// `["client", "refresh"]`.
    pub(crate) module: Vec<String>,
    pub(crate) text: String,
    /// The text without comments and without what is in quotes.
    pub(crate) code: String,
    /// Compiled for tests only.
    pub(crate) test: bool,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let module = path.trim_start_matches("src/").trim_end_matches(".rs");
        let module =
            module.split('/').filter(|name| !["lib", "main", "mod"].contains(name)).map(str::to_owned).collect();
        Self { path: path.to_owned(), module, text: text.to_owned(), code: bare(text), test: false }
    }

    /// Whether the crate's root has another name here, under which no path would be seen.
    pub(crate) fn renames_the_root(&self) -> bool {
        tokens(&self.code).windows(2).any(|pair| pair == ["crate", "as"])
    }

    /// The paths that begin with `crate`, `super` or `self`, from the crate's root.
    pub(crate) fn paths(&self) -> Vec<Vec<String>> {
        let tokens = tokens(&self.code);
        let (mut here, mut blocks, mut found) = (self.module.clone(), Vec::new(), Vec::new());
        let mut index = 0;
        while let Some(token) = tokens.get(index) {
            match *token {
                "mod" if tokens.get(index + 2) == Some(&"{") => {
                    here.push(tokens[index + 1].to_owned());
                    blocks.push(true);
                    index += 2;
                }
                "{" => blocks.push(false),
                "}" if blocks.pop() == Some(true) => _ = here.pop(),
                "crate" | "super" | "self"
                    if tokens.get(index + 1) == Some(&"::") && (index == 0 || tokens[index - 1] != "::") =>
                {
                    tree(&tokens, &mut index, &here, &mut found);
                    continue;
                }
                _ => {}
            }
            index += 1;
        }
        found.into_iter().map(|import| import.path).collect()
    }
}

/// `path as name`.
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    pub(crate) name: String,
}

/// Reads a path or a tree of paths: `crate::{a::{self, B}, c as d}`. `index` moves behind it.
pub(crate) fn tree(tokens: &[&str], index: &mut usize, prefix: &[String], found: &mut Vec<Import>) {
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(*index).copied().unwrap_or_default() {
            "{" => {
                *index += 1;
                while !matches!(tokens.get(*index), Some(&"}") | None) {
                    tree(tokens, index, &path, found);
                    *index += usize::from(tokens.get(*index) == Some(&","));
                }
                *index += 1;
                return;
            }
            "crate" => path.clear(),
            "super" => _ = path.pop(),
            "self" => {}
            name if name == "*" || is_word(name) => path.push(name.to_owned()),
            // `::<T>`, or the end.
            _ => {
                found.push(Import { name: path.last().cloned().unwrap_or_default(), path });
                *index += 1;
                return;
            }
        }
        *index += 1;
        if tokens.get(*index) != Some(&"::") {
            let mut name = path.last().cloned().unwrap_or_default();
            if tokens.get(*index) == Some(&"as") {
                tokens[*index + 1].clone_into(&mut name);
                *index += 2;
            }
            found.push(Import { path, name });
            return;
        }
        *index += 1;
    }
}

/// The code without comments, and with blanks for what is in quotes. Lines stay lines.
pub(crate) fn bare(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut index = 0;
    while index < chars.len() {
        let end = skipped(&chars, index).min(chars.len());
        if end > index {
            code.extend(chars[index..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            index = end;
        } else {
            code.push(chars[index]);
            index += 1;
        }
    }
    code
}

/// Where the comment or the literal ends that begins here; here, if none does.
pub(crate) fn skipped(chars: &[char], start: usize) -> usize {
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let find = |from: usize, end: &[char]| {
        (from..chars.len())
            .find(|&index| chars[index..].starts_with(end))
            .map_or(chars.len(), |index| index + end.len())
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    // `br"…"` is a literal, `for"…"` would be none.
    let before = chars[..start].strip_suffix(&['b']).unwrap_or(&chars[..start]);
    let in_word = before.last().copied().is_some_and(is_word);
    match (at(start), at(start + 1)) {
        ('/', '/') => (start..chars.len()).find(|&index| at(index) == '\n').unwrap_or(chars.len()),
        ('/', '*') => find(start + 2, &['*', '/']),
        ('"', _) => {
            let mut index = start + 1;
            while index < chars.len() && at(index) != '"' {
                index += if at(index) == '\\' { 2 } else { 1 };
            }
            index + 1
        }
        ('r', '"' | '#') if !in_word => {
            let quote = (start + 1..=chars.len()).find(|&index| at(index) != '#').unwrap_or(start);
            let hashes = vec!['#'; quote - start - 1];
            if at(quote) == '"' { find(quote + 1, &[&['"'], hashes.as_slice()].concat()) } else { start }
        }
        ('\'', '\\') => find(start + 3, &['\'']),
        ('\'', _) if at(start + 2) == '\'' => start + 3,
        _ => start,
    }
}

/// Words, `::`, `->` and single characters.
pub(crate) fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(rest.get(..first.len_utf8()).unwrap_or_default()) {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") || rest.starts_with("->") {
            2
        } else {
            first.len_utf8()
        };
        let (token, behind) = rest.split_at(length);
        tokens.push(token);
        rest = behind.trim_start();
    }
    tokens
}

pub(crate) fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}

pub(crate) fn repository(path: impl AsRef<Path>) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn files(directory: &Path, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(repository(directory)).unwrap() {
        let path = directory.join(entry.unwrap().file_name());
        let foreign = path.join("Cargo.toml");
        if repository(&path).is_dir() && !repository(foreign).exists() && !path.ends_with("node_modules") {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path.to_str().unwrap().replace('\\', "/"));
        }
    }
    found.sort();
    found
}

pub(crate) fn sources(directory: &str) -> Vec<Source> {
    let mut sources: Vec<_> =
        files(Path::new(directory), "rs").iter().map(|path| Source::new(path, &read(path))).collect();
    let tests: Vec<_> = sources.iter().flat_map(test_modules).collect();
    for source in &mut sources {
        source.test = tests.iter().any(|test| source.module.starts_with(test));
    }
    sources
}

/// The modules that a file declares for tests only.
pub(crate) fn test_modules(source: &Source) -> Vec<Vec<String>> {
    let tokens = tokens(&source.code);
    let of_tests = tokens.windows(9).filter(|window| window[..8] == ["#", "[", "cfg", "(", "test", ")", "]", "mod"]);
    of_tests.map(|window| [source.module.as_slice(), &[window[8].to_owned()]].concat()).collect()
}

/// Files for the tests of the rules.
pub(crate) fn some(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(path, text)| Source::new(path, text)).collect()
}
