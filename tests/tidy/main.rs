//! The rules of this repository that the compiler does not know, checked on its own files. The tables are in `docs/architecture.md`.
//!
//! Each rule is a function from text to a list of violations, a test that applies it to the files, and a line in a test at the end that
//! shows that it can fail.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod circles;
mod source;
mod standards;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use self::source::{Source, files, is_word, read, repository, some, sources, test_modules, tokens, tree};

/// Frameworks, and what only frameworks need.
const FRAMEWORKS: &[&str] = &[
    "actix",
    "actix_web",
    "axum",
    "hyper",
    "leptos",
    "poem",
    "rocket",
    "salvo",
    "tower",
    "tower_layer",
    "tower_service",
    "warp",
];
/// Where time and random bytes come from. `testing` is another server beside the crate: its clock starts at the time it is, and its
/// signing keys are made by the generator of the crate that signs.
const TIME_AND_RANDOMNESS: &[&str] = &["src/clock.rs", "src/testing/"];
/// Shared state that changes: the provider of a configuration, when a kept connection failed last, who is asking a server, the caches of discovery and keys, the tokens of a program that are being written, the refreshes and the exchanges of codes under way, the session of one request, whether its errors were logged, whether the routes are served, a machine's tokens,
/// stores in memory, and the hashes of tokens that an API has verified.
const SHARED_STATE: &[&str] = &[
    "src/api_client/replaced.rs",
    "src/config/server.rs",
    "src/error/log.rs",
    "src/http/default_client.rs",
    "src/http/pause.rs",
    "src/http/single_flight.rs",
    "src/oidc/cached.rs",
    "src/client/claims_age/unanswered.rs",
    "src/cli/interrupt.rs",
    "src/client/refresh/families.rs",
    "src/client/code_exchange/exchanges.rs",
    "src/client/mounting.rs",
    "src/client/current.rs",
    "src/client/hosts.rs",
    "src/client/request_session.rs",
    "src/client/session.rs",
    "src/hook/sign_in.rs",
    "src/api/verified.rs",
    "src/store/breaker.rs",
    "src/store/memory.rs",
    "src/store/redis/link.rs",
    // The tables that deflate is read with, for each thread; no text stays in them.
    "src/session/compress.rs",
    // Not shared: what was read of the session of one request, so that it is read once.
    "src/session/lazy.rs",
    "src/session/settings.rs",
    "src/store/tower_sessions",
    "src/testing/",
    "src/token_cache.rs",
];
/// What an attacker would like to guess letter by letter: never compared with `==`, which stops at the first difference. The tokens are
/// `Secret`s, whose `==` does not; `expose` is what takes one out.
const GUESSED: &[&str] = &["state", "nonce", "at_hash", "code_verifier", "expose"];
const MAX_LINES: usize = 400;
/// Without its imports.
const MAX_ADAPTER: usize = 140;
/// Names at the root beside the modules: what signs in, and what it takes and gives.
const MAX_EXPORTS: usize = 34;

#[test]
fn imports_follow_the_table() {
    let sources = sources("src");
    let table = import_table(&read("docs/architecture.md"));
    tidy(
        arrows(&sources, &table),
        "Move the code to where it may know what it needs, or argue for a new arrow in docs/architecture.md (\"Who may import whom\").",
    );
}

#[test]
fn adapters_stay_below_the_line_limit() {
    let sources = sources("src");
    tidy(
        adapters(&sources, MAX_ADAPTER),
        "Move what decides something into src/routes.rs, src/response.rs or src/client/, where every framework gets it; make it public there.",
    );
}

#[test]
fn system_time_or_random_sources_are_read_only_in_the_clock_module() {
    let patterns = ["SystemTime::now", "Instant::now", "rand::", "getrandom", "SystemRandom", "OsRng", "thread_rng"];
    tidy(
        only_in(&sources("src"), TIME_AND_RANDOMNESS, &patterns),
        "Ask the configuration's clock for the time and src/clock.rs for random bytes: tests set both.",
    );
}

#[test]
fn secrets_are_compared_in_constant_time() {
    tidy(
        compared(&sources("src"), GUESSED),
        "Compare bytes with `ct_eq` of the crate `subtle`: how long a refusal takes must not tell how much was guessed.",
    );
}

#[test]
fn frameworks_stay_in_their_files() {
    tidy(
        only_in(&sources("src"), &["src/web", "src/testing/"], FRAMEWORKS),
        "The core takes strings and gives a `AuthResponse`; the framework's types belong in src/web/<framework>.rs.",
    );
}

#[test]
fn shared_state_is_listed() {
    let patterns = [
        "Mutex",
        "MutexGuard",
        "RwLock",
        "RefCell",
        "Cell",
        "OnceCell",
        "OnceLock",
        "LazyCell",
        "LazyLock",
        "thread_local",
        "AtomicBool",
        "AtomicU8",
        "AtomicU32",
        "AtomicU64",
        "AtomicUsize",
        "AtomicI64",
        "AtomicPtr",
    ];
    tidy(
        only_in(&sources("src"), SHARED_STATE, &patterns),
        "A session is a value and a client holds nothing of a request. If the state is really shared, add the file to SHARED_STATE and say why.",
    );
}

#[test]
fn files_are_short() {
    tidy(
        long_files(&sources("src"), MAX_LINES),
        "Split the file by what its parts are about; tests go to a `tests.rs` beside it.",
    );
}

#[test]
fn every_error_is_documented() {
    tidy(
        error_table(&read("src/error/code.rs"), &status_list(), &read("docs/errors.md")),
        "Let the tables of docs/errors.md say what src/error/code.rs says: one row per code, with its kind and its status.",
    );
}

#[test]
fn every_security_event_is_documented() {
    tidy(
        event_table(&read("src/events/kind.rs"), &read("docs/security-events.md")),
        "Let the table of docs/security-events.md say what src/events/kind.rs says: one row per event, with its level.",
    );
}

#[test]
fn every_variable_is_documented() {
    tidy(
        differences(
            (
                "src/config/env.rs and src/management/builder.rs",
                variables(&(read("src/config/env.rs") + &read("src/management/builder.rs"))),
            ),
            ("docs/configuration.md", variables(&read("docs/configuration.md"))),
        ),
        "Give each LOGTO_ variable a row in docs/configuration.md, and take out rows of variables that are gone.",
    );
}

/// The files with the setters of the configuration.
fn with_setters() -> String {
    ["builder", "builder/cookies", "builder/security", "server"]
        .map(|file| read(&format!("src/config/{file}.rs")))
        .concat()
}

