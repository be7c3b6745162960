//! The help: the table of keys.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::Pen;
use super::body;
use crate::console::keymap::sections;
use crate::console::theme::{Role, Theme};
use crate::shown::Shown;

enum Line {
    Title(&'static str),
    Key(&'static str, &'static str),
    Empty,
}

pub(super) fn draw(scroll: usize, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let mut lines = Vec::new();
    for (title, bindings) in sections() {
        lines.push(Line::Title(title));
        lines.extend(bindings.iter().map(|b| Line::Key(b.label, b.help)));
        lines.push(Line::Empty);
    }
    lines.pop();
    let height = usize::from(area.height.saturating_sub(1));
    let scroll = scroll.min(lines.len().saturating_sub(height));
    for (line, y) in lines.iter().skip(scroll).take(height).zip(area.y..) {
        let mut pen = Pen::new(frame, theme, Rect { y, height: 1, ..area });
        match line {
            Line::Title(title) => pen.skip(1).glyph(Role::Title, title),
            Line::Key(keys, help) => {
                pen.skip(3).column(Role::HintKey, &Shown::own(keys), 10).put(Role::Text, &Shown::own(help))
            }
            Line::Empty => &mut pen,
        };
    }
    let below = lines.len() - scroll.min(lines.len()) - height.min(lines.len() - scroll.min(lines.len()));
    let edge = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
    body::page_end((scroll, below), theme, edge, frame);
}
