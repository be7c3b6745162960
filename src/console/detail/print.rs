//! JSON printed for a person, row by row, from exactly the text that will be sent.
//!
//! Invariants: every byte of the text is behind some row; nothing is cut. A value can never draw what looks like a row of
//! ours: members stand on rows of their own, text of several lines stands behind a gutter on every row, and a row that
//! goes on from the one above is marked in a margin where nothing else is drawn. Rows are made lazily: a [`Cursor`] is a
//! place to go on from, so a text of 16 MiB costs only the rows that are looked at.

use crate::shown::{Letters, Shown};

use super::letters::Chars;
use super::marks::Marks;
use super::rows::{Ink, MARGIN, Page, Row, Sign};

/// The least room for content, whatever the depth.
const LEAST: usize = 32;

/// Where in a text printing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    at: usize,
    /// Whether each open container is an object.
    open: Vec<bool>,
    /// How many of those are printed without their brackets: 1 when the whole value is an object, else 0.
    bare: usize,
    step: Step,
    continued: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A key begins.
    Key,
    /// A value begins.
    Value,
    /// A value has ended.
    After,
    /// Within a string that ends at `end` (its closing quote).
    Str { end: usize, kind: Kind },
    /// Within a number or a word.
    Bare { end: usize },
    /// Everything has been printed.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Key,
    Quoted,
    /// Several lines, each behind the gutter.
    Block,
}

impl Cursor {
    /// The members of an object (without its braces) or any other value, which begins at `at`.
    pub fn value(text: &str, at: usize) -> Self {
        match text.as_bytes().get(at..) {
            Some([b'{', b'"', ..]) => Self { at: at + 1, open: vec![true], bare: 1, step: Step::Key, continued: false },
            _ => Self { at, open: Vec::new(), bare: 0, step: Step::Value, continued: false },
        }
    }

    /// One member of an object, whose key begins at `at`.
    pub const fn member(at: usize) -> Self {
        Self { at, open: Vec::new(), bare: 0, step: Step::Key, continued: false }
    }

    /// Prints the next row and moves on. `None` at the end. Takes strict, compact text only; on any other it prints
    /// what is there, and ends.
    pub fn row(&mut self, text: &str, page: Page, marks: &Marks) -> Option<Row> {
        let width = page.width;
        if self.step == Step::Done {
            return None;
        }
        let block = matches!(self.step, Step::Str { kind: Kind::Block, .. });
        let deepest = width.saturating_sub(MARGIN + 2 + LEAST);
        let closes = self.step == Step::After && self.byte(text) != Some(b',');
        let depth = if closes { self.open.len().saturating_sub(1) } else { self.open.len() };
        let indent = (2 * depth.saturating_sub(self.bare) + if block { 2 } else { 0 }).min(deepest);
        let row = Row { continued: self.continued, indent, gutter: block, ..Row::default() };
        let left = width.saturating_sub(MARGIN + indent + if block { 2 } else { 0 }).max(1);
        self.continued = false;
        let mut line = Line { cursor: self, text, page, marks, row, left };
        line.fill();
        let mut row = line.row;
        if row.spans.iter().any(|(ink, _)| *ink == Ink::Finding) {
            row.sign = Sign::Finding;
        }
        Some(row)
    }

    fn byte(&self, text: &str) -> Option<u8> {
        text.as_bytes().get(self.at).copied()
    }

    /// Ends when nothing is left that a row is drawn for.
    fn skip_end(&mut self, text: &str) {
        if self.step == Step::After && self.open.len() == self.bare {
            match self.byte(text) {
                Some(b',') if self.bare > 0 => {}
                _ => self.step = Step::Done,
            }
        }
    }

    /// Not what was promised: prints the rest as it is, so that nothing stays unseen.
    fn raw(&mut self, text: &str) {
        self.open.clear();
        self.bare = 0;
        self.step = Step::Bare { end: text.len() };
    }
}

/// One row in the making.
struct Line<'a> {
    cursor: &'a mut Cursor,
    text: &'a str,
    page: Page,
    /// What findings are about.
    marks: &'a Marks,
    row: Row,
    left: usize,
}

