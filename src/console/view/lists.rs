//! The three tabs: a list, a title, a body.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Pen, Rows, body};
use crate::console::app::{App, LinkState};
use crate::console::detail::rows::Ink;
use crate::console::detail::words::{level_word, time};
use crate::console::queue::Held;
use crate::console::theme::{Role, Theme};
use crate::decision::{Level, Scope};
use crate::policy;
use crate::record;
use crate::shown::{Letters, Shown, grouped};

/// Which rows of a list are shown, so that the selected one is among them.
fn window(len: usize, selected: usize, height: u16) -> std::ops::Range<usize> {
    let height = usize::from(height);
    let start = selected.saturating_sub(height / 2).min(len.saturating_sub(height));
    start..len.min(start + height)
}

/// Params longer than this are told by their size, in bytes: to find the arguments in them takes time.
const LONG: usize = 64 << 10;

/// The start of the arguments in these params, or how large they are.
fn arguments(params: &str, cells: usize, theme: &Theme) -> Shown {
    if params.len() > LONG {
        return Shown::line(&format!("{} KiB of arguments", grouped(params.len() >> 10))).clip(cells);
    }
    gist(crate::json::member(params, "arguments").unwrap_or("{}"), cells, theme)
}

/// The start of untrusted text, as much of it as fits, with a mark if that is not all.
fn gist(text: &str, cells: usize, theme: &Theme) -> Shown {
    let letters = if theme.ascii { Letters::Bare } else { Letters::All };
    let mut cut = text.len().min(512);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let mut chars = text[..cut].trim_end_matches(' ').chars();
    let mut out = Shown::default();
    let mut used = 0;
    let mut whole = cut == text.len();
    while used < cells {
        let mut piece = Shown::default();
        let Some(unit) = piece.take(&mut chars, letters) else { break };
        used += unit.width;
        out.push(&piece);
    }
    whole &= chars.next().is_none() && used <= cells;
    if whole {
        return out;
    }
    let mut kept = Shown::default();
    let mut left = cells.saturating_sub(3);
    let mut chars = text[..cut].trim_end_matches(' ').chars();
    loop {
        let mut piece = Shown::default();
        match piece.take(&mut chars, letters) {
            Some(unit) if unit.width <= left => {
                left -= unit.width;
                kept.push(&piece);
            }
            _ => break,
        }
    }
    kept.push(&Shown::own("..."));
    kept
}

const fn mark(theme: &Theme, selected: bool) -> &'static str {
    if selected { theme.glyphs.focus } else { " " }
}

pub(super) fn queue(app: &App, theme: &Theme, rows: &Rows, frame: &mut Frame<'_>) {
    let held = app.queue.held();
    let Some((at, focused, detail)) =
        app.queue.position().zip(app.focused.as_ref()).map(|(at, detail)| (at, &held[at], detail))
    else {
        return nothing_waits(app, theme, rows, frame);
    };
    for (n, y) in window(held.len(), at, rows.list.height).zip(rows.list.y..) {
        queue_row(app, &held[n], n == at, theme, Rect { y, height: 1, ..rows.list }, frame);
    }
    let mut pen = Pen::new(frame, theme, rows.title);
    let line = theme.glyphs.line;
    pen.glyph(Role::Border, &line.repeat(2));
    pen.glyph(Role::Title, &format!(" {} of {} ", grouped(at + 1), grouped(held.len())));
    pen.glyph(focused.call.level.into(), &format!(" {} ", level_word(focused.call.level)));
    let above = match detail.beyond().above {
        _ if app.choosing().is_some() => String::new(),
        0 => String::new(),
        n => format!(" {} above, PgUp {}", grouped(n), line),
    };
    let left = match focused.seconds_left(app.now) {
        0 => " time is up ".to_owned(),
        s => format!(" {s} s left, then denied "),
    };
    let tail = above.chars().count() + left.len() + 2;
    let mut name = Shown::line(focused.call.server.name.as_str());
    name.push(&Shown::own("/"));
    name.push(&Shown::name(focused.call.tool.as_str()));
    let room = pen.room().saturating_sub(tail + 2);
    pen.glyph(Role::Border, " ").put(Role::Title, &name.clip(room)).glyph(Role::Border, " ");
    let gap = pen.room().saturating_sub(tail);
    pen.glyph(Role::Border, &line.repeat(gap));
    pen.glyph(Role::Title, &above).glyph(Role::Title, &left).fill(Role::Border, line);
    if let Some(choice) = app.choosing() {
        body::choice(choice, app.page(), theme, rows.body, frame);
        return body::choice_edge(choice, theme, rows.edge, frame);
    }
    body::draw(detail, theme, rows.body, frame);
    body::edge(detail, theme, rows.edge, frame);
}