#[test]
fn every_setting_is_documented() {
    tidy(
        differences(
            ("src/config", setters(&with_setters())),
            ("docs/configuration.md", settings(&read("docs/configuration.md"))),
        ),
        "Give each method of LogtoConfigBuilder a row in the table of docs/configuration.md.",
    );
}

#[test]
fn every_setting_that_is_no_secret_can_be_read() {
    tidy(
        unreadable_settings(&with_setters(), &read("src/config/getters.rs")),
        "Give LogtoConfig a method of the setter's name in src/config/getters.rs; a secret has none.",
    );
}

#[test]
fn tests_that_are_named_exist() {
    let page = read("docs/testing.md");
    let wrong = named_tests(&page, |file| fs::read_to_string(repository(file)).ok());
    tidy(wrong, "Name the test as it is called now, or write it: docs/testing.md says what shows each claim.");
}

#[test]
fn the_changelog_has_this_version() {
    tidy(
        changelog(&read("Cargo.toml"), &read("CHANGELOG.md")),
        "CHANGELOG.md has one heading `## [x.y.z] …` for the version of Cargo.toml.",
    );
}

#[test]
fn public_signatures_name_only_listed_crates() {
    let list = foreign_table(&read("docs/architecture.md"));
    tidy(
        foreign(&sources("src"), &dependencies(&read("Cargo.toml")), &list),
        "Take the foreign type out of the signature: a release of that crate would otherwise be a breaking one of ours. Or argue for it in docs/architecture.md (\"Foreign crates in public signatures\").",
    );
}

#[test]
fn every_dependency_is_explained_in_the_dependencies_document() {
    tidy(
        differences(
            ("Cargo.toml", dependencies(&read("Cargo.toml"))),
            ("docs/dependencies.md", explained_dependencies(&read("docs/dependencies.md"))),
        ),
        "Give each crate of [dependencies] a row in docs/dependencies.md (\"What each is for\") with purpose, licence and reason.",
    );
}

#[test]
fn no_todo_or_ignored_test_is_left_in_the_sources() {
    let all: Vec<_> = ["src", "tests", "examples", "benches"].into_iter().flat_map(sources).collect();
    tidy(
        undone(&all),
        "Finish it or take it out. A test that cannot run everywhere asks an environment variable and says so; it is not ignored.",
    );
}

#[test]
fn the_crate_root_is_a_list() {
    let sources = sources("src");
    tidy(
        root(&sources, MAX_EXPORTS),
        "lib.rs names what signs in, without `*`; everything else is in the module that defines it. No name is public in two places.",
    );
}

/// What leads from one document to another in the repository does so between the modules of `logto::guide`.
#[test]
fn links_between_guides_have_two_definitions() {
    let (guide, definitions) = (read("src/guide.rs"), read("src/guide/links.md"));
    let documents =
        guide.lines().filter_map(|line| line.trim().split_once(" \"")?.1.strip_suffix('"')).collect::<Vec<_>>();
    assert!(documents.len() > 15, "{documents:?}");
    let wrong = documents.iter().flat_map(|file| {
        let (path, text) = (format!("docs/{file}"), read(&format!("docs/{file}")));
        let inline = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let relative = inline
            .filter(|link| !link.contains("://"))
            .map(|link| format!("{path}: `]({link})` leads nowhere in rustdoc"));
        relative.chain(undefined_labels(&path, &text, &definitions)).collect::<Vec<_>>()
    });
    tidy(
        wrong.collect(),
        "Write [words][file.md#heading], and define the label at the end of the document and in src/guide/links.md.",
    );
}

/// What a reader types is what is compiled, and driven by `tests/browser`.
#[test]
fn the_tutorials_show_the_example() {
    let example = read("examples/kakao.rs");
    let mut wrong = Vec::new();
    for tutorial in ["docs/tutorial-kakao.md", "docs/ja/tutorial-kakao.md", "docs/ko/tutorial-kakao.md"] {
        let text = read(tutorial);
        let code = text.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next());
        let lines: Vec<_> = code.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty()).collect();
        assert!(lines.len() > 50, "{tutorial} has the whole program");
        let is_shown = |line: &str| match line.strip_prefix("use logto::{") {
            Some(names) => names.trim_end_matches("};").split(", ").all(|name| example.contains(name)),
            None => example.contains(line),
        };
        wrong.extend(lines.into_iter().filter(|line| !is_shown(line)).map(|line| format!("{tutorial}: {line}")));
    }
    tidy(wrong, "Let the tutorials and examples/kakao.rs have the same code.");
}

#[test]
fn every_example_is_listed_in_the_index_with_a_documented_command() {
    let index = read("examples/README.md");
    let mains = fs::read_dir(repository("examples")).unwrap().filter_map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let main = if entry.path().is_dir() { format!("{name}/src/main.rs") } else { name };
        (main.contains(".rs") && repository(Path::new("examples").join(&main)).exists()).then_some(main)
    });
    let wrong = mains.filter(|main| {
        let text = read(&format!("examples/{main}"));
        let about: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        !index.contains(&format!("({main})")) || !about.contains("`cargo run --") && !about.contains("`cargo run -p")
    });
    tidy(wrong.collect(), "Name the example in examples/README.md, and begin it with what it shows and `cargo run …`.");
}

#[test]
fn documents_have_no_dead_links_or_excess_length() {
    let mut wrong = Vec::new();
    let documents = files(Path::new("docs"), "md").into_iter().chain([
        "README.md".into(),
        "SECURITY.md".into(),
        "CHANGELOG.md".into(),
        "CONTRIBUTING.md".into(),
        "examples/README.md".into(),
    ]);
    for path in documents {
        let directory = Path::new(&path).parent().unwrap().to_owned();
        let text = read(&path);
        wrong.extend(dead_links(&path, &text, |link| repository(directory.join(link)).exists()));
        wrong.extend(dead_anchors(&path, &text, |link| match link {
            "" => Some(text.clone()),
            link => fs::read_to_string(repository(directory.join(link))).ok(),
        }));
    }
    let front = read("src/lib.rs").lines().filter(|line| line.starts_with("//!")).count();
    wrong.extend((front > 100).then(|| format!("src/lib.rs: the front page has {front} lines, at most 100 are read")));
    let readme = read("README.md").lines().count();
    // Two jobs, signing in and protecting an API, each with its example.
    wrong.extend((readme > 190).then(|| format!("README.md: {readme} lines, at most 190 are read")));
    tidy(wrong, "Correct the link, or move the text to a page of its own in docs/.");
}

// The rules.