impl Line<'_> {
    /// The ink for what stands at a byte of the text.
    fn ink(&self, at: usize, plain: Ink) -> Ink {
        if self.marks.at(at).0 { Ink::Finding } else { plain }
    }

    fn fill(&mut self) {
        while self.step() {}
        self.cursor.skip_end(self.text);
    }

    /// Prints one piece; `false` when the row is full or the line ends.
    fn step(&mut self) -> bool {
        match self.cursor.step {
            Step::Done => false,
            Step::Key => self.key(),
            Step::Value => self.value(),
            Step::After => self.after(),
            Step::Bare { end } => {
                if !self.stream(end, false) {
                    return false;
                }
                self.cursor.step = Step::After;
                true
            }
            Step::Str { end, kind: Kind::Block } => self.block(end),
            Step::Str { end, kind } => {
                let close = if kind == Kind::Key { "\": " } else { "\"" };
                if !self.stream(end, true) || !self.mark(close) {
                    return false;
                }
                self.cursor.at = end + 1;
                match kind {
                    Kind::Key if self.cursor.byte(self.text) == Some(b':') => {
                        self.cursor.at += 1;
                        self.cursor.step = Step::Value;
                    }
                    Kind::Key => self.cursor.raw(self.text),
                    Kind::Quoted | Kind::Block => self.cursor.step = Step::After,
                }
                true
            }
        }
    }

    fn key(&mut self) -> bool {
        let Some(end) = string_end(self.text, self.cursor.at) else {
            self.cursor.raw(self.text);
            return true;
        };
        if !self.mark("\"") {
            return false;
        }
        self.cursor.at += 1;
        self.cursor.step = Step::Str { end, kind: Kind::Key };
        true
    }

    fn value(&mut self) -> bool {
        let at = self.cursor.at;
        match self.text.as_bytes().get(at..) {
            Some([b'{', b'}', ..]) => self.whole("{}"),
            Some([b'[', b']', ..]) => self.whole("[]"),
            Some([b'[', ..]) if let Some(len) = short_list(&self.text[at..], self.left) => {
                let list = Shown::line(&self.text[at..at + len]);
                self.left -= len;
                let ink = if self.marks.touch(&(at..at + len)) { Ink::Finding } else { Ink::Plain };
                self.row.push(ink, list);
                self.cursor.at += len;
                self.cursor.step = Step::After;
                true
            }
            Some([open @ (b'{' | b'['), ..]) => {
                let object = *open == b'{';
                if !self.mark(if object { "{" } else { "[" }) {
                    return false;
                }
                self.cursor.open.push(object);
                self.cursor.at += 1;
                self.cursor.step = if object { Step::Key } else { Step::Value };
                false
            }
            Some([b'"', ..]) => self.string(),
            Some([_, ..]) => {
                let rest = &self.text.as_bytes()[at..];
                let len = rest.iter().position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or(rest.len());
                if len == 0 {
                    self.cursor.raw(self.text);
                } else {
                    self.cursor.step = Step::Bare { end: at + len };
                }
                true
            }
            _ => {
                self.cursor.step = Step::Done;
                false
            }
        }
    }

    fn string(&mut self) -> bool {
        let at = self.cursor.at;
        let end = string_end(self.text, at).unwrap_or(self.text.len());
        let breaks = line_breaks(&self.text[at + 1..end]);
        if breaks == 0 {
            if !self.mark("\"") {
                return false;
            }
            self.cursor.at += 1;
            self.cursor.step = Step::Str { end, kind: Kind::Quoted };
            return true;
        }
        let words = format!("text of {} lines", breaks + 1);
        if !self.put(Ink::Label, Shown::line(&words)) {
            return false;
        }
        self.cursor.at += 1;
        self.cursor.step = Step::Str { end, kind: Kind::Block };
        false
    }

    /// A line of a text of several lines.
    fn block(&mut self, end: usize) -> bool {
        let mut chars = Chars { text: self.text, at: self.cursor.at, end };
        if !self.row.continued && self.row.spans.is_empty() {
            let empty = chars.clone().take_while(|c| *c == '\n').count();
            if empty > 3 {
                chars.by_ref().take(empty).for_each(drop);
                self.cursor.at = chars.at;
                self.row.push(Ink::Escape, Shown::line(&format!("({empty} empty lines)")));
                return false;
            }
        }
        while chars.at < end {
            if self.plain(&mut chars, Ink::Text) {
                continue;
            }
            let mut next = chars.clone();
            if next.next() == Some('\n') {
                self.cursor.at = next.at;
                return false;
            }
            if !self.unit(&mut chars, false) {
                return false;
            }
        }
        self.cursor.at = end + 1;
        self.cursor.step = Step::After;
        false
    }

    fn after(&mut self) -> bool {
        let Some(object) = self.cursor.open.last().copied() else {
            self.cursor.step = Step::Done;
            return false;
        };
        match self.cursor.byte(self.text) {
            Some(b',') => {
                self.cursor.at += 1;
                self.cursor.step = if object { Step::Key } else { Step::Value };
                self.row.spans.is_empty()
            }
            Some(b'}' | b']') if !self.row.spans.is_empty() => false,
            Some(b'}' | b']') => {
                self.cursor.open.pop();
                self.cursor.at += 1;
                self.row.push(Ink::Mark, Shown::own(if object { "}" } else { "]" }));
                if self.cursor.byte(self.text) == Some(b',')
                    && let Some(object) = self.cursor.open.last().copied()
                {
                    self.cursor.at += 1;
                    self.cursor.step = if object { Step::Key } else { Step::Value };
                }
                false
            }
            Some(_) => {
                self.cursor.raw(self.text);
                true
            }
            None => {
                self.cursor.step = Step::Done;
                false
            }
        }
    }

    fn whole(&mut self, both: &'static str) -> bool {
        if !self.mark(both) {
            return false;
        }
        self.cursor.at += 2;
        self.cursor.step = Step::After;
        true
    }

    /// Prints up to `end`; `false` when the row is full before that.
    fn stream(&mut self, end: usize, escapes: bool) -> bool {
        if escapes {
            let mut chars = Chars { text: self.text, at: self.cursor.at, end };
            let key = matches!(self.cursor.step, Step::Str { kind: Kind::Key, .. });
            while chars.at < end {
                let plain = self.plain(&mut chars, if key { Ink::Key } else { Ink::Text });
                if !plain && !self.unit(&mut chars, true) {
                    return false;
                }
            }
            return true;
        }
        while self.cursor.at < end {
            let mut rest = self.text[self.cursor.at..end].chars();
            let before = rest.as_str().len();
            let mut piece = Shown::default();
            piece.take(&mut rest, self.page.letters(Letters::Ascii));
            let taken = before - rest.as_str().len();
            if taken == 0 || !self.put(self.ink(self.cursor.at, Ink::Plain), piece) {
                return false;
            }
            self.cursor.at += taken;
        }
        true
    }

    /// Prints as much visible ASCII as comes next and fits.
    fn plain(&mut self, chars: &mut Chars<'_>, ink: Ink) -> bool {
        let mut piece = Shown::default();
        let (marked, until) = self.marks.at(chars.at);
        let taken = piece.take_plain(&self.text[chars.at..chars.end.min(until)], self.left);
        if taken == 0 {
            return false;
        }
        let ink = if marked { Ink::Finding } else { ink };
        chars.at += taken;
        self.cursor.at = chars.at;
        self.left -= taken;
        self.row.push(ink, piece);
        true
    }

    /// Prints one piece of a string. In quotes, a quote and a backslash stand as JSON writes them.
    fn unit(&mut self, chars: &mut Chars<'_>, quoted: bool) -> bool {
        let key = matches!(self.cursor.step, Step::Str { kind: Kind::Key, .. });
        let mut piece = Shown::default();
        let mut ink = if key { Ink::Key } else { Ink::Text };
        let next = chars.clone().next();
        let at = chars.at;
        if quoted && matches!(next, Some('"' | '\\')) {
            chars.next();
            ink = Ink::Escape;
            piece = Shown::own(if next == Some('"') { "\\\"" } else { "\\\\" });
        } else {
            let letters = self.page.letters(if key { Letters::Ascii } else { Letters::All });
            match piece.take(chars, letters) {
                Some(unit) if unit.escaped => ink = Ink::Escape,
                Some(_) => {}
                None => return false,
            }
        }
        // What stands for something else keeps saying so.
        let ink = if ink == Ink::Escape { ink } else { self.ink(at, ink) };
        if !self.put(ink, piece) {
            return false;
        }
        if self.marks.at(at).0 {
            self.row.sign = Sign::Finding;
        }
        self.cursor.at = chars.at;
        true
    }

    fn mark(&mut self, text: &'static str) -> bool {
        self.put(self.ink(self.cursor.at, Ink::Mark), Shown::own(text))
    }

    /// Appends a piece if there is room for it; if not, the line goes on in the next row.
    fn put(&mut self, ink: Ink, piece: Shown) -> bool {
        let width = piece.width();
        if width > self.left && !self.row.spans.is_empty() {
            self.cursor.continued = true;
            return false;
        }
        self.left = self.left.saturating_sub(width);
        self.row.push(ink, piece);
        true
    }
}

