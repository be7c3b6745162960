//! The top row and the notices.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::Pen;
use crate::console::app::{App, LinkState, Tab};
use crate::console::theme::{Role, Theme};
use crate::shown::Shown;

pub(super) fn draw(app: &App, theme: &Theme, header: Rect, notices: Rect, frame: &mut Frame<'_>) {
    let mut pen = Pen::new(frame, theme, header);
    pen.glyph(Role::Header, " sayso ");
    for tab in Tab::ALL {
        let count = if tab == Tab::Queue { format!(" {}", app.queue.held().len()) } else { String::new() };
        if tab == app.tab {
            pen.glyph(Role::Tab, &format!("[{}{count}]", tab.title()));
        } else {
            pen.glyph(Role::Header, &format!(" {}{count} ", tab.title()));
        }
    }
    let room = pen.room().saturating_sub(2);
    let state = match (state(app), &app.status) {
        (long, Some(status)) if long.width() > room => Shown::line(&format!("hub {}", status.pid)),
        (state, _) => state,
    };
    let state = state.clip(room);
    let gap = room + 2 - state.width() - 1;
    pen.glyph(Role::Header, &" ".repeat(gap)).put(Role::Header, &state).fill(Role::Header, " ");

    let all = app.notices();
    let shown = usize::from(notices.height);
    for (at, notice) in all.iter().take(shown).enumerate() {
        let y = notices.y + u16::try_from(at).unwrap_or_default();
        let mut pen = Pen::new(frame, theme, Rect { y, height: 1, ..notices });
        if at + 1 == shown && all.len() > shown {
            pen.glyph(Role::Notice, &format!("({} more) ", all.len() - shown));
        }
        pen.put(Role::Notice, notice).fill(Role::Notice, " ");
    }
}

fn state(app: &App) -> Shown {
    match (&app.link, &app.status) {
        (LinkState::Connecting, _) => Shown::own("connecting to the hub"),
        (LinkState::Down(_), _) => Shown::own("no hub, trying again"),
        (LinkState::Up, None) => Shown::own("hub connected"),
        (LinkState::Up, Some(status)) => {
            let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
            let consoles = usize::try_from(status.consoles).unwrap_or(usize::MAX);
            Shown::line(&format!(
                "hub {}, {}, {}",
                status.pid,
                plural(status.wraps.len(), "server"),
                plural(consoles, "console")
            ))
        }
    }
}
