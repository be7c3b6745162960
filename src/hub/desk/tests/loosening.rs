//! The policy file changes under the desk: what is tighter holds at once, what is looser waits for a person.

use super::*;
use crate::policy::{self, Asked};
use crate::record::PolicyLoaded;
use crate::wire::Proposal;

const ASKS: &str = "[[rule]]\ntool = \"frobnicate\"\naction = \"ask\"\n";
const ALLOWS: &str = "[[rule]]\ntool = \"frobnicate\"\naction = \"allow\"\n";
const DENIES: &str = "[[rule]]\ntool = \"frobnicate\"\naction = \"deny\"\n";
const LOW_ASKS: &str = "[levels]\nlow = \"ask\"\n";

fn file(text: &str) -> PolicyFile {
    PolicyFile {
        digest: Some(Digest::of(text.as_bytes())),
        text: Some(text.to_owned()),
        policy: policy::parse(text, "policy.toml").policy,
    }
}

impl World {
    fn write(&mut self, text: &str) {
        self.event(Event::Policy(Box::new(file(text))));
    }

    /// What the console was told last about what waits.
    fn proposal(&self) -> Option<Proposal> {
        let told = self.sent.iter().rev().find_map(|(peer, message)| match message {
            FromHub::Proposal(proposal) if *peer == CONSOLE => Some(proposal.as_deref().cloned()),
            _ => None,
        });
        told.flatten()
    }

    fn weigh(&mut self, peer: PeerId, digest: Digest, accept: bool) {
        self.event(Event::Said(peer, ToHub::Weigh { digest, accept }));
    }

    fn unweighed(&self) -> usize {
        self.sent.iter().filter(|(_, m)| matches!(m, FromHub::Unweighed { .. })).count()
    }

    /// What the journal says of the policy last.
    fn loaded(&self) -> PolicyLoaded {
        let loaded = self.journal.iter().rev().find_map(|record| match record {
            Record::Policy(loaded) => Some(loaded.clone()),
            _ => None,
        });
        loaded.expect("it says something")
    }

    /// What becomes of a call of this tool: asked, or decided.
    fn fate(&mut self, tool: &str) -> Option<DecisionKind> {
        let n = self.ask;
        let ask = self.submit(tool, &format!("{{\"n\":{n}}}"));
        self.kind(ask).map(|(kind, _)| kind)
    }
}

#[test]
fn b29_what_got_looser_does_not_hold_until_a_person_accepts_it() {
    let mut w = World::with_console();
    w.write(ALLOWS);
    assert_eq!(w.fate(UNKNOWN), None, "still asked for");
    let proposal = w.proposal().expect("told");
    assert!(
        proposal.changes[0].way == policy::Way::Looser
            && proposal.new.as_deref() == Some(ALLOWS)
            && proposal.old.is_none()
    );
    assert!(w.desk.status(CONSOLE).policy_waits.is_some_and(|says| says.contains("key P")));
    let loaded = w.loaded();
    assert_eq!((loaded.digest, loaded.error), (None, None), "what is in force is what was accepted");
    assert_eq!(loaded.waiting.expect("it waits").digest, Some(Digest::of(ALLOWS.as_bytes())));
    w.weigh(CONSOLE, proposal.digest, true);
    assert_eq!(w.fate(UNKNOWN), Some(DecisionKind::Allowed));
    assert_eq!((w.proposal(), w.desk.status(CONSOLE).policy_waits), (None, None));
    let loaded = w.loaded();
    assert_eq!(loaded.accepted(), Some(Some(Digest::of(ALLOWS.as_bytes()))));
    assert!(loaded.accepted_by.is_some() && loaded.waiting.is_none());
}

#[test]
fn b29_what_got_tighter_holds_at_once_also_beside_what_got_looser() {
    let mut w = World::with_console();
    let held = w.submit(UNKNOWN, "{}");
    w.write(DENIES);
    assert_eq!(w.kind(held), Some((DecisionKind::Denied, By::Rule)), "what was held is denied");
    assert_eq!(w.proposal(), None, "nothing waits");
    assert_eq!(w.loaded().accepted(), Some(Some(Digest::of(DENIES.as_bytes()))));
    // Stricter with low calls, looser with this tool.
    w.write(&format!("{LOW_ASKS}{ALLOWS}"));
    assert!(w.proposal().is_some());
    assert_eq!((w.fate("read_file"), w.fate(UNKNOWN)), (None, Some(DecisionKind::Denied)));
}

#[test]
fn b29_a_change_that_is_taken_back_leaves_nothing_to_accept() {
    let mut w = World::with_console();
    w.write(ALLOWS);
    let proposal = w.proposal().expect("told");
    w.event(Event::Policy(Box::new(PolicyFile::none())));
    assert_eq!(w.proposal(), None);
    w.weigh(CONSOLE, proposal.digest, true);
    assert_eq!((w.unweighed(), w.fate(UNKNOWN)), (1, None));
}

