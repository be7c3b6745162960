//! Shell commands. Only what is read whole and every command of which is a known reader is low.
//!
//! Invariant: conservative. Expansions that decide what runs, redirections to files, unknown commands and unknown options
//! of known ones are never taken for reads. What is read of one call is limited, and so is the time that it takes.

use std::cell::OnceCell;
use std::ops::Range;

use super::names::Deed;
use super::subject::{Found, Shape, Subject, Value};
use super::{Access, Family, Kind};
use super::{paths, urls};
use crate::decision::Level::{High, Low, Medium};
use crate::json;
use crate::risk::words::List;

mod asks;
mod commands;
mod comments;
mod listed;
mod numbers;
mod parse;
mod plain;
mod readers;
pub mod script;
mod services;
mod special;
mod worst;
mod wrappers;

#[cfg(test)]
mod tests;

use commands::{Judge, Ruling};
use script::Word;

const READS: Kind = Kind::new("shell.reads", Low, "commands that only read");
const OPEN: Kind =
    Kind::new("shell.open", Medium, "commands that only read, but what they read only the running shell knows")
        .needs(Access::Read);
const REVEALS: Kind =
    Kind::new("shell.reveals", Medium, "a command that tells the environment, or a secret").needs(Access::Read);
const FETCHES: Kind =
    Kind::new("shell.fetches", Medium, "a command that fetches from the open world").needs(Access::Read);
const CHANGES: Kind = Kind::new("shell.changes", Medium, "a command that makes something new, and overwrites nothing");
const RUNS: Kind = Kind::new("shell.runs", High, "a command that is not known merely to read");
const DESTROYS: Kind = Kind::new("shell.destroys", High, "a command that deletes, overwrites or takes out of service");
const PRIVILEGE: Kind = Kind::new("shell.privilege", High, "a command with other rights, or that changes rights");
const PERSISTS: Kind = Kind::new("shell.persists", High, "a command that stays, or starts things later");
const SENDS: Kind = Kind::new("shell.sends", High, "a command that sends to other machines");
const PIPES: Kind = Kind::new("shell.pipes", High, "something is piped into an interpreter");
const REDIRECTS: Kind = Kind::new("shell.redirects", High, "output is written to a file");
const SETS: Kind = Kind::new("shell.sets", High, "a variable is set that may change which code runs");
const UNREADABLE: Kind = Kind::new("shell.unreadable", High, "a command that only a running shell can resolve");

/// The family.
pub const FAMILY: Family = Family {
    name: "shell",
    about: "shell commands, every one of a pipeline, list, substitution, loop or function, through what wraps them",
    kinds: &[
        READS, OPEN, REVEALS, FETCHES, CHANGES, RUNS, DESTROYS, PRIVILEGE, PERSISTS, SENDS, PIPES, REDIRECTS, SETS,
        UNREADABLE,
    ],
    detect,
};

/// The most command lines of one call that are read.
const MOST: usize = 100;
/// The longest command line that is read, in bytes.
const LONGEST: usize = 16 * 1024;
/// The most bytes of all that are read of one call.
const MOST_BYTES: usize = 64 * 1024;
/// The most paths, and the most URLs, in the command lines of one call that are looked at.
const MOST_NAMED: usize = 200;

const KEYS: &List = &List::of(&[
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
]);
/// Keys that hold commands when the tool's name says that it runs some.
const PERHAPS: &List =
    &List::of(&["args", "arguments", "input", "script", "text", "line", "keys", "exec", "run", "code", "task"]);
const SHELLS: &List = &List::of(&[
    "shell", "bash", "sh", "zsh", "terminal", "command", "commands", "cmd", "exec", "execute", "ssh", "run",
]);

/// Keys beside a command that do not change what it does.
const BESIDE: &List = &List::of(&[
    "cwd",
    "workdir",
    "working_dir",
    "working_directory",
    "directory",
    "timeout",
    "timeout_ms",
    "timeout_seconds",
    "timeout_secs",
    "max_output",
    "max_output_tokens",
    "max_chars",
    "max_lines",
    "description",
    "explanation",
    "reason",
    "yield_time_ms",
    "session_id",
    "block",
    "wait",
    "background",
    "is_background",
    "run_in_background",
    "encoding",
]);

/// Something of a call that is a command or several, and what is to be read of it.
enum Line<'s> {
    /// A line for a shell.
    Text(&'s str),
    /// A command, word by word.
    Words(Vec<&'s str>),
    /// Nothing that is a command by itself: an element of a command, an empty text, one of a few that the schema offers.
    Nothing,
}

impl Line<'_> {
    /// How much is to be read.
    fn len(&self) -> usize {
        match self {
            Line::Nothing => 0,
            // A longer one is not read at all.
            Line::Text(text) => text.len().min(LONGEST),
            Line::Words(words) => words.iter().map(|word| word.len() + 1).sum(),
        }
    }
}

