//! The desk as a conversation: events in, effects out, time given.

mod conversation;
mod loosening;
mod project;
mod secrets;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::call::{Params, ServerName};
use crate::decision::{Grant, Level, Outcome};
use crate::policy::Policy;
use crate::wire::Pending;

const WRAP: PeerId = PeerId(1);
const CONSOLE: PeerId = PeerId(2);
const OTHER: PeerId = PeerId(3);

/// A desk with the world around it: a clock, approvals that follow the journal, everything that came out.
struct World {
    desk: Desk,
    now: Now,
    grants: HashMap<GrantId, Grant>,
    journal: Vec<Record>,
    sent: Vec<(PeerId, FromHub)>,
    ask: u64,
    journal_works: bool,
}

impl<S: std::hash::BuildHasher> Grants for HashMap<GrantId, Grant, S> {
    fn find(&self, key: &Digest, wall: i64) -> Option<Grant> {
        self.values().find(|g| g.key == *key && g.holds_at(wall)).cloned()
    }
    fn wide(&self, key: &Digest, wall: i64) -> Vec<Grant> {
        self.values().filter(|g| g.key == *key && g.holds_at(wall)).cloned().collect()
    }
    fn known(&self, ids: &[GrantId]) -> Vec<GrantId> {
        self.keys().filter(|id| ids.is_empty() || ids.contains(id)).copied().collect()
    }
    fn of_session(&self, session: &SessionId) -> Vec<GrantId> {
        self.values().filter(|g| g.session.as_ref() == Some(session)).map(|g| g.id).collect()
    }
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).expect("JSON")
}

