//! What a command line comes to, whichever parser read it: simple commands, one after the other, and the files around
//! them. Which command runs under which condition is left out: any of them may run.

use std::ops::Range;

/// How much of a word is known before the shell runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// All of it.
    Literal,
    /// Not all, but what is missing is harmless: a home, a file's name from a pattern, a word of a loop's list.
    Tame,
    /// Only the running shell knows.
    Unknown,
}

/// One word, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text. What the shell would put in stands as it is written: `$HOME/x`.
    pub text: String,
    /// How much of it is known.
    pub sure: Sure,
    /// Whether its first character is not known, so that it may turn out to be an option, or to be several words.
    pub open: bool,
    /// Whether it may turn out to be several words: something unknown in it stands outside of quotes.
    pub splits: bool,
    /// Whether what is unknown in it is made by the line itself: written by a command, or put into a variable.
    pub made: bool,
    /// Where it stands: bytes of the command line.
    pub at: Range<usize>,
}

impl Word {
    /// A word as it stands.
    pub fn literal(text: impl Into<String>, at: Range<usize>) -> Self {
        Self { text: text.into(), sure: Sure::Literal, open: false, splits: false, made: false, at }
    }

    /// A word of which nothing is known.
    pub fn unknown(at: Range<usize>) -> Self {
        Self { text: String::new(), sure: Sure::Unknown, open: true, splits: true, made: false, at }
    }

    /// Whether all of it is known.
    pub fn is_literal(&self) -> bool {
        self.sure == Sure::Literal
    }

    /// Whether its text has a command in it that the shell does not run when it reads the word: `'$(rm x)'`.
    pub fn holds_command(&self) -> bool {
        self.text.contains('`') || self.text.match_indices("$(").any(|(at, _)| !self.text[at..].starts_with("$()"))
    }

    /// Takes in something that the shell would put in here. Within quotes it stays one word.
    pub(super) fn expand(&mut self, sure: Sure, written: &str, quoted: bool) {
        self.splits |= sure == Sure::Unknown && !quoted;
        self.open |= self.text.is_empty() || self.splits;
        self.sure = self.sure.max(sure);
        self.text.push_str(written);
    }
}

/// A simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The variables set for it, as `name=value`.
    pub sets: Vec<Word>,
    /// Its name and its arguments; empty where there are only variables.
    pub words: Vec<Word>,
    /// Whether it reads what another command writes.
    pub piped: bool,
}

impl Command {
    /// Where it stands.
    pub fn at(&self) -> Range<usize> {
        let all = || self.sets.iter().chain(&self.words);
        let start = all().map(|word| word.at.start).min().unwrap_or_default();
        start..all().map(|word| word.at.end).max().unwrap_or_default()
    }
}

/// A command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Every simple command, wherever it stands.
    pub commands: Vec<Command>,
    /// The files that output goes to.
    pub writes: Vec<Word>,
    /// The files that input comes from.
    pub reads: Vec<Word>,
    /// The functions that it defines.
    pub functions: Vec<String>,
    /// What there is that nobody but a running shell reads, and where.
    pub unsure: Vec<(Range<usize>, &'static str)>,
}

/// Variables whose value is the shell's own and harmless in an argument.
const TAME: &[&str] =
    &["HOME", "PWD", "OLDPWD", "USER", "LOGNAME", "SHELL", "HOSTNAME", "LANG", "TERM", "UID", "EUID", "PPID", "RANDOM"];

/// What is known of a variable's value.
pub(super) fn variable(name: &str, loops: &[String]) -> Sure {
    let known = TAME.contains(&name) || ["?", "#", "$", "!", "0"].contains(&name) || loops.iter().any(|l| l == name);
    if known { Sure::Tame } else { Sure::Unknown }
}

/// The redirections to these change nothing.
pub(super) fn is_sink(target: &Word) -> bool {
    const SINKS: &[&str] = &["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/stdin"];
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    target.is_literal()
        && (SINKS.contains(&target.text.as_str()) || target.text.strip_prefix("/dev/fd/").is_some_and(number))
}

/// Whether a variable may be set without changing what runs: those of a line's own, and those of language and looks.
pub fn is_harmless_name(name: &str) -> bool {
    const LOOKS: &[&str] = &[
        "LANG",
        "LANGUAGE",
        "TZ",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "TERM",
        "COLUMNS",
        "LINES",
        "CI",
        "DEBIAN_FRONTEND",
        "POSIXLY_CORRECT",
        "BLOCKSIZE",
        "GIT_TERMINAL_PROMPT",
        "GIT_OPTIONAL_LOCKS",
    ];
    let own = !name.is_empty()
        && name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit())
        && !name.ends_with("_proxy")
        && !name.starts_with("npm_config_")
        && !matches!(
            name,
            "path"
                | "fpath"
                | "cdpath"
                | "mailpath"
                | "manpath"
                | "module_path"
                | "prompt"
                | "precmd"
                | "preexec"
                | "argv0"
        );
    own || name.starts_with("LC_") || LOOKS.contains(&name)
}

/// Whether a redirection leads to a number.
pub(super) fn is_fd(text: &str) -> bool {
    let number = text.strip_suffix('-').unwrap_or(text);
    number.bytes().all(|b| b.is_ascii_digit())
}

/// Text outside of quotes: patterns and braces become other words.
pub(super) fn unquoted(text: &str, read: &mut Word) {
    for c in text.chars() {
        match c {
            '*' | '?' | '[' => read.expand(Sure::Tame, c.encode_utf8(&mut [0; 4]), false),
            '{' if text.contains('}') && (text.contains(',') || text.contains("..")) => {
                read.expand(Sure::Unknown, "{", false);
            }
            _ => read.text.push(c),
        }
    }
}