#[test]
fn b29_an_answer_to_another_text_than_the_one_shown_does_nothing() {
    let mut w = World::with_console();
    w.write(LOW_ASKS);
    w.write(&format!("{LOW_ASKS}# nothing\n"));
    assert_eq!(w.proposal(), None, "a comment loosens nothing");
    w.write(&format!("{ALLOWS}# what was read\n"));
    let shown = w.proposal().expect("told").digest;
    w.write(&format!("{ALLOWS}[levels]\nhigh = \"allow\"\n"));
    w.weigh(CONSOLE, shown, true);
    assert_eq!((w.unweighed(), w.fate(UNKNOWN)), (1, None));
    let now = w.proposal().expect("told again");
    assert_ne!(now.digest, shown);
    w.weigh(CONSOLE, now.digest, true);
    assert_eq!(w.fate(UNKNOWN), Some(DecisionKind::Allowed));
    w.weigh(CONSOLE, now.digest, true);
    assert_eq!(w.unweighed(), 2, "a second time there is nothing to accept");
}

#[test]
fn b29_the_same_text_over_another_ground_is_another_change() {
    let mut w = World::with_console();
    w.write(ALLOWS);
    let over_defaults = w.proposal().expect("told").digest;
    w.write(DENIES);
    w.write(ALLOWS);
    let over_denial = w.proposal().expect("told").digest;
    assert_ne!(over_defaults, over_denial);
    w.weigh(CONSOLE, over_defaults, true);
    assert_eq!(w.fate(UNKNOWN), Some(DecisionKind::Denied));
}

#[test]
fn b29_only_a_console_that_may_decide_accepts() {
    let mut w = World::with_console();
    w.console(OTHER, vec![Process { pid: 90, start: 9 }]);
    w.write(ALLOWS);
    let digest = w.proposal().expect("told").digest;
    w.weigh(OTHER, digest, true);
    w.weigh(OTHER, digest, false);
    assert_eq!(w.unweighed(), 2, "one below a host does not");
    let unfit = Some("it has no terminal".to_owned());
    w.event(Event::Console { peer: PeerId(8), who: "pid 8".to_owned(), lineage: Vec::new(), unfit });
    w.weigh(PeerId(8), digest, true);
    assert_eq!(w.unweighed(), 3, "nor one without a terminal");
    w.event(Event::Command { peer: PeerId(9), who: "pid 9".to_owned() });
    w.weigh(PeerId(9), digest, true);
    w.weigh(WRAP, digest, true);
    let refused = w.sent.iter().filter(|(_, m)| matches!(m, FromHub::Refused(_))).count();
    assert_eq!((refused, w.fate(UNKNOWN)), (2, None), "nor a command or a wrap");
}

#[test]
fn what_was_refused_does_not_hold_and_is_told_until_the_file_changes() {
    let mut w = World::with_console();
    w.write(&format!("{LOW_ASKS}{ALLOWS}"));
    let digest = w.proposal().expect("told").digest;
    w.weigh(CONSOLE, digest, false);
    assert!(w.proposal().is_some_and(|p| p.refused_by.is_some()));
    assert!(w.loaded().waiting.is_some_and(|waiting| waiting.refused_by.is_some()));
    assert!(w.desk.status(CONSOLE).policy_waits.is_some_and(|says| says.contains("refused")));
    assert_eq!((w.fate(UNKNOWN), w.fate("read_file")), (None, None), "what is tighter in it holds");
    w.event(Event::Policy(Box::new(PolicyFile::none())));
    assert_eq!((w.desk.status(CONSOLE).policy_waits, w.fate("read_file")), (None, Some(DecisionKind::Allowed)));
}

#[test]
fn b29_to_break_a_file_and_to_mend_it_launders_nothing() {
    let mut w = World::with_console();
    w.write(LOW_ASKS);
    let low = "read_file";
    assert_eq!(w.fate(low), None);
    w.event(Event::Policy(Box::new(PolicyFile { policy: Policy::invalid("line 1"), ..PolicyFile::none() })));
    assert_eq!(w.fate(low), None, "broken, and what was accepted still has its say");
    assert!(w.fate(UNKNOWN).is_some_and(|kind| kind != DecisionKind::Allowed));
    w.write("");
    assert_eq!(w.fate(low), None, "mended: compared with what was accepted");
    let digest = w.proposal().expect("told").digest;
    w.weigh(CONSOLE, digest, true);
    assert_eq!(w.fate(low), Some(DecisionKind::Allowed));
}

