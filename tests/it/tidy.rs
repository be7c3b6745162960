//! The walls between the rooms, and the sizes of things: what `docs/architecture.md` promises, read from the source.
//!
//! Reads every file of `src/` as text with comments, strings and tests blanked out, so that a word in a comment is not
//! taken for a use. What it cannot see (a name built by a macro) it does not judge.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, in lines before its tests.
const FILE_LINES: usize = 500;
/// Longest function, in lines.
const FUNCTION_LINES: usize = 70;

/// The words, in order: each may name those to its left.
const WORDS: &[&str] = &["json", "shown", "call", "decision", "risk", "record", "policy", "stats", "mcp", "wire"];
/// The machines: pure, they name words only.
const MACHINES: &[&str] = &[
    "intercept",
    "hub::desk",
    "console::app",
    "console::update",
    "console::queue",
    "console::detail",
    "console::history",
    "console::rules",
    "console::remember",
    "console::stats",
    "console::prompt",
    "console::weigh",
    "console::weighing",
    "console::keymap",
];
/// The ports: one part of the outside world each.
const PORTS: &[&str] = &["config", "socket", "journal", "store", "proc", "log"];
/// The shells: they run a machine against ports.
const SHELLS: &[&str] = &["hub", "wrap", "console", "demo"];

/// Where each foreign crate may be named. A crate that is not listed may be named anywhere but in words and machines,
/// unless [`PURE`] lists it.
const HOMES: &[(&str, &[&str])] = &[
    ("sled", &["store"]),
    ("ratatui", &["console"]),
    ("crossterm", &["console"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("rmcp", &["demo"]),
    ("schemars", &["demo"]),
    ("etcetera", &["config"]),
    ("toml_edit", &["cli", "policy"]),
    ("similar", &["console"]),
    ("sqlparser", &["risk"]),
    ("brush_parser", &["risk"]),
    ("nix", &["socket"]),
];
/// What no word and no machine names: clocks, random sources, files, sockets, the environment, processes, threads.
const FORBIDDEN: &[&str] = &[
    "tokio",
    "rustix",
    "getrandom",
    "tempfile",
    "tracing_subscriber",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::os",
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
];

/// Exceptions, each with its reason: the file, what it names, and why it may.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// One source file.
struct Source {
    /// Relative to `src/`.
    path: PathBuf,
    /// `["hub", "desk"]`.
    module: Vec<String>,
    /// As it is.
    text: String,
    /// Without comments, strings and tests, line for line.
    code: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(dir: &Path, take: &mut dyn FnMut(&Path)) {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !path.is_symlink() {
            if !matches!(name, "target" | ".git" | "node_modules" | ".venv" | "corpus" | "artifacts") {
                walk(&path, take);
            }
        } else if name != ".git" {
            take(&path);
        }
    }
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut all = Vec::new();
    walk(&src, &mut |path| {
        if path.extension().is_none_or(|e| e != "rs") {
            return;
        }
        let relative = path.strip_prefix(&src).unwrap().to_owned();
        let mut module: Vec<String> =
            relative.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if matches!(module.last().unwrap().as_str(), "mod" | "lib") {
            module.pop();
        }
        let text = fs::read_to_string(path).unwrap();
        let code = without_tests(&blank(&text));
        all.push(Source { path: relative, module, text, code });
    });
    // A file that is only a test module is not part of the program.
    let tests: Vec<Vec<String>> = all.iter().flat_map(test_files).collect();
    all.retain(|s| !tests.iter().any(|t| s.module.starts_with(t)) && s.module != ["main"]);
    all
}

/// The modules that a file declares as `#[cfg(test)] mod name;`.
fn test_files(source: &Source) -> Vec<Vec<String>> {
    let code = blank(&source.text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let rest = code[at + 12..].trim_start();
        if let Some(name) = rest
            .strip_prefix("mod ")
            .and_then(|r| r.split_once([';', '{']))
            .filter(|(n, _)| rest["mod ".len() + n.len()..].starts_with(';'))
        {
            let mut module = source.module.clone();
            module.push(name.0.trim().to_owned());
            found.push(module);
        }
    }
    found
}

/// Comments and the insides of strings and characters become blanks; lines stay lines.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if !before_is_word(bytes, at) => raw_end(text, at).unwrap_or(at + 1),
            b'b' if !before_is_word(bytes, at) && bytes.get(at + 1) == Some(&b'r') => {
                raw_end(text, at + 1).unwrap_or(at + 1)
            }
            b'\'' => char_end(bytes, at),
            _ => at + 1,
        };
        if end > at + 1 {
            out[at..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        }
        at = end;
    }
    String::from_utf8(out).unwrap()
}

