//! The rows of a call, and the lines above and below that say what is out of sight.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Pen, Rows};

use crate::console::app::App;
use crate::console::detail::rows::{Ink, MARGIN, Page, Row, Sign, said};
use crate::console::detail::{Detail, Subject};
use crate::console::remember::Choice;
use crate::console::stats::DAYS;
use crate::console::theme::{Role, Theme};
use crate::shown::{Letters, grouped};

pub(super) fn draw(detail: &Detail, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    rows(detail.window(), theme, area, frame);
}

/// Rows that were laid out to fit.
pub(super) fn rows(rows: &[Row], theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    for (row, y) in rows.iter().zip(area.y..area.bottom()) {
        line(row, Pen::new(frame, theme, Rect { y, height: 1, ..area }), theme);
    }
}

fn line(row: &Row, mut pen: Pen<'_>, theme: &Theme) {
    let sign = match row.sign {
        Sign::None => None,
        Sign::Focus => Some((Role::Focus, theme.glyphs.focus)),
        Sign::Finding => Some((Role::Finding, theme.glyphs.finding)),
    };
    let mut left = MARGIN;
    if row.continued {
        pen.glyph(Role::Mark, theme.glyphs.wrap);
        left -= 1;
    }
    if let Some((role, glyph)) = sign {
        pen.glyph(role, glyph);
        left -= 1;
    }
    pen.skip(left);
    let gutter = if row.gutter { 2 } else { 0 };
    pen.glyph(Role::Label, row.label).skip(row.indent - row.label.len().min(row.indent) - gutter);
    if row.gutter {
        pen.glyph(Role::Mark, theme.glyphs.gutter).skip(1);
    }
    for (ink, text) in &row.spans {
        pen.exactly((*ink).into(), text);
    }
}

/// Sentences one below the other; what does not fit is marked where it is cut.
pub(super) fn sentences(all: &[(Ink, &str)], page: Page, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let mut rows: Vec<Row> =
        all.iter().flat_map(|(ink, text)| said("", 0, &[(*ink, Letters::All, *text)], page)).collect();
    let height = usize::from(area.height);
    if rows.len() > height {
        rows.truncate(height.saturating_sub(1));
        rows.push(Row::label("..."));
    }
    for (row, y) in rows.iter().zip(area.y..area.bottom()) {
        line(row, Pen::new(frame, theme, Rect { y, height: 1, ..area }), theme);
    }
}

/// What could be remembered, in place of the call.
pub(super) fn choice(choice: &Choice, page: Page, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    for (row, y) in choice.window(page, usize::from(area.height)).iter().zip(area.y..area.bottom()) {
        line(row, Pen::new(frame, theme, Rect { y, height: 1, ..area }), theme);
    }
}

/// The line below that.
pub(super) fn choice_edge(choice: &Choice, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let words = match choice.len() {
        1 => " 1 to 4 say for how long ".to_owned(),
        len => format!(" {} of {len}, Up and Down choose, 1 to 4 say for how long ", choice.number()),
    };
    let mut pen = Pen::new(frame, theme, area);
    pen.glyph(Role::Border, &theme.glyphs.line.repeat(2)).glyph(Role::Title, &words);
    pen.fill(Role::Border, theme.glyphs.line);
}

/// The fourth tab: no list, only rows.
pub(super) fn stats(app: &App, theme: &Theme, rows: &Rows, frame: &mut Frame<'_>) {
    let (above, below) = app.stats.beyond();
    let mut pen = Pen::new(frame, theme, rows.title);
    pen.glyph(Role::Border, &theme.glyphs.line.repeat(2));
    pen.glyph(Role::Title, &format!(" the last {DAYS} days "));
    if above > 0 {
        pen.glyph(Role::Title, &format!(" {} above, PgUp ", grouped(above)));
    }
    pen.fill(Role::Border, theme.glyphs.line);
    let window = app.stats.window();
    if window.is_empty() {
        let words = if app.stats.is_waiting() { "Asking the hub." } else { "Nothing here." };
        Pen::new(frame, theme, rows.body).skip(MARGIN).glyph(Role::Text, words);
    }
    for (row, y) in window.iter().zip(rows.body.y..rows.body.bottom()) {
        line(row, Pen::new(frame, theme, Rect { y, height: 1, ..rows.body }), theme);
    }
    page_end((0, below), theme, rows.edge, frame);
}

/// The line below a page, with how many lines there are beyond it, above and below.
pub(super) fn page_end((above, below): (usize, usize), theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let up = match above {
        0 => String::new(),
        _ => format!("; {} above, PgUp", grouped(above)),
    };
    let words = match below {
        0 => format!(" end{up} "),
        1 => format!(" 1 more line, PgDn{up} "),
        _ => format!(" {} more lines, PgDn{up} ", grouped(below)),
    };
    let mut pen = Pen::new(frame, theme, area);
    pen.glyph(Role::Border, &theme.glyphs.line.repeat(2));
    pen.glyph(if above + below > 0 { Role::Title } else { Role::Border }, &words).fill(Role::Border, theme.glyphs.line);
}

/// The line below a body.
pub(super) fn edge(detail: &Detail, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let beyond = detail.beyond();
    let mut pen = Pen::new(frame, theme, area);
    pen.glyph(Role::Border, &theme.glyphs.line.repeat(2));
    let sent = if beyond.sent_below && matches!(detail.subject(), Subject::Held(_)) {
        ", some of what will be sent"
    } else {
        ""
    };
    let words = match (beyond.below, beyond.counting) {
        (0, false) => " end ".to_owned(),
        (1, false) => format!(" 1 more line{sent}, PgDn "),
        (n, false) => format!(" {} more lines{sent}, PgDn ", grouped(n)),
        (n, true) => format!(" more than {} more lines{sent}, PgDn ", grouped(n)),
    };
    pen.glyph(if beyond.below > 0 { Role::Title } else { Role::Border }, &words);
    pen.fill(Role::Border, theme.glyphs.line);
}
