//! Rows of a screen, and sentences laid out to them.
//!
//! Invariant: a row is never wider than its page (or one piece stands alone on it), and a row that goes on from the one
//! above says so.

use std::ops::Range;

use crate::decision::Level;
use crate::shown::{Letters, Shown};

/// The cells left of every row: room for the wrap mark.
pub const MARGIN: usize = 2;

/// What rows are laid out for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Cells of a whole row.
    pub width: usize,
    /// The terminal draws nothing beyond ASCII.
    pub ascii: bool,
}

impl Page {
    pub(super) fn letters(self, wanted: Letters) -> Letters {
        if self.ascii { Letters::Bare } else { wanted }
    }
}

/// What a piece of a row is, for the theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Words of ours.
    Label,
    /// A key.
    Key,
    /// A string or any other untrusted text.
    Text,
    /// A number, `true`, `false`, `null`.
    Plain,
    /// Brackets and quotes.
    Mark,
    /// What stands for a character that would not be seen as it is.
    Escape,
    /// What a finding is about.
    Finding,
    /// A level, in words.
    Risk(Level),
}

/// What stands in the margin of a row, beside the wrap mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// Nothing.
    #[default]
    None,
    /// It is what is chosen.
    Focus,
    /// A finding is about something on it.
    Finding,
}

/// One row of a screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Goes on from the row above: the wrap mark stands in the margin.
    pub continued: bool,
    /// What else stands in the margin.
    pub sign: Sign,
    /// What stands in the indent.
    pub label: &'static str,
    /// Cells left free after the margin, or taken by the label.
    pub indent: usize,
    /// A gutter stands before the content: a line of a text of several lines.
    pub gutter: bool,
    /// The content.
    pub spans: Vec<(Ink, Shown)>,
}

impl Row {
    /// A row of our own words.
    pub fn label(text: &str) -> Self {
        Self { spans: vec![(Ink::Label, Shown::line(text))], ..Self::default() }
    }

    /// The content without its inks.
    pub fn text(&self) -> String {
        self.spans.iter().map(|(_, shown)| shown.as_str()).collect()
    }

    pub(super) fn push(&mut self, ink: Ink, shown: Shown) {
        match self.spans.last_mut() {
            Some((last, text)) if *last == ink => text.push(&shown),
            _ => self.spans.push((ink, shown)),
        }
    }
}

/// Text in pieces, each with its ink and the letters that stay.
pub type Pieces<'a> = [(Ink, Letters, &'a str)];

/// Untrusted text wrapped to rows wherever a row is full; the first has a label, in a column of `column` cells.
pub fn wrapped(label: &'static str, column: usize, pieces: &Pieces<'_>, page: Page) -> Vec<Row> {
    wrap(label, column, pieces, &(0..0), page, false)
}

/// The same, with these bytes of the first piece marked as what a finding is about.
pub fn marked_in(
    label: &'static str,
    column: usize,
    pieces: &Pieces<'_>,
    marked: &Range<usize>,
    page: Page,
) -> Vec<Row> {
    wrap(label, column, pieces, marked, page, false)
}

/// The same for sentences: rows end at a blank where there is one.
pub fn said(label: &'static str, column: usize, pieces: &Pieces<'_>, page: Page) -> Vec<Row> {
    wrap(label, column, pieces, &(0..0), page, true)
}

fn wrap(
    label: &'static str,
    column: usize,
    pieces: &Pieces<'_>,
    marked: &Range<usize>,
    page: Page,
    words: bool,
) -> Vec<Row> {
    let room = page.width.saturating_sub(MARGIN + column).max(1);
    let mut rows = vec![Row { label, indent: column, ..Row::default() }];
    let mut left = room;
    // What has come since the last blank: it goes to the next row together.
    let mut word: Vec<(Ink, Shown, usize)> = Vec::new();
    let mut flush = |word: &mut Vec<(Ink, Shown, usize)>| {
        let wide: usize = word.iter().map(|(_, _, width)| width).sum();
        let mut fresh = left == room;
        if wide > left && wide <= room && !fresh {
            rows.push(Row { continued: true, indent: column, ..Row::default() });
            (left, fresh) = (room, true);
        }
        for (ink, piece, width) in word.drain(..) {
            if width > left && !fresh {
                rows.push(Row { continued: true, indent: column, ..Row::default() });
                left = room;
            }
            left = left.saturating_sub(width);
            fresh = false;
            if let Some(row) = rows.last_mut() {
                row.push(ink, piece);
            }
        }
    };
    for (at, (ink, letters, text)) in pieces.iter().enumerate() {
        let mut chars = text.chars();
        loop {
            let mut piece = Shown::default();
            let is_marked = at == 0 && marked.contains(&(text.len() - chars.as_str().len()));
            let ink = if is_marked { &Ink::Finding } else { ink };
            let Some(unit) = piece.take(&mut chars, page.letters(*letters)) else { break };
            let blank = piece.as_str().starts_with(' ');
            word.push((if unit.escaped { Ink::Escape } else { *ink }, piece, unit.width));
            if !words || blank {
                flush(&mut word);
            }
        }
    }
    flush(&mut word);
    for row in &mut rows {
        if row.spans.iter().any(|(ink, _)| *ink == Ink::Finding) {
            row.sign = Sign::Finding;
        }
    }
    rows
}
