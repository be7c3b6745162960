//! The desk: the hub's queue of held calls, and the one place where calls are judged and settled.
//!
//! A machine: [`Desk::handle`] takes an [`Event`] and gives back [`Effect`]s. Every call that is submitted leaves through
//! `settle`, once, and ends in exactly one `Decided` record. An effect is carried out only after every `Journal` effect
//! before it has been written; when that fails, [`Desk::journal_failed`] turns the same effects into denials.
//! It never reads a clock, a file or a socket: the time is given, remembered approvals are asked for through [`Grants`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::call::{Call, CallId, Definition, Digest, Era, Server, SessionId, ToolName};
use crate::decision::{Action, By, Decision, DecisionKind, GrantId, Scope, Verdict};
use crate::policy::{Asked, Moment, Ruling};
use crate::record::{Decided, Finished, Mended, Record, Revoked};
use crate::risk::{Access, Facts, Risk};
use crate::wire::{Answer, Decide, Finish, FromHub, Status, Submit, ToHub};

mod clock;
mod conversation;
mod events;
mod ground;
mod knowledge;
mod papers;
mod people;
mod policy;
mod project;
mod remember;
mod trouble;

use conversation::{Conversations, Partner};
use knowledge::Knowledge;
use papers::{submitted, without_secrets};

use project::Projects;

pub use events::{Effect, Event, Grants, Now, PeerId, PolicyFile, Process, Recalled};
pub use project::ProjectFile;
pub use remember::told;

/// The most calls held at once. One more is blocked.
pub const MAX_HELD: usize = 1_000;
/// The most bytes of params held at once. More is blocked.
pub const MAX_HELD_BYTES: usize = 256 << 20;
/// A session's approvals end with it; this is the end if nobody sees it end (the hub was killed), in milliseconds.
const SESSION_CAP_MS: i64 = 7 * 86_400_000;
/// How many names of tools that were used are kept for a session.
const MOST_USED: usize = 4_096;
/// How many allowed calls of a session may still be repeated with input (MCP 2026-07-28).
const REPEATABLE: usize = 64;

struct Wrap {
    session: SessionId,
    partner: Partner,
    server: Arc<Server>,
    label: String,
    projects: Projects,
    catalog: HashMap<ToolName, Arc<Definition>>,
    /// What its host calls itself, and the folders it gave the server.
    client: Option<String>,
    roots: Vec<String>,
    knowledge: Knowledge,
    used: HashSet<ToolName>,
    /// What it was told to leave out of its server's tools.
    hidden: Option<Access>,
    denied: u32,
    last_ask: Option<u64>,
    repeatable: VecDeque<(CallId, ToolName, Digest)>,
}

struct Console {
    who: String,
    lineage: Vec<Process>,
    unfit: Option<String>,
}

/// Who answered, after how long a look.
struct Person {
    who: String,
    looked_ms: u64,
}

/// A call between its submission and its decision.
struct Held {
    peer: PeerId,
    ask: u64,
    era: Era,
    call: Call,
    params_digest: Digest,
    risk: Risk,
    facts: Facts,
    verdict: Verdict,
    since: Now,
    deadline: u64,
    /// Whether consoles know of it.
    shown: bool,
}

/// The machine.
pub struct Desk {
    next_call: u64,
    next_grant: u64,
    ground: ground::Ground,
    wraps: BTreeMap<PeerId, Wrap>,
    consoles: BTreeMap<PeerId, Console>,
    commands: BTreeMap<PeerId, String>,
    hosts: HashSet<Process>,
    conversations: Conversations,
    held: BTreeMap<CallId, Held>,
    held_bytes: usize,
    deadlines: BTreeSet<(u64, CallId)>,
    clock: clock::Clock,
    sent: HashMap<CallId, PeerId>,
    revoked: HashSet<GrantId>,
    notices: Vec<String>,
    trouble: Option<trouble::Trouble>,
    changed: bool,
    pid: u32,
    home: String,
}

