//! The history as far as it was asked for: newest first, a page at a time.
//!
//! Invariant: rows are the hub's; an answer to an older question changes nothing. At most [`MOST`] rows are kept, so that
//! a million entries cost no more than a screenful. Never decides.

use std::sync::Arc;

use crate::call::CallId;
use crate::record::{Filter, Row};
use crate::wire::ToHub;

/// Rows asked for at once.
pub const PAGE: u32 = 100;

/// Rows kept.
pub const MOST: usize = 2_000;

/// How near the end of the rows the next page is asked for.
const NEAR: usize = 30;

/// What the hub was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Newest,
    Before(CallId),
}

impl From<Option<CallId>> for Question {
    fn from(before: Option<CallId>) -> Self {
        before.map_or(Self::Newest, Self::Before)
    }
}

/// The rows that are known.
#[derive(Debug, Default)]
pub struct History {
    rows: Vec<Arc<Row>>,
    selected: Option<CallId>,
    filter: Filter,
    /// The filter as it was typed.
    line: String,
    /// The question that is open.
    asked: Option<Question>,
    /// Where the rows after the last one begin.
    next: Option<CallId>,
    /// Newer rows were dropped, or calls were settled since.
    newer: bool,
}

impl History {
    /// Newest first.
    pub fn rows(&self) -> &[Arc<Row>] {
        &self.rows
    }

    /// The filter as it was typed.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Whether an answer is awaited.
    pub const fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether there are older rows.
    pub const fn has_older(&self) -> bool {
        self.next.is_some()
    }

    /// Whether there are newer rows than the first.
    pub const fn has_newer(&self) -> bool {
        self.newer
    }

    /// Where the selected row stands.
    pub fn position(&self) -> Option<usize> {
        let id = self.selected?;
        // Newest first: descending numbers.
        self.rows.binary_search_by(|row| id.cmp(&row.id)).ok()
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&Arc<Row>> {
        self.position().map(|at| &self.rows[at])
    }

    /// Moves the selection. Whether it moved.
    pub fn step(&mut self, by: isize) -> bool {
        let Some(last) = self.rows.len().checked_sub(1) else { return false };
        let to = self.position().map_or(0, |at| at.saturating_add_signed(by).min(last));
        let id = self.rows[to].id;
        let moved = self.selected != Some(id);
        self.selected = Some(id);
        moved
    }

    /// A call was settled: there is something newer.
    pub const fn settled(&mut self) {
        self.newer = true;
    }

    /// Asks for the newest rows.
    pub fn reload(&mut self) -> ToHub {
        self.asked = Some(Question::Newest);
        ToHub::History { before: None, filter: self.filter.clone(), limit: PAGE }
    }

    /// Asks for the next page if the selection is near the end of what is known.
    pub fn older(&mut self) -> Option<ToHub> {
        let near = self.position().is_none_or(|at| at + NEAR >= self.rows.len());
        let before = self.next.filter(|_| near && self.asked.is_none())?;
        self.asked = Some(Question::Before(before));
        Some(ToHub::History { before: Some(before), filter: self.filter.clone(), limit: PAGE })
    }

    /// The link is gone, and with it the answer.
    pub const fn lost(&mut self) {
        self.asked = None;
    }

    /// Sets the filter from the typed line, and asks; or says what is wrong with it.
    pub fn filter(&mut self, line: &str) -> Result<ToHub, String> {
        self.filter = parse(line)?;
        line.trim().clone_into(&mut self.line);
        self.rows.clear();
        self.selected = None;
        self.next = None;
        Ok(self.reload())
    }

    /// An answer. Whether it was the one that is awaited.
    pub fn take(&mut self, before: Option<CallId>, filter: &Filter, rows: Vec<Row>, next: Option<CallId>) -> bool {
        if self.asked != Some(before.into()) || *filter != self.filter {
            return false;
        }
        self.asked = None;
        self.next = next;
        if before.is_none() {
            self.rows.clear();
            self.newer = false;
        }
        for row in rows {
            if self.rows.last().is_none_or(|last| row.id < last.id) {
                self.rows.push(Arc::new(row));
            }
        }
        if self.rows.len() > MOST {
            self.rows.drain(..self.rows.len() - MOST);
            self.newer = true;
        }
        if self.position().is_none() {
            self.selected = self.rows.first().map(|row| row.id);
        }
        true
    }
}

/// Reads a filter line: `server:`, `tool:`, `risk:`, `decision:`, and any other words as text to look for.
pub fn parse(line: &str) -> Result<Filter, String> {
    let mut filter = Filter::default();
    let mut words = Vec::new();
    for word in line.split_whitespace() {
        match word.split_once(':') {
            Some(("server", value)) if !value.is_empty() => filter.server = Some(value.to_owned()),
            Some(("tool", value)) if !value.is_empty() => filter.tool = Some(value.to_owned()),
            Some(("risk", value)) => filter.risk = Some(value.parse()?),
            Some(("decision", value)) => filter.decision = Some(value.parse()?),
            _ => words.push(word),
        }
    }
    filter.search = (!words.is_empty()).then(|| words.join(" "));
    Ok(filter)
}
