//! The policy that waits for a person: what would change, the looser first, then the texts line against line; and how
//! far it was looked at.
//!
//! Invariants: a word on it names the change that was laid out here; keys act once it has been on the screen for
//! [`GUARD_MS`] without a key being pressed; "all of it was seen" is only said when its last row was drawn. Never decides.

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::detail::rows::{Ink, Page, Row, said, wrapped};
use super::queue::GUARD_MS;
use crate::call::Digest;
use crate::policy::{Side, Way};
use crate::shown::Letters;
use crate::wire::Proposal;

/// The column of what a change does, in cells.
const COLUMN: usize = 8;
/// So many lines around a change are shown with it.
const AROUND: usize = 3;
/// With more lines than this between the first and the last that differ, one text is shown after the other: to find out
/// more takes too long.
const MOST_COMPARED: usize = 4_000;

/// A policy that waits, and how far it was looked at.
#[derive(Debug)]
pub struct Weighing {
    proposal: Proposal,
    page: Page,
    height: usize,
    rows: Vec<Row>,
    top: usize,
    /// Since when it has been on the screen without a key.
    since: Option<u64>,
    end_seen: bool,
    /// A word on it is on its way to the hub.
    pub answered: bool,
}

impl Weighing {
    /// Not looked at yet.
    pub fn new(proposal: Proposal) -> Self {
        Self {
            proposal,
            page: Page::default(),
            height: 0,
            rows: Vec::new(),
            top: 0,
            since: None,
            end_seen: false,
            answered: false,
        }
    }

    /// What a person must know of it, on one short line.
    pub const fn notice(&self) -> &'static str {
        match (self.proposal.lost, &self.proposal.refused_by) {
            (true, _) => "POLICY NOT KNOWN (press P): everything is asked for until you accept it",
            (false, None) => "POLICY GOT LOOSER (press P): not in force until you accept the change",
            (false, Some(_)) => "POLICY REFUSED (press P): what is looser in the file does not hold",
        }
    }

    /// What waits.
    pub const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// Names the change.
    pub const fn digest(&self) -> Digest {
        self.proposal.digest
    }

    /// Lays it out for a page of this many rows.
    pub fn resize(&mut self, page: Page, height: usize) {
        if page != self.page {
            self.page = page;
            self.rows = lay_out(&self.proposal, page);
            (self.top, self.end_seen, self.since) = (0, false, None);
        }
        self.height = height;
        self.scroll(0);
    }

    /// The rows on the screen.
    pub fn window(&self) -> &[Row] {
        let end = self.rows.len().min(self.top + self.height);
        self.rows.get(self.top..end).unwrap_or_default()
    }

    /// How many rows are above and below the screen.
    pub fn beyond(&self) -> (usize, usize) {
        (self.top, self.rows.len().saturating_sub(self.top + self.height))
    }

    /// Scrolls by so many rows.
    pub fn scroll(&mut self, by: isize) {
        let most = self.rows.len().saturating_sub(self.height);
        self.top = self.top.saturating_add_signed(by).min(most);
    }

    /// Scrolls by so many screens, of which one row stays.
    pub fn page(&mut self, by: isize) {
        let rows = isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(isize::MAX);
        self.scroll(by.saturating_mul(rows));
    }

    /// It was drawn as it is laid out. `true` when that is new: what was typed before was not meant for it.
    pub fn drawn(&mut self, now: u64) -> bool {
        self.end_seen |= self.height > 0 && self.beyond().1 == 0;
        let new = self.since.is_none();
        self.since.get_or_insert(now);
        new
    }

    /// It was not on the screen for a while: it has to be looked at anew.
    pub const fn unseen(&mut self) {
        self.since = None;
    }

    /// A key was pressed while none acts.
    pub fn disturb(&mut self, now: u64) {
        if let Some(since) = self.since.as_mut().filter(|since| now < since.saturating_add(GUARD_MS)) {
            *since = now;
        }
    }

    /// When keys act on it, if nothing happens.
    pub fn ready_at(&self) -> Option<u64> {
        self.since.map(|since| since.saturating_add(GUARD_MS))
    }

    /// Whether keys act on it.
    pub fn is_ready(&self, now: u64) -> bool {
        !self.answered && self.ready_at().is_some_and(|at| now >= at)
    }

    /// Whether its last row was on the screen.
    pub const fn end_seen(&self) -> bool {
        self.end_seen
    }
}