impl Desk {
    /// A desk that goes on after the last call and the last approval of the journal. Until a policy is given, nothing
    /// that is not low passes.
    pub fn new(pid: u32, home: String, last_call: u64, last_grant: u64) -> Self {
        Self {
            next_call: last_call + 1,
            next_grant: last_grant + 1,
            ground: ground::Ground::new(),
            wraps: BTreeMap::new(),
            consoles: BTreeMap::new(),
            commands: BTreeMap::new(),
            hosts: HashSet::new(),
            conversations: Conversations::default(),
            held: BTreeMap::new(),
            held_bytes: 0,
            deadlines: BTreeSet::new(),
            clock: clock::Clock::default(),
            sent: HashMap::new(),
            revoked: HashSet::new(),
            notices: Vec::new(),
            trouble: None,
            changed: false,
            pid,
            home,
        }
    }

    /// When the next held call runs out, on the `mono` clock.
    pub fn next_deadline(&self) -> Option<u64> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Whether anything is attached.
    pub fn is_idle(&self) -> bool {
        self.wraps.is_empty() && self.consoles.is_empty() && self.commands.is_empty()
    }

    /// Whether an approval was taken back since this hub began (the store may not know yet).
    pub fn is_revoked(&self, id: GrantId) -> bool {
        self.revoked.contains(&id)
    }

    /// Takes one event.
    pub fn handle(&mut self, now: Now, event: Event, grants: &dyn Grants, out: &mut Vec<Effect>) {
        self.expire(now, out);
        _ = self.clock.local(now);
        match event {
            Event::Wrap { peer, session, server, host, project } => {
                self.wrap(peer, session, server, host, &project);
                self.tell_hidden(out);
            }
            Event::Console { peer, who, lineage, unfit } => self.console(now, peer, who, lineage, unfit, out),
            Event::Command { peer, who } => {
                self.commands.insert(peer, who);
            }
            Event::Said(peer, message) => self.said(now, peer, message, grants, out),
            Event::Gone(peer) => self.gone(now, peer, grants, out),
            Event::Recalled(recalled) => self.ground.recall(*recalled),
            Event::Policy(file) => self.policy(now, *file, out),
            Event::Project(peer, files) => self.project(now, peer, &files, out),
            Event::Notice(text) => {
                self.notices.push(text);
                self.changed = true;
            }
            Event::Tick => {}
            Event::Stop => self.stop(now, out),
        }
        if std::mem::take(&mut self.changed) {
            self.tell_status(out);
        }
    }

    fn wrap(
        &mut self,
        peer: PeerId,
        session: SessionId,
        server: Server,
        host: Option<Process>,
        project: &[ProjectFile],
    ) {
        self.hosts.extend(host);
        let mut projects = Projects::default();
        projects.read(project, self.ground.times());
        let label =
            std::iter::once(&server.command).chain(&server.args).map(String::as_str).collect::<Vec<_>>().join(" ");
        let wrap = Wrap {
            partner: host.map_or_else(|| Partner::Session(session.clone()), Partner::Host),
            session,
            server: Arc::new(server),
            label,
            projects,
            catalog: HashMap::new(),
            client: None,
            roots: Vec::new(),
            knowledge: Knowledge::default(),
            used: HashSet::new(),
            hidden: None,
            denied: 0,
            last_ask: None,
            repeatable: VecDeque::new(),
        };
        self.wraps.insert(peer, wrap);
        self.changed = true;
    }

