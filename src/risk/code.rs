//! Code that a tool is to run: in another language than the shell's or a database's, nobody here reads it.

use super::names::Deed;
use super::subject::{Found, Shape, Subject};
use super::{Family, Kind};
use crate::decision::Level::High;
use crate::risk::words::List;

const RUNS: Kind = Kind::new("code.runs", High, "it runs code that the judge cannot read");
const UNSEEN: Kind = Kind::new("code.unseen", High, "it runs commands or code that are not in its arguments");

/// The family.
pub const FAMILY: Family = Family { name: "code", about: "programs in an argument", kinds: &[RUNS, UNSEEN], detect };

/// Keys that hold a program.
const KEYS: &List = &List::of(&[
    "code",
    "script",
    "source_code",
    "python",
    "python_code",
    "javascript",
    "js",
    "js_code",
    "program",
    "expression",
    "function",
    "snippet",
    "cell",
    "eval",
    "lambda",
    "macro",
    "powershell",
    "applescript",
    "playbook",
    "notebook_code",
]);
/// Words of a name that say that commands or code are run.
const RUNNERS: &List = &List::of(&[
    "command",
    "commands",
    "code",
    "shell",
    "bash",
    "sh",
    "zsh",
    "powershell",
    "terminal",
    "script",
    "python",
    "javascript",
    "js",
    "cmd",
    "repl",
    "eval",
    "evaluate",
    "exec",
    "ssh",
]);

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let starts = subject.name.deed == Deed::Execute || subject.name.deed == Deed::Unknown;
    let runner = starts && subject.name.words.has_one_of(RUNNERS);
    for value in subject.texts() {
        let looks = || value.text.contains(['(', ';', '=', '\n', '{']);
        let named = subject.key(value).is_one_of(KEYS) && !value.text.is_empty();
        if named && (runner || (starts && looks())) {
            found.at(RUNS, subject, value, format!("{} is a program that it runs", subject.pointer(value)));
        }
    }
    if runner && !["shell", "git", "sql", "code"].iter().any(|family| found.has(family)) {
        let arguments = subject.values().any(|value| value.shape == Shape::Text && !value.text.is_empty());
        let says = if arguments {
            "it runs something, and no argument is readable as a command"
        } else {
            "it runs something that the call does not show"
        };
        found.add(UNSEEN, says);
    }
}