/// Imports that the table does not allow, and rows of the table that say nothing true.
fn arrows(sources: &[Source], table: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let public = public_paths(sources);
    let modules: BTreeSet<_> = sources.iter().filter_map(|source| source.module.first().cloned()).collect();
    let mut wrong = Vec::new();
    for module in &modules {
        if !table.contains_key(module) {
            wrong.push(format!("docs/architecture.md: the module `{module}` has no row"));
        }
    }
    for (module, targets) in table {
        for name in targets.iter().chain([module]).filter(|name| *name != PUBLIC && !modules.contains(*name)) {
            wrong.push(format!("docs/architecture.md: there is no module `{name}`"));
        }
        if targets.iter().any(|target| reaches(table, target, module)) {
            wrong.push(format!("docs/architecture.md: `{module}` imports itself in a circle"));
        }
    }
    for source in sources.iter().filter(|source| !source.test) {
        let Some((from, allowed)) = source.module.first().and_then(|from| Some((from, table.get(from)?))) else {
            continue;
        };
        wrong.extend(source.renames_the_root().then(|| format!("{}: `crate as` hides what is imported", source.path)));
        for path in source.paths() {
            let Some(target) = path.first() else { continue };
            if !modules.contains(target) {
                wrong.push(format!(
                    "{}: `crate::{target}` is no module: import a name from where it is defined",
                    source.path
                ));
                continue;
            }
            let public = allowed.contains(PUBLIC) && is_public(&public, &path);
            if target != from && !allowed.contains(target) && !public {
                wrong.push(format!("{}: `{from}` may not import `{}`", source.path, path.join("::")));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

fn reaches(table: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> bool {
    from == to || table.get(from).into_iter().flatten().any(|next| reaches(table, next, to))
}

/// Adapters that are more than glue.
fn adapters(sources: &[Source], most: usize) -> Vec<String> {
    let public = public_paths(sources);
    let mut wrong = Vec::new();
    for source in
        sources.iter().filter(|source| source.path.starts_with("src/web/") && !source.path.ends_with("mod.rs"))
    {
        let imports =
            source.code.split(';').filter(|item| is_import(item)).flat_map(|item| item.trim().lines()).count();
        let lines = source.code.lines().filter(|line| !line.trim().is_empty()).count() - imports;
        if lines > most {
            wrong.push(format!("{}: {lines} lines of code, {most} is the limit", source.path));
        }
        // `web::<framework>`: its files may share what they need not show.
        let framework = source.module.get(..2).unwrap_or(&source.module);
        for path in source.paths() {
            if !path.is_empty() && !is_public(&public, &path) && !path.starts_with(framework) {
                wrong.push(format!("{}: `crate::{}` is not public", source.path, path.join("::")));
            }
        }
    }
    wrong
}

fn is_import(item: &str) -> bool {
    let item = item.trim();
    item.strip_prefix("pub ").unwrap_or(item).starts_with("use ")
}

/// Where one of the patterns occurs in the code outside of these files.
fn only_in(sources: &[Source], places: &[&str], patterns: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !source.test) {
        if places.iter().any(|place| source.path.starts_with(place)) {
            continue;
        }
        let tokens = tokens(&source.code);
        for pattern in patterns {
            let wanted = self::tokens(pattern);
            let found = tokens.windows(wanted.len()).enumerate().any(|(index, window)| {
                // `pub use self::web::axum` is how the crate's root names our own module.
                window == wanted && !tokens[..index].ends_with(&["web", "::"])
            });
            if found {
                wrong.push(format!("{}: `{pattern}`", source.path));
            }
        }
    }
    wrong
}

/// Where one of these is compared with `==`, `!=` or `eq`, itself or as text or bytes.
fn compared(sources: &[Source], names: &[&str]) -> Vec<String> {
    const SAME: &[&str] = &["as_str", "as_bytes", "as_deref", "as_ref", "as_slice", "borrow", "clone", "to_owned"];
    let is_named =
        |path: Vec<&str>| path.iter().rfind(|name| !SAME.contains(*name)).is_some_and(|name| names.contains(name));
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !source.test && !source.path.starts_with("src/testing/")) {
        let tokens = tokens(&source.code);
        for index in 1..tokens.len() {
            let (left, right) = match tokens[index..] {
                ["=" | "!", "=", ..] => (&tokens[..index], &tokens[index + 2..]),
                [".", "eq" | "ne", "(", ..] => (&tokens[..index], &tokens[index + 3..]),
                _ => continue,
            };
            for path in [path_before(left), path_behind(right)] {
                let text = path.join(".");
                if is_named(path) {
                    wrong.push(format!("{}: `{text}` is compared", source.path));
                }
            }
        }
    }
    wrong
}

/// `a.b().c` at the end of the tokens: its words.
fn path_before<'a>(mut tokens: &[&'a str]) -> Vec<&'a str> {
    let mut path = Vec::new();
    loop {
        let mut depth = 0;
        while let [rest @ .., token @ ("(" | ")")] = tokens {
            depth += if *token == ")" { 1 } else { -1 };
            if depth < 0 {
                break;
            }
            tokens = rest;
            while depth > 0 && !matches!(tokens, [] | [.., "(" | ")"]) {
                tokens = &tokens[..tokens.len() - 1];
            }
        }
        match tokens {
            [rest @ .., word] if is_word(word) => {
                path.insert(0, *word);
                tokens = rest;
            }
            _ => return path,
        }
        match tokens {
            [rest @ .., "." | "::"] => tokens = rest,
            _ => return path,
        }
    }
}

/// `&a.b().c` at the beginning of the tokens: its words.
fn path_behind<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let mut path = Vec::new();
    let mut depth = 0;
    for token in tokens {
        match *token {
            "(" => depth += 1,
            ")" if depth > 0 => depth -= 1,
            "&" | "*" if path.is_empty() => {}
            "." | "::" => {}
            _ if depth > 0 => {}
            word if is_word(word) => path.push(word),
            _ => break,
        }
    }
    path
}

fn long_files(sources: &[Source], most: usize) -> Vec<String> {
    let length = |source: &Source| source.text.lines().count();
    let long = sources.iter().filter(|source| length(source) > most);
    long.map(|source| format!("{}: {} lines, {most} is the limit", source.path, length(source))).collect()
}