/// Where the string that begins at `at` has its closing quote.
fn string_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let mut from = at + 1;
    loop {
        from += memchr::memchr2(b'"', b'\\', bytes.get(from..)?)?;
        if bytes[from] == b'"' {
            return Some(from);
        }
        from += 2;
    }
}

/// How many line feeds the inside of a string token stands for.
fn line_breaks(inside: &str) -> usize {
    let bytes = inside.as_bytes();
    let (mut from, mut n) = (0, 0);
    while let Some(found) = bytes.get(from..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        from += found;
        n += match bytes.get(from + 1) {
            Some(b'n') => 1,
            Some(b'u') => usize::from(bytes.get(from + 2..from + 6).is_some_and(|d| d.eq_ignore_ascii_case(b"000a"))),
            _ => 0,
        };
        from += 2;
    }
    n
}

/// The length of a list that is plain enough to stand on one row as it is written.
fn short_list(text: &str, room: usize) -> Option<usize> {
    let head = &text.as_bytes()[1..text.len().min(room.clamp(1, 60))];
    let end = head.iter().position(|b| *b == b']')?;
    let inside = &head[..end];
    let plain = inside.iter().all(|b| (0x20..0x7f).contains(b) && !matches!(b, b'[' | b'{' | b'\\' | b'}'));
    let blanks = inside.windows(2).any(|pair| pair == b"  ");
    let even_quotes = inside.iter().fold(true, |even, b| even ^ (*b == b'"'));
    (plain && !blanks && even_quotes).then_some(end + 2)
}

#[cfg(test)]
mod tests;
