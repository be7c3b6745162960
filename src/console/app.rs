//! The console as a value: what is known, what is shown, what may be answered.
//!
//! Invariants: the queue mirrors the hub's and is never ahead of it; a call can be answered only while it is in focus, on
//! the screen, past its guard, and the hub is there. Never reads a clock, a terminal or a socket: see `update`.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::shown::Shown;
use crate::wire::{FromHub, Status, ToHub};

use super::detail::rows::Page;
use super::detail::{Detail, Subject};
use super::history::History;
use super::keymap::{Context, Key};
use super::prompt::{Ask, Overlay, Prompt};
use super::queue::{Held, Queue};
use super::remember::Choice;
use super::rules::Rules;
use super::stats::Stats;
use super::weighing::Weighing;

/// The smallest screen on which a call can be answered: columns and rows.
pub const SMALLEST: (u16, u16) = (60, 16);

/// How long a message stands, in milliseconds.
pub const MESSAGE_MS: u64 = 8_000;

/// What happens to a console.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The hub says something.
    Hub(Box<FromHub>),
    /// The link is up.
    LinkUp,
    /// The link is down, and why.
    LinkDown(String),
    /// The screen was drawn as the console is now, on this many columns and rows.
    Drawn(u16, u16),
    /// The process was stopped and goes on: nobody knows what was on the screen meanwhile.
    Resumed,
    /// Time went by.
    Tick,
}

/// What a console wants done.
#[derive(Debug)]
pub enum Effect {
    /// Say this to the hub.
    Send(ToHub),
    /// Leave.
    Quit,
    /// Stop this process, as Ctrl-Z does.
    Suspend,
    /// Throw away what was typed and not read yet.
    DrainInput,
    /// Draw.
    Redraw,
    /// Clear the screen and draw.
    Repaint,
}

/// The tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The calls that wait.
    #[default]
    Queue,
    /// The history.
    History,
    /// The remembered approvals.
    Approvals,
    /// How people are asked and how they answer.
    Stats,
}

impl Tab {
    /// In order.
    pub const ALL: [Self; 4] = [Self::Queue, Self::History, Self::Approvals, Self::Stats];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Queue => "waiting",
            Self::History => "history",
            Self::Approvals => "approvals",
            Self::Stats => "stats",
        }
    }

    /// So many tabs on.
    pub(super) const fn step(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

/// The link to the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// Not there yet.
    #[default]
    Connecting,
    /// There.
    Up,
    /// Lost, or refused, and why.
    Down(String),
}

/// Where things are drawn, in rows from the top: header, notices, list, title, body, edge, two rows of foot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// Columns of everything.
    pub width: u16,
    /// Rows of notices.
    pub notices: u16,
    /// Rows of the list.
    pub list: u16,
    /// Rows of the body.
    pub body: u16,
}

/// The console.
#[derive(Debug)]
pub struct App {
    pub(super) now: u64,
    pub(super) size: (u16, u16),
    pub(super) tab: Tab,
    pub(super) overlay: Overlay,
    pub(super) queue: Queue,
    pub(super) history: History,
    pub(super) rules: Rules,
    pub(super) stats: Stats,
    /// What could be remembered, while that is asked.
    pub(super) choice: Option<Choice>,
    pub(super) link: LinkState,
    pub(super) status: Option<Status>,
    /// The policy that waits.
    pub(super) weighing: Option<Weighing>,
    pub(super) said: Option<(Shown, u64)>,
    pub(super) focused: Option<Detail>,
    pub(super) past: Option<Detail>,
    pub(super) zone: TimeZone,
    /// The terminal draws nothing beyond ASCII.
    pub(super) ascii: bool,
    /// Something on the screen has changed.
    pub(super) dirty: bool,
    /// Whether the foot said that keys act.
    pub(super) ready_shown: bool,
}

