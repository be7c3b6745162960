//! How a person is asked, and how they answer: prompts an hour, time to decide, what is always approved, what is
//! answered faster than it can be read. Rows of the history in, a [`Report`] out.
//!
//! Invariants: pure; every number is over calls that a person was asked about, and says over how many. What the journal
//! does not know (how long was looked before that was kept, arguments that are masked) is left out and counted. Memory
//! is bounded by the tools, not by the calls.

mod always;
#[cfg(test)]
mod tests;
pub mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::CallId;
use crate::decision::{By, DecisionKind};
use crate::record::Row;

pub use always::Always;

/// How fast a person reads, in characters a second: twice what is usual for prose (240 words a minute), so that who
/// skims is not told to have read nothing.
pub const READING: u64 = 50;

/// How many tools a report tells, those with the most prompts first.
const MOST_TOOLS: usize = 100;
/// How many calls that were answered too fast are named, the newest first.
const MOST_NAMED: usize = 10;
/// How many looks of one tool are kept to find the middle one.
const MOST_LOOKS: usize = 20_000;
/// A clock hour, in milliseconds.
const HOUR: i64 = 3_600_000;

/// What people were asked and how they answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// From when on, milliseconds since the Unix epoch; `None`: all there is.
    pub since: Option<i64>,
    /// When the oldest call that was looked at came in.
    pub first: Option<i64>,
    /// How many calls there were, asked about or not.
    pub calls: u64,
    /// Whether there were more, too many to look at.
    pub cut: bool,
    /// All prompts together.
    pub all: Counts,
    /// Clock hours with at least one prompt.
    pub hours: u64,
    /// The hour with the most: when it began, and how many.
    pub busiest: Option<(i64, u64)>,
    /// By tool, the most prompts first.
    pub tools: Vec<Tool>,
    /// How many more tools there were.
    pub more_tools: u64,
    /// Tools whose prompts were all approved.
    pub always: Vec<Always>,
    /// The newest calls that were approved faster than they can be read.
    pub fast: Vec<CallId>,
}

/// How prompts were answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// How often a person was asked.
    pub prompts: u64,
    /// Allowed by a person.
    pub allowed: u64,
    /// Denied by a person.
    pub denied: u64,
    /// Not answered in time.
    pub timed_out: u64,
    /// Taken back by the caller first.
    pub withdrawn: u64,
    /// Of the answers for which it is known, how long the call was looked at, in milliseconds.
    pub looks: Option<Looks>,
    /// Approved faster than it can be read.
    pub fast: u64,
}

/// How long was looked, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looks {
    /// Over how many answers.
    pub of: u64,
    /// Half of them took no longer.
    pub median: u64,
    /// Nine of ten took no longer.
    pub p90: u64,
}

/// One tool of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// The server's label.
    pub server: String,
    /// The tool. Untrusted.
    pub tool: String,
    /// How its prompts were answered.
    pub counts: Counts,
}

impl Counts {
    /// How many of the answers were approvals, in percent; `None` without an answer.
    pub const fn approved(&self) -> Option<u64> {
        match self.allowed + self.denied {
            0 => None,
            answers => Some(self.allowed * 100 / answers),
        }
    }
}

impl Report {
    /// Prompts in an hour in which there was one, in tenths.
    pub const fn tenths_an_hour(&self) -> u64 {
        match self.hours {
            0 => 0,
            hours => self.all.prompts * 10 / hours,
        }
    }
}

/// What is counted while rows come, newest first.
#[derive(Debug, Default)]
pub struct Collector {
    since: Option<i64>,
    report: Report,
    looks: Vec<u64>,
    hours: BTreeMap<i64, u64>,
    tools: BTreeMap<(String, String), OneTool>,
}

#[derive(Debug, Default)]
struct OneTool {
    counts: Counts,
    looks: Vec<u64>,
    always: always::Samples,
}

/// How a prompt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Allowed,
    Denied,
    TimedOut,
    Withdrawn,
}

impl Collector {
    /// Nothing yet; rows before `since` are not counted.
    pub fn new(since: Option<i64>) -> Self {
        Self { since, ..Self::default() }
    }

    /// How many calls were counted.
    pub const fn calls(&self) -> u64 {
        self.report.calls
    }