#[test]
fn b29_a_file_that_is_removed_waits_when_it_was_stricter_than_the_defaults() {
    let mut w = World::with_console();
    w.write(DENIES);
    w.event(Event::Policy(Box::new(PolicyFile::none())));
    assert_eq!(w.fate(UNKNOWN), Some(DecisionKind::Denied));
    let proposal = w.proposal().expect("told");
    assert!(proposal.new.is_none() && proposal.old.as_deref() == Some(DENIES));
}

fn recalled(recalled: Recalled, text: &str) -> World {
    let mut w = World::with_console();
    w.submit(UNKNOWN, "{}");
    let id = w.newest_pending().id;
    w.answer(CONSOLE, id, Answer::Remember { scope: Scope::Always, cover: None });
    w.event(Event::Recalled(Box::new(recalled)));
    w.write(text);
    w
}

#[test]
fn b29_when_it_is_not_known_what_was_accepted_everything_is_asked_for() {
    let lost = || Recalled::Lost { why: "the journal is gone".to_owned(), doubted: Vec::new() };
    let mut w = recalled(lost(), ALLOWS);
    let again = w.submit(UNKNOWN, "{}");
    assert_eq!(w.kind(again), None, "also what was approved before");
    assert_eq!(w.fate("read_file"), None, "also what is low");
    assert_eq!(w.loaded().accepted(), None, "the journal names nothing as accepted");
    let digest = w.proposal().expect("told").digest;
    w.weigh(CONSOLE, digest, true);
    assert_eq!(w.fate(UNKNOWN), Some(DecisionKind::Allowed));
    assert_eq!(w.loaded().accepted(), Some(Some(Digest::of(ALLOWS.as_bytes()))));
    // Whatever stands in the file: to make it stricter does not end it.
    let mut w = recalled(lost(), DENIES);
    assert_eq!((w.fate(UNKNOWN), w.fate("read_file")), (Some(DecisionKind::Denied), None));
}

#[test]
fn b29_a_copy_that_cannot_be_believed_may_tighten() {
    let doubted = vec![policy::parse(DENIES, "policy.toml").policy];
    let mut w = recalled(Recalled::Lost { why: "its copy was changed".to_owned(), doubted }, ALLOWS);
    assert_eq!(w.fate(UNKNOWN), Some(DecisionKind::Denied));
}

#[test]
fn b29_a_file_that_changed_while_no_hub_ran_is_compared_with_what_was_accepted() {
    let mut w = recalled(Recalled::Accepted(file(ASKS)), ALLOWS);
    assert_eq!(w.fate(UNKNOWN), None);
    assert_eq!(w.proposal().expect("told").old.as_deref(), Some(ASKS));
    let mut w = recalled(Recalled::Accepted(file(ALLOWS)), ALLOWS);
    assert_eq!((w.fate(UNKNOWN), w.proposal()), (Some(DecisionKind::Allowed), None));
}

#[test]
fn b29_the_first_policy_of_a_new_home_is_taken_as_it_stands_unless_it_is_broken() {
    let mut w = World::new();
    w.wrap(WRAP, "s1", &["a"]);
    w.event(Event::Recalled(Box::new(Recalled::New)));
    w.write(ALLOWS);
    assert_eq!(w.fate(UNKNOWN), Some(DecisionKind::Allowed));
    w.event(Event::Recalled(Box::new(Recalled::New)));
    w.write("[[rule]\n");
    let accepted: Vec<_> = w.journal.iter().rev().take(2).collect();
    assert!(matches!(accepted[..], [Record::Policy(broken), Record::Policy(defaults)]
        if broken.error.is_some() && defaults.accepted() == Some(None)));
    w.write(ALLOWS);
    assert_eq!(w.fate(UNKNOWN), None, "what is mended is compared with the defaults");
}

#[test]
fn a_console_that_comes_late_is_told_of_a_policy_that_waits() {
    let mut w = World::new();
    w.write(ALLOWS);
    w.console(CONSOLE, Vec::new());
    assert!(w.proposal().is_some());
}

#[test]
fn b29_an_acceptance_that_could_not_be_written_is_written_before_it_counts() {
    let mut w = World::with_console();
    w.write(ALLOWS);
    let digest = w.proposal().expect("told").digest;
    w.journal_works = false;
    w.weigh(CONSOLE, digest, true);
    assert_eq!(w.fate(UNKNOWN), Some(DecisionKind::Blocked));
    assert!(w.loaded().waiting.is_some());
    w.journal_works = true;
    let mut out = Vec::new();
    w.desk.journal_recovered(&mut out);
    let said = out.iter().find_map(|effect| match effect {
        Effect::Journal(Record::Policy(loaded)) => Some(loaded.clone()),
        _ => None,
    });
    let said = said.expect("said again");
    assert_eq!((said.accepted(), said.waiting), (Some(Some(Digest::of(ALLOWS.as_bytes()))), None));
    assert!(said.accepted_by.is_some());
}

