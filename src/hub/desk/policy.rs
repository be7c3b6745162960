//! The policy file changes, and a person says whether what got looser in it may hold.

use super::ground::Turn;
use super::{CallId, Decision, Desk, Effect, FromHub, Held, Now, PeerId, PolicyFile, ProjectFile, Record};
use crate::call::Digest;
use crate::policy::Asked;

impl Desk {
    pub(super) fn policy(&mut self, now: Now, file: PolicyFile, out: &mut Vec<Effect>) {
        let turn = self.ground.read(file);
        self.turn(now, turn, out);
    }

    /// A person's word on the policy that waits. Who may decide on calls may decide on this.
    pub(super) fn weigh(&mut self, now: Now, peer: PeerId, digest: Digest, accept: bool, out: &mut Vec<Effect>) {
        let who = self.consoles.get(&peer).map(|console| console.who.clone()).unwrap_or_default();
        let turn = match self.may_not_decide(peer) {
            Some(why) => Err(why),
            None => self.ground.weigh(digest, accept, &who),
        };
        match turn {
            Ok(turn) => self.turn(now, turn, out),
            Err(why) => {
                out.push(Effect::Send(peer, FromHub::Unweighed { digest, why }));
                self.tell_proposal(peer, out);
            }
        }
    }

    fn turn(&mut self, now: Now, turn: Turn, out: &mut Vec<Effect>) {
        self.changed = true;
        if turn.keep {
            self.keep(out);
        }
        out.extend(turn.records.into_iter().map(|loaded| Effect::Journal(Record::Policy(loaded))));
        let consoles: Vec<PeerId> = self.consoles.keys().copied().collect();
        for console in consoles {
            self.tell_proposal(console, out);
        }
        self.tell_hidden(out);
        self.judge_held(now, out);
    }

    /// The files of a wrap's project changed.
    pub(super) fn project(&mut self, now: Now, peer: PeerId, files: &[ProjectFile], out: &mut Vec<Effect>) {
        let Some(wrap) = self.wraps.get_mut(&peer) else { return };
        wrap.projects.read(files, self.ground.times());
        self.changed = true;
        self.judge_held(now, out);
    }

    /// What was judged under another policy is judged anew: only what is denied now leaves.
    fn judge_held(&mut self, now: Now, out: &mut Vec<Effect>) {
        let moment = self.moment(now);
        // What the policy denies now is not left for a person to allow. What it allows still waits: it was asked for.
        let judged: Vec<(CallId, Decision)> = self
            .held
            .iter()
            .filter_map(|(id, held)| {
                let Held { call, risk, facts, .. } = held;
                let asked = Asked { call, risk, facts, moment: &moment };
                let ruling = match self.wraps.get(&held.peer) {
                    Some(wrap) => wrap.projects.judge(&self.ground, &asked),
                    None => self.ground.judge(&asked),
                };
                let denied = Self::by_verdict(ruling.verdict()).filter(|decision| !decision.is_allowed());
                denied.map(|decision| (*id, decision))
            })
            .collect();
        for (id, decision) in judged {
            let Some(held) = self.take(id) else { continue };
            self.settle(now, id, held, decision, None, out);
        }
    }

    /// Tells wraps what to leave out of their servers' tools, those for whom it has changed.
    pub(super) fn tell_hidden(&mut self, out: &mut Vec<Effect>) {
        let accepted = self.ground.accepted().map(|file| &file.policy);
        for (peer, wrap) in &mut self.wraps {
            let profile = accepted.and_then(|policy| policy.server(wrap.server.name.as_str()));
            let above = profile.filter(|profile| profile.hide).and_then(|profile| profile.access);
            if std::mem::replace(&mut wrap.hidden, above) != above {
                out.push(Effect::Send(*peer, FromHub::Hide(above)));
            }
        }
    }

    pub(super) fn tell_proposal(&self, peer: PeerId, out: &mut Vec<Effect>) {
        out.push(Effect::Send(peer, FromHub::Proposal(self.ground.proposal().map(Box::new))));
    }

    /// Has the text of what was accepted kept, where it is known.
    fn keep(&self, out: &mut Vec<Effect>) {
        if let Some(file) = self.ground.accepted() {
            out.push(Effect::Keep(file.digest, file.text.clone()));
        }
    }

    /// Says in the journal what holds now, when it may not say so.
    pub(super) fn restate_policy(&self, out: &mut Vec<Effect>) {
        self.keep(out);
        out.push(Effect::Journal(Record::Policy(self.ground.record())));
    }
}