    /// Takes a row of the history.
    pub fn add(&mut self, row: &Row) {
        if self.since.is_some_and(|since| row.at < since) {
            return;
        }
        self.report.calls += 1;
        self.report.first = Some(self.report.first.map_or(row.at, |first| first.min(row.at)));
        let Some((end, decided)) = prompt(row) else { return };
        *self.hours.entry(row.at.div_euclid(HOUR)).or_default() += 1;
        let own = &row.submitted;
        let names = (own.server.as_str().to_owned(), own.tool.as_str().to_owned());
        let tool = self.tools.entry(names).or_default();
        let answered = matches!(end, End::Allowed | End::Denied);
        let look = decided.looked_ms.filter(|_| answered);
        // What was not counted then is told by its arguments; they may be masked, and then it was no less.
        let shown = decided.shown.unwrap_or_else(|| to_read(row));
        let fast = end == End::Allowed && look.is_some_and(|ms| ms < shown.saturating_mul(1_000) / READING);
        for (counts, looks) in [(&mut self.report.all, &mut self.looks), (&mut tool.counts, &mut tool.looks)] {
            counts.add(end, fast);
            looks.extend(look.filter(|_| looks.len() < MOST_LOOKS));
        }
        tool.always.add(row, end == End::Allowed, end == End::Withdrawn);
        if fast && self.report.fast.len() < MOST_NAMED {
            self.report.fast.push(row.id);
        }
    }

    /// All of it; `cut`: there would have been more.
    pub fn report(self, cut: bool) -> Report {
        let mut report = Report { since: self.since, cut, ..self.report };
        report.all.looks = looks(self.looks);
        report.hours = u64::try_from(self.hours.len()).unwrap_or(u64::MAX);
        let busiest = self.hours.into_iter().max_by_key(|(hour, prompts)| (*prompts, *hour));
        report.busiest = busiest.map(|(hour, prompts)| (hour * HOUR, prompts));
        let mut tools: Vec<_> = self.tools.into_iter().collect();
        tools.sort_by_key(|(_, one)| std::cmp::Reverse(one.counts.prompts));
        report.more_tools = u64::try_from(tools.len().saturating_sub(MOST_TOOLS)).unwrap_or(u64::MAX);
        for ((server, tool), one) in tools.into_iter().take(MOST_TOOLS) {
            report.always.extend(one.always.finish(&server, &tool));
            let counts = Counts { looks: looks(one.looks), ..one.counts };
            report.tools.push(Tool { server, tool, counts });
        }
        report
    }
}

impl Counts {
    fn add(&mut self, end: End, fast: bool) {
        self.prompts += 1;
        self.fast += u64::from(fast);
        *match end {
            End::Allowed => &mut self.allowed,
            End::Denied => &mut self.denied,
            End::TimedOut => &mut self.timed_out,
            End::Withdrawn => &mut self.withdrawn,
        } += 1;
    }
}

/// How a call that a person was asked about ended; `None`: nobody was asked, or it is open.
fn prompt(row: &Row) -> Option<(End, &crate::record::Decided)> {
    let decided = row.decided.as_ref()?;
    let end = match (decided.decision.by, decided.decision.kind) {
        (By::Human, DecisionKind::Allowed) => End::Allowed,
        (By::Human, _) => End::Denied,
        (By::Deadline, _) => End::TimedOut,
        (By::Client, _) => End::Withdrawn,
        (By::Rule | By::Grant | By::Level | By::Hub | By::Repeat, _) => return None,
    };
    Some((end, decided))
}

/// How much of a call is to be read, in characters, by what the journal has of it.
fn to_read(row: &Row) -> u64 {
    let own = &row.submitted;
    let findings: usize = own.findings.iter().map(|finding| finding.says.chars().count()).sum();
    u64::try_from(own.params.get().chars().count() + findings).unwrap_or(u64::MAX)
}

/// The middle one and the one that nine of ten do not exceed (nearest rank).
fn looks(mut all: Vec<u64>) -> Option<Looks> {
    all.sort_unstable();
    let rank = |percent: usize| all.get((all.len() * percent).div_ceil(100).max(1) - 1).copied();
    Some(Looks { of: u64::try_from(all.len()).ok()?, median: rank(50)?, p90: rank(90)? })
}