/// The command lines of a call, read.
#[derive(Debug, Default)]
pub struct Lines {
    /// By the place of the value that holds it, in order.
    reports: Vec<(usize, Result<Report, &'static str>)>,
    /// Whether there are more than are read.
    overflow: bool,
    /// Whether they merely read, once somebody has asked.
    merely: OnceCell<bool>,
}

impl Lines {
    /// Reads them all.
    pub(super) fn of(subject: &Subject<'_>) -> Self {
        let (mut budget, mut left) = (parse::BUDGET, MOST_BYTES);
        let mut named = (MOST_NAMED, MOST_NAMED);
        let mut lines = Self::default();
        for (i, (value, line)) in commands_of(subject).enumerate() {
            let rest = left.checked_sub(line.len()).filter(|_| i < MOST);
            let Some(rest) = rest else {
                lines.overflow = true;
                break;
            };
            left = rest;
            let mut report = match line {
                Line::Nothing => continue,
                Line::Text(text) => text_of(text, &mut budget),
                Line::Words(words) => Ok(words_of(&words, &mut budget)),
            };
            if let Ok(report) = &mut report {
                lines.overflow |= report.paths.len() > named.0 || report.urls.len() > named.1;
                report.paths.truncate(named.0);
                report.urls.truncate(named.1);
                named = (named.0 - report.paths.len(), named.1 - report.urls.len());
            }
            lines.reports.extend(subject.place(value).map(|place| (place, report)));
        }
        lines
    }
}

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let lines = subject.lines();
    for (place, report) in &lines.reports {
        if let Some(value) = subject.at(*place) {
            tell(subject, value, report, found);
        }
    }
    if lines.overflow {
        found.add(super::size::UNJUDGED, "more command lines, or more in them, than is read: too much to judge");
    }
}

/// Words that the name of a tool has which runs what it is given and nothing of its own.
const MERE: &[&str] = &[
    "run", "execute", "exec", "invoke", "shell", "bash", "sh", "zsh", "terminal", "command", "commands", "cmd", "line",
    "in", "a", "the", "tool", "local", "system",
];

/// Whether the call does nothing but hand over command lines that were read whole and only read. It is the name of the
/// tool that asks: what a mere runner does is what it is given.
pub fn only_reads(subject: &Subject<'_>) -> bool {
    hands_over(subject, |report| report.rulings.is_empty())
}

/// The same where what is read may be known only when it runs, and nobody else is asked: what it names is read, and goes
/// nowhere.
pub fn merely_reads(subject: &Subject<'_>) -> bool {
    let stays = |report: &Report| !report.asks && report.rulings.iter().all(|ruling| ruling.kind == OPEN);
    subject.name.deed == Deed::Execute && *subject.lines().merely.get_or_init(|| hands_over(subject, stays))
}

fn hands_over(subject: &Subject<'_>, is_fine: impl Fn(&Report) -> bool) -> bool {
    if !subject.name.words.iter().all(|word| MERE.contains(&word)) || subject.overflow {
        return false;
    }
    let lines = subject.lines();
    let fine = |report: &Result<Report, _>| report.as_ref().is_ok_and(&is_fine);
    if lines.overflow || lines.reports.is_empty() || !lines.reports.iter().all(|(_, report)| fine(report)) {
        return false;
    }
    let is_line = |place| lines.reports.binary_search_by_key(&place, |(own, _)| *own).is_ok();
    let line = |value: &Value<'_>| subject.place(value).is_some_and(is_line);
    let own = || lines.reports.iter().filter_map(|(place, _)| subject.at(*place));
    let first = |value: &Value<'_>| own().any(|line| subject.are_siblings(line, value));
    let holds = |list: &Value<'_>| own().any(|line| line.shape == Shape::Text && subject.is_element_of(line, list));
    subject.values().all(|value| {
        let key = subject.key(value);
        let list = subject.array(value).unwrap_or(value);
        line(value)
            || line(list)
            || (key.is_one_of(BESIDE) && list.shape != Shape::Container && value.derived.is_none())
            || (is_args(key) && first(list))
            || (key.is_one_of(const { &List::of(&["shell", "bash"]) })
                && is_shell(&value.text)
                && value.derived.is_none())
            || (value.shape == Shape::Container && holds(value))
    })
}

/// Every command of a call.
fn commands_of<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = (&'s Value<'a>, Line<'s>)> {
    let runner = is_runner(subject);
    let lists =
        subject.values().filter(|v| v.shape == Shape::Container && v.raw.starts_with('[') && is_args(subject.key(v)));
    let lists: Vec<_> = lists.collect();
    let suspects = subject.values().filter(move |value| {
        let key = subject.key(value);
        value.shape != Shape::Plain
            && (key.is_one_of(KEYS) || (runner && (key.is_one_of(PERHAPS) || looks_like_one(subject, value))))
    });
    suspects.map(move |value| (value, line(subject, value, &lists)))
}