/// Codes that are documented wrongly or not at all. The statuses are those that the test of the errors has pinned.
fn error_table(code: &str, statuses: &BTreeMap<String, String>, document: &str) -> Vec<String> {
    let mut errors = BTreeMap::new();
    for line in code.lines() {
        // `Variant CONSTANT "code" Kind "hint"`
        let parts: Vec<_> = line.trim().splitn(5, '"').collect();
        if let [variant, name, kind, ..] = parts.as_slice()
            && parts.len() == 5
            && variant.trim().chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ' '))
        {
            let status = statuses.get(*name).cloned().unwrap_or_default();
            errors.insert((*name).to_owned(), (kind.trim().to_owned(), status));
        }
    }
    let mut documented = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in rows(document).filter(|row| row.len() == 4) {
        let cell = |index: usize| row[index].trim_matches('`').to_owned();
        if documented.insert(cell(0), (cell(1), cell(2))).is_some() {
            wrong.push(format!("docs/errors.md: `{}` is there twice", cell(0)));
        }
    }
    for (name, expected) in &errors {
        match documented.get(name) {
            None => wrong.push(format!("docs/errors.md: `{name}` is missing")),
            Some(found) if found != expected => {
                wrong.push(format!("docs/errors.md: `{name}` is {found:?}, in the code it is {expected:?}"));
            }
            Some(_) => {}
        }
    }
    let gone = documented.keys().filter(|name| !errors.contains_key(*name));
    wrong.extend(gone.map(|name| format!("docs/errors.md: there is no `{name}`")));
    wrong
}

/// Security events that are documented wrongly or not at all.
fn event_table(code: &str, document: &str) -> Vec<String> {
    let event = |line: &str| {
        // `Kind "name" level "message"`
        let parts: Vec<_> = line.trim().split('"').map(str::trim).collect();
        let is_level = parts.get(2).is_some_and(|level| matches!(*level, "info" | "warn"));
        is_level.then(|| format!("{} at {}", parts[1], parts[2]))
    };
    let row = |row: Vec<&str>| format!("{} at {}", row[0].trim_matches('`'), row[1].trim_matches('`'));
    let documented = rows(document).filter(|row| row.len() == 4).map(row).collect();
    differences(
        ("src/events/kind.rs", code.lines().filter_map(event).collect()),
        ("docs/security-events.md", documented),
    )
}

/// What the one names and the other does not.
fn differences(one: (&str, BTreeSet<String>), other: (&str, BTreeSet<String>)) -> Vec<String> {
    let missing = |(here, names): &(&str, BTreeSet<String>), (there, others): &(&str, BTreeSet<String>)| {
        names.difference(others).map(|name| format!("`{name}` is in {here} and not in {there}")).collect::<Vec<_>>()
    };
    [missing(&one, &other), missing(&other, &one)].concat()
}

/// Tests that a page names behind their file, and that are not in it: `` `tests/a.rs` `one_test`, `another_test` ``.
fn named_tests(page: &str, file: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in page.lines() {
        let mut present: Option<(&str, String)> = None;
        for word in quoted(line) {
            let is_name = word.matches('_').count() >= 2
                && word.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c));
            match &present {
                _ if word.strip_suffix(".rs").is_some() && !word.contains('*') => match file(word) {
                    Some(text) => present = Some((word, text)),
                    None => wrong.push(format!("docs/testing.md: there is no {word}")),
                },
                Some((file, text)) if is_name && !text.contains(&format!("fn {word}(")) => {
                    wrong.push(format!("docs/testing.md: there is no `{word}` in {file}"));
                }
                _ => {}
            }
        }
    }
    wrong
}

fn changelog(manifest: &str, changelog: &str) -> Vec<String> {
    let version =
        manifest.lines().find_map(|line| line.strip_prefix("version = ")).unwrap_or_default().trim_matches('"');
    let heading = format!("## [{version}]");
    let count = changelog.lines().filter(|line| line.starts_with(&heading)).count();
    (count != 1).then(|| format!("CHANGELOG.md: {count} headings for {version}")).into_iter().collect()
}

/// Foreign crates in public signatures that are not in the list, and rows of the list that nothing needs.
fn foreign(sources: &[Source], dependencies: &BTreeSet<String>, list: &[(String, String)]) -> Vec<String> {
    let mut wrong = BTreeSet::new();
    let mut used = BTreeSet::new();
    for source in sources.iter().filter(|source| !source.test) {
        let tokens = tokens(&source.code);
        let imported = imported(&tokens, dependencies);
        for signature in signatures(&tokens) {
            for (index, token) in signature.iter().enumerate() {
                let direct = dependencies.contains(*token)
                    && signature.get(index + 1) == Some(&"::")
                    && (index == 0 || signature[index - 1] != "::" || index < 2 || !is_word(signature[index - 2]));
                let of_path = index > 0 && signature[index - 1] == "::";
                let name = match imported.get(*token) {
                    Some(name) if !of_path => name.as_str(),
                    _ if direct => *token,
                    _ => continue,
                };
                let listed =
                    list.iter().find(|(listed, place)| listed == name && source.path.starts_with(place.as_str()));
                match listed {
                    Some(row) => _ = used.insert(row.clone()),
                    None => _ = wrong.insert(format!("{}: `{name}` in `{}`", source.path, signature.join(" "))),
                }
            }
        }
    }
    let idle = list.iter().filter(|row| !used.contains(*row));
    wrong.extend(
        idle.map(|(name, place)| format!("docs/architecture.md: no public signature in {place} names `{name}`")),
    );
    wrong.into_iter().collect()
}

fn undone(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let tokens = tokens(&source.code);
        for pattern in ["#[ignore", "todo!", "unimplemented!", "dbg!"] {
            let wanted = self::tokens(pattern);
            if tokens.windows(wanted.len()).any(|window| window == wanted) {
                wrong.push(format!("{}: `{pattern}`", source.path));
            }
        }
    }
    wrong
}

fn root(sources: &[Source], most: usize) -> Vec<String> {
    let lib = lib(sources);
    let names = exports(lib).into_iter().filter(|(_, path)| path.len() > 1 && path[0] != "web").count();
    let mut wrong = Vec::new();
    wrong.extend((names > most).then(|| format!("src/lib.rs: {names} names are exported, {most} is the limit")));
    let mut places: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for source in std::iter::once(lib).chain(public_modules(sources)) {
        for (name, path) in exports(source) {
            wrong.extend((name == "*").then(|| format!("{}: an export with `*`", source.path)));
            // Each framework has its own `routes`.
            let from = if path[0] == "web" { path.join("::") } else { path[0].clone() };
            places.entry((from, name)).or_default().insert(source.path.clone());
        }
    }
    // Two features have it, and either may be off.
    let is_shared = |from: &str, name: &str| from == "logto_api" && name == "Refusal";
    let twice = places.into_iter().filter(|((from, name), places)| places.len() > 1 && !is_shared(from, name));
    wrong.extend(twice.map(|((_, name), places)| format!("`{name}` is public in {places:?}")));
    wrong
}

