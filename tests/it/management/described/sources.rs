//! What `src/management` and the guide say that there is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The text of all files in a folder, and in the folders in it.
fn texts(folder: &Path) -> String {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.iter().map(|path| if path.is_dir() { texts(path) } else { fs::read_to_string(path).unwrap() }).collect()
}

fn source() -> String {
    texts(&Path::new(ROOT).join("src/management"))
}

/// The text of the files that call operations.
pub fn calls() -> String {
    let files = texts(&Path::new(ROOT).join("tests/it/management/described"));
    files.split("pub async fn call(").skip(1).collect()
}

/// The public operations: `users().get` for `pub async fn get` in `impl Users<'_>`, and for what returns a `List`.
pub fn operations() -> BTreeSet<String> {
    let source = source();
    // `pub fn users(&self) -> Users<'_>`
    let handles: BTreeMap<&str, &str> = source
        .lines()
        .filter_map(|line| {
            let (name, handle) = line.trim().strip_prefix("pub fn ")?.split_once("(&self) -> ")?;
            Some((handle.strip_suffix("<'_> {")?, name))
        })
        .collect();
    let mut operations = BTreeSet::new();
    let mut handle = None;
    let mut begun: Option<(&str, String)> = None;
    for line in source.lines() {
        if line.starts_with("impl") {
            let name = line.strip_prefix("impl ").and_then(|of| of.strip_suffix("<'_> {"));
            handle = name.and_then(|name| handles.get(name));
        }
        let Some(handle) = handle else { continue };
        if let Some(signature) = line.trim().strip_prefix("pub ") {
            let is_async = signature.starts_with("async ");
            let signature = signature.trim_start_matches("async ").trim_start_matches("fn ");
            let name = signature.split(['(', '<']).next().unwrap();
            match is_async {
                true => _ = operations.insert(format!("{handle}().{name}")),
                false => begun = Some((name, String::new())),
            }
        }
        // A signature of several lines ends with its brace.
        if let Some((name, mut signature)) = begun.take() {
            signature.push_str(line);
            match line.ends_with('{') {
                true if signature.contains("-> List<") => _ = operations.insert(format!("{handle}().{name}")),
                true => {}
                false => begun = Some((name, signature)),
            }
        }
    }
    operations
}

pub struct Bodies {
    /// By the body's name.
    pub members: BTreeMap<String, BTreeSet<String>>,
    pub setters: BTreeSet<String>,
}

/// The bodies, as `body! { … }` writes them.
pub fn bodies() -> Bodies {
    let mut bodies = Bodies { members: BTreeMap::new(), setters: BTreeSet::new() };
    for block in source().split("\nbody! {").skip(1) {
        let block = block.split("\n}").next().unwrap();
        let code: String = block.lines().filter(|line| !line.trim_start().starts_with("///")).collect();
        let mut statements = code.split(';').map(str::trim).filter(|statement| !statement.is_empty());
        let members = bodies.members.entry(statements.next().unwrap().to_owned()).or_default();
        for statement in statements {
            let (setters, member) = statement.trim_end_matches('"').split_once('"').unwrap();
            members.insert(member.to_owned());
            let mut setters = setters.split(['|', ' ']).map(str::trim).filter(|word| !word.is_empty());
            // The kind: `text`, `value(RoleKind)`.
            setters.next();
            bodies.setters.extend(setters.map(str::to_owned));
        }
    }
    bodies
}

/// The table of the guide: `users().get` with `GET /api/users/{userId}`.
pub fn table() -> BTreeMap<String, BTreeSet<String>> {
    let guide = fs::read_to_string(Path::new(ROOT).join("docs/management.md")).unwrap();
    let mut table = BTreeMap::<_, BTreeSet<_>>::new();
    for line in guide.lines() {
        let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        if let ["", ours, logto, ..] = cells.as_slice()
            && ours.contains("().")
        {
            for logto in logto.split(", ") {
                let (method, path) = logto.trim_matches('`').split_once(' ').unwrap();
                table.entry((*ours).to_owned()).or_default().insert(format!("{method} /api{path}"));
            }
        }
    }
    table
}