fn before_is_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n)
}

fn comment_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut i) = (0, at);
    while i < bytes.len() {
        if bytes[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if bytes[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    i
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut i = at + 1;
    while i < bytes.len() && bytes[i] != b'"' {
        i += if bytes[i] == b'\\' { 2 } else { 1 };
    }
    (i + 1).min(bytes.len())
}

fn raw_end(text: &str, at: usize) -> Option<usize> {
    let hashes = text[at + 1..].bytes().take_while(|b| *b == b'#').count();
    let open = at + 1 + hashes;
    if text.as_bytes().get(open) != Some(&b'"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    text[open + 1..].find(&close).map(|n| open + 1 + n + close.len())
}

/// A character, or just the tick of a lifetime.
fn char_end(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) == Some(&b'\\') {
        return bytes[at + 3..].iter().position(|b| *b == b'\'').map_or(bytes.len(), |n| at + 3 + n + 1);
    }
    let longest = (at + 6).min(bytes.len());
    let tick = (at + 2..longest).find(|i| bytes[*i] == b'\'');
    match tick {
        Some(tick) if std::str::from_utf8(&bytes[at + 1..tick]).is_ok_and(|s| s.chars().count() == 1) => tick + 1,
        _ => at + 1,
    }
}

/// The end of the block that opens at or after `from`, or of the statement if a `;` comes first.
fn item_end(code: &str, from: usize) -> usize {
    let (mut depth, mut round) = (0_i32, 0_i32);
    for (i, b) in code.bytes().enumerate().skip(from) {
        match b {
            b'(' | b'[' => round += 1,
            b')' | b']' => round -= 1,
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            b';' if depth == 0 && round == 0 => return i + 1,
            _ => {}
        }
    }
    code.len()
}

/// What stands under `#[cfg(test)]` becomes blanks.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(at) = out.find("#[cfg(test)]") {
        let end = item_end(&out, at + 12);
        let blanks: String = out[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(at..end, &blanks);
    }
    out
}

/// Every path in `code` that begins with `crate`, `self` or `super`, as segments; groups are taken apart.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate", "super", "self"] {
        for (at, _) in code.match_indices(start) {
            let after = &code[at + start.len()..];
            if before_is_word(code.as_bytes(), at)
                || !after.trim_start().starts_with("::")
                || code[..at].ends_with("::")
            {
                continue;
            }
            expand(&code[at..], &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Reads one path tree (`a::{b, c::d}`); gives back how much it took.
fn expand(text: &str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let depth = prefix.len();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        if text[at..].starts_with('{') {
            at += 1;
            loop {
                at += text[at..].len() - text[at..].trim_start_matches([' ', '\n', ',']).len();
                if at >= text.len() || text[at..].starts_with('}') {
                    at += 1;
                    break;
                }
                let took = expand(&text[at..], &mut prefix.clone(), found);
                at += took.max(1);
                // `as name`
                at += text[at..].find([',', '}']).unwrap_or(0);
            }
            break;
        }
        let word = text[at..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        if word == 0 {
            break;
        }
        prefix.push(text[at..at + word].to_owned());
        at += word;
        let rest = text[at..].trim_start();
        if !rest.starts_with("::") {
            found.push(prefix.clone());
            break;
        }
        at = text.len() - rest.len() + 2;
    }
    prefix.truncate(depth);
    at
}

/// The known module that a path leads to, from where it is written.
fn target(path: &[String], from: &[String], modules: &[Vec<String>]) -> Vec<String> {
    let mut here = from.to_vec();
    let mut rest = path;
    while let Some((first, more)) = rest.split_first() {
        match first.as_str() {
            "crate" => here.clear(),
            "super" => drop(here.pop()),
            "self" => {}
            _ => break,
        }
        rest = more;
    }
    for name in rest {
        here.push(name.clone());
        if !modules.contains(&here) {
            here.pop();
            break;
        }
    }
    here
}

fn within(module: &str, room: &str) -> bool {
    module == room || module.strip_prefix(room).is_some_and(|rest| rest.starts_with("::"))
}

fn is_machine(module: &str) -> bool {
    MACHINES.iter().any(|m| within(module, m))
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap()
}

/// Why `from` may not name `to`, if it may not.
fn refused(from: &str, to: &str) -> Option<&'static str> {
    if from.is_empty() || to.is_empty() || top(from) == "cli" {
        return None;
    }
    if top(to) == "cli" {
        return Some("nobody names cli");
    }
    if let Some(mine) = WORDS.iter().position(|w| *w == top(from)) {
        let theirs = WORDS.iter().position(|w| *w == top(to));
        return (theirs.is_none_or(|theirs| theirs > mine)).then_some("words look only left");
    }
    if is_machine(from) {
        let own_room = top(from) == top(to) && (is_machine(to) || !to.contains("::"));
        return (!own_room && !WORDS.contains(&top(to))).then_some("machines name words only");
    }
    if PORTS.contains(&top(from)) {
        // A socket that did not look who is at its other end would be none: no caller may forget it.
        let looks_at_peers = top(from) == "socket" && top(to) == "proc";
        let fine = top(from) == top(to) || WORDS.contains(&top(to)) || top(to) == "config" || looks_at_peers;
        return (!fine).then_some("ports name words, and config for paths");
    }
    if SHELLS.contains(&top(from)) {
        let machine_of_wrap = top(from) == "wrap" && top(to) == "intercept";
        let fine = top(from) == top(to) || WORDS.contains(&top(to)) || PORTS.contains(&top(to)) || machine_of_wrap;
        return (!fine).then_some("shells name words, ports and their own machine; they meet in wire");
    }
    Some("this module has no place in the map: add it to tests/it/tidy.rs and docs/architecture.md")
}

fn excepted(source: &Source, name: &str) -> bool {
    EXCEPTIONS.iter().any(|(file, what, _)| Path::new(file) == source.path && *what == name)
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_room_keeps_to_its_walls() {
    let all = sources();
    let modules: Vec<Vec<String>> = all.iter().map(|s| s.module.clone()).collect();
    let mut faults = Vec::new();
    for source in &all {
        let from = source.module.join("::");
        for path in paths(&source.code) {
            let to = target(&path, &source.module, &modules).join("::");
            if let Some(why) = refused(&from, &to).filter(|_| !excepted(source, &to)) {
                faults.push(format!("src/{} names {}: {why}", source.path.display(), path.join("::")));
            }
        }
    }
    faults.dedup();
    none(&faults);
}

/// Whether the code names this path: as the beginning of one, after `use`, or as a whole word before `::`.
fn names(code: &str, path: &str) -> bool {
    code.match_indices(path).any(|(at, _)| {
        let after = code[at + path.len()..].chars().next().unwrap_or(' ');
        let part = before_is_word(code.as_bytes(), at) || after.is_alphanumeric() || after == '_';
        let before = code[..at].trim_end();
        let begins = path.contains("::") || path.chars().next().is_some_and(char::is_uppercase) || {
            let first = !before.ends_with("::");
            first && (code[at + path.len()..].starts_with("::") || before.ends_with("use"))
        };
        begins && !part
    })
}

#[test]
fn every_foreign_crate_has_one_room() {
    let mut faults = Vec::new();
    for source in sources() {
        let module = source.module.join("::");
        for (name, rooms) in HOMES {
            if names(&source.code, name) && !rooms.contains(&top(&module)) && !excepted(&source, name) {
                faults.push(format!("src/{} names {name}, which lives in {}", source.path.display(), rooms.join(", ")));
            }
        }
    }
    none(&faults);
}

#[test]
fn words_and_machines_touch_nothing_outside_themselves() {
    let mut faults = Vec::new();
    for source in sources() {
        let module = source.module.join("::");
        if !WORDS.contains(&top(&module)) && !is_machine(&module) {
            continue;
        }
        let groups = source.code.contains("use std::{").then_some("use std::{…}: write one `use` a module");
        let uses = FORBIDDEN.iter().copied().filter(|name| names(&source.code, name)).chain(groups);
        faults
            .extend(uses.filter(|n| !excepted(&source, n)).map(|n| format!("src/{} names {n}", source.path.display())));
    }
    none(&faults);
}

#[test]
fn no_file_and_no_function_is_long() {
    let mut faults = Vec::new();
    for source in sources() {
        // Tests at the end of a file are not counted.
        let lines = source.code.trim_end().lines().count();
        if lines > FILE_LINES {
            faults.push(format!("src/{} has {lines} lines; {FILE_LINES} are the most", source.path.display()));
        }
        for (at, _) in source.code.match_indices("fn ") {
            if before_is_word(source.code.as_bytes(), at) {
                continue;
            }
            let end = item_end(&source.code, at);
            let lines = source.code[at..end].lines().count();
            if lines > FUNCTION_LINES {
                let name: String =
                    source.code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                faults.push(format!(
                    "src/{}: {name} has {lines} lines; {FUNCTION_LINES} are the most",
                    source.path.display()
                ));
            }
        }
    }
    none(&faults);
}

#[test]
fn nothing_is_left_to_do_and_nothing_unwraps() {
    let words = ["todo!", "unimplemented!", "dbg!", ".unwrap()", "#[allow(", "#![allow("];
    let mut faults = Vec::new();
    for source in sources() {
        for word in words.iter().filter(|word| source.code.contains(**word)) {
            faults.push(format!("src/{} has {word}", source.path.display()));
        }
        if source.text.contains(concat!("not ", "merged yet")) && std::env::var_os("SAYSO_REQUIRE_E2E").is_some() {
            faults.push(format!("src/{} has a placeholder", source.path.display()));
        }
    }
    none(&faults);
}

#[test]
fn every_module_says_what_it_is() {
    let faults: Vec<String> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| format!("src/{} does not begin with `//! `", source.path.display()))
        .collect();
    none(&faults);
}

#[test]
fn no_path_of_the_machine_that_built_it_is_in_the_tree() {
    let mut marks = vec![env!("CARGO_MANIFEST_DIR").to_owned(), concat!("/.cargo/", "registry").to_owned()];
    marks.extend(["/wo", "/tmp/w"].iter().zip(["rk/", "t/"]).map(|(a, b)| format!("{a}{b}")));
    let mut faults = Vec::new();
    walk(root(), &mut |path| {
        let Ok(text) = fs::read_to_string(path) else { return };
        for mark in marks.iter().filter(|mark| text.contains(mark.as_str())) {
            faults.push(format!("{} names {mark}", path.strip_prefix(root()).unwrap().display()));
        }
    });
    none(&faults);
}

#[test]
fn every_dependency_has_a_line_of_reason() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let map = fs::read_to_string(root().join("docs/architecture.md")).unwrap_or_default();
    if map.is_empty() {
        return;
    }
    let mut faults = Vec::new();
    for table in ["dependencies", "dev-dependencies"] {
        for name in manifest.get(table).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys) {
            if !map.contains(&format!("`{name}`")) {
                faults.push(format!("docs/architecture.md does not say why {name} is there"));
            }
        }
    }
    none(&faults);
}