    fn said(&mut self, now: Now, peer: PeerId, message: ToHub, grants: &dyn Grants, out: &mut Vec<Effect>) {
        let wrap = self.wraps.contains_key(&peer);
        let console = self.consoles.contains_key(&peer);
        match message {
            ToHub::Catalog(definitions) if wrap => {
                if let Some(wrap) = self.wraps.get_mut(&peer) {
                    wrap.catalog.extend(definitions.into_iter().map(|d| (d.tool.clone(), Arc::new(d))));
                }
            }
            ToHub::Context { client, roots } if wrap => {
                if let Some(wrap) = self.wraps.get_mut(&peer) {
                    wrap.client = client.or(wrap.client.take());
                    wrap.roots = roots.unwrap_or(std::mem::take(&mut wrap.roots));
                }
            }
            ToHub::Submit(submit) if wrap => self.submit(now, peer, submit, grants, out),
            ToHub::Finish(finish) if wrap => self.finish(peer, &finish, out),
            ToHub::Withdraw(asks, why) if wrap => {
                let mine = |held: &Held| held.peer == peer && asks.contains(&held.ask);
                self.withdraw(now, mine, &why, out);
            }
            ToHub::Decide(decide) if console => self.decide(now, peer, &decide, out),
            ToHub::Weigh { digest, accept } if console => self.weigh(now, peer, digest, accept, out),
            ToHub::Suggest(id) if console => self.suggest(peer, id, out),
            ToHub::Stats { days } if console => {
                let since = days.map(|days| now.wall.saturating_sub(i64::from(days) * 86_400_000));
                out.push(Effect::SendStats(peer, since));
            }
            ToHub::History { .. } if console => out.push(Effect::SendHistory(peer, message)),
            ToHub::Approvals if !wrap => out.push(Effect::SendApprovals(peer)),
            ToHub::Revoke(ids) if !wrap => self.revoke(peer, &ids, grants, out),
            ToHub::Status if !wrap => out.push(Effect::Send(peer, FromHub::Status(self.status(peer)))),
            ToHub::Stop if !wrap => self.stop(now, out),
            _ => {
                out.push(Effect::Send(peer, FromHub::Refused("that is not yours to say".to_owned())));
                out.push(Effect::Close(peer));
            }
        }
    }

