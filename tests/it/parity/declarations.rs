//! What a module of an npm package exports, read from its declarations (`.d.ts`): the names, and the members of the client classes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// Words before the name of a member.
const MODIFIERS: &[&str] =
    &["public", "protected", "private", "static", "readonly", "abstract", "async", "declare", "get", "set"];
const KEYWORDS: &[&str] = &["const", "let", "var", "function", "class", "enum", "type", "interface", "namespace"];

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) exports: BTreeSet<String>,
    /// Protected members, which only a subclass sees.
    pub(super) for_subclasses: BTreeSet<String>,
}

/// The modules of a package that others may import, by `"exports"` of its `package.json`. One without files exports nothing.
pub(super) fn modules(packages: &Path, package: &str) -> BTreeMap<String, Module> {
    let manifest = manifest(packages, package);
    let subpaths = manifest["exports"].as_object().unwrap().keys().filter(|key| key.starts_with('.'));
    // Without subpaths the object holds conditions, and is about the package itself.
    let subpaths: Vec<_> = subpaths.map(String::as_str).collect();
    let subpaths = if subpaths.is_empty() { vec!["."] } else { subpaths };
    let read = |subpath: &str| {
        let name = format!("{package}{}", subpath.trim_start_matches('.'));
        let file = file_of(packages, &name);
        let module = if file.exists() { Reader { packages }.module(&file) } else { Module::default() };
        (name, module)
    };
    subpaths.into_iter().map(read).collect()
}

