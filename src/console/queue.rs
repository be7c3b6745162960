//! The calls that wait, as the hub said, and the one in focus.
//!
//! Invariants: oldest first, never re-sorted; the focus is a call's number, never a row (B21); a key acts on the focused
//! call only when it has been on the screen for [`GUARD_MS`] without a key (B22).

use std::sync::Arc;

use crate::call::CallId;
use crate::wire::Pending;

/// How long a call must have been on the screen, without a key being pressed, before a key acts on it: in milliseconds.
pub const GUARD_MS: u64 = 500;

/// A call that waits.
#[derive(Clone, Debug)]
pub struct Held {
    /// As the hub sent it.
    pub call: Arc<Pending>,
    /// When the hub denies it, on this console's clock, in milliseconds.
    pub deadline: u64,
    /// Whether an answer was sent and the hub has not settled it yet.
    pub answered: bool,
    /// How long it was on the screen in focus so far, in milliseconds.
    pub looked_ms: u64,
}

impl Held {
    /// Whole seconds left at this time, rounded up.
    pub const fn seconds_left(&self, now: u64) -> u64 {
        self.deadline.saturating_sub(now).div_ceil(1000)
    }
}

/// Whether keys may act on the focused call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Guard {
    /// It has not been drawn since it came into focus.
    #[default]
    Unseen,
    /// It was on the screen, and no key was pressed, since then.
    Since(u64),
}

/// The calls that wait.
#[derive(Debug, Default)]
pub struct Queue {
    held: Vec<Held>,
    focus: Option<CallId>,
    guard: Guard,
}

impl Queue {
    /// Oldest first.
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// The call in focus.
    pub fn focused(&self) -> Option<&Held> {
        self.focus.and_then(|id| self.get(id))
    }

    /// Where the focused call stands, from 0.
    pub fn position(&self) -> Option<usize> {
        self.focus.and_then(|id| self.find(id).ok())
    }

    /// One call.
    pub fn get(&self, id: CallId) -> Option<&Held> {
        self.find(id).ok().map(|at| &self.held[at])
    }

    fn find(&self, id: CallId) -> Result<usize, usize> {
        self.held.binary_search_by_key(&id, |h| h.call.id)
    }

    /// A call waits. One that is known already is replaced, and has to be looked at anew.
    pub fn add(&mut self, call: Arc<Pending>, now: u64) {
        let id = call.id;
        let held = Held { deadline: now.saturating_add(call.remaining_ms), call, answered: false, looked_ms: 0 };
        match self.find(id) {
            Ok(at) => {
                self.held[at] = held;
                if self.focus == Some(id) {
                    self.guard = Guard::Unseen;
                }
            }
            Err(at) => self.held.insert(at, held),
        }
        if self.focus.is_none() {
            self.focus_on(Some(id));
        }
    }

    /// A call was settled. If it was in focus, the one after it comes into focus, or else the one before.
    pub fn remove(&mut self, id: CallId) -> Option<Held> {
        let at = self.find(id).ok()?;
        let gone = self.held.remove(at);
        if self.focus == Some(id) {
            let neighbour = self.held.get(at).or_else(|| self.held.last()).map(|h| h.call.id);
            self.focus_on(neighbour);
        }
        Some(gone)
    }

    /// Nothing is known to wait any more.
    pub fn clear(&mut self) {
        self.held.clear();
        self.focus_on(None);
    }

    fn focus_on(&mut self, id: Option<CallId>) {
        self.focus = id;
        self.guard = Guard::Unseen;
    }

    /// Moves the focus by so many calls. Whether it moved.
    pub fn step(&mut self, by: isize) -> bool {
        let Some(at) = self.position() else { return false };
        let to = at.saturating_add_signed(by).min(self.held.len() - 1);
        if to == at {
            return false;
        }
        self.focus_on(Some(self.held[to].call.id));
        true
    }

    /// An answer was sent, or was not taken.
    pub fn set_answered(&mut self, id: CallId, answered: bool) {
        if let Ok(at) = self.find(id) {
            self.held[at].answered = answered;
        }
    }

    /// The focused call was not on the screen for a while: it has to be looked at anew.
    pub fn unseen(&mut self) {
        self.guard = Guard::Unseen;
    }

    /// The focused call is on the screen. `true` when that is new: what was typed before was not meant for it.
    pub fn seen(&mut self, now: u64) -> bool {
        let new = self.focus.is_some() && self.guard == Guard::Unseen;
        if new {
            self.guard = Guard::Since(now);
        }
        new
    }

    /// So much time went by, during which everything stayed as it was.
    pub fn pass(&mut self, ms: u64) {
        if self.guard != Guard::Unseen
            && let Some(at) = self.position()
        {
            self.held[at].looked_ms += ms;
        }
    }

    /// A key was pressed while none acts: somebody is typing, perhaps for another window.
    pub fn disturb(&mut self, now: u64) {
        if let Guard::Since(since) = &mut self.guard {
            *since = now;
        }
    }

    /// Whether a key may act on the focused call.
    pub fn is_ready(&self, now: u64) -> bool {
        self.ready_at().is_some_and(|at| now >= at)
    }

    /// When a key may act on the focused call, if nothing happens.
    pub fn ready_at(&self) -> Option<u64> {
        match self.guard {
            Guard::Since(since) if self.focus.is_some() => Some(since.saturating_add(GUARD_MS)),
            _ => None,
        }
    }
}