    fn submit(&mut self, now: Now, peer: PeerId, submit: Submit, grants: &dyn Grants, out: &mut Vec<Effect>) {
        let moment = self.moment(now);
        let Some(wrap) = self.wraps.get_mut(&peer) else { return };
        if wrap.last_ask.is_some_and(|last| submit.ask <= last) {
            out.push(Effect::Send(peer, FromHub::Refused(format!("ask {} was used before", submit.ask))));
            out.push(Effect::Close(peer));
            return;
        }
        wrap.last_ask = Some(submit.ask);
        let id = CallId(self.next_call);
        self.next_call += 1;
        // What is said of the server in the policy that was accepted: the rest of a looser one is for judging only.
        let accepted = self.ground.accepted().map(|file| &file.policy);
        let profile = accepted.and_then(|policy| policy.server(wrap.server.name.as_str()));
        let mut facts = Facts {
            first_use: wrap.is_first_use(&submit.tool),
            denied_before: wrap.denied,
            host_roots: wrap.roots.clone(),
            links: submit.links,
            client: wrap.client.clone(),
            roots: profile.map(|profile| profile.roots.clone()).unwrap_or_default(),
            domains: profile.map(|profile| profile.domains.clone()).unwrap_or_default(),
            ..Facts::default()
        };
        let call = Call {
            id,
            session: wrap.session.clone(),
            server: Arc::clone(&wrap.server),
            definition: wrap.catalog.get(&submit.tool).cloned(),
            tool: submit.tool,
            params: submit.params,
        };
        self.conversations.tell(now, &wrap.partner, &call, &mut facts);
        let risk = wrap.knowledge.judge(&call, &mut facts, &wrap.catalog);
        let ruling =
            wrap.projects.judge(&self.ground, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment });
        let params_digest = call.params.digest();
        let repeats = submit.repeats.filter(|prior| wrap.take_repeatable(*prior, &call));
        let (Ruling::Final(verdict) | Ruling::UnlessGranted(verdict)) = &ruling;
        out.push(Effect::Journal(submitted(&call, &risk, verdict, params_digest, self.ground.keep())));
        let timeout = u64::try_from(verdict.timeout.as_millis()).unwrap_or(u64::MAX);
        let decision = match &ruling {
            Ruling::Final(verdict) => Self::by_verdict(verdict),
            Ruling::UnlessGranted(_) if repeats.is_some() => Some(Decision::new(DecisionKind::Allowed, By::Repeat)),
            Ruling::UnlessGranted(verdict) if verdict.action == Action::Allow => Self::by_verdict(verdict),
            Ruling::UnlessGranted(verdict) => {
                let level = risk.level.max(verdict.level);
                self.by_grant(now, &call, level, &facts, grants).or_else(|| Self::by_verdict(verdict))
            }
        };
        let verdict = verdict.clone();
        let deadline = now.mono.saturating_add(timeout);
        let (ask, era) = (submit.ask, submit.era);
        let held =
            Held { peer, ask, era, call, params_digest, risk, facts, verdict, since: now, deadline, shown: false };
        match decision.or_else(|| self.full(&held)) {
            Some(decision) => self.settle(now, id, held, decision, None, out),
            None => self.hold(now, id, held, out),
        }
    }

    /// The moment as a policy may ask for it.
    fn moment(&mut self, now: Now) -> Moment {
        let console = self.consoles.keys().any(|console| self.may_not_decide(*console).is_none());
        Moment { local: self.clock.local(now), console }
    }

    /// What a verdict says by itself, or `None` when a person must be asked.
    fn by_verdict(verdict: &Verdict) -> Option<Decision> {
        let kind = match verdict.action {
            Action::Allow => DecisionKind::Allowed,
            // A policy, or a project's file, that cannot be used.
            Action::Deny if verdict.by == By::Hub => DecisionKind::Blocked,
            Action::Deny => DecisionKind::Denied,
            Action::Ask | Action::Confirm => return None,
        };
        Some(Decision { kind, by: verdict.by, reason: verdict.reason.clone(), rule: verdict.rule.clone(), grant: None })
    }

    fn full(&self, held: &Held) -> Option<Decision> {
        let bytes = self.held_bytes + held.call.params.text().len();
        (self.held.len() >= MAX_HELD || bytes > MAX_HELD_BYTES).then(|| {
            let why = format!("too much is waiting for a person already ({} calls)", self.held.len());
            Decision::new(DecisionKind::Blocked, By::Hub).because(why)
        })
    }

    fn hold(&mut self, now: Now, id: CallId, mut held: Held, out: &mut Vec<Effect>) {
        held.shown = true;
        let remaining_ms = held.deadline.saturating_sub(now.mono);
        out.push(Effect::Send(held.peer, FromHub::Held { ask: held.ask, remaining_ms }));
        for console in self.consoles.keys() {
            out.push(Effect::Send(*console, FromHub::Pending(Box::new(held.pending(now)))));
        }
        self.held_bytes += held.call.params.text().len();
        self.deadlines.insert((held.deadline, id));
        self.held.insert(id, held);
        self.changed = true;
    }

    /// Takes a held call off the queue, to be settled.
    fn take(&mut self, id: CallId) -> Option<Held> {
        let held = self.held.remove(&id)?;
        self.deadlines.remove(&(held.deadline, id));
        self.held_bytes -= held.call.params.text().len();
        self.changed = true;
        Some(held)
    }

    /// The one door: every call leaves through it, once.
    #[expect(clippy::needless_pass_by_value, reason = "the door consumes the call, so that none goes through twice")]
    fn settle(
        &mut self,
        now: Now,
        id: CallId,
        held: Held,
        decision: Decision,
        person: Option<Person>,
        out: &mut Vec<Effect>,
    ) {
        let held_ms = now.mono.saturating_sub(held.since.mono);
        let params_digest = held.params_digest;
        let (who, looked_ms) = person.map(|p| (p.who, p.looked_ms)).unzip();
        out.push(Effect::Journal(Record::Decided(Decided {
            id,
            decision: without_secrets(&decision, &held.call, self.ground.keep()),
            who,
            params_digest,
            held_ms,
            looked_ms,
            shown: looked_ms.map(|_| held.to_read()),
        })));
        if let Some(wrap) = self.wraps.get_mut(&held.peer) {
            self.conversations.decided(&wrap.partner, &held, &decision);
            if decision.is_allowed() {
                self.sent.insert(id, held.peer);
                if held.era == Era::Modern {
                    wrap.repeatable.truncate(REPEATABLE - 1);
                    wrap.repeatable.push_front((id, held.call.tool.clone(), held.call.params.approved_digest()));
                }
            } else {
                wrap.denied += 1;
            }
            let answer = FromHub::Decided { ask: held.ask, id, params_digest, decision: decision.clone() };
            out.push(Effect::Send(held.peer, answer));
        }
        if held.shown {
            for console in self.consoles.keys() {
                out.push(Effect::Send(*console, FromHub::Settled { id, decision: decision.clone() }));
            }
        }
    }

    fn expire(&mut self, now: Now, out: &mut Vec<Effect>) {
        while let Some((at, id)) = self.deadlines.first().copied() {
            if at > now.mono {
                return;
            }
            let Some(held) = self.take(id) else { return };
            let waited = held.deadline.saturating_sub(held.since.mono) / 1_000;
            let why = if self.consoles.is_empty() {
                format!(
                    "no console was open within {waited} s; the person can open one by running `sayso` in a terminal"
                )
            } else {
                format!("nobody answered within {waited} s")
            };
            let decision = Decision::new(DecisionKind::TimedOut, By::Deadline).because(why);
            self.settle(now, id, held, decision, None, out);
        }
    }

    fn finish(&mut self, peer: PeerId, finish: &Finish, out: &mut Vec<Effect>) {
        if self.sent.get(&finish.id) != Some(&peer) {
            return;
        }
        self.sent.remove(&finish.id);
        let &Finish { id, outcome, bytes, duration_ms } = finish;
        out.push(Effect::Journal(Record::Finished(Finished { id, outcome, bytes, duration_ms })));
    }

    fn withdraw(&mut self, now: Now, which: impl Fn(&Held) -> bool, why: &str, out: &mut Vec<Effect>) {
        let ids: Vec<CallId> = self.held.iter().filter(|(_, held)| which(held)).map(|(id, _)| *id).collect();
        for id in ids {
            let Some(held) = self.take(id) else { continue };
            let decision = Decision::new(DecisionKind::Withdrawn, By::Client).because(why);
            self.settle(now, id, held, decision, None, out);
        }
    }

    fn gone(&mut self, now: Now, peer: PeerId, grants: &dyn Grants, out: &mut Vec<Effect>) {
        self.commands.remove(&peer);
        self.changed |= self.consoles.remove(&peer).is_some();
        let Some(wrap) = self.wraps.remove(&peer) else { return };
        self.changed = true;
        self.conversations.ended(&wrap.partner);
        self.withdraw(now, |held| held.peer == peer, "the wrap ended", out);
        self.sent.retain(|_, owner| *owner != peer);
        for id in grants.of_session(&wrap.session) {
            self.take_back(id, "the session ended", out);
        }
    }

    fn stop(&mut self, now: Now, out: &mut Vec<Effect>) {
        while let Some(id) = self.held.keys().next().copied() {
            let Some(held) = self.take(id) else { break };
            let decision = Decision::new(DecisionKind::Blocked, By::Hub).because("the hub was stopped");
            self.settle(now, id, held, decision, None, out);
        }
        out.push(Effect::Stop);
    }
}

impl Wrap {
    /// Whether this tool was not called before in this session. Of more names than are kept, every use is the first.
    fn is_first_use(&mut self, tool: &ToolName) -> bool {
        !self.used.contains(tool) && (self.used.len() >= MOST_USED || self.used.insert(tool.clone()))
    }

    /// Whether `call` is the same call as one just allowed in this session; each may be repeated once.
    fn take_repeatable(&mut self, prior: CallId, call: &Call) -> bool {
        let digest = call.params.approved_digest();
        let same =
            |(id, tool, covered): &(CallId, ToolName, Digest)| *id == prior && *tool == call.tool && *covered == digest;
        let found = self.repeatable.iter().position(same);
        found.is_some_and(|at| self.repeatable.remove(at).is_some())
    }
}

#[cfg(test)]
mod tests;
