//! The policy file: TOML in, a [`Policy`] and every diagnostic with its line and column out.
//!
//! Invariant: one error anywhere and the whole file counts as unreadable. A key that is not known, a value of a wrong
//! type, a key given twice: all are errors, none is skipped. Never reads a file itself.

use std::io;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::arguments::ArgumentRule;
use super::pattern::Glob;
use super::{Levels, Policy, Rule, Timeouts, time};
use crate::decision::{Action, Keep, Level};
use crate::risk::hidden::is_hidden;

/// The longest policy file, in bytes.
pub const MAX_FILE: usize = 1024 * 1024;
/// The most rules.
pub const MAX_RULES: usize = 10_000;
/// The longest reason, in characters.
pub const MAX_REASON: usize = 500;

/// What `sayso policy init` writes. It says what the defaults are and changes nothing.
pub const TEMPLATE: &str = include_str!("template.toml");

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The policy holds, but perhaps does not do what was meant.
    Warning,
    /// The policy cannot be used.
    Error,
}

/// Something about a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What, and what to do. May quote the file.
    pub says: String,
}

/// What came of a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What is in force. With an error: [`Policy::invalid`].
    pub policy: Policy,
    /// In the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// The first error, if there is one.
    pub fn error(&self) -> Option<&Diagnostic> {
        self.diagnostics.iter().find(|d| d.severity == Severity::Error)
    }

    fn refused(label: &str, line: usize, column: usize, says: String) -> Self {
        let policy = Policy::invalid(format!("{label}:{line}:{column}: {says}"));
        Self { policy, diagnostics: vec![Diagnostic { severity: Severity::Error, line, column, says }] }
    }
}

/// Takes the outcome of reading the whole file: `Ok(None)` only where there is none, and then the defaults hold. A file
/// that is there but cannot be read never means that there is no policy.
pub fn from_file(read: io::Result<Option<Vec<u8>>>, label: &str) -> Parsed {
    match read {
        Ok(None) => Parsed { policy: Policy::default(), diagnostics: Vec::new() },
        Err(error) => Parsed::refused(label, 1, 1, format!("cannot be read: {error}")),
        Ok(Some(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => parse(&text, label),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let before = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
                let (line, column) = place(&before, before.len());
                Parsed::refused(label, line, column, "not UTF-8; save the file as UTF-8".to_owned())
            }
        },
    }
}

/// Parses a policy file. `label` is what rules and messages call it (`policy.toml`).
pub fn parse(text: &str, label: &str) -> Parsed {
    if text.len() > MAX_FILE {
        return Parsed::refused(label, 1, 1, format!("longer than {MAX_FILE} bytes"));
    }
    let mut reader = Reader { text, label, diagnostics: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let says = error.message().trim().replace('\n', ", ");
        reader.error(error.span().unwrap_or(0..0), says);
    }
    // What is left of a broken document would only bring errors that are not there.
    let policy = if errors.is_empty() { reader.document(document.get_ref()) } else { Policy::default() };
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by_key(|d| (d.line, d.column));
    let error = diagnostics.iter().find(|d| d.severity == Severity::Error);
    let policy = match error {
        Some(e) => Policy::invalid(format!("{label}:{}:{}: {}", e.line, e.column, e.says)),
        None => policy,
    };
    Parsed { policy, diagnostics }
}

/// Line and column, from 1, the column in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    (line, before[start..].chars().count() + 1)
}