fn queue_row(app: &App, held: &Held, selected: bool, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let mut pen = Pen::new(frame, theme, area);
    let role = if selected { Role::Focus } else { Role::Text };
    let call = &held.call;
    pen.glyph(role, mark(theme, selected)).skip(1);
    pen.column(Role::Muted, &Shown::line(&call.id.to_string()), 5);
    pen.column(call.level.into(), &Shown::own(level_word(call.level)), 6);
    let mut name = Shown::line(call.server.name.as_str());
    name.push(&Shown::own("/"));
    name.push(&Shown::name(call.tool.as_str()));
    let left = if held.answered { "answered".to_owned() } else { format!("{} s", held.seconds_left(app.now)) };
    let tail = left.len() + 1;
    let cells = pen.room().saturating_sub(tail + 1);
    pen.column(role, &name, (cells / 2).min(36));
    let room = pen.room().saturating_sub(tail + 1);
    let preview = arguments(call.params.text(), room, theme);
    pen.exactly(Role::Muted, &preview).right(tail).glyph(role, &left);
}

fn nothing_waits(app: &App, theme: &Theme, rows: &Rows, frame: &mut Frame<'_>) {
    Pen::new(frame, theme, rows.title).fill(Role::Border, theme.glyphs.line);
    Pen::new(frame, theme, rows.edge).fill(Role::Border, theme.glyphs.line);
    let mut lines: Vec<(Role, Shown)> = Vec::new();
    match (&app.link, &app.status) {
        (LinkState::Up, Some(status)) => {
            lines.push((Role::Title, Shown::own("No call waits for you.")));
            lines.push((Role::Text, Shown::default()));
            if status.wraps.is_empty() {
                lines.push((
                    Role::Text,
                    Shown::own("No server is connected. Put this before its command in your AI host:"),
                ));
                lines.push((Role::Value, Shown::own("    sayso wrap --name NAME --")));
            } else {
                lines.push((Role::Text, Shown::own("Connected servers:")));
                for (name, command) in &status.wraps {
                    let mut line = Shown::own("    ");
                    line.push(&Shown::name(name));
                    line.push(&Shown::own("  "));
                    line.push(&Shown::line(command));
                    lines.push((Role::Value, line));
                }
            }
        }
        (LinkState::Down(_), _) => {
            lines.push((Role::Title, Shown::own("No hub is connected.")));
            lines.push((
                Role::Text,
                Shown::own("What was held is denied; nothing that needs you passes without a hub."),
            ));
        }
        _ => lines.push((Role::Title, Shown::own("Connecting to the hub."))),
    }
    let height = usize::from(rows.body.height);
    let more = lines.len().saturating_sub(height);
    if more > 0 {
        lines.truncate(height - 1);
        lines.push((Role::Muted, Shown::line(&format!("    and {} more", more + 1))));
    }
    for ((role, line), y) in lines.iter().zip(rows.body.y..) {
        Pen::new(frame, theme, Rect { y, height: 1, ..rows.body }).skip(2).put(*role, line);
    }
}

pub(super) fn history(app: &App, theme: &Theme, rows: &Rows, frame: &mut Frame<'_>) {
    let all = app.history.rows();
    let at = app.history.position().unwrap_or(0);
    for (n, y) in window(all.len(), at, rows.list.height).zip(rows.list.y..) {
        history_row(app, &all[n], n == at, theme, Rect { y, height: 1, ..rows.list }, frame);
    }
    if all.is_empty() {
        let words = if app.history.is_waiting() { "Asking the hub." } else { "Nothing here." };
        Pen::new(frame, theme, rows.list).skip(2).glyph(Role::Text, words);
    }
    let mut pen = Pen::new(frame, theme, rows.title);
    pen.glyph(Role::Border, &theme.glyphs.line.repeat(2));
    if !all.is_empty() {
        let more = if app.history.has_older() { "+" } else { "" };
        pen.glyph(Role::Title, &format!(" {} of {}{more} ", grouped(at + 1), grouped(all.len())));
    }
    if app.history.has_newer() {
        pen.glyph(Role::Message, " there are newer calls: r ");
    }
    if !app.history.line().is_empty() {
        pen.glyph(Role::Label, " filter: ").put(Role::Value, &Shown::line(app.history.line())).glyph(Role::Border, " ");
    }
    if let Some(above) = app.past.as_ref().map(|detail| detail.beyond().above).filter(|n| *n > 0) {
        pen.glyph(Role::Title, &format!(" {} above, PgUp ", grouped(above)));
    }
    pen.fill(Role::Border, theme.glyphs.line);
    match &app.past {
        Some(detail) => {
            body::draw(detail, theme, rows.body, frame);
            body::edge(detail, theme, rows.edge, frame);
        }
        None => {
            Pen::new(frame, theme, rows.edge).fill(Role::Border, theme.glyphs.line);
        }
    }
}