fn is_runner(subject: &Subject<'_>) -> bool {
    subject.name.deed == Deed::Execute && subject.name.words.has_one_of(SHELLS)
}

/// What is to be read of a value. `lists`: every list of arguments in the call.
fn line<'s, 'a>(subject: &'s Subject<'a>, value: &'s Value<'a>, lists: &[&'s Value<'a>]) -> Line<'s> {
    if subject.is_offered(value) {
        return Line::Nothing;
    }
    match value.shape {
        Shape::Text if subject.array(value).is_some_and(is_argv) => Line::Nothing,
        Shape::Text if value.text.trim().is_empty() => Line::Nothing,
        // `{command: "ls", shell: "bash"}`.
        Shape::Text
            if subject.key(value).is_one_of(const { &List::of(&["shell", "bash"]) }) && is_shell(&value.text) =>
        {
            Line::Nothing
        }
        Shape::Text => match arguments_beside(subject, value, lists) {
            Some(rest) => Line::Words(std::iter::once(value.text.as_ref()).chain(rest).collect()),
            None => Line::Text(&value.text),
        },
        Shape::Container if value.raw.starts_with('[') && !is_args(subject.key(value)) && is_argv(value) => {
            let words = subject.elements(value);
            if words.is_empty() { Line::Nothing } else { Line::Words(words) }
        }
        Shape::Container | Shape::Plain => Line::Nothing,
    }
}

/// The path of a shell, which says who reads the command.
fn is_shell(text: &str) -> bool {
    let name = text.strip_prefix("/bin/").or_else(|| text.strip_prefix("/usr/bin/")).unwrap_or(text);
    matches!(name, "sh" | "bash" | "zsh" | "dash")
}

/// Whether a text in any place of a runner's call is a command line by its looks: it begins with a known command.
fn looks_like_one(subject: &Subject<'_>, value: &Value<'_>) -> bool {
    let text = value.text.trim_start();
    let first = text.split([' ', '\t', '\n', ';', '|', '&']).next().unwrap_or_default();
    value.shape == Shape::Text
        && first.len() < text.len()
        && first.len() < 40
        && !subject.key(value).is_one_of(BESIDE)
        && commands::is_known(&commands::base(first))
}

/// What a command line comes to.
#[derive(Debug, Default)]
struct Report {
    rulings: Vec<Ruling>,
    paths: Vec<String>,
    urls: Vec<(String, Range<usize>)>,
    /// Whether a service is asked, by which words may go out.
    asks: bool,
}

fn text_of(text: &str, budget: &mut usize) -> Result<Report, &'static str> {
    if text.len() > LONGEST {
        return Err("it is too long to judge");
    }
    let mut judge = Judge::new(budget);
    judge.line(text)?;
    Ok(judge.report())
}

fn words_of(words: &[&str], budget: &mut usize) -> Report {
    let mut judge = Judge::new(budget);
    let words: Vec<Word> = words.iter().map(|text| Word::literal(*text, 0..0)).collect();
    judge.argv(&words, false, &(0..0));
    judge.report()
}

/// `["git status", "ls"]` are command lines, judged one by one; `["git", "status"]` is one command.
fn is_argv(array: &Value<'_>) -> bool {
    json::elements(array.raw).next().is_some_and(|first| !json::unescape(first).contains(char::is_whitespace))
}

fn is_args(key: &super::words::Words) -> bool {
    key.is_one_of(const { &List::of(&["args", "arguments"]) })
}

/// `{command: "git", args: ["push"]}` is one command.
fn arguments_beside<'s, 'a>(
    subject: &'s Subject<'a>,
    value: &Value<'_>,
    lists: &[&'s Value<'a>],
) -> Option<Vec<&'s str>> {
    if value.text.contains(char::is_whitespace) || is_args(subject.key(value)) {
        return None;
    }
    let args = lists.iter().find(|list| subject.are_siblings(list, value))?;
    Some(subject.elements(args))
}

fn tell(subject: &Subject<'_>, value: &Value<'_>, report: &Result<Report, &'static str>, found: &mut Found) {
    let report = match report {
        Ok(report) => report,
        Err(why) => return found.at(UNREADABLE, subject, value, format!("a command line that cannot be read: {why}")),
    };
    for Ruling { kind, at, says } in &report.rulings {
        leave(*kind, subject, value, at, says, found);
    }
    for path in &report.paths {
        paths::look(subject, value, path, found);
    }
    for (url, at) in &report.urls {
        urls::look(subject, value, url, at.clone(), found);
    }
    if report.rulings.is_empty() {
        found.at(READS, subject, value, "the command line only reads");
    }
}

fn leave(kind: Kind, subject: &Subject<'_>, value: &Value<'_>, at: &Range<usize>, says: &str, found: &mut Found) {
    if at.is_empty() || value.shape != Shape::Text {
        found.at(kind, subject, value, says);
    } else {
        found.within(kind, subject, value, at.clone(), says);
    }
}
