//! One call whole: where it goes, what is asked and why, and every byte that will be sent.
//!
//! Invariants: the arguments are printed from exactly the params text of the call that is shown, and the digest that
//! answers it is taken over that same text. Rows are laid out lazily; "the end of what is sent was on the screen" is only
//! said when its last row was drawn. Never decides.

mod letters;
pub mod marks;
pub mod print;
pub mod rows;
pub mod words;

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::call::{CallId, Digest};
use crate::json;
use crate::record;
use crate::risk::Finding;
use crate::wire::Pending;

use marks::Marks;
use print::Cursor;
use rows::{Page, Row};
use words::{held, past};

/// Every so many rows a place to go on from is kept.
const MARK_EVERY: usize = 64;

/// How many rows beyond the screen are laid out at once.
const AHEAD: usize = 4_000;

/// What is shown.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A call that waits.
    Held(Arc<Pending>),
    /// A call of the history.
    Past(Arc<record::Row>),
}

impl Subject {
    /// The call.
    pub fn id(&self) -> CallId {
        match self {
            Self::Held(call) => call.id,
            Self::Past(row) => row.id,
        }
    }

    /// The params as they were judged, with what was found; none when they were not kept as they were.
    fn judged(&self) -> Option<(&str, &[Finding])> {
        match self {
            Self::Held(call) => Some((call.params.text(), &call.findings)),
            Self::Past(row) => {
                let own = &row.submitted;
                let as_sent = Digest::of(own.params.get().as_bytes()) == own.params_digest;
                as_sent.then_some((own.params.get(), &own.findings[..]))
            }
        }
    }

    fn text(&self, source: Source) -> &str {
        match (self, source) {
            (Self::Held(call), Source::Params) => call.params.text(),
            (Self::Held(call), Source::Definition) => call.definition.as_ref().map_or("", |d| d.get()),
            (Self::Past(row), Source::Params) => row.submitted.params.get(),
            (Self::Past(_), Source::Definition) => "",
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Params,
    Definition,
}

/// A part of the sheet.
#[derive(Debug)]
enum Part {
    Words(Vec<Row>),
    Json(Json),
}

/// JSON laid out as far as it was looked at.
#[derive(Debug)]
struct Json {
    source: Source,
    /// The place before every [`MARK_EVERY`]th row.
    marks: Vec<Cursor>,
    /// The place after the last row that was counted; `None` at the end.
    next: Option<Cursor>,
    rows: usize,
}

impl Json {
    fn new(source: Source, start: Cursor) -> Self {
        Self { source, marks: vec![start.clone()], next: Some(start), rows: 0 }
    }

    /// Counts at most this many rows more, and says how many there were.
    fn count(&mut self, text: &str, page: Page, marks: &Marks, most: usize) -> usize {
        let before = self.rows;
        while let Some(cursor) = self.next.as_mut().filter(|_| self.rows - before < most) {
            if self.rows > 0 && self.rows.is_multiple_of(MARK_EVERY) {
                self.marks.push(cursor.clone());
            }
            match cursor.row(text, page, marks) {
                Some(_) => self.rows += 1,
                None => self.next = None,
            }
        }
        self.rows - before
    }

    fn window(&self, text: &str, page: Page, marks: &Marks, from: usize, rows: usize, out: &mut Vec<Row>) {
        let Some(mark) = self.marks.get(from / MARK_EVERY) else { return };
        let mut cursor = mark.clone();
        for _ in 0..from % MARK_EVERY {
            cursor.row(text, page, marks);
        }
        out.extend(std::iter::from_fn(|| cursor.row(text, page, marks)).take(rows.min(self.rows - from)));
    }
}

/// A call laid out for a width, and how far it is scrolled.
#[derive(Debug)]
pub struct Detail {
    subject: Subject,
    /// What of the params the findings are about.
    marks: Marks,
    /// Of what the server says nothing is marked.
    unmarked: Marks,
    zone: TimeZone,
    page: Page,
    height: usize,
    parts: Vec<Part>,
    /// How many parts stand before the end of what is sent.
    sent_parts: usize,
    scroll: usize,
    /// Stay at this end while more is laid out.
    at_end: Option<End>,
    /// How many parts stand before the arguments.
    sent_from: usize,
    begin_seen: bool,
    seen: bool,
    /// What is on the screen, and what it was made for: the first row and how many.
    window: Vec<Row>,
    window_of: Option<(usize, usize)>,
}

/// Which end is scrolled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Of what is sent.
    Sent,
    /// Of all that is told.
    All,
}

/// How much stands above and below what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// Rows above.
    pub above: usize,
    /// Rows below.
    pub below: usize,
    /// Whether even more is below, not counted yet.
    pub counting: bool,
    /// Whether some of what is below will be sent.
    pub sent_below: bool,
}