fn history_row(app: &App, row: &record::Row, selected: bool, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    let mut pen = Pen::new(frame, theme, area);
    let role = if selected { Role::Focus } else { Role::Text };
    pen.glyph(role, mark(theme, selected)).skip(1);
    let at = time(row.at, &app.zone);
    // Without the year and the offset: those are in the detail.
    pen.column(Role::Muted, &Shown::line(at.get(5..19).unwrap_or(&at)), 14);
    pen.column(row.submitted.risk.into(), &Shown::own(level_word(row.submitted.risk)), 6);
    let decision = row.decided.as_ref().map_or("held", |d| d.decision.kind.as_str());
    pen.column(role, &Shown::own(decision), 9);
    let mut name = Shown::line(row.submitted.server.as_str());
    name.push(&Shown::own("/"));
    name.push(&Shown::name(row.submitted.tool.as_str()));
    let cells = pen.room();
    pen.column(role, &name, (cells / 2).max(24));
    let room = pen.room();
    if room > 8 {
        pen.exactly(Role::Muted, &arguments(row.submitted.params.get(), room, theme));
    }
}

pub(super) fn approvals(app: &App, theme: &Theme, rows: &Rows, frame: &mut Frame<'_>) {
    let all = app.rules.grants();
    let at = app.rules.position().unwrap_or(0);
    let mut head = Pen::new(frame, theme, Rect { height: 1, ..rows.list });
    for (title, cells) in [("  no.", 6), ("server/tool", name_cells(rows.list.width)), ("for", 8), ("used", 5)] {
        head.column(Role::Label, &Shown::own(title), cells);
    }
    head.glyph(Role::Label, "until");
    let area = Rect { y: rows.list.y + 1, height: rows.list.height.saturating_sub(1), ..rows.list };
    for (n, y) in window(all.len(), at, area.height).zip(area.y..) {
        let (grant, hits) = &all[n];
        let role = if n == at { Role::Focus } else { Role::Text };
        let mut pen = Pen::new(frame, theme, Rect { y, height: 1, ..area });
        pen.glyph(role, mark(theme, n == at)).skip(1);
        pen.column(Role::Muted, &Shown::line(&grant.id.to_string()), 4);
        let mut name = Shown::line(grant.server.as_str());
        name.push(&Shown::own("/"));
        name.push(&Shown::name(grant.tool.as_str()));
        pen.column(role, &name, name_cells(rows.list.width));
        pen.column(Role::Text, &Shown::own(scope_word(grant.scope)), 8);
        pen.column(Role::Text, &Shown::line(&hits.to_string()), 5);
        let until = match (grant.expires_at, grant.scope) {
            (Some(end), _) => time(end, &app.zone).get(..16).unwrap_or_default().to_owned(),
            (None, Scope::Session) => "its session ends".to_owned(),
            (None, _) => "it is revoked".to_owned(),
        };
        pen.put(Role::Text, &Shown::line(&until));
    }
    if all.is_empty() {
        let words = if app.rules.is_waiting() { "Asking the hub." } else { "No approval is remembered." };
        Pen::new(frame, theme, area).skip(2).glyph(Role::Text, words);
    }
    let mut pen = Pen::new(frame, theme, rows.title);
    pen.glyph(Role::Border, &theme.glyphs.line.repeat(2));
    if !all.is_empty() {
        pen.glyph(Role::Title, &format!(" {} of {} ", grouped(at + 1), grouped(all.len())));
    }
    pen.fill(Role::Border, theme.glyphs.line);
    if let Some(grant) = app.rules.selected() {
        let covers = format!("covers {}", policy::cover::says(grant.tool.as_str(), grant.cover.as_ref()));
        let given = format!("given for call {} by {}", grant.call, grant.who);
        body::sentences(&[(Ink::Text, &covers), (Ink::Label, &given)], app.page(), theme, rows.body, frame);
    }
    Pen::new(frame, theme, rows.edge).fill(Role::Border, theme.glyphs.line);
}

const fn name_cells(width: u16) -> usize {
    (width as usize).saturating_sub(48)
}

const fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Session => "session",
        Scope::Hour => "1 hour",
        Scope::Day => "1 day",
        Scope::Always => "always",
    }
}

/// The level's word as it is spoken.
pub(super) const fn spoken(level: Level) -> &'static str {
    match level {
        Level::Low => "low",
        Level::Medium => "medium",
        Level::High => "high",
    }
}
