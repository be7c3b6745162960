//! Shell commands. Only what the lexer reads whole and every command of which is a known reader is less than high.
//!
//! Invariant: conservative. Expansions, substitutions, redirections to files, unknown commands and unknown options of
//! known ones are never taken for reads. Linear in the text.

use super::names::Deed;
use super::paths;
use super::subject::{Found, Shape, Subject, Value, quoted};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};
use crate::json;

mod commands;
mod lexer;

use lexer::{Line, lex};

const READS: Kind = Kind::new("shell.reads", Medium, "commands that only read").needs(Access::Read);
const RUNS: Kind = Kind::new("shell.runs", High, "a command that is not known merely to read");
const DESTROYS: Kind = Kind::new("shell.destroys", High, "a command that deletes, overwrites or rewrites history");
const PRIVILEGE: Kind = Kind::new("shell.privilege", High, "a command with other rights, or that changes rights");
const PERSISTS: Kind = Kind::new("shell.persists", High, "a command that stays, or starts things later");
const SENDS: Kind = Kind::new("shell.sends", High, "a command that sends to other machines");
const PIPES: Kind = Kind::new("shell.pipes", High, "something is piped into an interpreter");
const REDIRECTS: Kind = Kind::new("shell.redirects", High, "output is written to a file");
const UNREADABLE: Kind = Kind::new("shell.unreadable", High, "a command that only a running shell can resolve");

/// The family.
pub const FAMILY: Family = Family {
    name: "shell",
    about: "shell commands, every one of a pipeline or list",
    kinds: &[READS, RUNS, DESTROYS, PRIVILEGE, PERSISTS, SENDS, PIPES, REDIRECTS, UNREADABLE],
    detect,
};

/// The most command lines of one call that are read.
const MOST: usize = 100;
/// The longest command line that is read, in bytes.
const LONGEST: usize = 16 * 1024;

const KEYS: &[&str] = &[
    "command",
    "commands",
    "cmd",
    "cmds",
    "command_line",
    "commandline",
    "cmdline",
    "shell_command",
    "bash_command",
    "shell",
    "bash",
    "argv",
    "shell_script",
    "bash_script",
    "terminal_command",
    "run_command",
];
/// Keys that hold commands when the tool's name says that it runs some.
const PERHAPS: &[&str] =
    &["args", "arguments", "input", "script", "text", "line", "keys", "exec", "run", "code", "task"];
const SHELLS: &[&str] =
    &["shell", "bash", "sh", "zsh", "terminal", "command", "commands", "cmd", "exec", "execute", "ssh", "run"];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let runner = subject.name.deed == Deed::Execute && subject.name.words.has_one_of(SHELLS);
    let suspects = subject.values().filter(|value| {
        let key = subject.key(value);
        (key.is_one_of(KEYS) || (runner && key.is_one_of(PERHAPS))) && value.shape != Shape::Plain
    });
    for (i, value) in suspects.enumerate() {
        let key = subject.key(value);
        if i == MOST {
            return found.add(super::size::UNJUDGED, format!("more than {MOST} commands: too many to judge"));
        }
        if subject.is_offered(value) {
            continue;
        }
        match value.shape {
            Shape::Text if subject.array(value).is_some_and(is_argv) => {}
            Shape::Text if value.text.trim().is_empty() => {}
            Shape::Text => match arguments_beside(subject, value) {
                Some(rest) => {
                    let argv = std::iter::once(value.text.as_ref()).chain(rest).map(str::to_owned).collect();
                    judge(subject, value, &Line { commands: vec![argv], ..Line::default() }, found);
                }
                None => text(subject, value, found),
            },
            Shape::Container if value.raw.starts_with('[') && !is_args(key) => {
                let argv: Vec<String> = subject.elements(value).into_iter().map(str::to_owned).collect();
                if is_argv(value) && !argv.is_empty() {
                    judge(subject, value, &Line { commands: vec![argv], ..Line::default() }, found);
                }
            }
            Shape::Container | Shape::Plain => {}
        }
    }
}

/// `["git status", "ls"]` are command lines, judged one by one; `["git", "status"]` is one command.
fn is_argv(array: &Value<'_>) -> bool {
    json::elements(array.raw).next().is_some_and(|first| !json::unescape(first).contains(char::is_whitespace))
}

fn is_args(key: &super::words::Words) -> bool {
    key.is_one_of(&["args", "arguments"])
}

/// `{command: "git", args: ["push"]}` is one command.
fn arguments_beside<'s>(subject: &'s Subject<'_>, value: &Value<'_>) -> Option<Vec<&'s str>> {
    if value.text.contains(char::is_whitespace) || is_args(subject.key(value)) {
        return None;
    }
    let args = subject.values().find(|v| {
        v.shape == Shape::Container
            && v.raw.starts_with('[')
            && is_args(subject.key(v))
            && subject.are_siblings(v, value)
    })?;
    Some(subject.elements(args))
}

fn text(subject: &Subject<'_>, value: &Value<'_>, found: &mut Found) {
    if value.text.len() > LONGEST {
        return found.at(UNREADABLE, subject, value, "a command line too long to judge");
    }
    match lex(&value.text) {
        Ok(line) => judge(subject, value, &line, found),
        Err(why) => found.at(UNREADABLE, subject, value, format!("a command line that cannot be read: {why}")),
    }
}

fn judge(subject: &Subject<'_>, value: &Value<'_>, line: &Line, found: &mut Found) {
    let mut reads = true;
    if let Some(why) = line.unsure {
        reads = false;
        found.at(UNREADABLE, subject, value, format!("the command line has {why}, which only a shell resolves"));
    }
    for target in &line.written {
        reads = false;
        found.at(REDIRECTS, subject, value, format!("it writes to {}", quoted(target)));
        paths::look(subject, value, target, found);
    }
    for (i, argv) in line.commands.iter().enumerate() {
        let verdict = commands::judge(argv);
        let name = argv.first().map(String::as_str).unwrap_or_default();
        if i > 0 && line.piped.contains(&i) && commands::is_interpreter(argv) {
            reads = false;
            found.at(PIPES, subject, value, format!("something is piped into {}", quoted(name)));
        }
        let (kind, what) = match verdict {
            commands::Does::Read => {
                for word in &argv[1..] {
                    if paths::sensitive(word).is_some() {
                        paths::look(subject, value, word, found);
                    }
                }
                continue;
            }
            commands::Does::Destroy => (DESTROYS, "deletes, overwrites or rewrites history"),
            commands::Does::Privilege => (PRIVILEGE, "runs with other rights, or changes rights"),
            commands::Does::Persist => (PERSISTS, "stays, or starts things later"),
            commands::Does::Send => (SENDS, "sends to other machines, or fetches from them"),
            commands::Does::Anything => (RUNS, "is not known merely to read"),
        };
        reads = false;
        found.at(kind, subject, value, format!("{} {what}", quoted(&argv.join(" "))));
    }
    if reads {
        found.at(READS, subject, value, "the command line only reads");
    }
}