impl Detail {
    /// Nothing is laid out before [`Self::resize`].
    pub fn new(subject: Subject, zone: TimeZone) -> Self {
        let marks = subject.judged().map_or_else(Marks::default, |(params, findings)| Marks::of(params, findings));
        Self {
            subject,
            marks,
            unmarked: Marks::default(),
            zone,
            page: Page::default(),
            height: 0,
            parts: Vec::new(),
            sent_parts: 0,
            scroll: 0,
            at_end: None,
            sent_from: 0,
            begin_seen: false,
            seen: false,
            window: Vec::new(),
            window_of: None,
        }
    }

    /// What is shown.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Lays out for a page of this many rows, when it has changed.
    pub fn resize(&mut self, page: Page, height: usize) {
        if self.page != page {
            self.page = page;
            self.lay();
        }
        self.height = height;
        self.fill();
    }

    fn lay(&mut self) {
        self.parts.clear();
        self.window_of = None;
        let mut words = match &self.subject {
            Subject::Held(call) => held(call, self.page),
            Subject::Past(row) => past(row, &self.zone, self.page),
        };
        let text = self.subject.text(Source::Params);
        let (arguments, others) = sent(text);
        match arguments {
            Some(at) if !text[at..].starts_with("{}") => {
                words.push(Row::default());
                words.push(Row::label("arguments"));
                self.parts.push(Part::Words(words));
                self.parts.push(Part::Json(Json::new(Source::Params, Cursor::value(text, at))));
            }
            _ => {
                words.push(Row::default());
                words.push(Row::label("no arguments"));
                self.parts.push(Part::Words(words));
            }
        }
        self.sent_from = 1;
        for (i, at) in others.into_iter().enumerate() {
            if i == 0 {
                self.parts.push(Part::Words(vec![Row::default(), Row::label("also sent, beside name and arguments")]));
            }
            self.parts.push(Part::Json(Json::new(Source::Params, Cursor::member(at))));
        }
        self.sent_parts = self.parts.len();
        if matches!(self.subject, Subject::Held(_)) {
            let definition = self.subject.text(Source::Definition);
            let says = if definition.is_empty() {
                "its server has not listed this tool"
            } else {
                "what the server says of this tool (nobody has checked it)"
            };
            let start = (!definition.is_empty()).then(|| Cursor::value(definition, 0));
            self.parts.push(Part::Words(vec![Row::default(), Row::label(says)]));
            self.parts.extend(start.map(|start| Part::Json(Json::new(Source::Definition, start))));
        }
    }

    /// Lays out what is on the screen and some rows more.
    fn fill(&mut self) {
        let wanted = if self.at_end.is_some() { 0 } else { self.scroll.saturating_add(self.height + AHEAD) };
        self.fill_to(wanted);
    }

    /// Lays out so many rows, if there are as many.
    fn fill_to(&mut self, rows: usize) {
        if self.page.width == 0 {
            return;
        }
        let mut most = rows.saturating_sub(self.rows());
        for part in &mut self.parts {
            let Part::Json(part) = part else { continue };
            if most == 0 {
                break;
            }
            let marks = if matches!(part.source, Source::Params) { &self.marks } else { &self.unmarked };
            most -= part.count(self.subject.text(part.source), self.page, marks, most);
        }
        let last = self.rows().saturating_sub(self.height);
        self.scroll = match self.at_end {
            Some(End::All) => last,
            Some(End::Sent) => self.count(self.sent_parts).0.saturating_sub(self.height).min(last),
            None => self.scroll.min(last),
        };
        let wanted = (self.scroll, self.height.min(self.rows() - self.scroll));
        if self.window_of != Some(wanted) {
            self.window = self.rows_on_screen();
            self.window_of = Some(wanted);
        }
    }