/// Policies of which each is looser than another in one way and tighter in another.
const TEXTS: &[&str] = &[
    "",
    ALLOWS,
    DENIES,
    ASKS,
    LOW_ASKS,
    "[levels]\nmedium = \"allow\"\nlow = \"ask\"\n",
    "[levels]\nhigh = \"allow\"\n",
    "[timeout]\ndefault = \"5m\"\n[[rule]]\ntool = \"read_*\"\naction = \"deny\"\n",
    "[[rule]]\ntool = \"frobnicate\"\nlevel = \"low\"\n[[rule]]\ntool = \"read_file\"\naction = \"confirm\"\n",
    "[[rule]\n",
];

#[derive(Clone, Debug)]
enum Turn {
    Write(usize),
    Remove,
    Restart,
    Weigh { fit: bool, current: bool, accept: bool },
    Disk(bool),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        5 => (0..TEXTS.len()).prop_map(Turn::Write),
        1 => Just(Turn::Remove),
        1 => Just(Turn::Restart),
        3 => (prop::bool::weighted(0.6), prop::bool::weighted(0.7), any::<bool>())
            .prop_map(|(fit, current, accept)| Turn::Weigh { fit, current, accept }),
        1 => any::<bool>().prop_map(Turn::Disk),
    ]
}

/// Calls on which the policies differ.
fn calls() -> Vec<(Call, Risk)> {
    let call = |tool: &str, level| {
        let params = format!(r#"{{"name":"{tool}","arguments":{{}}}}"#);
        let call = Call {
            id: CallId(1),
            session: SessionId("s1".to_owned()),
            server: Arc::new(server(&["a"])),
            definition: None,
            tool: ToolName::new(tool).expect("a name"),
            params: Params::new(raw(&params)),
        };
        (call, Risk { level, findings: Vec::new(), tools: Vec::new() })
    };
    let tools = ["frobnicate", "read_file", "other"];
    tools.iter().flat_map(|tool| Level::ALL.iter().map(move |level| call(tool, *level))).collect()
}

proptest! {
    #[test]
    fn b29_nothing_is_ever_looser_than_what_a_person_accepted_last(turns in prop::collection::vec(turn(), 1..40)) {
        let calls = calls();
        let mut w = World::with_console();
        w.console(OTHER, vec![Process { pid: 90, start: 9 }]);
        // What a person accepted last: in the beginning the defaults. What is accepted by itself is no looser.
        let mut floor = Policy::default();
        let mut on_disk = PolicyFile::none();
        for turn in turns {
            match turn {
                Turn::Write(n) => on_disk = file(TEXTS[n]),
                Turn::Remove => on_disk = PolicyFile::none(),
                Turn::Disk(works) => {
                    w.journal_works = works;
                    if works {
                        let mut out = Vec::new();
                        w.desk.journal_recovered(&mut out);
                        w.carry_out(out);
                    }
                    continue;
                }
                // What could not be written is not known afterwards.
                Turn::Restart if !w.journal_works => continue,
                Turn::Restart => {
                    // As the shell recalls it: from the journal's digest, the file and the kept copies.
                    let accepted = w.journal.iter().rev().find_map(|r| match r {
                        Record::Policy(loaded) => loaded.accepted(),
                        _ => None,
                    });
                    let text = |digest| TEXTS.iter().find(|t| Digest::of(t.as_bytes()) == digest).expect("one of them");
                    let known = accepted.flatten().map_or_else(PolicyFile::none, |digest| file(text(digest)));
                    w.event(Event::Recalled(Box::new(Recalled::Accepted(known))));
                }
                Turn::Weigh { fit, current, accept } => {
                    let waiting = w.desk.ground.proposal();
                    let digest = waiting.as_ref().filter(|_| current).map_or(Digest::of(b"other"), |p| p.digest);
                    w.weigh(if fit { CONSOLE } else { OTHER }, digest, accept);
                    if let Some(p) = waiting.filter(|_| fit && current && accept) {
                        floor = policy::parse(p.new.as_deref().unwrap_or_default(), "policy.toml").policy;
                    }
                }
            }
            if !matches!(turn, Turn::Weigh { .. }) {
                w.event(Event::Policy(Box::new(on_disk.clone())));
            }
            let facts = Facts::default();
            let moment = Moment::default();
            for (call, risk) in &calls {
                let asked = Asked { call, risk, facts: &facts, moment: &moment };
                let (now, least) = (w.desk.ground.judge(&asked), policy::judge(&floor, &asked));
                prop_assert!(now.is_at_least(&least), "{now:?} is looser than {least:?}");
            }
        }
    }
}