fn manifest(packages: &Path, package: &str) -> Value {
    let text = fs::read_to_string(packages.join(package).join("package.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The declarations of `@scope/package` or `@scope/package/subpath`.
fn file_of(packages: &Path, module: &str) -> PathBuf {
    let at = module.match_indices('/').nth(1).map_or(module.len(), |(at, _)| at);
    let (package, subpath) = module.split_at(at);
    let exports = &manifest(packages, package)["exports"];
    let conditions = exports.get(format!(".{subpath}")).unwrap_or(exports);
    packages.join(package).join(conditions["types"].as_str().unwrap())
}

struct Reader<'a> {
    packages: &'a Path,
}

impl Reader<'_> {
    fn module(&self, file: &Path) -> Module {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let declarations = Declarations::of(&text);
        let mut module = Module::default();
        for from in &declarations.all_of {
            let other = self.module(&self.resolve(file, from));
            module.exports.extend(other.exports);
            module.for_subclasses.extend(other.for_subclasses);
        }
        for (name, from) in &declarations.reexported {
            // The default export is called as its class is, which is what its users call it.
            if name == "default" {
                let from = from.as_ref().unwrap();
                let other = self.module(&self.resolve(file, from));
                module.exports.extend(other.exports);
                module.for_subclasses.extend(other.for_subclasses);
            } else {
                module.exports.insert(name.clone());
            }
        }
        for name in &declarations.exported {
            module.exports.insert(name.clone());
            if name.ends_with("Client") {
                self.members(file, &declarations, name, &mut module);
            }
        }
        module
    }

    /// The members of a class, and of those above it in the same package.
    fn members(&self, file: &Path, declarations: &Declarations, class: &str, module: &mut Module) {
        let Some(class) = declarations.classes.get(class) else { return };
        module.exports.extend(class.public.iter().cloned());
        module.for_subclasses.extend(class.protected.iter().cloned());
        let above = class.extends.as_ref().and_then(|name| declarations.default_imports.get(name));
        if let Some(from) = above.filter(|from| from.starts_with('.')) {
            let file = self.resolve(file, from);
            let declarations = Declarations::of(&fs::read_to_string(&file).unwrap());
            if let Some(name) = declarations.default.clone() {
                self.members(&file, &declarations, &name, module);
            }
        }
    }

    fn resolve(&self, file: &Path, from: &str) -> PathBuf {
        if !from.starts_with('.') {
            return file_of(self.packages, from);
        }
        let path = file.parent().unwrap().join(from.trim_end_matches(".js"));
        let named = path.with_file_name(format!("{}.d.ts", path.file_name().unwrap().to_str().unwrap()));
        if named.exists() { named } else { path.join("index.d.ts") }
    }
}

/// What one file says.
#[derive(Debug, Default)]
struct Declarations {
    /// Declared and exported here.
    exported: BTreeSet<String>,
    /// `export { a as b } from "…"`, and what was imported before.
    reexported: Vec<(String, Option<String>)>,
    /// `export * from "…"`.
    all_of: Vec<String>,
    default: Option<String>,
    classes: BTreeMap<String, Class>,
    default_imports: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Class {
    extends: Option<String>,
    public: BTreeSet<String>,
    protected: BTreeSet<String>,
}

impl Declarations {
    fn of(text: &str) -> Self {
        let tokens = tokens(text);
        let mut declarations = Self::default();
        let (mut index, mut depth) = (0, 0_usize);
        while index < tokens.len() {
            match tokens[index].as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                "class" if depth == 0 => declarations.class(&tokens[index + 1..]),
                "import" if depth == 0 => declarations.import(&tokens[index + 1..]),
                // Behind the braces of a list goes on what follows them.
                "export" if depth == 0 => index += declarations.export(&tokens[index + 1..]),
                _ => {}
            }
            index += 1;
        }
        declarations
    }

    /// Reads what follows `export`. Gives how many tokens need not be looked at again.
    fn export(&mut self, tokens: &[String]) -> usize {
        let words: Vec<&str> = tokens.iter().take(4).map(String::as_str).collect();
        match words.as_slice() {
            ["*", "as", name, ..] => self.reexported.push(((*name).to_owned(), None)),
            ["*", "from", from, ..] => self.all_of.push(unquoted(from)),
            ["{", ..] => return self.list(tokens),
            ["type", "{", ..] => return 1 + self.list(&tokens[1..]),
            ["default", "class" | "function", name, ..] | ["default", "abstract", "class", name] => {
                self.default = Some((*name).to_owned());
                self.exported.insert((*name).to_owned());
            }
            _ => {
                let name = tokens.iter().skip_while(|word| ["declare", "abstract", "async"].contains(&word.as_str()));
                let mut name = name.skip_while(|word| KEYWORDS.contains(&word.as_str()));
                let name = name.next().unwrap();
                assert!(name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$'), "export {words:?}");
                // `export default thing`, which gives the thing no name.
                assert!(name != "default", "export {words:?}");
                self.exported.insert(name.clone());
            }
        }
        0
    }

    /// `{ a, b as c, type d } from "…"`.
    fn list(&mut self, tokens: &[String]) -> usize {
        let end = tokens.iter().position(|token| token == "}").unwrap();
        let from = (tokens.get(end + 1).map(String::as_str) == Some("from")).then(|| unquoted(&tokens[end + 2]));
        for item in tokens[1..end].split(|token| token == ",") {
            if let Some(name) = item.last().filter(|name| *name != "type" || item.len() == 1) {
                self.reexported.push((name.clone(), from.clone()));
            }
        }
        end + 1
    }

    /// `import Name from "…"`, `import type Name from "…"`, `import Name, { … } from "…"`.
    fn import(&mut self, tokens: &[String]) {
        let end = tokens.iter().position(|token| token == ";").unwrap_or(tokens.len());
        let tokens = &tokens[..end];
        let start = usize::from(tokens.first().is_some_and(|token| token == "type"));
        if let (Some(name), Some(from)) = (tokens.get(start), tokens.last())
            && name != "{"
            && name != "*"
        {
            self.default_imports.insert(name.clone(), unquoted(from));
        }
    }

    fn class(&mut self, tokens: &[String]) {
        let mut angles = 0;
        let is_open = |token: &String| {
            angles += i32::from(token == "<") - i32::from(token == ">");
            angles == 0 && token == "{"
        };
        let open = tokens.iter().position(is_open).unwrap();
        let extends = tokens[..open].iter().position(|token| token == "extends");
        let mut class = Class { extends: extends.map(|at| tokens[at + 1].clone()), ..Class::default() };
        let (mut depth, mut member) = (0_usize, Vec::new());
        for token in &tokens[open + 1..] {
            match token.as_str() {
                "}" if depth == 0 => break,
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                ";" if depth == 0 => {
                    class.member(&std::mem::take(&mut member));
                    continue;
                }
                _ => {}
            }
            member.push(token.as_str());
        }
        self.classes.insert(tokens[0].clone(), class);
    }
}

impl Class {
    fn member(&mut self, tokens: &[&str]) {
        // `get` and the like are names where no name follows.
        let is_word = |token: Option<&&str>| token.is_some_and(|token| token.starts_with(char::is_alphabetic));
        let is_modifier = |at: &usize| MODIFIERS.contains(&tokens[*at]) && is_word(tokens.get(at + 1));
        let name = (0..tokens.len()).find(|at| !is_modifier(at)).unwrap_or_default();
        let (modifiers, name) = (&tokens[..name], tokens.get(name).copied().unwrap_or("#"));
        if name == "constructor" || name.starts_with('#') || modifiers.contains(&"private") {
            return;
        }
        let members = if modifiers.contains(&"protected") { &mut self.protected } else { &mut self.public };
        members.insert(name.to_owned());
    }
}

fn unquoted(token: &str) -> String {
    token.trim_matches(['"', '\'']).to_owned()
}

/// Words, texts in their quotes and single characters, without comments.
fn tokens(text: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let comment = rest
            .starts_with("//")
            .then(|| rest.find('\n'))
            .or_else(|| rest.starts_with("/*").then(|| rest.find("*/").map(|end| end + 2)));
        let length = match first {
            _ if comment.is_some() => comment.flatten().unwrap_or(rest.len()),
            '"' | '\'' | '`' => rest.match_indices(first).nth(1).map_or(rest.len(), |(end, _)| end + 1),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        tokens.extend(comment.is_none().then(|| token.to_owned()));
        rest = behind.trim_start();
    }
    tokens
}

#[test]
fn every_form_of_an_export_is_read() {
    let text = r#"
        /** export declare const no: "}"; */
        import Base, { type Other } from './base.js'; // export { no };
        import { type A } from 'a';
        export * from './all.js';
        export * as space from './space.js';
        export { a, b as c, type d, default as e } from "./list";
        export type { F } from './f';
        export {};
        export { default } from './client';
        export declare const g: { export: string; };
        export declare function h(): void;
        export declare abstract class I { i(): void; }
        export type J = 'j' | { k: string };
        export interface K { k: string }
        export declare enum L { M = "m" }
        declare const inside: string;
        export default class Client extends Base<{ a: 1 }> {
            #private;
            constructor(a: string);
            readonly one: (this: unknown, a?: { b: string; }) => Promise<string>;
            two(a: string): Promise<void>;
            two(a: number): Promise<void>;
            get three(): string;
            get: string;
            static four(): void;
            protected five: string;
            private six;
        }
    "#;
    let read = Declarations::of(text);
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(read.exported, names(&["g", "h", "I", "J", "K", "L", "Client"]));
    let reexported: Vec<_> = read.reexported.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(reexported, ["space", "a", "c", "d", "e", "F", "default"]);
    assert_eq!(read.all_of, ["./all.js"]);
    assert_eq!(read.default.as_deref(), Some("Client"));
    assert_eq!(read.default_imports.get("Base").map(String::as_str), Some("./base.js"));
    let class = &read.classes["Client"];
    assert_eq!(class.extends.as_deref(), Some("Base"));
    assert_eq!(class.public, names(&["one", "two", "three", "get", "four"]));
    assert_eq!(class.protected, names(&["five"]));
}