/// Relative links to files that do not exist.
fn dead_links(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let files = links(text).map(|link| link.split('#').next().unwrap_or_default());
    let dead = files.filter(|file| !file.is_empty() && !file.contains("://") && !exists(file));
    dead.map(|file| format!("{path}: there is no {file}")).collect()
}

/// Where a text leads: `[words](there)`, and the definitions `[label]: there` of `[words][label]`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    inline.chain(definitions(text).map(|(_, link)| link))
}

fn definitions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "))
}

/// Labels without a definition, here or among the definitions that come with a guide.
fn undefined_labels(path: &str, text: &str, guides: &str) -> Vec<String> {
    let labels = text.split("][").skip(1).filter_map(|rest| rest.split(']').next()).filter(|label| label.contains('.'));
    let defined: BTreeSet<_> = definitions(text).map(|(label, _)| label).collect();
    let with_a_guide: BTreeSet<_> = definitions(guides).map(|(label, _)| label).collect();
    let undefined = labels.filter(|label| !defined.contains(label) || !with_a_guide.contains(label));
    undefined.map(|label| format!("{path}: [{label}] has no definition")).collect()
}

/// Links to headings that do not exist. `document` gives the text of a file, of this one for an empty name.
fn dead_anchors(path: &str, text: &str, document: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let anchors = links(text).filter(|link| !link.contains("://")).filter_map(|link| link.split_once('#'));
    // As GitHub makes them of headings.
    let slug = |heading: &str| -> String {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|&c| c.is_alphanumeric() || c == '-' || c == '_').collect()
    };
    let leads_somewhere = |(file, anchor): &(&str, &str)| {
        let text = document(file).unwrap_or_default();
        text.lines()
            .filter_map(|line| Some(line.strip_prefix('#')?.trim_start_matches('#').trim()))
            .any(|h| slug(h) == *anchor)
    };
    let dead = anchors.filter(|link| !leads_somewhere(link));
    dead.map(|(file, anchor)| format!("{path}: there is no heading {file}#{anchor}")).collect()
}

// What the rules read.

/// Stands for everything that lib.rs exports.
const PUBLIC: &str = "public items";

fn lib(sources: &[Source]) -> &Source {
    sources.iter().find(|source| source.path == "src/lib.rs").expect("src/lib.rs")
}

/// The files of the modules that lib.rs makes public.
fn public_modules(sources: &[Source]) -> impl Iterator<Item = &Source> {
    let public: BTreeSet<_> = exports(lib(sources)).into_values().collect();
    sources.iter().filter(move |source| public.contains(&source.module))
}

/// What a file makes public: modules, items and re-exports, each by its name with its path from the crate's root.
fn exports(source: &Source) -> BTreeMap<String, Vec<String>> {
    const ITEMS: &[&str] = &["mod", "struct", "enum", "trait", "fn", "const", "type", "static", "union"];
    let tokens = tokens(&source.code);
    let mut exports = BTreeMap::new();
    let mut depth = 0_usize;
    for (index, window) in tokens.windows(3).enumerate() {
        match window {
            ["{", ..] => depth += 1,
            ["}", ..] => depth = depth.saturating_sub(1),
            ["pub", item, name] if depth == 0 && ITEMS.contains(item) => {
                exports.insert((*name).to_owned(), [source.module.as_slice(), &[(*name).to_owned()]].concat());
            }
            ["pub", "use", _] => {
                let mut found = Vec::new();
                tree(&tokens, &mut (index + 2), &source.module, &mut found);
                exports.extend(found.into_iter().map(|import| (import.name, import.path)));
            }
            _ => {}
        }
    }
    exports
}

/// The paths inside the crate that lead to something public: by its module, and by what defines it.
fn public_paths(sources: &[Source]) -> BTreeSet<Vec<String>> {
    let mut paths = BTreeSet::new();
    for source in std::iter::once(lib(sources)).chain(public_modules(sources)) {
        for (name, path) in exports(source) {
            paths.insert([source.module.as_slice(), std::slice::from_ref(&name)].concat());
            paths.extend(path.first().map(|module| vec![module.clone(), name]));
            paths.insert(path);
        }
    }
    paths
}

fn is_public(public: &BTreeSet<Vec<String>>, path: &[String]) -> bool {
    (1..=path.len()).any(|end| path.get(..end).is_some_and(|start| start.len() > 1 && public.contains(start)))
        || path.len() == 1 && public.contains(path)
}

/// Names that a file imports from other crates, each with the crate.
fn imported(tokens: &[&str], dependencies: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut imported = BTreeMap::new();
    for (index, _) in tokens.iter().enumerate().filter(|(_, token)| **token == "use") {
        let mut start = index + 1;
        start += usize::from(tokens.get(start) == Some(&"::"));
        let Some(name) = tokens.get(start).filter(|name| dependencies.contains(**name)) else { continue };
        let mut found = Vec::new();
        tree(tokens, &mut start, &[], &mut found);
        for import in found {
            imported.insert(import.name, (*name).to_owned());
        }
    }
    imported
}

/// The public signatures of a file: items and fields that are `pub`, the bodies of public traits and enums, the heads of `impl` blocks.
fn signatures<'a>(tokens: &[&'a str]) -> Vec<Vec<&'a str>> {
    let private: BTreeSet<_> = tokens
        .windows(3)
        .filter(|window| window[0] != "pub" && ["struct", "enum"].contains(&window[1]))
        .map(|window| window[2])
        .collect();
    let mut signatures = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let before = if index == 0 { ";" } else { tokens[index - 1] };
        let rest = &tokens[index + 1..];
        let length = match (*token, rest.first().copied().unwrap_or_default()) {
            ("pub", "(" | "use" | "mod" | "") => continue,
            ("pub", "struct") => until(rest, &["{", ";", "("]),
            ("pub", "trait" | "enum") => {
                let open = until(rest, &["{"]);
                open + closing(&rest[open..])
            }
            ("pub", _) => until(rest, &["{", ";", "="]),
            ("impl", _) if ["}", ";", "]", "{"].contains(&before) => until(rest, &["{"]),
            _ => continue,
        };
        let signature = &rest[..length];
        let of_private = signature.iter().skip_while(|token| **token != "for").any(|token| private.contains(token));
        if *token == "pub" || !of_private {
            signatures.push(signature.to_vec());
        }
    }
    signatures
}