struct Reader<'a> {
    text: &'a str,
    label: &'a str,
    diagnostics: Vec<Diagnostic>,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Reader<'_> {
    fn say(&mut self, severity: Severity, span: Range<usize>, says: String) {
        let (line, column) = place(self.text, span.start);
        self.diagnostics.push(Diagnostic { severity, line, column, says });
    }

    fn error(&mut self, span: Range<usize>, says: impl Into<String>) {
        self.say(Severity::Error, span, says.into());
    }

    fn warn(&mut self, span: Range<usize>, says: impl Into<String>) {
        self.say(Severity::Warning, span, says.into());
    }

    fn document(&mut self, table: &DeTable<'_>) -> Policy {
        let mut policy = Policy::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "levels" => self.levels(value, &mut policy.levels),
                "timeout" => self.timeouts(value, &mut policy.timeouts),
                "journal" => policy.journal = self.journal(value).unwrap_or_default(),
                "rule" => policy.rules = self.rules(value),
                other => self.unknown(key.span(), other, &["levels", "timeout", "journal", "rule"]),
            }
        }
        policy
    }

    fn unknown(&mut self, span: Range<usize>, key: &str, known: &[&str]) {
        let near = known.iter().map(|k| (distance(key, k), k)).filter(|(d, _)| *d <= 2).min();
        let hint = match near {
            Some((_, near)) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.join(", ")),
        };
        self.error(span, format!("unknown key `{}`; {hint}", key.escape_debug()));
    }

    fn table<'v>(&mut self, value: &'v Value<'_>, what: &str) -> Option<&'v DeTable<'v>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(value, what, "a table");
        }
        table
    }

    fn text<'v>(&mut self, value: &'v Value<'_>, what: &str) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value, what, "a text in quotes");
        }
        text
    }

    fn wrong(&mut self, value: &Value<'_>, what: &str, wanted: &str) {
        self.error(value.span(), format!("{what} must be {wanted}, not {}", value.get_ref().type_str()));
    }

    fn word<T: std::str::FromStr<Err = String>>(&mut self, value: &Value<'_>, what: &str) -> Option<T> {
        let text = self.text(value, what)?;
        text.parse().map_err(|e| self.error(value.span(), format!("{what}: {e}"))).ok()
    }

    fn length(&mut self, value: &Value<'_>, what: &str) -> Option<Duration> {
        let text = self.text(value, what)?;
        time::read(text).map_err(|e| self.error(value.span(), format!("{what}: {e}"))).ok()
    }

    fn levels(&mut self, value: &Value<'_>, levels: &mut Levels) {
        let Some(table) = self.table(value, "levels") else { return };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let slot = match name {
                "low" => &mut levels.low,
                "medium" => &mut levels.medium,
                "high" => &mut levels.high,
                other => {
                    self.unknown(key.span(), other, &["low", "medium", "high"]);
                    continue;
                }
            };
            let Some(action) = self.word(value, name) else { continue };
            *slot = action;
            if action == Action::Allow && name != "low" {
                self.warn(value.span(), format!("every call rated {name} passes without a question"));
            }
        }
    }

    fn timeouts(&mut self, value: &Value<'_>, timeouts: &mut Timeouts) {
        let Some(table) = self.table(value, "timeout") else { return };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if !["default", "low", "medium", "high"].contains(&name) {
                self.unknown(key.span(), name, &["default", "low", "medium", "high"]);
                continue;
            }
            let length = self.length(value, name);
            match name {
                "default" => timeouts.default = length.unwrap_or(timeouts.default),
                "low" => timeouts.low = length,
                "medium" => timeouts.medium = length,
                _ => timeouts.high = length,
            }
        }
    }

    fn journal(&mut self, value: &Value<'_>) -> Option<Keep> {
        let mut keep = None;
        for (key, value) in self.table(value, "journal")? {
            match key.get_ref().as_ref() {
                "arguments" => keep = self.word(value, "arguments"),
                other => self.unknown(key.span(), other, &["arguments"]),
            }
        }
        keep
    }

    fn rules(&mut self, value: &Value<'_>) -> Vec<Rule> {
        let Some(array) = value.get_ref().as_array() else {
            self.error(value.span(), "rules are written as [[rule]], with two brackets on each side");
            return Vec::new();
        };
        if array.iter().count() > MAX_RULES {
            self.error(value.span(), format!("more than {MAX_RULES} rules"));
            return Vec::new();
        }
        array.iter().filter_map(|rule| self.rule(rule)).collect()
    }

    fn rule(&mut self, value: &Value<'_>) -> Option<Rule> {
        const KEYS: [&str; 7] = ["server", "tool", "args", "action", "level", "timeout", "reason"];
        let table = self.table(value, "rule")?;
        let (line, _) = place(self.text, value.span().start);
        let any = Glob::name("*").ok()?;
        let mut rule = Rule {
            label: format!("{}:{line}", self.label),
            line,
            server: any.clone(),
            tool: any,
            args: Vec::new(),
            action: None,
            level: None,
            timeout: None,
            reason: None,
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "server" => rule.server = self.server(value).unwrap_or(rule.server),
                "tool" => rule.tool = self.tool(value).unwrap_or(rule.tool),
                "args" => rule.args = self.args(value).unwrap_or_default(),
                "action" => rule.action = self.word::<Action>(value, "action"),
                "level" => rule.level = self.word::<Level>(value, "level"),
                "timeout" => rule.timeout = self.length(value, "timeout"),
                "reason" => rule.reason = self.reason(value),
                other => self.unknown(key.span(), other, &KEYS),
            }
        }
        if !["action", "level", "timeout"].iter().any(|key| table.contains_key(*key)) {
            self.error(value.span(), "the rule does nothing; give it an action, a level or a timeout");
        }
        if rule.server.is_any() && rule.tool.is_any() && rule.args.is_empty() && rule.action == Some(Action::Allow) {
            self.warn(value.span(), "the rule allows every call of every server");
        }
        Some(rule)
    }

    fn glob(&mut self, value: &Value<'_>, text: &str, glob: Result<Glob, super::pattern::BadGlob>) -> Option<Glob> {
        let glob = glob.map_err(|e| self.error(value.span(), e.to_string())).ok()?;
        if !text.is_ascii() {
            self.warn(value.span(), "letters outside ASCII may look like others; the rule is for exactly these");
        }
        if text.contains(['[', ']', '{', '}']) {
            self.warn(value.span(), "brackets and braces stand for themselves; wildcards are `*`, `**` and `?`");
        }
        Some(glob)
    }

    fn server(&mut self, value: &Value<'_>) -> Option<Glob> {
        let text = self.text(value, "server")?;
        if let Err(says) = check_server(text) {
            self.error(value.span(), says);
            return None;
        }
        self.glob(value, text, Glob::name(text))
    }

    fn tool(&mut self, value: &Value<'_>) -> Option<Glob> {
        let text = self.text(value, "tool")?;
        if let Err(says) = check_tool(text) {
            self.error(value.span(), says);
            return None;
        }
        self.glob(value, text, Glob::name(text))
    }

    fn args(&mut self, value: &Value<'_>) -> Option<Vec<ArgumentRule>> {
        let table = self.table(value, "args")?;
        if table.is_empty() {
            self.warn(value.span(), "`args` is empty, so the rule is for calls with any arguments");
        }
        let mut args = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            let Some(text) = self.text(value, &format!("args.{}", name.escape_debug())) else { continue };
            if let Some(glob) = self.glob(value, text, Glob::value(text)) {
                args.push(ArgumentRule { name, glob });
            }
        }
        Some(args)
    }

    fn reason(&mut self, value: &Value<'_>) -> Option<String> {
        let text = self.text(value, "reason")?;
        if text.chars().count() > MAX_REASON {
            self.error(value.span(), format!("a reason has at most {MAX_REASON} characters"));
        }
        if let Some(c) = text.chars().find(|c| is_hidden(*c) || *c == '\n') {
            self.error(value.span(), format!("a reason is one line of visible text, without U+{:04X}", u32::from(c)));
        }
        Some(text.to_owned())
    }
}