impl App {
    /// An empty console for a terminal of this many columns and rows, which may draw nothing beyond ASCII, with the
    /// person's time zone.
    pub fn new(size: (u16, u16), ascii: bool, zone: TimeZone) -> Self {
        Self {
            now: 0,
            size,
            tab: Tab::default(),
            overlay: Overlay::default(),
            queue: Queue::default(),
            history: History::default(),
            rules: Rules::default(),
            stats: Stats::default(),
            choice: None,
            link: LinkState::default(),
            status: None,
            weighing: None,
            said: None,
            focused: None,
            past: None,
            zone,
            ascii,
            dirty: true,
            ready_shown: false,
        }
    }

    /// Where things are drawn; `None` when the terminal is too small for anything to be answered.
    pub fn areas(&self) -> Option<Areas> {
        let (width, height) = self.size;
        if width < SMALLEST.0 || height < SMALLEST.1 {
            return None;
        }
        let notices = u16::try_from(self.notices().len()).unwrap_or(u16::MAX).min(if height < 20 { 2 } else { 3 });
        let lines = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX);
        let room = height - notices - 5;
        let list = match self.tab {
            Tab::Queue => lines(self.queue.held().len()).min((height / 5).clamp(2, 12)),
            Tab::History => lines(self.history.rows().len()).clamp(1, height / 3),
            // What the selected one covers needs some rows.
            Tab::Approvals => room - 4,
            Tab::Stats => 0,
        };
        Some(Areas { width, notices, list, body: room - list })
    }

    /// What a person must know, worst first: always on the screen, in words.
    pub fn notices(&self) -> Vec<Shown> {
        let mut out = Vec::new();
        if let LinkState::Down(why) = &self.link {
            out.push(Shown::line(&format!("NOT CONNECTED: {why}")));
        }
        if let Some(status) = &self.status {
            if let Some(why) = &status.may_not_decide {
                out.push(Shown::line(&format!("THIS CONSOLE CANNOT DECIDE: {why}")));
            }
            if let Some(why) = &status.policy_error {
                out.push(Shown::line(&format!("POLICY NOT IN FORCE, all but low risk is denied: {why}")));
            }
            out.extend(self.weighing.as_ref().map(|weighing| Shown::own(weighing.notice())));
            out.extend(status.notices.iter().map(|text| Shown::line(&format!("NOTICE: {text}"))));
        }
        out
    }

    /// Whether the focused call is on the screen as the console is now.
    pub(super) fn on_screen(&self) -> bool {
        let covered = matches!(self.overlay, Overlay::Help(_)) || self.weighs();
        self.tab == Tab::Queue && !covered && self.areas().is_some()
    }

    /// Whether the policy that waits is on the screen as the console is now.
    pub(super) const fn weighs(&self) -> bool {
        matches!(self.overlay, Overlay::Policy | Overlay::Prompt(Prompt { ask: Ask::Accept(_), .. }))
    }

    /// What could be remembered, while it stands where the call's rows stand otherwise.
    pub fn choosing(&self) -> Option<&Choice> {
        let Overlay::Prompt(prompt) = &self.overlay else { return None };
        let shows = match prompt.ask {
            Ask::Remember(_) => true,
            Ask::Yes(_, remember) => remember.is_some_and(|(_, cover)| cover.is_some()),
            Ask::Reason(_) | Ask::Filter | Ask::Revoke(_) | Ask::Accept(_) => false,
        };
        self.choice.as_ref().filter(|choice| shows && prompt.call() == Some(choice.id()))
    }

    /// What rows are laid out for.
    pub(super) const fn page(&self) -> Page {
        Page { width: self.size.0 as usize, ascii: self.ascii }
    }

    /// Where keys are looked up.
    pub(super) const fn context(&self) -> Context {
        match &self.overlay {
            Overlay::Help(_) => Context::Help,
            Overlay::Policy => Context::Policy,
            Overlay::Prompt(prompt) => prompt.context(),
            Overlay::None => match self.tab {
                Tab::Queue => Context::Queue,
                Tab::History => Context::History,
                Tab::Approvals => Context::Approvals,
                Tab::Stats => Context::Stats,
            },
        }
    }

    /// The focused call if it may be answered now, or why not.
    pub(super) fn answerable(&self) -> Result<&Held, Shown> {
        let held = self.queue.focused().ok_or_else(|| Shown::own("no call waits"))?;
        if !self.on_screen() {
            return Err(Shown::own("the call is not on the screen"));
        }
        if self.link != LinkState::Up {
            return Err(Shown::own("no hub is connected, so nothing can be decided"));
        }
        if let Some(why) = self.status.as_ref().and_then(|s| s.may_not_decide.as_deref()) {
            return Err(Shown::line(&format!("this console cannot decide: {why}")));
        }
        if held.answered {
            return Err(Shown::own("your answer is on its way to the hub"));
        }
        if !self.queue.is_ready(self.now) {
            return Err(Shown::own("look first: keys count half a second after the call has come up"));
        }
        Ok(held)
    }

    /// When the console next changes by itself, on its own clock.
    pub fn next_wake(&self) -> Option<u64> {
        let long = [&self.focused, &self.past].into_iter().flatten().any(|d| !d.is_whole());
        let second = (!self.queue.held().is_empty()).then(|| (self.now / 1000 + 1) * 1000);
        let guard = self.queue.ready_at().filter(|_| !self.ready_shown).map(|at| at.max(self.now));
        let weighing = self.weighing.as_ref().filter(|_| self.weighs()).and_then(Weighing::ready_at);
        let weighing = weighing.filter(|at| *at > self.now);
        let said = self.said.as_ref().map(|(_, until)| *until);
        [long.then_some(self.now), second, guard, weighing, said].into_iter().flatten().min()
    }

    /// Says something at the foot of the screen for a while.
    pub(super) fn say(&mut self, text: Shown) {
        self.said = Some((text, self.now.saturating_add(MESSAGE_MS)));
        self.dirty = true;
    }

    /// Brings what is laid out in line with what is selected and with the size of the screen.
    pub(super) fn settle(&mut self) {
        let areas = self.areas();
        let asked = match &self.overlay {
            Overlay::Prompt(prompt) => prompt.call(),
            Overlay::None | Overlay::Help(_) | Overlay::Policy => None,
        };
        self.choice.take_if(|choice| asked != Some(choice.id()));
        let focused = self.queue.focused().map(|held| &held.call);
        let kept = self.focused.take().filter(|detail| {
            matches!((detail.subject(), focused), (Subject::Held(shown), Some(call)) if Arc::ptr_eq(shown, call))
        });
        self.focused =
            kept.or_else(|| focused.map(|call| Detail::new(Subject::Held(Arc::clone(call)), self.zone.clone())));
        let row = self.history.selected().filter(|_| self.tab == Tab::History);
        let kept = self.past.take().filter(
            |detail| matches!((detail.subject(), row), (Subject::Past(shown), Some(row)) if Arc::ptr_eq(shown, row)),
        );
        self.past = kept.or_else(|| row.map(|row| Detail::new(Subject::Past(Arc::clone(row)), self.zone.clone())));
        let Some(areas) = areas else { return };
        if self.tab == Tab::Stats {
            self.stats.resize(self.page(), usize::from(areas.body), &self.zone);
        }
        if self.weighs()
            && let Some(weighing) = &mut self.weighing
        {
            let page = Page { width: usize::from(areas.width), ascii: self.ascii };
            weighing.resize(page, usize::from(areas.list + areas.body));
        }
        let detail = if self.tab == Tab::History { &mut self.past } else { &mut self.focused };
        if let Some(detail) = detail {
            let page = Page { width: usize::from(areas.width), ascii: self.ascii };
            detail.resize(page, usize::from(areas.body));
        }
    }

    /// What is scrolled now.
    pub(super) const fn body(&mut self) -> Option<&mut Detail> {
        match self.tab {
            Tab::Queue => self.focused.as_mut(),
            Tab::History => self.past.as_mut(),
            Tab::Approvals | Tab::Stats => None,
        }
    }
}
