//! Writes one row from left to right, and never beyond its end.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::theme::{Role, Theme};
use crate::shown::Shown;

/// A place on a row.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Pen<'a> {
    /// At the start of the first row of this area.
    pub(super) fn new(frame: &'a mut Frame<'_>, theme: &'a Theme, area: Rect) -> Self {
        let area = area.intersection(frame.area());
        let end = if area.height == 0 { area.x } else { area.right() };
        Self { buffer: frame.buffer_mut(), theme, x: area.x, y: area.y, end }
    }

    /// The cells that are left.
    pub(super) const fn room(&self) -> usize {
        (self.end - self.x) as usize
    }

    /// Writes text; what does not fit is marked.
    pub(super) fn put(&mut self, role: Role, text: &Shown) -> &mut Self {
        let text = if self.theme.ascii { text.ascii() } else { text.clone() };
        self.exactly(role, &text.clip(self.room()))
    }

    /// Writes text that was laid out to fit.
    pub(super) fn exactly(&mut self, role: Role, text: &Shown) -> &mut Self {
        self.glyph(role, text.as_str())
    }

    /// Writes words or signs of ours.
    pub(super) fn glyph(&mut self, role: Role, text: &str) -> &mut Self {
        if self.room() > 0 {
            let style = self.theme.style(role);
            (self.x, _) = self.buffer.set_stringn(self.x, self.y, text, self.room(), style);
        }
        self
    }

    /// Writes text in a column of this many cells, and one cell more.
    pub(super) fn column(&mut self, role: Role, text: &Shown, cells: usize) -> &mut Self {
        let text = if self.theme.ascii { text.ascii() } else { text.clone() };
        let start = self.x;
        self.exactly(role, &text.clip(cells.min(self.room())));
        let cells = u16::try_from(cells + 1).unwrap_or(u16::MAX);
        self.x = self.end.min(start.saturating_add(cells));
        self
    }

    /// Goes on so many cells further right.
    pub(super) fn skip(&mut self, cells: usize) -> &mut Self {
        let cells = u16::try_from(cells).unwrap_or(u16::MAX);
        self.x = self.end.min(self.x.saturating_add(cells));
        self
    }

    /// Goes on where text of this many cells ends at the end of the row.
    pub(super) fn right(&mut self, cells: usize) -> &mut Self {
        let cells = u16::try_from(cells).unwrap_or(u16::MAX);
        self.x = self.x.max(self.end.saturating_sub(cells));
        self
    }

    /// Fills what is left with one sign.
    pub(super) fn fill(&mut self, role: Role, sign: &str) -> &mut Self {
        let line = sign.repeat(self.room());
        self.glyph(role, &line)
    }

    /// Where it stands.
    pub(super) const fn place(&self) -> (u16, u16) {
        (self.x, self.y)
    }
}