/// How many tokens there are before one of these, or before the end of a field.
fn until(tokens: &[&str], ends: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match *token {
            token if depth == 0 && (ends.contains(&token) || [",", "}", ")"].contains(&token)) => return index,
            "(" | "[" | "<" => depth += 1,
            ")" | "]" | ">" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len()
}

/// How many tokens a block has that begins here.
fn closing(tokens: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        depth += usize::from(*token == "{");
        depth -= usize::from(*token == "}");
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

/// The cells of the rows of all Markdown tables, without heads.
fn rows(document: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = document.lines().map(str::trim).filter(|line| line.starts_with("| `") && line.ends_with('|'));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// The words in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, section) =
        document.split_once(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no section \"{heading}\""));
    section.split("\n## ").next().unwrap_or_default()
}

fn import_table(document: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut table = BTreeMap::new();
    for row in rows(section(document, "Who may import whom")) {
        let public = row[1].contains(PUBLIC).then_some(PUBLIC);
        let targets: BTreeSet<_> = quoted(row[1]).chain(public).map(str::to_owned).collect();
        for module in quoted(row[0]) {
            table.insert(module.to_owned(), targets.clone());
        }
    }
    table
}

fn foreign_table(document: &str) -> Vec<(String, String)> {
    let rows = rows(section(document, "Foreign crates in public signatures"));
    let places = |row: Vec<&str>| {
        let names = quoted(row[0]).map(str::to_owned);
        names.flat_map(|name| quoted(row[1]).map(move |place| (name.clone(), place.to_owned()))).collect::<Vec<_>>()
    };
    rows.flat_map(places).collect()
}

/// Those of every platform, and of one.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let is_about_users =
        |head: &str| head == "[dependencies]" || (head.starts_with("[target.") && head.ends_with(".dependencies]"));
    let mut head = "";
    let lines = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            head = line;
        }
        is_about_users(head)
    });
    lines.filter_map(|line| Some(line.split_once(" = ")?.0.replace('-', "_"))).collect()
}

/// The crates that a document explains, each in a row whose cells are all filled in.
fn explained_dependencies(document: &str) -> BTreeSet<String> {
    let rows = rows(section(document, "What each is for"));
    let full = rows.filter(|row| row.len() == 4 && row.iter().all(|cell| !cell.is_empty()));
    full.filter_map(|row| quoted(row[0]).next().map(|name| name.replace('-', "_"))).collect()
}

/// The HTTP status of each code, as the snapshot of the errors pins it: `code | Kind | status | hint`.
fn status_list() -> BTreeMap<String, String> {
    let snapshot = read("src/error/snapshots/logto__error__tests__the_list_of_errors_is_pinned.snap");
    let row = |line: &str| {
        let mut cells = line.split(" | ").map(str::to_owned);
        Some((cells.next()?, cells.nth(1)?))
    };
    snapshot.lines().filter_map(row).collect()
}

fn variables(text: &str) -> BTreeSet<String> {
    let letters = |c: char| !(c.is_ascii_uppercase() || c == '_');
    let names = text.match_indices("LOGTO_").filter_map(|(start, _)| text.get(start..)?.split(letters).next());
    names.filter(|name| *name != "LOGTO_").map(str::to_owned).collect()
}

fn setters(builder: &str) -> BTreeSet<String> {
    let lines =
        builder.lines().filter_map(|line| line.trim().strip_prefix("pub fn ")).filter(|line| line.contains("mut self"));
    lines.map(|line| line.split(['(', '<']).next().unwrap_or_default().to_owned()).collect()
}

/// Setters without a getter, and getters of secrets or of nothing.
fn unreadable_settings(builder: &str, getters: &str) -> Vec<String> {
    let getters = getters.lines().filter_map(|line| line.trim().strip_prefix("pub fn "));
    let getters = getters.map(|line| line.split('(').next().unwrap_or_default().to_owned()).collect();
    let settings = setters(builder).into_iter().filter(|name| !name.contains("secret")).collect();
    differences(("src/config/builder.rs", settings), ("src/config/getters.rs", getters))
}

fn settings(document: &str) -> BTreeSet<String> {
    rows(section(document, "Settings")).filter_map(|row| quoted(row[0]).next().map(str::to_owned)).collect()
}

#[track_caller]
fn tidy(violations: Vec<String>, advice: &str) {
    assert!(violations.is_empty(), "\n  {}\n\n{advice}\n", violations.join("\n  "));
}

// Each rule can fail.

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_module_import_in_any_syntax_is_checked_against_the_import_table() {
    let lib = ("src/lib.rs", "mod a; mod b; mod c; pub mod d; pub use self::{a::{A, x::Y as Z}, b::B};");
    let files = [lib, ("src/a.rs", ""), ("src/b.rs", ""), ("src/c.rs", ""), ("src/d.rs", "")];
    let table = import_table(
        "\n## Who may import whom\n| module | may import |\n|---|---|\n| `a` | nothing |\n| `b`, `c` | `a` |\n| `d` | public items |\n\n## Next\n",
    );
    let check = |path, text| {
        let mut sources = some(&files);
        sources.push(Source::new(path, text));
        arrows(&sources, &table)
    };
    for allowed in [
        "use crate::a::A;",
        "use crate::a::{self, A, deep::Thing};",
        "use super::super::a::A; // use crate::b::B;",
        r#"const TEXT: &str = "crate::b";"#,
        "mod inner { use super::super::c::own; }",
        "fn f() { crate::a::g::<u8>() }",
    ] {
        assert_eq!(check("src/c/x.rs", allowed), Vec::<String>::new(), "{allowed}");
    }
    for refused in [
        "use crate::A;",
        "use crate::b::B;",
        "use crate::b::Thing;",
        "use crate::{a::A, b::{self}};",
        "use crate::{\n    a::{x, y::{z, w}},\n    b,\n};",
        "use super::super::b::Thing;",
        "use super::super::{a::A, b::B};",
        "fn f() { crate::b::g() }",
        "pub(crate) use crate::b as other;",
        "use crate as other; fn f() { other::b::g() }",
        "use crate::missing::Thing;",
    ] {
        assert_eq!(check("src/c/x.rs", refused).len(), 1, "{refused}");
    }
    assert!(check("src/d/x.rs", "use crate::{a::{A, x::Y}, b::B};").is_empty());
    assert_eq!(check("src/d/x.rs", "use crate::{a::{C, x::Z}, b};").len(), 3);
    assert_eq!(check("src/e.rs", "").len(), 1, "a module without a row");
    let circle =
        import_table("\n## Who may import whom\n| `a` | `b` |\n| `b` | `a` |\n| `c` | `gone` |\n| `d` | nothing |\n");
    assert_eq!(arrows(&some(&files), &circle).len(), 3);
}

