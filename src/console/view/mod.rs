//! Draws the console: `view(&App, &Theme, &mut Frame)`. Small widgets on plain data.
//!
//! Invariants: untrusted text comes here only as `Shown`; nothing is decided here, and what is drawn follows from the
//! console and the theme alone; every cut is marked where it is made.

mod body;
mod foot;
mod head;
mod help;
mod lists;
mod pen;
mod policy;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::app::{App, Areas, SMALLEST, Tab};
use super::prompt::Overlay;
use super::theme::{Role, Theme};
use crate::shown::Shown;

use pen::Pen;

/// Draws everything.
pub fn view(app: &App, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    frame.buffer_mut().set_style(area, theme.style(Role::Text));
    // The console is laid out for the size it was told; on any other it says nothing rather than half of something.
    let Some(areas) = app.areas().filter(|_| (area.width, area.height) == app.size) else {
        return too_small(app, theme, frame);
    };
    let rows = Rows::of(areas, area);
    head::draw(app, theme, rows.header, rows.notices, frame);
    if let Overlay::Help(scroll) = app.overlay {
        help::draw(scroll, theme, rows.all(area), frame);
    } else if let Some(weighing) = app.weighing.as_ref().filter(|_| app.weighs()) {
        policy::draw(weighing, theme, rows.all(area), frame);
    } else {
        match app.tab {
            Tab::Queue => lists::queue(app, theme, &rows, frame),
            Tab::History => lists::history(app, theme, &rows, frame),
            Tab::Approvals => lists::approvals(app, theme, &rows, frame),
            Tab::Stats => body::stats(app, theme, &rows, frame),
        }
    }
    foot::draw(app, theme, rows.foot, frame);
}

/// The areas as rectangles.
struct Rows {
    header: Rect,
    notices: Rect,
    list: Rect,
    title: Rect,
    body: Rect,
    edge: Rect,
    foot: Rect,
}

impl Rows {
    fn of(areas: Areas, area: Rect) -> Self {
        let mut y = area.y;
        let mut next = |height: u16| {
            let rect = Rect { x: area.x, y, width: areas.width, height };
            y += height;
            rect
        };
        Self {
            header: next(1),
            notices: next(areas.notices),
            list: next(areas.list),
            title: next(1),
            body: next(areas.body),
            edge: next(1),
            foot: next(2),
        }
    }

    /// From the list to the edge.
    fn all(&self, area: Rect) -> Rect {
        Rect { x: area.x, y: self.list.y, width: area.width, height: self.foot.y - self.list.y }
    }
}

fn too_small(app: &App, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    let waiting = app.queue.held().len();
    let lines = [
        format!("too small: {}x{}", area.width, area.height),
        format!("sayso needs {}x{}", SMALLEST.0, SMALLEST.1),
        format!("{waiting} waiting"),
        "no key answers here".to_owned(),
        "q quits".to_owned(),
    ];
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        Pen::new(frame, theme, Rect { y, height: 1, ..area }).put(Role::Notice, &Shown::line(&line));
    }
}

#[cfg(test)]
mod tests;