    /// Whether everything is laid out.
    pub fn is_whole(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Words(_) | Part::Json(Json { next: None, .. })))
    }

    /// Lays out some more of a long text. Whether there was more.
    pub fn go_on(&mut self) -> bool {
        let more = self.page.width > 0 && !self.is_whole();
        if more {
            self.fill_to(self.rows() + AHEAD);
        }
        more
    }

    /// The rows laid out so far, up to the first part that is not whole.
    fn rows(&self) -> usize {
        self.count(self.parts.len()).0
    }

    /// The rows of the first parts, and whether these are whole.
    fn count(&self, parts: usize) -> (usize, bool) {
        let mut rows = 0;
        for part in &self.parts[..parts] {
            match part {
                Part::Words(words) => rows += words.len(),
                Part::Json(json) => {
                    rows += json.rows;
                    if json.next.is_some() {
                        return (rows, false);
                    }
                }
            }
        }
        (rows, true)
    }

    /// The rows that are on the screen.
    pub fn window(&self) -> &[Row] {
        &self.window
    }

    fn rows_on_screen(&self) -> Vec<Row> {
        let mut out = Vec::with_capacity(self.height);
        let mut from = self.scroll;
        for part in &self.parts {
            let room = self.height - out.len();
            if room == 0 {
                break;
            }
            let rows = match part {
                Part::Words(words) => words.len(),
                Part::Json(json) => json.rows,
            };
            if from >= rows {
                from -= rows;
            } else {
                match part {
                    Part::Words(words) => out.extend(words[from..].iter().take(room).cloned()),
                    Part::Json(json) => {
                        let marks = if matches!(json.source, Source::Params) { &self.marks } else { &self.unmarked };
                        json.window(self.subject.text(json.source), self.page, marks, from, room, &mut out);
                    }
                }
                from = 0;
            }
            if matches!(part, Part::Json(Json { next: Some(_), .. })) {
                break;
            }
        }
        out
    }

    /// What is not on the screen.
    pub fn beyond(&self) -> Beyond {
        let end = self.scroll + self.height;
        let (sent, whole) = self.count(self.sent_parts);
        Beyond {
            above: self.scroll,
            below: self.rows().saturating_sub(end),
            counting: !self.is_whole(),
            sent_below: !whole || sent > end,
        }
    }

    /// Whether the end of what is sent has been on the screen.
    pub const fn end_seen(&self) -> bool {
        self.seen
    }

    /// Whether the beginning of what is sent has been on the screen.
    pub const fn begin_seen(&self) -> bool {
        self.begin_seen
    }

    /// It was drawn as it is now.
    pub fn drawn(&mut self) {
        let begin = self.count(self.sent_from).0;
        let end = self.scroll + self.height;
        let (sent, whole) = self.count(self.sent_parts);
        self.begin_seen |= begin < end || (begin == sent && sent <= end);
        // The last row itself: not somewhere beyond it, in what the server says.
        self.seen |= self.page.width > 0 && whole && self.scroll < sent && sent <= end;
    }

    /// Scrolls by rows.
    pub fn scroll(&mut self, by: isize) {
        self.at_end = None;
        self.scroll = self.scroll.saturating_add_signed(by);
        self.fill();
    }

    /// Scrolls by pages, with one row in common.
    pub fn page(&mut self, by: isize) {
        self.scroll(by * isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1));
    }

    /// Scrolls to the start.
    pub fn to_start(&mut self) {
        self.at_end = None;
        self.scroll = 0;
        self.fill();
    }

    /// Scrolls to the end of what is sent, or once that has been on the screen to the end of all, and stays there
    /// while more is laid out.
    pub fn to_end(&mut self) {
        self.at_end = Some(if self.seen { End::All } else { End::Sent });
        self.fill();
    }
}

/// Where in the params the arguments begin, and where the members beside name and arguments do.
fn sent(text: &str) -> (Option<usize>, Vec<usize>) {
    let (mut arguments, mut others) = (None, Vec::new());
    let mut key_at = 1;
    for (key, value) in json::members(text) {
        let value_at = value.as_ptr() as usize - text.as_ptr() as usize;
        match key.as_ref() {
            "arguments" => arguments = Some(value_at),
            "name" => {}
            _ => others.push(key_at),
        }
        key_at = value_at + value.len() + 1;
    }
    (arguments, others)
}

#[cfg(test)]
mod tests;