#[test]
fn an_adapter_that_imports_private_modules_is_reported() {
    let lib = ("src/lib.rs", "mod client; mod web; pub use self::{client::Client, web::one};");
    let check = |text| adapters(&some(&[lib, ("src/web/one.rs", text), ("src/web.rs", "\n\n\n")]), 2);
    assert!(check("// glue\n\nuse crate::client::Client;\n/* more\nglue */\nfn f() {}\n").is_empty());
    assert_eq!(check("fn f() {}\nfn g() {}\nfn h() {}\n").len(), 1);
    assert_eq!(check("use crate::client::inner;").len(), 1);
    assert_eq!(check("use super::two;").len(), 1);
}

#[test]
fn a_pattern_is_seen_in_code_alone() {
    let check =
        |path, text| only_in(&some(&[(path, text)]), &["src/clock.rs"], &["SystemTime::now", "rand::", "axum"]).len();
    assert_eq!(check("src/a.rs", "let t = SystemTime::now();"), 1);
    assert_eq!(check("src/a.rs", "std::time::SystemTime\n    ::now()"), 1);
    assert_eq!(check("src/a.rs", "use aws_lc_rs::rand::fill; use axum::Router;"), 2);
    assert_eq!(check("src/clock.rs", "SystemTime::now()"), 0);
    assert_eq!(check("src/a.rs", "// SystemTime::now\n/* rand:: */ \"axum\" r#\"rand::\"# ' ' operand::f"), 0);
    assert_eq!(check("src/a.rs", "br#\"\" axum\"#; b'\\''; r\"\\\"; // axum"), 0);
    assert_eq!(check("src/a.rs", "r\"\\\"; axum"), 1, "a raw literal knows no escape");
    assert_eq!(check("src/a.rs", "pub use self::web::axum;"), 0);
    assert_eq!(
        check("src/a.rs", "fn f<'a>(x: &'a str) { '\"' ; SystemTime::now() }"),
        1,
        "a lifetime opens no literal"
    );
    let mut test = some(&[("src/a.rs", "SystemTime::now()")]);
    test[0].test = true;
    assert!(only_in(&test, &[], &["SystemTime::now"]).is_empty());
    let declared = Source::new("src/a.rs", "#[cfg(test)]\nmod tests;\nmod other;");
    assert_eq!(test_modules(&declared), [["a".to_owned(), "tests".to_owned()]]);
}

#[test]
fn a_comparison_that_tells_is_seen() {
    let check = |text| compared(&some(&[("src/a.rs", text)]), GUESSED).len();
    for told in [
        "if self.state == state {}",
        "if other == transaction.state {}",
        "nonce.as_deref() != Some(expected)",
        "wanted == *claims.nonce.as_ref()",
        "token.expose() == text",
        "found.at_hash.as_bytes().eq(expected)",
        "a.contains(b(c)) && *x != self.code_verifier",
    ] {
        assert!(check(told) > 0, "{told}");
    }
    for silent in [
        "self.state.as_bytes().ct_eq(state.as_bytes()).into()",
        "state.refresh_token != spent",
        "state.len() == 3",
        "let state = nonce;",
        "tokens.nonce.is_none() == other.is_none()",
        "match x { state => nonce >= 1, _ => f(state) <= 2 }",
    ] {
        assert_eq!(check(silent), 0, "{silent}");
    }
}

#[test]
fn a_long_file_is_seen() {
    let sources = some(&[("src/a.rs", "\n\n"), ("src/b.rs", "\n\n\n")]);
    assert_eq!(long_files(&sources, 2).len(), 1);
}

#[test]
fn a_wrong_row_of_the_security_events_is_seen() {
    let code = "events! {\n    One \"one\" info \"it happened\"\n    Two \"two\" warn \"it was refused\"\n}";
    let check = |document| event_table(code, document).len();
    assert_eq!(check("| `one` | `info` | When. | `sub` |\n| `two` | `warn` | When. | `sub` |"), 0);
    assert_eq!(check("| `one` | `info` | When. | `sub` |"), 1, "a missing one");
    assert_eq!(check("| `one` | `info` | When. | `sub` |\n| `two` | `info` | When. | `sub` |"), 2, "a wrong level");
}

#[test]
fn a_wrong_row_of_the_errors_is_seen() {
    let code = "codes! {\n    One \"a.one\" Config \"Do it.\"\n    Two \"a.two\" Usage \"Do `it`.\"\n}";
    let statuses = BTreeMap::from([("a.one".to_owned(), "500".to_owned()), ("a.two".to_owned(), "500".to_owned())]);
    let check = |document| error_table(code, &statuses, document).len();
    assert_eq!(check("| `a.one` | Config | 500 | Do. |\n| `a.two` | Usage | 500 | Do. |"), 0);
    assert_eq!(check("| `a.one` | Config | 500 | Do. |"), 1, "a missing one");
    assert_eq!(check("| `a.one` | Config | 500 | Do. |\n| `a.two` | Config | 500 | Do. |"), 1, "a wrong kind");
    assert_eq!(check("| `a.one` | Config | 500 | Do. |\n| `a.two` | Usage | 400 | Do. |"), 1, "a wrong status");
    assert_eq!(
        check("| `a.one` | Config | 500 | Do. |\n| `a.two` | Usage | 500 | Do. |\n| `b` | Usage | 500 | Do. |"),
        1
    );
    assert_eq!(
        check("| `a.one` | Config | 500 | Do. |\n| `a.two` | Usage | 500 | Do. |\n| `a.two` | Usage | 500 | Do. |"),
        1
    );
}