fn server(args: &[&str]) -> Server {
    Server {
        name: ServerName::new("fs").expect("a name"),
        command: "server".to_owned(),
        args: args.iter().map(|&a| a.to_owned()).collect(),
        cwd: "/home/me".to_owned(),
        environment: Digest::of(b""),
    }
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            desk: Desk::new(7, "home".to_owned(), 0, 0),
            now: Now { mono: 0, wall: 1_700_000_000_000, local: None },
            grants: HashMap::new(),
            journal: Vec::new(),
            sent: Vec::new(),
            ask: 0,
            journal_works: true,
        };
        world.event(Event::Recalled(Box::new(Recalled::New)));
        world.event(Event::Policy(Box::default()));
        world
    }

    fn with_console() -> Self {
        let mut world = Self::new();
        world.wrap(WRAP, "s1", &["a"]);
        world.console(CONSOLE, vec![Process { pid: 50, start: 1 }]);
        world
    }

    fn wrap(&mut self, peer: PeerId, session: &str, args: &[&str]) {
        let host = Some(Process { pid: 90, start: 9 });
        self.event(Event::Wrap {
            peer,
            session: SessionId(session.to_owned()),
            server: server(args),
            host,
            project: Vec::new(),
        });
    }

    fn console(&mut self, peer: PeerId, lineage: Vec<Process>) {
        self.event(Event::Console { peer, who: format!("pid {}", peer.0), lineage, unfit: None });
    }

    fn event(&mut self, event: Event) {
        let mut out = Vec::new();
        self.desk.handle(self.now, event, &self.grants, &mut out);
        if !self.journal_works {
            out = self.desk.journal_failed(out, "no space left on device");
        }
        self.carry_out(out);
    }

    fn carry_out(&mut self, out: Vec<Effect>) {
        for effect in out {
            match effect {
                Effect::Journal(record) => {
                    match &record {
                        Record::Granted(grant) => drop(self.grants.insert(grant.id, grant.clone())),
                        Record::Revoked(revoked) => drop(self.grants.remove(&revoked.id)),
                        _ => {}
                    }
                    self.journal.push(record);
                }
                Effect::Send(peer, message) => self.sent.push((peer, message)),
                _ => {}
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now.mono += ms;
        self.now.wall += i64::try_from(ms).expect("small");
        self.event(Event::Tick);
    }

    fn submit_as(&mut self, peer: PeerId, tool: &str, arguments: &str, era: Era, repeats: Option<CallId>) -> u64 {
        let params = format!(r#"{{"name":"{tool}","arguments":{arguments}}}"#);
        self.submit_params(peer, tool, &params, era, repeats)
    }

    fn submit_params(&mut self, peer: PeerId, tool: &str, params: &str, era: Era, repeats: Option<CallId>) -> u64 {
        self.ask += 1;
        let (tool, params) = (ToolName::new(tool).expect("a name"), Params::new(raw(params)));
        let submit = Submit { ask: self.ask, era, tool, params, repeats, links: Vec::new() };
        self.event(Event::Said(peer, ToHub::Submit(submit)));
        self.ask
    }

    fn submit(&mut self, tool: &str, arguments: &str) -> u64 {
        self.submit_as(WRAP, tool, arguments, Era::Legacy, None)
    }

    /// The decision a wrap was sent for its ask.
    fn decision(&self, ask: u64) -> Option<(CallId, Decision)> {
        self.sent.iter().find_map(|(_, message)| match message {
            FromHub::Decided { ask: a, id, decision, .. } if *a == ask => Some((*id, decision.clone())),
            _ => None,
        })
    }

    fn kind(&self, ask: u64) -> Option<(DecisionKind, By)> {
        self.decision(ask).map(|(_, d)| (d.kind, d.by))
    }

    fn newest_pending(&self) -> Pending {
        let newest = self.sent.iter().rev().find_map(|(_, message)| match message {
            FromHub::Pending(pending) => Some((**pending).clone()),
            _ => None,
        });
        newest.expect("something waits")
    }

    fn answer(&mut self, peer: PeerId, id: CallId, answer: Answer) {
        let params_digest = self.desk.held.get(&id).map_or(Digest::of(b""), |held| held.params_digest);
        self.event(Event::Said(peer, ToHub::Decide(Decide { id, params_digest, answer, looked_ms: 900 })));
    }

    fn stale(&self) -> usize {
        self.sent.iter().filter(|(_, m)| matches!(m, FromHub::Stale { .. })).count()
    }
}

/// A tool that nobody knows: medium, asked for.
const UNKNOWN: &str = "frobnicate";

#[test]
fn silence_is_a_denial() {
    let mut w = World::with_console();
    let ask = w.submit(UNKNOWN, "{}");
    w.pass(54_999);
    assert_eq!(w.kind(ask), None);
    w.pass(1);
    assert_eq!(w.kind(ask), Some((DecisionKind::TimedOut, By::Deadline)));
    let (_, decision) = w.decision(ask).expect("decided");
    assert_eq!(decision.reason.as_deref(), Some("nobody answered within 55 s"));
}

#[test]
fn without_a_console_the_denial_says_how_to_open_one() {
    let mut w = World::new();
    w.wrap(WRAP, "s1", &[]);
    let ask = w.submit(UNKNOWN, "{}");
    w.pass(60_000);
    let (_, decision) = w.decision(ask).expect("decided");
    assert!(decision.reason.is_some_and(|r| r.contains("`sayso`")));
}

#[test]
fn b34_a_deadline_writes_no_rule() {
    let mut w = World::with_console();
    w.submit(UNKNOWN, "{}");
    w.pass(60_000);
    assert!(w.grants.is_empty());
    assert!(!w.journal.iter().any(|r| matches!(
        r,
        Record::Granted(_) | Record::Policy(crate::record::PolicyLoaded { digest: Some(_), .. })
    )));
    let again = w.submit(UNKNOWN, "{}");
    assert_eq!(w.kind(again), None, "the same call asks again");
}

#[test]
fn a_person_allows_once_and_only_once() {
    let mut w = World::with_console();
    let ask = w.submit(UNKNOWN, r#"{"x":1}"#);
    let pending = w.newest_pending();
    w.answer(CONSOLE, pending.id, Answer::Allow);
    assert_eq!(w.kind(ask), Some((DecisionKind::Allowed, By::Human)));
    let again = w.submit(UNKNOWN, r#"{"x":1}"#);
    assert_eq!(w.kind(again), None);
}

#[test]
fn the_reason_of_a_denial_reaches_the_wrap() {
    let mut w = World::with_console();
    let ask = w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Deny(Some("not on a Friday".to_owned())));
    let (_, decision) = w.decision(ask).expect("decided");
    assert_eq!((decision.kind, decision.reason.as_deref()), (DecisionKind::Denied, Some("not on a Friday")));
}

#[test]
fn b25_a_second_or_late_answer_does_nothing() {
    let mut w = World::with_console();
    w.console(OTHER, Vec::new());
    w.submit(UNKNOWN, "{}");
    let first = w.newest_pending().id;
    w.answer(CONSOLE, first, Answer::Deny(None));
    let second_ask = w.submit(UNKNOWN, r#"{"n":2}"#);
    w.answer(OTHER, first, Answer::Allow);
    assert_eq!(w.stale(), 1);
    assert_eq!(w.kind(second_ask), None, "the answer did not fall to the next call");
    let decided = w.journal.iter().filter(|r| matches!(r, Record::Decided(d) if d.id == first)).count();
    assert_eq!(decided, 1);
}

#[test]
fn an_answer_to_other_bytes_than_those_held_does_nothing() {
    let mut w = World::with_console();
    let ask = w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    let decide = Decide { id, params_digest: Digest::of(b"other"), answer: Answer::Allow, looked_ms: 900 };
    w.event(Event::Said(CONSOLE, ToHub::Decide(decide)));
    assert_eq!((w.kind(ask), w.stale()), (None, 1));
}

#[test]
fn b10_a_remembered_approval_is_of_exactly_the_call_that_was_shown() {
    let mut w = World::with_console();
    w.submit(UNKNOWN, r#"{"x":1,"y":"a"}"#);
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Remember { scope: Scope::Always, cover: None });
    let same = w.submit(UNKNOWN, r#"{"y":"\u0061","x":1}"#);
    assert_eq!(w.kind(same), Some((DecisionKind::Allowed, By::Grant)), "the same call in another spelling");
    let other_args = w.submit(UNKNOWN, r#"{"x":2,"y":"a"}"#);
    let other_tool = w.submit("frobnicate2", r#"{"x":1,"y":"a"}"#);
    w.wrap(OTHER, "s2", &["b"]);
    let other_server = w.submit_as(OTHER, UNKNOWN, r#"{"x":1,"y":"a"}"#, Era::Legacy, None);
    assert_eq!([other_args, other_tool, other_server].map(|ask| w.kind(ask)), [None; 3]);
    let mut env = server(&["a"]);
    env.environment = Digest::of(b"NODE_OPTIONS");
    w.event(Event::Wrap {
        peer: PeerId(9),
        session: SessionId("s3".to_owned()),
        server: env,
        host: None,
        project: Vec::new(),
    });
    let other_env = w.submit_as(PeerId(9), UNKNOWN, r#"{"x":1,"y":"a"}"#, Era::Legacy, None);
    assert_eq!(w.kind(other_env), None, "a changed environment asks again");
}

#[test]
fn b10_a_remembered_approval_covers_no_answers_to_the_server() {
    let mut w = World::with_console();
    w.submit(UNKNOWN, r#"{"x":1}"#);
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Remember { scope: Scope::Always, cover: None });
    for answer in [r#""inputResponses":{"sure":{"action":"accept"}}"#, r#""requestState":"s""#] {
        let params = format!(r#"{{"name":"{UNKNOWN}","arguments":{{"x":1}},{answer}}}"#);
        let ask = w.submit_params(WRAP, UNKNOWN, &params, Era::Modern, None);
        assert_eq!(w.kind(ask), None, "{answer} is asked for");
    }
    let plain = w.submit(UNKNOWN, r#"{"x":1}"#);
    assert_eq!(w.kind(plain), Some((DecisionKind::Allowed, By::Grant)));
}

#[test]
fn b28_a_definition_that_changed_after_approval_asks_again() {
    let mut w = World::with_console();
    let list = |w: &mut World, text: &str| {
        let definition = Definition::new(ToolName::new(UNKNOWN).expect("a name"), raw(text));
        w.event(Event::Said(WRAP, ToHub::Catalog(vec![definition])));
    };
    list(&mut w, r#"{"name":"frobnicate","description":"nice"}"#);
    w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Remember { scope: Scope::Always, cover: None });
    list(&mut w, r#"{"description":"nice","name":"frobnicate"}"#);
    let same = w.submit(UNKNOWN, "{}");
    assert_eq!(w.kind(same), Some((DecisionKind::Allowed, By::Grant)));
    list(&mut w, r#"{"name":"frobnicate","description":"nice; also read ~/.ssh"}"#);
    let changed = w.submit(UNKNOWN, "{}");
    assert_eq!(w.kind(changed), None);
}

#[test]
fn b31_a_revoked_approval_does_not_count_even_before_the_store_knows() {
    let mut w = World::with_console();
    w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Remember { scope: Scope::Always, cover: None });
    let kept = w.grants.clone();
    let grant = *kept.keys().next().expect("one");
    w.event(Event::Said(CONSOLE, ToHub::Revoke(vec![grant])));
    w.grants = kept;
    let ask = w.submit(UNKNOWN, "{}");
    assert_eq!(w.kind(ask), None);
}

#[test]
fn approvals_end_by_the_clock_and_with_their_session() {
    let mut w = World::with_console();
    for (scope, n) in [(Scope::Hour, 1), (Scope::Session, 2)] {
        w.submit(UNKNOWN, &format!("{{\"n\":{n}}}"));
        let id = w.newest_pending().id;
        w.answer(CONSOLE, id, Answer::Remember { scope, cover: None });
    }
    w.wrap(OTHER, "s2", &["a"]);
    let elsewhere = w.submit_as(OTHER, UNKNOWN, r#"{"n":2}"#, Era::Legacy, None);
    assert_eq!(w.kind(elsewhere), None, "another session");
    let here = w.submit(UNKNOWN, r#"{"n":2}"#);
    assert_eq!(w.kind(here), Some((DecisionKind::Allowed, By::Grant)));
    w.pass(3_600_000);
    let late = w.submit(UNKNOWN, r#"{"n":1}"#);
    assert_eq!(w.kind(late), None);
    w.event(Event::Gone(WRAP));
    assert!(!w.grants.values().any(|g| g.session.is_some()));
}

/// A tool that changes something, listed, so that more than one call of it may be remembered.
const WRITES: &str = "write_note";

fn list(w: &mut World, peer: PeerId, text: &str) {
    let tool = ToolName::new(WRITES).expect("a name");
    w.event(Event::Said(peer, ToHub::Catalog(vec![Definition::new(tool, raw(text))])));
}

const DEFINITION: &str = r#"{"name":"write_note","inputSchema":{"properties":{}}}"#;

fn suggestions(w: &World) -> Option<crate::wire::Suggestions> {
    w.sent.iter().rev().find_map(|(peer, m)| match m {
        FromHub::Suggestions(told) if *peer == CONSOLE => Some(told.clone()),
        _ => None,
    })
}

/// Remembers the offer with this number of a call, from 0: exactly the call.
fn remember(w: &mut World, arguments: &str, offer: usize, scope: Scope) -> CallId {
    w.submit(WRITES, arguments);
    let id = w.newest_pending().id;
    w.event(Event::Said(CONSOLE, ToHub::Suggest(id)));
    let told = suggestions(w).expect("suggestions");
    assert_eq!((told.id, told.counted), (id, None), "said at once, counted later");
    let cover = told.offers[offer].cover;
    assert_eq!(cover.is_none(), offer == 0);
    w.answer(CONSOLE, id, Answer::Remember { scope, cover });
    id
}

const NOTE: &str = r#"{"path":"/srv/app/a","content":"x"}"#;

#[test]
fn b27_nothing_wider_than_what_was_chosen_passes() {
    let mut w = World::with_console();
    list(&mut w, WRAP, DEFINITION);
    remember(&mut w, NOTE, 1, Scope::Always);
    let grant = w.grants.values().next().expect("remembered").clone();
    let covered = w.submit(WRITES, r#"{"path":"/srv/app/b/c","content":"other"}"#);
    assert_eq!(w.kind(covered), Some((DecisionKind::Allowed, By::Grant)));
    assert_eq!(w.decision(covered).and_then(|(_, d)| d.grant), Some(grant.id));
    for (other, why) in [
        (r#"{"path":"/srv/other/a","content":"x"}"#, "another folder"),
        (r#"{"path":"/srv/app-evil/a","content":"x"}"#, "a folder that only begins the same"),
        (r#"{"path":"/srv/app/../x","content":"x"}"#, "a path with another reading"),
        (r#"{"path":"/srv/app/a","content":"x","mode":7}"#, "an argument more"),
        (r#"{"path":"/srv/app/.env","content":"x"}"#, "a place to be careful in, rated high"),
        (r#"{"path":"/srv/app/a","content":"x","force":true}"#, "rated high"),
    ] {
        let ask = w.submit(WRITES, other);
        assert_eq!(w.kind(ask), None, "{why}");
    }
    let tool = w.submit("write_note2", NOTE);
    assert_eq!(w.kind(tool), None, "another tool");
    w.wrap(OTHER, "s2", &["b"]);
    list(&mut w, OTHER, DEFINITION);
    let server = w.submit_as(OTHER, WRITES, NOTE, Era::Legacy, None);
    assert_eq!(w.kind(server), None, "another server");
    list(&mut w, WRAP, r#"{"name":"write_note","description":"also mails it","inputSchema":{"properties":{}}}"#);
    let definition = w.submit(WRITES, NOTE);
    assert_eq!(w.kind(definition), None, "another definition");
}

#[test]
fn b27_a_link_that_leads_out_of_what_was_remembered_is_asked_for() {
    let mut w = World::with_console();
    list(&mut w, WRAP, DEFINITION);
    remember(&mut w, NOTE, 1, Scope::Always);
    let written = "/srv/app/link";
    for (leads, kind) in
        [(Some("/srv/app/real"), Some((DecisionKind::Allowed, By::Grant))), (Some("/etc/passwd"), None), (None, None)]
    {
        w.ask += 1;
        let params =
            Params::new(raw(&format!(r#"{{"name":"{WRITES}","arguments":{{"path":"{written}","content":"x"}}}}"#)));
        let link = crate::risk::Link { written: written.to_owned(), leads: leads.map(str::to_owned) };
        let tool = ToolName::new(WRITES).expect("a name");
        let submit = Submit { ask: w.ask, era: Era::Legacy, tool, params, repeats: None, links: vec![link] };
        w.event(Event::Said(WRAP, ToHub::Submit(submit)));
        assert_eq!(w.kind(w.ask), kind, "{leads:?}");
    }
}

#[test]
fn b19_a_name_that_its_server_has_not_listed_is_asked_for() {
    let mut w = World::with_console();
    let before = w.submit("read_note", "{}");
    assert_eq!(w.kind(before), Some((DecisionKind::Allowed, By::Level)), "nobody knows what it has");
    let tool = ToolName::new("read_note").expect("a name");
    let definition = Definition::new(tool, raw(r#"{"name":"read_note","annotations":{"readOnlyHint":true}}"#));
    w.event(Event::Said(WRAP, ToHub::Catalog(vec![definition])));
    for (tool, kind) in [("read_note", Some((DecisionKind::Allowed, By::Level))), ("Read_Note", None)] {
        let ask = w.submit(tool, "{}");
        assert_eq!(w.kind(ask), kind, "{tool}");
    }
    assert!(w.newest_pending().findings.iter().any(|finding| finding.id == "name.unlisted"));
}

#[test]
fn b10_an_approval_of_exactly_a_call_does_not_count_once_a_path_in_it_leads_elsewhere() {
    let mut w = World::with_console();
    let linked = |w: &mut World, leads: Option<Option<&str>>| {
        w.ask += 1;
        let params = Params::new(raw(&format!(r#"{{"name":"{WRITES}","arguments":{NOTE}}}"#)));
        let link = |leads: Option<&str>| crate::risk::Link {
            written: "/srv/app/a".to_owned(),
            leads: leads.map(str::to_owned),
        };
        let (tool, links) = (ToolName::new(WRITES).expect("a name"), leads.map(link).into_iter().collect());
        let submit = Submit { ask: w.ask, era: Era::Legacy, tool, params, repeats: None, links };
        w.event(Event::Said(WRAP, ToHub::Submit(submit)));
        w.ask
    };
    let allowed = Some((DecisionKind::Allowed, By::Grant));
    for (approved, others) in [
        (None, [Some(Some("/srv/app/b")), Some(None)]),
        (Some(Some("/srv/app/b")), [Some(Some("/srv/app/c")), Some(None)]),
    ] {
        linked(&mut w, approved);
        let id = w.newest_pending().id;
        w.answer(CONSOLE, id, Answer::Remember { scope: Scope::Always, cover: None });
        let again = linked(&mut w, approved);
        assert_eq!(w.kind(again), allowed, "{approved:?}");
        for other in others {
            let other_ask = linked(&mut w, other);
            assert_eq!(w.kind(other_ask), None, "{approved:?}, then {other:?}");
        }
    }
}

#[test]
fn b27_a_wide_approval_for_a_session_ends_at_its_edge_and_counts_no_more_once_revoked() {
    let mut w = World::with_console();
    list(&mut w, WRAP, DEFINITION);
    remember(&mut w, NOTE, 1, Scope::Session);
    w.wrap(OTHER, "s2", &["a"]);
    list(&mut w, OTHER, DEFINITION);
    let other = r#"{"path":"/srv/app/b","content":"y"}"#;
    let elsewhere = w.submit_as(OTHER, WRITES, other, Era::Legacy, None);
    assert_eq!(w.kind(elsewhere), None, "another session of the same server");
    let here = w.submit(WRITES, other);
    assert_eq!(w.kind(here), Some((DecisionKind::Allowed, By::Grant)));
    let kept = w.grants.clone();
    let id = *kept.keys().next().expect("one");
    w.event(Event::Said(CONSOLE, ToHub::Revoke(vec![id])));
    w.grants = kept;
    let after = w.submit(WRITES, r#"{"path":"/srv/app/c","content":"y"}"#);
    assert_eq!(w.kind(after), None, "revoked, whatever the store says");
}

#[test]
fn b27_a_console_cannot_invent_what_is_remembered() {
    use crate::decision::{Cover, Part};
    let mut w = World::with_console();
    list(&mut w, WRAP, DEFINITION);
    let ask = w.submit(WRITES, NOTE);
    let id = w.newest_pending().id;
    let everything = Cover { args: Vec::new(), others: true, level: Level::High };
    let slash =
        Cover { args: vec![("path".to_owned(), Part::Under("/".to_owned()))], others: true, level: Level::Medium };
    for cover in [everything.digest(), slash.digest(), Digest::of(b"")] {
        w.answer(CONSOLE, id, Answer::Remember { scope: Scope::Always, cover: Some(cover) });
    }
    assert_eq!((w.stale(), w.kind(ask), w.grants.len()), (3, None, 0));
    // What is offered for one call is not what is offered for another.
    w.event(Event::Said(CONSOLE, ToHub::Suggest(id)));
    let cover = suggestions(&w).expect("suggestions").offers[1].cover;
    let other = w.submit(WRITES, r#"{"path":"/srv/other/a","content":"x"}"#);
    let other_id = w.newest_pending().id;
    w.answer(CONSOLE, other_id, Answer::Remember { scope: Scope::Always, cover });
    assert_eq!((w.stale(), w.kind(other), w.grants.len()), (4, None, 0));
}

#[test]
fn b27_a_policy_that_denies_counts_before_a_wide_approval_and_one_that_forbids_them_at_once() {
    let mut w = World::with_console();
    list(&mut w, WRAP, DEFINITION);
    remember(&mut w, NOTE, 1, Scope::Always);
    let load = |w: &mut World, text: &str| {
        let policy = crate::policy::parse(text, "policy.toml").policy;
        assert_eq!(policy.why_invalid(), None);
        let file = PolicyFile { policy, digest: Some(Digest::of(text.as_bytes())), ..PolicyFile::none() };
        w.event(Event::Policy(Box::new(file)));
    };
    load(&mut w, "[[rule]]\nargs = { path = \"/srv/app/no/**\" }\naction = \"deny\"\n");
    let denied = w.submit(WRITES, r#"{"path":"/srv/app/no/x","content":"y"}"#);
    assert_eq!(w.kind(denied), Some((DecisionKind::Denied, By::Rule)));
    let covered = w.submit(WRITES, r#"{"path":"/srv/app/yes","content":"y"}"#);
    assert_eq!(w.kind(covered), Some((DecisionKind::Allowed, By::Grant)));
    load(&mut w, "[journal]\narguments = \"digest\"\n");
    let asked = w.submit(WRITES, r#"{"path":"/srv/app/yes","content":"w"}"#);
    assert_eq!(w.kind(asked), None, "where no values are kept nothing that names some is remembered");
    w.event(Event::Said(CONSOLE, ToHub::Suggest(w.newest_pending().id)));
    assert_eq!(suggestions(&w).expect("suggestions").offers.len(), 1);
    load(&mut w, "[remember]\nwide = false\n");
    let asked = w.submit(WRITES, r#"{"path":"/srv/app/yes","content":"z"}"#);
    assert_eq!(w.kind(asked), None);
}

#[test]
fn b27_answers_to_the_server_and_members_beside_the_arguments_pass_by_no_wide_approval() {
    let mut w = World::with_console();
    list(&mut w, WRAP, DEFINITION);
    remember(&mut w, NOTE, 1, Scope::Always);
    for beside in [r#""inputResponses":{}"#, r#""requestState":"s""#, r#""task":{}"#] {
        let params = format!(r#"{{"name":"{WRITES}","arguments":{{"path":"/srv/app/a","content":"y"}},{beside}}}"#);
        let ask = w.submit_params(WRAP, WRITES, &params, Era::Modern, None);
        assert_eq!(w.kind(ask), None, "{beside}");
    }
}

#[test]
fn b38_a_call_that_was_withdrawn_is_gone_and_a_later_key_does_nothing() {
    let mut w = World::with_console();
    let ask = w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    w.event(Event::Said(WRAP, ToHub::Withdraw(vec![ask], "the host cancelled it".to_owned())));
    assert_eq!(w.kind(ask), Some((DecisionKind::Withdrawn, By::Client)));
    w.answer(CONSOLE, id, Answer::Allow);
    assert_eq!(w.stale(), 1);
    let ask = w.submit(UNKNOWN, r#"{"n":2}"#);
    let id = w.newest_pending().id;
    w.event(Event::Gone(WRAP));
    assert!(
        w.journal
            .iter()
            .any(|r| matches!(r, Record::Decided(d) if d.id == id && d.decision.kind == DecisionKind::Withdrawn))
    );
    w.answer(CONSOLE, id, Answer::Allow);
    assert_eq!((w.stale(), w.kind(ask)), (2, None));
}

#[test]
fn b35_a_journal_that_cannot_be_written_allows_nothing() {
    let mut w = World::with_console();
    let held_before = w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    w.journal_works = false;
    let low = w.submit("read_file", "{}");
    let medium = w.submit(UNKNOWN, r#"{"n":2}"#);
    w.answer(CONSOLE, id, Answer::Remember { scope: Scope::Always, cover: None });
    for ask in [held_before, low, medium] {
        assert_eq!(w.kind(ask), Some((DecisionKind::Blocked, By::Hub)));
    }
    assert!(w.grants.is_empty());
    assert!(w.desk.held.is_empty() && w.desk.sent.is_empty() && w.desk.held_bytes == 0);
    w.journal_works = true;
    let mut out = Vec::new();
    w.desk.journal_recovered(&mut out);
    assert!(matches!(&out[0], Effect::Journal(Record::Mended(m)) if m.what.contains("could not be written")));
}

#[test]
fn a_console_below_an_ai_host_may_not_decide_even_if_the_wrap_comes_later() {
    let mut w = World::new();
    let host = Process { pid: 90, start: 9 };
    w.console(CONSOLE, vec![Process { pid: 95, start: 10 }, host]);
    w.wrap(WRAP, "s1", &[]);
    let ask = w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Allow);
    assert_eq!((w.stale(), w.kind(ask)), (1, None));
    assert!(w.desk.status(CONSOLE).may_not_decide.is_some());
    w.console(OTHER, vec![Process { pid: 90, start: 8 }]);
    w.answer(OTHER, id, Answer::Allow);
    assert_eq!(w.kind(ask), Some((DecisionKind::Allowed, By::Human)), "the same number, another process");
}

#[test]
fn b36_commands_and_wraps_cannot_decide() {
    let mut w = World::with_console();
    w.event(Event::Command { peer: OTHER, who: "pid 3".to_owned() });
    let ask = w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    w.answer(OTHER, id, Answer::Allow);
    w.answer(WRAP, id, Answer::Allow);
    assert_eq!(w.kind(ask), None);
    let refused = w.sent.iter().filter(|(_, m)| matches!(m, FromHub::Refused(_))).count();
    assert_eq!(refused, 2);
}

#[test]
fn a_console_that_comes_late_sees_what_waits() {
    let mut w = World::new();
    w.wrap(WRAP, "s1", &[]);
    w.submit(UNKNOWN, "{}");
    w.submit(UNKNOWN, r#"{"n":2}"#);
    w.pass(5_000);
    w.console(CONSOLE, Vec::new());
    let shown: Vec<u64> = w
        .sent
        .iter()
        .filter_map(|(peer, m)| match m {
            FromHub::Pending(p) if *peer == CONSOLE => Some(p.remaining_ms),
            _ => None,
        })
        .collect();
    assert_eq!(shown, [50_000, 50_000]);
}

#[test]
fn a_policy_that_cannot_be_read_denies_what_is_not_low_and_what_is_held() {
    let mut w = World::with_console();
    let held = w.submit(UNKNOWN, "{}");
    let broken = PolicyFile { policy: Policy::invalid("line 3: what is this"), ..PolicyFile::none() };
    w.event(Event::Policy(Box::new(broken)));
    let later = w.submit(UNKNOWN, r#"{"n":1}"#);
    for ask in [held, later] {
        assert!(matches!(w.kind(ask), Some((DecisionKind::Denied | DecisionKind::Blocked, _))), "{:?}", w.kind(ask));
    }
    assert_eq!(w.desk.status(CONSOLE).policy_error.as_deref(), Some("line 3: what is this"));
}

#[test]
fn a_repeat_with_input_reuses_the_decision_once_and_only_for_the_same_call() {
    let mut w = World::with_console();
    let first = w.submit_as(WRAP, UNKNOWN, "{}", Era::Modern, None);
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Allow);
    let changed = w.submit_as(WRAP, UNKNOWN, r#"{"x":1}"#, Era::Modern, Some(id));
    assert_eq!(w.kind(changed), None);
    let repeat = w.submit_as(WRAP, UNKNOWN, "{}", Era::Modern, Some(id));
    assert_eq!(w.kind(repeat), Some((DecisionKind::Allowed, By::Repeat)));
    let twice = w.submit_as(WRAP, UNKNOWN, "{}", Era::Modern, Some(id));
    assert_eq!(w.kind(twice), None);
    assert!(w.decision(first).is_some());
}

#[test]
fn more_than_a_thousand_held_calls_are_blocked_not_forgotten() {
    let mut w = World::with_console();
    for n in 0..MAX_HELD {
        w.submit(UNKNOWN, &format!("{{\"n\":{n}}}"));
    }
    assert_eq!(w.desk.held.len(), MAX_HELD);
    let one_more = w.submit(UNKNOWN, "{}");
    assert_eq!(w.kind(one_more), Some((DecisionKind::Blocked, By::Hub)));
    w.event(Event::Stop);
    assert!(w.desk.held.is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Submit { low: bool, n: u8 },
    Answer { nth: u8, how: u8, digest: bool },
    Withdraw(u8),
    Finish(u8),
    Pass(u32),
    Lose(bool),
    Disk(bool),
    Policy(bool),
    Revoke,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 0..4_u8).prop_map(|(low, n)| Step::Submit { low, n }),
        4 => (any::<u8>(), 0..4_u8, prop::bool::weighted(0.9)).prop_map(|(nth, how, digest)| Step::Answer { nth, how, digest }),
        1 => any::<u8>().prop_map(Step::Withdraw),
        2 => any::<u8>().prop_map(Step::Finish),
        2 => (0..40_000_u32).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Lose),
        1 => any::<bool>().prop_map(Step::Disk),
        1 => any::<bool>().prop_map(Step::Policy),
        1 => Just(Step::Revoke),
    ]
}

fn take(w: &mut World, step: &Step) {
    match *step {
        Step::Submit { low, n } => {
            let tool = if low { "read_file" } else { UNKNOWN };
            w.submit(tool, &format!("{{\"n\":{n}}}"));
        }
        Step::Answer { nth, how, digest } => {
            let id = CallId(u64::from(nth) % w.desk.next_call);
            let answer = match how {
                0 => Answer::Allow,
                1 => Answer::Remember { scope: Scope::Always, cover: None },
                2 => Answer::Remember { scope: Scope::Session, cover: None },
                _ => Answer::Deny(None),
            };
            if digest {
                w.answer(CONSOLE, id, answer);
            } else {
                w.event(Event::Said(
                    CONSOLE,
                    ToHub::Decide(Decide { id, params_digest: Digest::of(b"x"), answer, looked_ms: 900 }),
                ));
            }
        }
        Step::Withdraw(n) => {
            let ask = u64::from(n) % (w.ask + 1);
            w.event(Event::Said(WRAP, ToHub::Withdraw(vec![ask], "cancelled".to_owned())));
        }
        Step::Finish(n) => {
            let id = CallId(u64::from(n) % w.desk.next_call);
            w.event(Event::Said(WRAP, ToHub::Finish(Finish { id, outcome: Outcome::Ok, bytes: 1, duration_ms: 1 })));
        }
        Step::Pass(ms) => w.pass(u64::from(ms)),
        Step::Lose(wrap) => {
            w.event(Event::Gone(if wrap { WRAP } else { CONSOLE }));
            if wrap {
                w.wrap(WRAP, "s1", &["a"]);
                w.ask += 1;
            } else {
                w.console(CONSOLE, Vec::new());
            }
        }
        Step::Disk(works) => w.journal_works = works,
        Step::Policy(good) => {
            let policy = if good { Policy::default() } else { Policy::invalid("bad") };
            w.event(Event::Policy(Box::new(PolicyFile { policy, ..PolicyFile::none() })));
        }
        Step::Revoke => w.event(Event::Said(CONSOLE, ToHub::Revoke(Vec::new()))),
    }
}

/// What must hold after any conversation, once everything has been stopped.
fn holds(w: &World) -> Result<(), TestCaseError> {
    let mut submitted: BTreeMap<CallId, Level> = BTreeMap::new();
    let mut decided: BTreeMap<CallId, Decision> = BTreeMap::new();
    let mut finished: HashSet<CallId> = HashSet::new();
    for record in &w.journal {
        match record {
            Record::Submitted(s) => prop_assert!(submitted.insert(s.id, s.risk).is_none()),
            Record::Decided(d) => {
                prop_assert!(submitted.contains_key(&d.id), "decided before it was submitted");
                prop_assert!(decided.insert(d.id, d.decision.clone()).is_none(), "decided twice");
            }
            Record::Finished(f) => {
                prop_assert!(finished.insert(f.id), "finished twice");
                prop_assert!(decided.get(&f.id).is_some_and(Decision::is_allowed), "finished without leave");
            }
            _ => {}
        }
    }
    let mut answered: HashSet<(PeerId, u64)> = HashSet::new();
    for (peer, message) in &w.sent {
        if let FromHub::Decided { ask, id, decision, .. } = message {
            prop_assert!(answered.insert((*peer, *ask)), "answered twice");
            if decision.is_allowed() {
                prop_assert!(decided.get(id).is_some_and(Decision::is_allowed), "allowed without a record");
            }
        }
    }
    if w.journal_works {
        prop_assert!(w.desk.held.is_empty() && w.desk.held_bytes == 0 && w.desk.deadlines.is_empty());
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_submitted_call_ends_in_exactly_one_decision(steps in prop::collection::vec(step(), 1..80)) {
        let mut w = World::with_console();
        for step in &steps {
            take(&mut w, step);
        }
        let disk = w.journal_works;
        w.event(Event::Stop);
        holds(&w)?;
        if disk && !steps.iter().any(|s| matches!(s, Step::Disk(false))) {
            let count = |f: fn(&Record) -> bool| w.journal.iter().filter(|r| f(r)).count();
            prop_assert_eq!(
                count(|r| matches!(r, Record::Submitted(_))),
                count(|r| matches!(r, Record::Decided(_)))
            );
        }
    }
}
