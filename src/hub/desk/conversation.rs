//! What is remembered of each conversation, over all the servers of one host, for the judge: what was denied, how many
//! calls came, what was read.
//!
//! Invariant: bounded, whatever an agent does; a host that connects anew goes on with the conversation it had.

use std::collections::{HashMap, VecDeque};

use super::{By, Decision, DecisionKind, Held, Now, Process};
use crate::call::{Call, Digest, SessionId};
use crate::decision::Level;
use crate::risk::{Facts, context};

/// The most conversations that are remembered; the one that was silent longest goes first.
const MOST: usize = 256;
/// The most denied calls of one conversation that are remembered.
const MOST_DENIED: usize = 256;
/// The most calls that are counted within [`RECENT_MS`].
const MOST_RECENT: usize = 1_000;
/// What counts as recent, in milliseconds.
const RECENT_MS: u64 = 60_000;

/// Which conversation: a host's, or, where no host can be seen, a session's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Partner {
    Host(Process),
    Session(SessionId),
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Conversations {
    all: HashMap<Partner, Conversation>,
    turn: u64,
}

#[derive(Debug, Default)]
struct Conversation {
    /// When it spoke last, in turns.
    last: u64,
    denied: VecDeque<Digest>,
    denied_in_row: u32,
    calls: VecDeque<u64>,
    read_private: Option<String>,
    read_untrusted: Option<String>,
}

impl Conversations {
    fn of(&mut self, partner: &Partner) -> &mut Conversation {
        self.turn += 1;
        if self.all.len() >= MOST && !self.all.contains_key(partner) {
            let silent = self.all.iter().min_by_key(|(_, known)| known.last).map(|(partner, _)| partner.clone());
            silent.map(|partner| self.all.remove(&partner));
        }
        let conversation = self.all.entry(partner.clone()).or_default();
        conversation.last = self.turn;
        conversation
    }

    /// A call came: what came before it.
    pub(super) fn tell(&mut self, now: Now, partner: &Partner, call: &Call, facts: &mut Facts) {
        let conversation = self.of(partner);
        let calls = &mut conversation.calls;
        calls.push_back(now.mono);
        while calls.len() > MOST_RECENT || calls.front().is_some_and(|at| at.saturating_add(RECENT_MS) <= now.mono) {
            calls.pop_front();
        }
        facts.recent = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        facts.denied_same = !conversation.denied.is_empty() && conversation.denied.contains(&call.grant_key(None));
        facts.denied_in_row = conversation.denied_in_row;
        facts.read_private.clone_from(&conversation.read_private);
        facts.read_untrusted.clone_from(&conversation.read_untrusted);
    }

    /// A call was decided. Silence, a withdrawal and a fault are nobody's no.
    pub(super) fn decided(&mut self, partner: &Partner, held: &Held, decision: &Decision) {
        let conversation = self.of(partner);
        match decision.kind {
            DecisionKind::Allowed => {
                // A look between two tries is no yes: anybody can have one.
                if held.risk.level > Level::Low || decision.by == By::Human {
                    conversation.denied_in_row = 0;
                }
                if !conversation.denied.is_empty() {
                    let key = held.call.grant_key(None);
                    conversation.denied.retain(|denied| *denied != key);
                }
                let name = || format!("{}/{}", held.call.server.name, held.call.tool.as_str());
                if context::reads_private(&held.risk) {
                    conversation.read_private = Some(name());
                }
                if context::reads_untrusted(&held.risk) {
                    conversation.read_untrusted = Some(name());
                }
            }
            DecisionKind::Denied => {
                conversation.denied_in_row = conversation.denied_in_row.saturating_add(1);
                let key = held.call.grant_key(None);
                if !conversation.denied.contains(&key) {
                    conversation.denied.truncate(MOST_DENIED - 1);
                    conversation.denied.push_front(key);
                }
            }
            DecisionKind::TimedOut | DecisionKind::Withdrawn | DecisionKind::Blocked => {}
        }
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// A session ended. What a host did stays known: it may come back.
    pub(super) fn ended(&mut self, partner: &Partner) {
        if matches!(partner, Partner::Session(_)) {
            self.all.remove(partner);
        }
    }
}