#[test]
fn a_forgotten_setting_is_seen() {
    let check = |code, document| differences(("code", variables(code)), ("document", variables(document))).len();
    assert_eq!(check(r#"text("LOGTO_ENDPOINT") "LOGTO_""#, "`LOGTO_ENDPOINT`, `LOGTO_…`"), 0);
    assert_eq!(check(r#"text("LOGTO_ENDPOINT")"#, ""), 1);
    assert_eq!(check("", "`LOGTO_ENDPOINT`"), 1);
    let builder = "    pub fn one(mut self, a: u8) -> Self {\n    pub fn two<S: Into<String>>(mut self) -> Self {\n    pub fn build(self) {";
    assert_eq!(setters(builder), names(&["one", "two"]));
    assert_eq!(unreadable_settings("pub fn a_secret(mut self) {", ""), [""; 0]);
    assert_eq!(unreadable_settings("pub fn a(mut self) {", "pub fn b(&self) {").len(), 2);
    assert_eq!(
        settings("\n## Settings\n\n| `one` | x |\n| `two` | y |\n\n## Next\n| `three` | z |\n"),
        names(&["one", "two"])
    );
}

#[test]
fn a_dependency_without_a_reason_is_seen() {
    let manifest = "[package]\n\n[dependencies]\n# Why.\na-one = \"1\"\ntwo = { version = \"2\" }\n\n[dev-dependencies]\nthree = \"3\"\n";
    let check = |rows: &str| {
        let document =
            format!("\n## What each is for\n\n| Crate | For | Licence | Why |\n|---|---|---|---|\n{rows}\n## Next\n");
        differences(("Cargo.toml", dependencies(manifest)), ("document", explained_dependencies(&document))).len()
    };
    assert_eq!(check("| `a-one` | x | MIT | y |\n| `two` | x | MIT | y |\n"), 0);
    assert_eq!(check("| `a-one` | x | MIT | y |\n"), 1, "no row");
    assert_eq!(check("| `a-one` | x | MIT | y |\n| `two` | x | MIT |\n"), 1, "no reason");
    assert_eq!(check("| `a-one` | x | MIT | y |\n| `two` | x | MIT | y |\n| `three` | x | MIT | y |\n"), 1);
}

#[test]
fn a_test_that_is_gone_is_seen() {
    let file =
        |name: &str| (name == "a.rs").then(|| "fn a_test_of_it() {}\nasync fn another_test_of_it() {}".to_owned());
    let check = |page| named_tests(page, file).len();
    assert_eq!(check("| `iss` | `a.rs` `a_test_of_it`, `another_test_of_it` (`jku`, `token_endpoint`) |"), 0);
    assert_eq!(check("| `a.rs` `a_test_of` |"), 1);
    assert_eq!(check("| `b.rs` `a_test_of_it` |"), 1);
}

#[test]
fn a_changelog_without_the_version_is_seen() {
    let check = |text| changelog("[package]\nversion = \"0.1.0\"\n", text).len();
    assert_eq!(check("## [0.1.0] - unreleased\n"), 0);
    assert_eq!(check("## [0.0.9]\n"), 1);
    assert_eq!(check("## [0.1.0]\n## [0.1.0]\n"), 1);
}

#[test]
fn a_foreign_type_in_a_signature_is_seen() {
    let manifest = "[package]\n\n[dependencies]\nhttp = \"1\"\nserde-json = \"1\"\nurl = { version = \"2\" }\n\n[features]\naxum = []\n";
    let dependencies = dependencies(manifest);
    assert_eq!(dependencies, names(&["http", "serde_json", "url"]));
    let list = foreign_table(
        "\n## Foreign crates in public signatures\n| `http` | `src/http.rs`, `src/testing/` | the trait |\n",
    );
    assert_eq!(list.len(), 2);
    let check = |path, text| {
        let found = foreign(&some(&[(path, text)]), &dependencies, &list);
        found.iter().filter(|violation| !violation.starts_with("docs/")).count()
    };
    assert_eq!(check("src/a.rs", "use url::Url; pub fn f(url: &str) -> u8 { Url::parse(url) }"), 0);
    assert_eq!(check("src/a.rs", "use url::Url; pub(crate) fn f(url: &Url) {}"), 0);
    assert_eq!(check("src/a.rs", "use url::Url; pub struct A(Url); pub struct B { url: Url }"), 0);
    assert_eq!(check("src/a.rs", "use url::Url; pub fn f<T: Into<String>>(a: T, url: &Url) -> T {}"), 1);
    assert_eq!(check("src/a.rs", "pub fn f() -> url::Url {}"), 1);
    assert_eq!(check("src/a.rs", "pub struct B { pub a: Vec<u8>, pub url: url::Url }"), 1);
    assert_eq!(check("src/a.rs", "use url::Url; pub enum E { A(Url) }"), 1);
    assert_eq!(check("src/a.rs", "use url::Url; pub trait T { fn f(&self) -> Url; }"), 1);
    assert_eq!(check("src/a.rs", "use ::url::{self, Url as U, Host}; pub struct S; impl From<Host> for S {}"), 1);
    assert_eq!(check("src/a.rs", "use url::Host; struct S; impl From<Host> for S {}"), 0);
    assert_eq!(check("src/http.rs", "pub trait T { fn f(&self) -> http::Request<u8>; }"), 0);
    assert_eq!(check("src/a.rs", "pub trait T { fn f(&self) -> http::Request<u8>; }"), 1);
    let idle = foreign(&some(&[("src/http.rs", "pub fn f() -> http::Method {}")]), &dependencies, &list);
    assert_eq!(idle.len(), 1, "a row that nothing needs");
}

#[test]
fn a_todo_or_an_ignored_test_is_reported() {
    let check = |text| undone(&some(&[("src/a.rs", text)])).len();
    assert_eq!(check("#[ignore = \"slow\"] fn f() { todo!() }"), 2);
    assert_eq!(check("fn f() { dbg!(1); unimplemented!(\"x\") }"), 2);
    assert_eq!(check("// todo!()\nfn f() { \"dbg!\"; todo(); }"), 0);
}

#[test]
fn a_crate_root_that_is_no_list_is_seen() {
    let check = |lib, d, most| root(&some(&[("src/lib.rs", lib), ("src/d.rs", d)]), most);
    let lib = "pub use self::{a::A, b::{B, C}}; pub mod d;";
    let none: [String; 0] = [];
    assert_eq!(check(lib, "pub use self::e::E; pub use crate::b::D; pub struct F;", 3), none);
    assert_eq!(check(lib, "", 2).len(), 1);
    assert_eq!(check("pub use self::a::*;", "", 3).len(), 1);
    assert_eq!(check(lib, "pub use crate::b::inner::B;", 3).len(), 1, "public in two places");
    assert_eq!(check("mod d; pub use self::b::B;", "pub use crate::b::B;", 3), none, "`d` is private");
}

#[test]
fn a_dead_link_is_seen() {
    let check = |text| dead_links("a.md", text, |file| file == "b.md").len();
    assert_eq!(check("[b](b.md) [b](b.md#part) [here](#part) [web](https://example.com)"), 0);
    assert_eq!(check("[c](c.md#part)"), 1);
    let text = "# The `one` thing\n[a](#the-one-thing) [b](#the-other) [c](x.md#there) [d](x.md#not-there) [e](https://x.test#y)";
    let dead =
        dead_anchors("a.md", text, |file| Some(if file.is_empty() { text.to_owned() } else { "## There".to_owned() }));
    assert_eq!(dead, ["a.md: there is no heading #the-other", "a.md: there is no heading x.md#not-there"]);
}
