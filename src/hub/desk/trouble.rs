//! When the journal cannot be written: nothing that it should have recorded is allowed.

use super::{By, CallId, Decision, DecisionKind, Desk, Effect, FromHub, Mended, PeerId, Record};

/// A journal that could not be written, and what was lost by it.
pub(super) struct Trouble {
    why: String,
    lost: u64,
}

impl Trouble {
    pub(super) fn says(&self) -> String {
        format!("the journal cannot be written ({}): nothing is allowed until it can be", self.why)
    }
}

impl Desk {
    /// Turns effects whose `Journal` entries could not be written into what may be done all the same: denials stay
    /// denials, allowances become blocked, calls that would be held are blocked, approvals are dropped.
    pub fn journal_failed(&mut self, effects: Vec<Effect>, why: &str) -> Vec<Effect> {
        let mut lost = 0;
        let mut out = Vec::new();
        let mut dropped: Vec<CallId> = Vec::new();
        for effect in effects {
            match effect {
                Effect::Journal(_) => lost += 1,
                // What is not in the journal was not accepted, if this hub ends now: the text before it is kept too.
                Effect::Keep(..) => {}
                Effect::Send(peer, message) => {
                    if let Some(message) = self.instead(peer, message, why, &mut dropped) {
                        out.push(Effect::Send(peer, message));
                    }
                }
                other => out.push(other),
            }
        }
        let before = self.trouble.take().map_or(0, |trouble| trouble.lost);
        self.trouble = Some(Trouble { why: why.to_owned(), lost: before + lost });
        self.tell_status(&mut out);
        out
    }

    /// The journal was written again: says what is missing from it, once.
    pub fn journal_recovered(&mut self, out: &mut Vec<Effect>) {
        let Some(trouble) = self.trouble.take() else { return };
        let what =
            format!("{} entries could not be written ({}); nothing was allowed meanwhile", trouble.lost, trouble.why);
        out.push(Effect::Journal(Record::Mended(Mended { what })));
        self.restate_policy(out);
        self.tell_status(out);
    }

    /// Whether the last append failed.
    pub fn in_trouble(&self) -> bool {
        self.trouble.is_some()
    }

    fn instead(&mut self, peer: PeerId, message: FromHub, why: &str, dropped: &mut Vec<CallId>) -> Option<FromHub> {
        let blocked = || {
            let why = format!("the journal cannot be written ({why}), so nothing is allowed");
            Decision::new(DecisionKind::Blocked, By::Hub).because(why)
        };
        Some(match message {
            FromHub::Decided { ask, id, params_digest, decision } if decision.is_allowed() => {
                self.sent.remove(&id);
                if let Some(wrap) = self.wraps.get_mut(&peer) {
                    wrap.repeatable.retain(|(known, ..)| *known != id);
                }
                FromHub::Decided { ask, id, params_digest, decision: blocked() }
            }
            FromHub::Held { ask, .. } => {
                let found = self.held.iter().find(|(_, held)| held.peer == peer && held.ask == ask);
                let id = found.map(|(id, _)| *id)?;
                let held = self.take(id)?;
                dropped.push(id);
                FromHub::Decided { ask, id, params_digest: held.params_digest, decision: blocked() }
            }
            FromHub::Pending(pending) if dropped.contains(&pending.id) => return None,
            FromHub::Settled { id, decision } if decision.is_allowed() => FromHub::Settled { id, decision: blocked() },
            other => other,
        })
    }
}
