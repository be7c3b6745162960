//! The policy that waits: a title, what would change, and the line that says what is out of sight.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Pen, body};
use crate::console::theme::{Role, Theme};
use crate::console::weighing::Weighing;

pub(super) fn draw(weighing: &Weighing, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let mut pen = Pen::new(frame, theme, Rect { height: 1, ..area });
    pen.glyph(Role::Border, &theme.glyphs.line.repeat(2)).glyph(Role::Title, " the policy that waits for you ");
    pen.fill(Role::Border, theme.glyphs.line);
    let inside = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
    body::rows(weighing.window(), theme, inside, frame);
    let edge = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    body::page_end(weighing.beyond(), theme, edge, frame);
}
