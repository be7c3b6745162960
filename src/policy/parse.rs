//! The policy file: TOML in, a [`Policy`] and every diagnostic with its line and column out.
//!
//! Invariant: one error anywhere and the whole file counts as unreadable. A key that is not known, a value of a wrong
//! type, a key given twice: all are errors, none is skipped. Never reads a file itself.

use std::io;

use toml::de::DeTable;

use super::Policy;
use super::cases::Case;
use super::lints::lint;
use super::shape::MAX_REGEXES;
use reader::Reader;

mod cases;
mod names;
mod profiles;
mod reader;
mod rules;
mod settings;
mod shapes;

pub use names::{check_server, check_tool};

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
    /// The cases of `[[test]]`.
    pub cases: Vec<Case>,
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
        Self {
            policy,
            cases: Vec::new(),
            diagnostics: vec![Diagnostic { severity: Severity::Error, line, column, says }],
        }
    }
}

/// Takes the outcome of reading the whole file: `Ok(None)` only where there is none, and then the defaults hold. A file
/// that is there but cannot be read never means that there is no policy.
pub fn from_file(read: io::Result<Option<Vec<u8>>>, label: &str) -> Parsed {
    match read {
        Ok(None) => Parsed { policy: Policy::default(), cases: Vec::new(), diagnostics: Vec::new() },
        Err(error) => Parsed::refused(label, 1, 1, format!("cannot be read: {error}")),
        Ok(Some(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => parse(&text, label),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let before = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
                let (line, column) = Reader::new(&before, label).place(before.len());
                Parsed::refused(label, line, column, "not UTF-8; save the file as UTF-8".to_owned())
            }
        },
    }
}

/// Parses a policy file. `label` is what rules and messages call it (`policy.toml`).
pub fn parse(text: &str, label: &str) -> Parsed {
    parse_with(text, label, Most { rules: MAX_RULES, regexes: MAX_REGEXES })
}

/// How much there may be in a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    pub rules: usize,
    pub regexes: usize,
}

/// The same, with other bounds.
pub(super) fn parse_with(text: &str, label: &str, most: Most) -> Parsed {
    if text.len() > MAX_FILE {
        return Parsed::refused(label, 1, 1, format!("longer than {MAX_FILE} bytes"));
    }
    let mut reader = Reader::new(text, label);
    reader.most = most;
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let says = error.message().trim().replace('\n', ", ");
        reader.error(error.span().unwrap_or(0..0), says);
    }
    // What is left of a broken document would only bring errors that are not there.
    let policy = if errors.is_empty() { reader.document(document.get_ref()) } else { Policy::default() };
    for (line, says) in lint(&policy) {
        reader.diagnostics.push(Diagnostic { severity: Severity::Warning, line, column: 1, says });
    }
    let (cases, mut diagnostics) = (reader.cases, reader.diagnostics);
    diagnostics.sort_by_key(|d| (d.line, d.column));
    let error = diagnostics.iter().find(|d| d.severity == Severity::Error);
    let policy = match error {
        Some(e) => Policy::invalid(format!("{label}:{}:{}: {}", e.line, e.column, e.says)),
        None => policy,
    };
    Parsed { policy, cases, diagnostics }
}

impl Reader<'_> {
    fn document(&mut self, table: &DeTable<'_>) -> Policy {
        let mut policy = Policy::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "levels" => self.levels(value, &mut policy.levels),
                "timeout" => self.timeouts(value, &mut policy.timeouts),
                "remember" => self.remember(value, &mut policy.remember),
                "journal" => policy.journal = self.journal(value).unwrap_or_default(),
                "server" => policy.servers = self.servers(value),
                "host" => policy.hosts = self.hosts(value),
                "rule" => policy.rules = self.rules(value).into(),
                "test" => self.cases = self.cases(value),
                other => {
                    let known = ["levels", "timeout", "remember", "journal", "server", "host", "rule", "test"];
                    self.unknown(key.span(), other, &known);
                }
            }
        }
        policy
    }
}