#[test]
fn the_reader_of_sources_is_not_fooled() {
    let code = blank(
        "let a = \"crate::x /* \"; // crate::y\nlet b = '\"'; let c: &'static str = r#\"q\"w\"#; /* /* */ z */ end",
    );
    assert!(!code.contains("crate") && !code.contains('w') && !code.contains('z'), "{code}");
    assert!(code.contains("let b =") && code.contains("'static str") && code.ends_with("end"), "{code}");
    let tested = without_tests("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { {} }\n}\nfn c() {}");
    assert!(tested.contains("fn a") && !tested.contains("fn b") && tested.contains("fn c"), "{tested}");
    let found = paths("use crate::{a::b, c::{self, d}}; let x = super::e::F::new(); mycrate::g();");
    let found: BTreeSet<String> = found.iter().map(|path| path.join("::")).collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, ["crate::a::b", "crate::c::d", "crate::c::self", "super::e::F::new"]);
    assert!(names("use std::fs;", "std::fs") && names("tokio::spawn()", "tokio") && !names("a.tokio()", "tokio"));
    assert!(refused("wrap::run", "hub::desk").is_some() && refused("wrap::run", "intercept").is_none());
    assert!(refused("call", "wire").is_some() && refused("wire", "call").is_none());
    assert!(refused("hub::desk", "journal").is_some() && refused("store", "journal").is_some());
    assert!(refused("hub::desk", "hub::run").is_some() && refused("hub::run", "cli").is_some());
}