fn lay_out(proposal: &Proposal, page: Page) -> Vec<Row> {
    let own = |text: &str| said("", 0, &[(Ink::Label, Letters::All, text)], page);
    let mut rows = own(match (&proposal.refused_by, proposal.lost) {
        (_, true) => "It is not known which policy was accepted last, so everything is asked for until you accept one.",
        (Some(_), _) => "This was refused. What is looser in it does not hold; what is tighter does.",
        (None, _) => {
            "The policy file was changed. What got tighter holds already; what got looser, once you accept it."
        }
    });
    rows.push(Row::default());
    for change in &proposal.changes {
        let (word, ink) = match change.way {
            Way::Looser => ("LOOSER", Ink::Risk(crate::decision::Level::High)),
            Way::Tighter => ("tighter", Ink::Label),
            Way::Neutral => ("alike", Ink::Label),
        };
        let place = match (change.line, change.side) {
            (None, _) => String::new(),
            (Some(line), Side::New) => format!(" (line {line})"),
            (Some(line), Side::Old) => format!(" (line {line} before)"),
        };
        let mark = if change.way == Way::Looser { ink } else { Ink::Text };
        let pieces = [(mark, Letters::All, change.says.as_str()), (Ink::Label, Letters::All, place.as_str())];
        rows.extend(said(word, COLUMN, &pieces, page));
    }
    rows.push(Row::default());
    rows.extend(own(match (&proposal.old, &proposal.new) {
        (Some(_), Some(_)) => "The text, what goes with -, what comes with +:",
        (None, Some(_)) if proposal.lost => "The text of the file:",
        (None, Some(_)) => "The text; there was none before, and the defaults held:",
        (_, None) => "The file is gone, and the defaults would hold. What it said:",
    }));
    let lines = |text: &Option<String>| -> Vec<String> {
        text.iter().flat_map(|text| text.trim_end_matches('\n').split('\n')).map(str::to_owned).collect()
    };
    compare(&lines(&proposal.old), &lines(&proposal.new), page, &mut rows);
    rows
}

fn compare(old: &[String], new: &[String], page: Page, rows: &mut Vec<Row>) {
    let mut line = |sign: &'static str, ink: Ink, text: &str| {
        rows.extend(wrapped(sign, 2, &[(ink, Letters::All, text)], page));
    };
    let alike = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let after = old[alike..].iter().rev().zip(new[alike..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (gone, come) = (old.len() - alike - after, new.len() - alike - after);
    let ops = if gone + come > MOST_COMPARED {
        let mut ops = vec![DiffOp::Replace { old_index: alike, old_len: gone, new_index: alike, new_len: come }];
        if alike > 0 {
            ops.insert(0, DiffOp::Equal { old_index: 0, new_index: 0, len: alike });
        }
        if after > 0 {
            ops.push(DiffOp::Equal { old_index: alike + gone, new_index: alike + come, len: after });
        }
        ops
    } else {
        capture_diff_slices(Algorithm::Myers, old, new)
    };
    for (at, group) in group_diff_ops(ops, AROUND).iter().enumerate() {
        let from = group.first().map_or(0, |op| op.new_range().start);
        if at > 0 || from > 0 {
            line("", Ink::Label, &format!("... line {}:", from + 1));
        }
        for op in group {
            if matches!(op, DiffOp::Equal { .. }) {
                new[op.new_range()].iter().for_each(|text| line("", Ink::Text, text));
                continue;
            }
            old[op.old_range()].iter().for_each(|text| line("-", Ink::Plain, text));
            new[op.new_range()].iter().for_each(|text| line("+", Ink::Key, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Page = Page { width: 60, ascii: false };

    fn rows(old: &str, new: &str) -> Vec<String> {
        let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
        let mut rows = Vec::new();
        compare(&lines(old), &lines(new), PAGE, &mut rows);
        rows.iter().map(|row| format!("{}|{}", row.label, row.text())).collect()
    }

    #[test]
    fn only_what_differs_is_shown_with_a_few_lines_around_it() {
        let old = (1..=30).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
        let new = old.replace("line 15\n", "line 15, another\nand one more\n");
        let want = [
            "|... line 12:",
            "|line 12",
            "|line 13",
            "|line 14",
            "-|line 15",
            "+|line 15, another",
            "+|and one more",
            "|line 16",
            "|line 17",
            "|line 18",
        ];
        assert_eq!(rows(&old, &new), want);
        assert_eq!(rows("", "a\n"), ["+|a"]);
        assert_eq!(rows("a\n", ""), ["-|a"]);
        assert_eq!(rows("a\n", "a\n"), [""; 0]);
    }

    #[test]
    fn a_text_in_which_everything_differs_takes_no_time_and_is_shown_whole() {
        let text = |word: &str| (0..MOST_COMPARED).map(|n| format!("{word} {n}\n")).collect::<Vec<_>>().concat();
        let (old, new) = (format!("same\n{}end\n", text("a")), format!("same\n{}end\n", text("b")));
        let shown = rows(&old, &new);
        assert_eq!((shown.len(), shown[0].as_str()), (2 * MOST_COMPARED + 2, "|same"));
        assert_eq!(shown.last().map(String::as_str), Some("|end"));
        assert!(shown.contains(&"-|a 3999".to_owned()) && shown.contains(&"+|b 0".to_owned()));
    }

    #[test]
    fn b14_b16_what_the_file_holds_is_drawn_and_never_obeyed() {
        let shown = rows("", "tool = \"\u{1b}[2J\u{202e}\" # \r hidden\n").join("");
        assert!(shown.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{shown}");
    }
}
