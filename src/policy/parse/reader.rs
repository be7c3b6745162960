//! Values of a policy file, each with its place: what is of a wrong type or an unknown word is told, never skipped.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::names::distance;
use super::{Diagnostic, MAX_RULES, Most, Severity};
use crate::policy::cases::Case;
use crate::policy::shape::MAX_REGEXES;
use crate::policy::time;

/// Reads values, and keeps what is wrong with them.
pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub label: &'a str,
    pub diagnostics: Vec<Diagnostic>,
    /// Where each line begins.
    lines: Vec<usize>,
    /// The cases of `[[test]]`.
    pub cases: Vec<Case>,
    /// Regular expressions so far.
    pub regexes: usize,
    /// How much there may be.
    pub most: Most,
}

/// A value with its place.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, label: &'a str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self {
            text,
            label,
            lines,
            diagnostics: Vec::new(),
            cases: Vec::new(),
            regexes: 0,
            most: Most { rules: MAX_RULES, regexes: MAX_REGEXES },
        }
    }
}

impl Reader<'_> {
    /// Line and column, from 1, the column in characters.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let at = self.text.floor_char_boundary(at.min(self.text.len()));
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        (line, self.text[start..at].chars().count() + 1)
    }

    pub(super) fn say(&mut self, severity: Severity, span: Range<usize>, says: String) {
        let (line, column) = self.place(span.start);
        self.diagnostics.push(Diagnostic { severity, line, column, says });
    }

    pub(super) fn error(&mut self, span: Range<usize>, says: impl Into<String>) {
        self.say(Severity::Error, span, says.into());
    }

    pub(super) fn warn(&mut self, span: Range<usize>, says: impl Into<String>) {
        self.say(Severity::Warning, span, says.into());
    }

    pub(super) fn unknown(&mut self, span: Range<usize>, key: &str, known: &[&str]) {
        let near = known.iter().map(|k| (distance(key, k), k)).filter(|(d, _)| *d <= 2).min();
        let hint = match near {
            Some((_, near)) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.join(", ")),
        };
        self.error(span, format!("unknown key `{}`; {hint}", key.escape_debug()));
    }

    pub(super) fn table<'v>(&mut self, value: &'v Value<'_>, what: &str) -> Option<&'v DeTable<'v>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(value, what, "a table");
        }
        table
    }

    pub(super) fn text<'v>(&mut self, value: &'v Value<'_>, what: &str) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value, what, "a text in quotes");
        }
        text
    }

    pub(super) fn wrong(&mut self, value: &Value<'_>, what: &str, wanted: &str) {
        self.error(value.span(), format!("{what} must be {wanted}, not {}", value.get_ref().type_str()));
    }

    pub(super) fn word<T: std::str::FromStr<Err = String>>(&mut self, value: &Value<'_>, what: &str) -> Option<T> {
        let text = self.text(value, what)?;
        text.parse().map_err(|e| self.error(value.span(), format!("{what}: {e}"))).ok()
    }

    pub(super) fn length(&mut self, value: &Value<'_>, what: &str) -> Option<Duration> {
        let text = self.text(value, what)?;
        time::read(text).map_err(|e| self.error(value.span(), format!("{what}: {e}"))).ok()
    }

    pub(super) fn truth(&mut self, value: &Value<'_>, what: &str) -> Option<bool> {
        let truth = value.get_ref().as_bool();
        if truth.is_none() {
            self.wrong(value, what, "true or false, without quotes");
        }
        truth
    }

    /// The values of an array.
    pub(super) fn array<'v>(&mut self, value: &'v Value<'_>, what: &str, wanted: &str) -> Option<Vec<&'v Value<'v>>> {
        let array = value.get_ref().as_array();
        if array.is_none() {
            self.wrong(value, what, wanted);
        }
        let values: Vec<_> = array?.iter().collect();
        if values.is_empty() {
            self.error(value.span(), format!("{what} is empty, so nothing would ever fit; leave it out to mean all"));
            return None;
        }
        Some(values)
    }

    /// A number: TOML's whole ones and those with a point.
    pub(super) fn number(&mut self, value: &Value<'_>, what: &str) -> Option<f64> {
        let text = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => {
                self.wrong(value, what, "a number, without quotes");
                return None;
            }
        };
        let number = text.replace('_', "").parse().ok();
        if number.is_none() {
            self.wrong(value, what, "a plain decimal number");
        }
        number
    }
}
