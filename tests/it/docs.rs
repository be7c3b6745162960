//! The documents do not lie: what they tell to type can be typed, what they point at is there, the tests they name exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use sayso::cli::{Cli, Command};

use crate::world::World;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Markdown document that is part of the project.
fn documents() -> Vec<PathBuf> {
    let mut all = vec![PathBuf::from("README.md"), PathBuf::from("CHANGELOG.md")];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "md") {
            all.push(path.strip_prefix(root()).unwrap().to_owned());
        }
    }
    all
}

/// The fenced blocks of a document: their language and their text.
pub fn blocks(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some((_, body))) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    found
}

/// What stands between back-ticks outside of fenced blocks.
fn quoted(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let prose: Vec<&str> = text
        .lines()
        .filter(|line| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        })
        .collect();
    prose.join("\n").split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Words as a shell would split them, for command lines without variables and substitutions. A comment ends it.
pub fn words(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    for c in line.chars() {
        match (c, quote) {
            ('#', None) if !begun => break,
            ('\'' | '"', None) => (quote, begun) = (Some(c), true),
            (c, Some(q)) if c == q => quote = None,
            (' ', None) => {
                if begun {
                    all.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (c, _) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        all.push(word);
    }
    all
}

/// The command that a line of `sayso` gives, or why it gives none.
fn parse(line: &[String]) -> Result<Cli, String> {
    Cli::try_parse_from(line).map_err(|error| format!("{}: {error}", line.join(" ")))
}

#[test]
fn every_command_in_the_documents_can_be_typed() {
    let mut seen = 0;
    for document in documents() {
        for (language, body) in blocks(&read(&document)) {
            if language != "sh" {
                continue;
            }
            for line in body.replace("\\\n", " ").lines().map(words).filter(|words| !words.is_empty()) {
                seen += 1;
                checked(&line).unwrap_or_else(|why| panic!("{}: {why}", document.display()));
            }
        }
    }
    assert!(seen >= 10, "only {seen} commands were found");
}

/// Checks one command line: ours against the table, cargo's against what is known to be there.
fn checked(line: &[String]) -> Result<(), String> {
    let program = line[0].as_str();
    let text = line.join(" ");
    if let Some(at) = line.iter().position(|word| word == "sayso" || word.ends_with("/sayso")) {
        // `sayso …`, or another program that is told to start it.
        return parse(&line[at..]).map(drop);
    }
    match program {
        "cargo" => match line.get(1).map(String::as_str) {
            Some("run") => {
                let at = line.iter().position(|word| word == "--").ok_or(format!("{text}: no `--`"))?;
                let mut ours = vec!["sayso".to_owned()];
                ours.extend_from_slice(&line[at + 1..]);
                parse(&ours).map(drop)
            }
            Some("test" | "bench" | "install" | "deny" | "build") => Ok(()),
            _ => Err(format!("{text}: not a cargo command that is known here")),
        },
        "cd" | "git" => Ok(()),
        path if root().join(path).exists() => Ok(()),
        _ => Err(format!("{text}: nothing here checks this program")),
    }
}

#[test]
fn every_configuration_in_the_readme_starts_a_wrap() {
    let mut seen = 0;
    for (language, body) in blocks(&read("README.md")) {
        let servers: Vec<serde_json::Value> = match language.as_str() {
            "json" => {
                let value: serde_json::Value = serde_json::from_str(&body).unwrap();
                let servers = value.get("mcpServers").or_else(|| value.get("servers")).expect("a list of servers");
                servers.as_object().unwrap().values().cloned().collect()
            }
            "toml" if body.contains("mcp_servers") => {
                let value: serde_json::Value = toml::from_str(&body).unwrap();
                value["mcp_servers"].as_object().unwrap().values().cloned().collect()
            }
            _ => continue,
        };
        for server in servers {
            let mut line = vec![server["command"].as_str().unwrap().to_owned()];
            line.extend(server["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()));
            assert!(line[0] == "sayso" || line[0].ends_with("/sayso"), "{body}");
            let Some(Command::Wrap(wrap)) = parse(&line).unwrap().command else { panic!("{body} starts no wrap") };
            assert!(wrap.name.is_some() && !wrap.command.is_empty());
            seen += 1;
        }
    }
    assert!(seen >= 3, "only {seen} configurations were found");
}

#[test]
fn every_link_leads_somewhere() {
    for document in documents() {
        let text = read(&document);
        let folder = document.parent().unwrap();
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap();
            if !target.contains("://") && !target.starts_with('#') {
                let file = target.split('#').next().unwrap();
                assert!(root().join(folder).join(file).exists(), "{}: {target}", document.display());
            }
        }
        for part in text.split("src=\"").skip(1) {
            let target = part.split('"').next().unwrap();
            assert!(root().join(folder).join(target).exists(), "{}: {target}", document.display());
        }
    }
}

#[test]
fn every_path_in_the_documents_exists() {
    for document in documents() {
        for path in quoted(&read(&document)) {
            let ours = ["src/", "tests/", "docs/", "examples/", "benches/", "themes/", "fuzz/", ".ci/"];
            if ours.iter().any(|top| path.starts_with(top)) && !path.contains([' ', '*', '{']) {
                assert!(root().join(&path).exists(), "{} names {path}", document.display());
            }
        }
    }
}

#[test]
fn the_map_fits_on_a_few_pages() {
    assert!(read("docs/architecture.md").lines().count() <= 200);
}

/// The names of all test functions in the tree.
fn tests() -> BTreeSet<String> {
    fn walk(dir: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, names);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                for part in text.split("fn ").skip(1) {
                    names.insert(part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
                }
            }
        }
    }
    let mut names = BTreeSet::new();
    walk(&root().join("src"), &mut names);
    walk(&root().join("tests"), &mut names);
    names
}

#[test]
fn the_threat_model_has_a_row_for_every_known_way_past() {
    let text = read("docs/threat-model.md");
    for number in 1..=42 {
        let row = format!("| B{number:02} |");
        assert_eq!(text.lines().filter(|line| line.starts_with(&row)).count(), 1, "{row}");
    }
}

const LIST_BEGINS: &str = "<!-- made by: SAYSO_BLESS=1 cargo test --test it docs -->\n";
const LIST_ENDS: &str = "<!-- end -->";

/// The bypass tests of the tree (`bNN_…`), one line a number.
fn listed() -> String {
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in tests() {
        let number = name.strip_prefix('b').and_then(|rest| rest.split_once('_')).map(|(number, _)| number);
        if let Some(number) = number.filter(|n| n.len() == 2 && n.bytes().all(|b| b.is_ascii_digit())) {
            lines.entry(number.to_owned()).or_default().push(format!("`{name}`"));
        }
    }
    let line = |(number, names): (&String, &Vec<String>)| format!("- B{number}: {}", names.join(", "));
    lines.iter().map(line).fold(String::new(), |all, line| all + &line + "\n")
}

#[test]
fn the_threat_model_lists_every_bypass_test_and_none_besides() {
    let text = read("docs/threat-model.md");
    let (head, rest) = text.split_once(LIST_BEGINS).unwrap();
    let (list, tail) = rest.split_once(LIST_ENDS).unwrap();
    let now = listed();
    if list == now {
        return;
    }
    if std::env::var_os("SAYSO_BLESS").is_some() {
        let new = format!("{head}{LIST_BEGINS}{now}{LIST_ENDS}{tail}");
        return fs::write(root().join("docs/threat-model.md"), new).unwrap();
    }
    let names = |text: &str| -> BTreeSet<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let (list, now) = (names(list), names(&now));
    let apart: Vec<&String> = list.symmetric_difference(&now).collect();
    panic!("not in both, the list and the tree: {apart:?}; run: SAYSO_BLESS=1 cargo test --test it docs");
}

#[test]
fn what_the_threat_model_calls_stopped_has_a_test() {
    let tests = listed();
    for row in read("docs/threat-model.md").lines().filter(|line| line.starts_with("| B") && line.contains("| Stopped"))
    {
        let number = row[2..5].to_owned();
        assert!(tests.contains(&format!("- {number}: ")), "{number} is called stopped, and no test tries it");
    }
}

#[test]
fn the_rules_in_the_readme_are_a_valid_policy() {
    let rules: String = blocks(&read("README.md"))
        .into_iter()
        .filter(|(_, body)| body.contains("[[rule]]"))
        .map(|(_, body)| body)
        .collect();
    let parsed = sayso::policy::parse(&rules, "README.md");
    assert!(!rules.is_empty() && parsed.error().is_none(), "{:?}", parsed.error());
}

#[test]
fn folders_and_files_have_the_modes_that_the_readme_says() {
    let world = World::with_policy(crate::world::ECHO_RUNS);
    let mut host = world.wrap(&[]);
    host.initialize();
    host.call(1, "echo", &serde_json::json!({"text": "x"}));
    host.answer(1);
    let mut seen = BTreeSet::new();
    check_modes(world.home(), world.home(), &mut seen);
    for name in ["hub.sock", "hub.lock", "journal", "sled", "log"] {
        assert!(seen.contains(name), "{name} is not there: {seen:?}");
    }
}

/// What sayso made below this folder is for its owner alone.
fn check_modes(home: &Path, dir: &Path, seen: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(home).unwrap().display().to_string();
        // Made by the test and its server.
        if matches!(name.as_str(), "policy.toml" | "received.log") {
            continue;
        }
        let meta = fs::symlink_metadata(&path).unwrap();
        let mode = meta.permissions().mode() & 0o777;
        assert_eq!(mode, if meta.is_dir() { 0o700 } else { 0o600 }, "{name} has mode {mode:o}");
        if meta.is_dir() {
            check_modes(home, &path, seen);
        }
        seen.insert(name);
    }
}
