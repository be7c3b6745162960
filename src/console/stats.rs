//! How people are asked and how they answer, as the hub added it up: laid out, and scrolled.
//!
//! Invariant: the report is the hub's; what it quotes of calls is laid out as untrusted text. Never decides.

use jiff::tz::TimeZone;

use crate::shown::{Letters, Shown};
use crate::stats::Report;
use crate::stats::words::{Line, WIDTHS, tell};
use crate::wire::ToHub;

use super::detail::rows::{Ink, MARGIN, Page, Row, said};
use super::detail::words::time;
use super::keymap::Action;

/// How many days back are asked for.
pub const DAYS: u32 = 30;

/// The report, if one came.
#[derive(Debug, Default)]
pub struct Stats {
    report: Option<Report>,
    waiting: bool,
    page: Page,
    height: usize,
    rows: Vec<Row>,
    top: usize,
}

impl Stats {
    /// Asks for the report.
    pub const fn ask(&mut self) -> ToHub {
        self.waiting = true;
        ToHub::Stats { days: Some(DAYS) }
    }

    /// The link is gone, and with it the answer.
    pub const fn lost(&mut self) {
        self.waiting = false;
    }

    /// Whether the report is awaited.
    pub const fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// It came.
    pub fn take(&mut self, report: Report, zone: &TimeZone) {
        self.waiting = false;
        self.report = Some(report);
        self.lay(zone);
    }

    /// Lays it out for a page of this many rows, when that has changed.
    pub fn resize(&mut self, page: Page, height: usize, zone: &TimeZone) {
        self.height = height;
        if self.page != page {
            self.page = page;
            self.lay(zone);
        }
        self.top = self.top.min(self.last());
    }

    fn lay(&mut self, zone: &TimeZone) {
        let Some(report) = self.report.as_ref().filter(|_| self.page.width > 0) else { return };
        let minutes = |at: i64| time(at, zone).get(..16).unwrap_or_default().to_owned();
        self.rows = tell(report, minutes).iter().flat_map(|line| rows(line, self.page)).collect();
        self.top = self.top.min(self.last());
    }

    fn last(&self) -> usize {
        self.rows.len().saturating_sub(self.height)
    }

    /// A key that scrolls.
    pub fn scroll(&mut self, action: Action) {
        let page = self.height.saturating_sub(1).max(1);
        self.top = match action {
            Action::LineDown => self.top + 1,
            Action::LineUp => self.top.saturating_sub(1),
            Action::PageDown => self.top + page,
            Action::PageUp => self.top.saturating_sub(page),
            Action::Start => 0,
            Action::End => self.last(),
            _ => self.top,
        }
        .min(self.last());
    }

    /// The rows that are on the screen; none before a report came.
    pub fn window(&self) -> &[Row] {
        &self.rows[self.top..self.rows.len().min(self.top + self.height)]
    }

    /// How many rows are above and below.
    pub fn beyond(&self) -> (usize, usize) {
        (self.top, self.rows.len().saturating_sub(self.top + self.height))
    }
}

fn rows(line: &Line, page: Page) -> Vec<Row> {
    match line {
        Line::Title(words) => vec![Row { spans: vec![(Ink::Key, Shown::own(words))], ..Row::default() }],
        Line::Said(words) => said("", 0, &[(Ink::Label, Letters::All, words.as_str())], page),
        Line::Quoted(words) => said("", 0, &[(Ink::Text, Letters::All, words.as_str())], page),
        Line::Rule(words) => said("", 4, &[(Ink::Plain, Letters::All, words.as_str())], page),
        Line::Row(name, cells) => vec![table_row(name, cells, page)],
        Line::Empty => vec![Row::default()],
    }
}

fn table_row(name: &str, cells: &[String], page: Page) -> Row {
    let numbers: usize = WIDTHS.iter().sum();
    let room = page.width.saturating_sub(MARGIN + numbers).max(8);
    let name = if page.ascii { Shown::name(name).ascii() } else { Shown::name(name) };
    let name = name.clip(room);
    let mut row = Row::default();
    let pad = |n: usize| {
        (0..n).fold(Shown::default(), |mut blanks, _| {
            blanks.push(&Shown::own(" "));
            blanks
        })
    };
    let gap = room.saturating_sub(name.width());
    row.spans.push((Ink::Text, name));
    row.spans.push((Ink::Label, pad(gap)));
    for (cell, width) in cells.iter().zip(WIDTHS) {
        let cell = Shown::line(cell);
        row.spans.push((Ink::Label, pad(width.saturating_sub(cell.width()))));
        row.spans.push((Ink::Plain, cell));
    }
    row
}
