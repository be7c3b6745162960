//! The place where detectors leave what they found.

use std::ops::Range;

use super::derived::Derived;
use super::subject::{Subject, Value};
use super::{Finding, Kind};
use crate::decision::Level;

/// The most findings of one kind that are told.
const MOST_OF_A_KIND: usize = 5;

/// What the detectors found so far.
#[derive(Default)]
pub struct Found {
    findings: Vec<Finding>,
}

impl Found {
    /// Leaves a finding about the call as a whole.
    pub fn add(&mut self, kind: Kind, says: impl Into<String>) {
        self.push(kind, None, None, says.into());
    }

    /// Leaves a finding about one value.
    pub fn at(&mut self, kind: Kind, subject: &Subject<'_>, value: &Value<'_>, says: impl Into<String>) {
        if self.is_full(kind) {
            return;
        }
        let span = value.derived.and_then(Derived::span);
        self.push(kind, Some(subject.pointer(value)), span, told(value, says.into()));
    }

    /// Leaves a finding about a part of a text: bytes of `value.text`. A range that is not one of the text's own is
    /// widened to the whole text; of a text that was read out of another one, it is where that one holds it.
    pub fn within(
        &mut self,
        kind: Kind,
        subject: &Subject<'_>,
        value: &Value<'_>,
        part: Range<usize>,
        says: impl Into<String>,
    ) {
        if self.is_full(kind) {
            return;
        }
        let span = match value.derived {
            Some(derived) => derived.span(),
            None => value.text.get(part.clone()).map(|_| (part.start, part.end)),
        };
        self.push(kind, Some(subject.pointer(value)), span, told(value, says.into()));
    }

    fn push(&mut self, kind: Kind, at: Option<String>, span: Option<(usize, usize)>, says: String) {
        self.take(Finding { id: kind.id.to_owned(), level: kind.level, says, at, span });
    }

    /// Takes a finding made before, unless it is told already.
    pub(super) fn take(&mut self, finding: Finding) {
        let same = self.findings.iter().filter(|f| f.id == finding.id);
        if same.clone().any(|f| f.at == finding.at && f.span == finding.span) || same.count() >= MOST_OF_A_KIND {
            return;
        }
        self.findings.push(finding);
    }

    /// Whether as many findings of this kind were left as are told: no more need be made up.
    pub fn is_full(&self, kind: Kind) -> bool {
        self.findings.iter().filter(|f| f.id == kind.id).count() >= MOST_OF_A_KIND
    }

    /// Whether a family has found anything.
    pub fn has(&self, family: &str) -> bool {
        self.findings.iter().any(|f| f.id.strip_prefix(family).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Whether a finding of this kind was left.
    pub fn has_kind(&self, id: &str) -> bool {
        self.findings.iter().any(|f| f.id == id)
    }

    /// Whether any finding has an id like this.
    pub fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        self.findings.iter().any(|f| is(&f.id))
    }

    /// The highest level so far.
    pub fn highest(&self) -> Level {
        self.findings.iter().map(|f| f.level).max().unwrap_or(Level::Low)
    }

    /// All of it, the gravest first.
    pub fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|f| std::cmp::Reverse(f.level));
        self.findings
    }
}

/// The sentence, with how the text that it is about was come by.
fn told(value: &Value<'_>, says: String) -> String {
    match value.derived {
        Some(derived) => format!("{says} ({})", derived.how()),
        None => says,
    }
}

/// The start of a text, for a sentence: at most 60 characters, and visibly cut.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("\u{201c}{short}\u{201d}")
}