/// Whether a text can be the `server` of a rule; otherwise why not.
pub fn check_server(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-*?".contains(c);
    match text.chars().find(|c| !fits(*c)) {
        Some(c) => {
            let c = c.escape_unicode();
            Err(format!(
                "no server's name holds the character {c}: names have a-z A-Z 0-9 . _ -, patterns also * and ?"
            ))
        }
        None if text.is_empty() => Err("server is empty; leave it out to mean every server".to_owned()),
        None if text.len() > 128 => Err("server is longer than 128 characters".to_owned()),
        None => Ok(()),
    }
}

/// Whether a text can be the `tool` of a rule; otherwise why not.
pub fn check_tool(text: &str) -> Result<(), String> {
    match text.chars().find(|c| is_hidden(*c) || c.is_control()) {
        Some(c) => Err(format!("tool holds the invisible character U+{:04X}", u32::from(c))),
        None if text.is_empty() => Err("tool is empty; leave it out to mean every tool".to_owned()),
        None if text.chars().count() > 256 => Err("tool is longer than 256 characters".to_owned()),
        None => Ok(()),
    }
}

/// How many letters have to be added, dropped, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(32).collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let same = usize::from(a[i - 1] != b[j - 1]);
                let plain = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + same);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped { plain.min(rows[i - 2][j - 2] + 1) } else { plain }
            };
        }
    }
    rows[a.len()][b.len()]
}
