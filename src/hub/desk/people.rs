//! What people do at the desk: attach a console, decide, take approvals back, look how things stand.

use super::Person;
use super::{
    Answer, By, Console, Decide, Decision, DecisionKind, Desk, Effect, FromHub, GrantId, Grants, Now, PeerId, Process,
    Record, Revoked, Status,
};

impl Desk {
    pub(super) fn console(
        &mut self,
        now: Now,
        peer: PeerId,
        who: String,
        lineage: Vec<Process>,
        unfit: Option<String>,
        out: &mut Vec<Effect>,
    ) {
        self.consoles.insert(peer, Console { who, lineage, unfit });
        self.changed = true;
        if self.ground.waits().is_some() {
            self.tell_proposal(peer, out);
        }
        for held in self.held.values() {
            out.push(Effect::Send(peer, FromHub::Pending(Box::new(held.pending(now)))));
        }
    }

    pub(super) fn decide(&mut self, now: Now, peer: PeerId, decide: &Decide, out: &mut Vec<Effect>) {
        let id = decide.id;
        if let Err(why) = self.may_decide(peer, decide) {
            out.push(Effect::Send(peer, FromHub::Stale { id, why }));
            return;
        }
        let cover = match self.chosen(id, &decide.answer) {
            Ok(cover) => cover,
            Err(why) => return out.push(Effect::Send(peer, FromHub::Stale { id, why: why.to_owned() })),
        };
        let Some(held) = self.take(id) else { return };
        let who = self.consoles.get(&peer).map(|console| console.who.clone());
        let (decision, scope) = match &decide.answer {
            Answer::Allow => (Decision::new(DecisionKind::Allowed, By::Human), None),
            Answer::Remember { scope, .. } => (Decision::new(DecisionKind::Allowed, By::Human), Some(*scope)),
            Answer::Deny(reason) => {
                let decision = Decision { reason: reason.clone(), ..Decision::new(DecisionKind::Denied, By::Human) };
                (decision, None)
            }
        };
        let grant = scope.and_then(|scope| self.new_grant(now, &held, scope, cover, who.clone().unwrap_or_default()));
        let person = who.map(|who| Person { who, looked_ms: decide.looked_ms });
        self.settle(now, id, held, decision, person, out);
        if let Some(grant) = grant {
            out.push(Effect::Journal(Record::Granted(grant)));
        }
    }

    fn may_decide(&self, peer: PeerId, decide: &Decide) -> Result<(), String> {
        if let Some(why) = self.may_not_decide(peer) {
            return Err(why);
        }
        let held = self.held.get(&decide.id).ok_or("it was settled before your answer came")?;
        if held.params_digest == decide.params_digest {
            Ok(())
        } else {
            Err("what was shown is not what was asked; nothing was done".to_owned())
        }
    }

    /// Why this console may not decide, if it may not.
    pub(super) fn may_not_decide(&self, peer: PeerId) -> Option<String> {
        let Some(console) = self.consoles.get(&peer) else {
            return Some("only a console decides".to_owned());
        };
        if let Some(why) = &console.unfit {
            return Some(why.clone());
        }
        let host = console.lineage.iter().find(|process| self.hosts.contains(process))?;
        Some(format!(
            "this console was started by process {}, which also runs an AI host's server: open one in a terminal of your own",
            host.pid
        ))
    }

    pub(super) fn revoke(&mut self, peer: PeerId, ids: &[GrantId], grants: &dyn Grants, out: &mut Vec<Effect>) {
        let who = match (self.consoles.get(&peer), self.commands.get(&peer)) {
            (Some(console), _) => console.who.clone(),
            (None, Some(who)) => who.clone(),
            (None, None) => return,
        };
        for id in grants.known(ids) {
            self.take_back(id, &who, out);
        }
        out.push(Effect::SendApprovals(peer));
    }

    /// From here on the approval does not count, whatever becomes of the record.
    pub(super) fn take_back(&mut self, id: GrantId, who: &str, out: &mut Vec<Effect>) {
        if self.revoked.insert(id) {
            out.push(Effect::Journal(Record::Revoked(Revoked { id, who: who.to_owned() })));
        }
    }

    pub(super) fn status(&self, peer: PeerId) -> Status {
        let mut notices = self.notices.clone();
        notices.extend(self.trouble.as_ref().map(super::trouble::Trouble::says));
        for wrap in self.wraps.values() {
            notices.extend(wrap.projects.told().into_iter().map(|told| format!("{}: {told}", wrap.server.name)));
        }
        Status {
            pid: self.pid,
            home: self.home.clone(),
            wraps: self.wraps.values().map(|w| (w.server.name.as_str().to_owned(), w.label.clone())).collect(),
            commands: self.wraps.values().map(|w| (w.server.name.as_str().to_owned(), words(&w.server))).collect(),
            consoles: u32::try_from(self.consoles.len()).unwrap_or(u32::MAX),
            held: u32::try_from(self.held.len()).unwrap_or(u32::MAX),
            policy_error: self.ground.error().map(str::to_owned),
            policy_waits: self.ground.waits(),
            notices,
            may_not_decide: self.consoles.contains_key(&peer).then(|| self.may_not_decide(peer)).flatten(),
        }
    }

    pub(super) fn tell_status(&self, out: &mut Vec<Effect>) {
        for peer in self.consoles.keys() {
            out.push(Effect::Send(*peer, FromHub::Status(self.status(*peer))));
        }
    }
}

/// A server's command line, word by word.
fn words(server: &crate::call::Server) -> Vec<String> {
    std::iter::once(&server.command).chain(&server.args).cloned().collect()
}
