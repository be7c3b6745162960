//! What could be remembered of the call that is being answered: what the hub offers, and which of it is chosen.
//!
//! Invariants: exactly the call stands first, is there before the hub has said anything, and stays chosen until the
//! person moves on. A wider one counts only when all of its sentence has been on the screen for [`GUARD_MS`]. An answer
//! names what was shown by its digest; the hub takes only what it would offer itself.

use std::ops::Range;

use crate::call::{CallId, Digest};
use crate::policy::cover::says;
use crate::policy::tally::Past;
use crate::shown::Letters;
use crate::wire::{Offer, Pending, Suggestions};

use super::detail::rows::{Ink, Page, Row, Sign, said};
use super::queue::GUARD_MS;

/// The column of the sentences, in cells.
const COLUMN: usize = 3;
/// The most offers; there are never more. They have no numbers: the digits say for how long.
const MOST: usize = 9;

/// The offers for one call and the one that is chosen.
#[derive(Debug)]
pub struct Choice {
    id: CallId,
    params_digest: Digest,
    offers: Vec<Offer>,
    /// Over how many calls the hub has counted.
    counted: Option<u64>,
    selected: usize,
    /// Since when the chosen one has stood on the screen, all of it.
    since: Option<u64>,
}

impl Choice {
    /// Exactly this call, until the hub offers more.
    pub fn new(call: &Pending) -> Self {
        let exact = Offer { cover: None, says: says(call.tool.as_str(), None), past: None };
        let params_digest = call.params.digest();
        Self { id: call.id, params_digest, offers: vec![exact], counted: None, selected: 0, since: None }
    }

    /// The call it is about.
    pub const fn id(&self) -> CallId {
        self.id
    }

    /// The number of the chosen one, from 1.
    pub const fn number(&self) -> usize {
        self.selected + 1
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.offers.len()
    }

    /// Whether there is none: never.
    pub const fn is_empty(&self) -> bool {
        self.offers.is_empty()
    }

    /// What is chosen: `None` is exactly the call.
    pub fn cover(&self) -> Option<Digest> {
        self.offers.get(self.selected).and_then(|offer| offer.cover)
    }

    /// The hub's offers. Whether they are for this call as it was shown, and something changed on the screen.
    pub fn take(&mut self, told: Suggestions) -> bool {
        let exact_first = told.offers.first().is_some_and(|offer| offer.cover.is_none());
        if told.id != self.id || told.params_digest != self.params_digest || !exact_first {
            return false;
        }
        let chosen = self.cover();
        let mut offers = told.offers;
        offers.truncate(MOST);
        let same = |a: &Offer, b: &Offer| (a.cover, &a.says) == (b.cover, &b.says);
        let kept = offers.len() == self.offers.len() && offers.iter().zip(&self.offers).all(|(a, b)| same(a, b));
        self.offers = offers;
        self.counted = told.counted;
        if !kept {
            self.selected = self.offers.iter().position(|offer| offer.cover == chosen).unwrap_or(0);
            self.since = None;
        }
        true
    }

    /// Chooses another one. Whether there is another.
    pub fn step(&mut self, by: isize) -> bool {
        let to = self.selected.saturating_add_signed(by).min(self.offers.len().saturating_sub(1));
        let moved = to != self.selected;
        self.selected = to;
        if moved {
            self.since = None;
        }
        moved
    }

    /// It was drawn on so many rows.
    pub fn drawn(&mut self, now: u64, page: Page, height: usize) {
        let (_, chosen) = self.rows(page);
        if chosen.len() <= height {
            self.since.get_or_insert(now);
        }
    }

    /// Somebody presses keys while none counts.
    pub const fn disturb(&mut self, now: u64) {
        if let Some(since) = &mut self.since {
            *since = now;
        }
    }

    /// Whether a key may take what is chosen. Exactly the call is what the dialog has shown all along.
    pub fn is_ready(&self, now: u64) -> bool {
        self.cover().is_none() || self.since.is_some_and(|since| now >= since.saturating_add(GUARD_MS))
    }

    /// All of it, and which rows are the chosen one's.
    pub fn rows(&self, page: Page) -> (Vec<Row>, Range<usize>) {
        let mut rows = Vec::new();
        let mut chosen = 0..0;
        for (at, offer) in self.offers.iter().enumerate() {
            let from = rows.len();
            let ink = if at == self.selected { Ink::Key } else { Ink::Text };
            rows.extend(said("-", COLUMN, &[(ink, Letters::All, offer.says.as_str())], page));
            let past = self.past(offer.past);
            rows.extend(said("", COLUMN, &[(Ink::Label, Letters::All, past.as_str())], page));
            if at == self.selected {
                chosen = from..rows.len();
                rows[from].sign = Sign::Focus;
            }
        }
        (rows, chosen)
    }

    /// The rows for a screen of this height, the chosen one's among them.
    pub fn window(&self, page: Page, height: usize) -> Vec<Row> {
        let (rows, chosen) = self.rows(page);
        let last = rows.len().saturating_sub(height);
        let start = chosen.end.saturating_sub(height).min(chosen.start).min(last);
        rows.into_iter().skip(start).take(height).collect()
    }

    fn past(&self, past: Option<Past>) -> String {
        let (Some(past), Some(calls)) = (past, self.counted) else {
            return "counting what it would have covered so far...".to_owned();
        };
        if calls == 0 {
            return "no call came before this one".to_owned();
        }
        let calls = format!("of the newest {calls} calls");
        let mut out = match past.matched {
            0 => format!("none {calls} lies within it"),
            1 => format!("1 {calls} lies within it"),
            n => format!("{n} {calls} lie within it"),
        };
        if past.matched > 0 {
            let denied = match past.denied {
                0 => ", none was denied".to_owned(),
                1 => ", 1 WAS DENIED".to_owned(),
                n => format!(", {n} WERE DENIED"),
            };
            out.push_str(&denied);
        }
        let more = [
            (past.high, format!(", {} rated HIGH", past.high)),
            (past.higher, format!(" ({} would be asked for all the same)", past.higher)),
            (past.untold, format!("; {} cannot be told: their arguments were not kept", past.untold)),
        ];
        out.extend(more.into_iter().filter(|(n, _)| *n > 0).map(|(_, words)| words));
        out
    }
}
