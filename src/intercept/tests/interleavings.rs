//! Any order of events: every submitted call ends in exactly one way, and nothing gated is sent without an allowing
//! decision for exactly those bytes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::wire::Submit;

#[derive(Clone, Debug)]
enum Step {
    Call { id: u8, token: bool, oddly: bool },
    Other { id: u8 },
    List,
    Cancel { id: u8 },
    Held { ask: u8 },
    Decide { ask: u8, kind: DecisionKind, right: bool },
    Answer { id: u8 },
    Listed { description: u8 },
    Wait(u16),
    HubLost,
    HostEnd,
    ServerEnd,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = || prop_oneof![3 => Just(DecisionKind::Allowed), 1 => Just(DecisionKind::Denied), 1 => Just(DecisionKind::TimedOut)];
    let step = prop_oneof![
        8 => (0..4_u8, any::<bool>(), any::<bool>()).prop_map(|(id, token, oddly)| Step::Call { id, token, oddly }),
        2 => (0..4_u8).prop_map(|id| Step::Other { id }),
        1 => Just(Step::List),
        3 => (0..4_u8).prop_map(|id| Step::Cancel { id }),
        4 => (1..12_u8).prop_map(|ask| Step::Held { ask }),
        8 => (1..12_u8, kind(), prop::bool::weighted(0.8)).prop_map(|(ask, kind, right)| Step::Decide { ask, kind, right }),
        5 => (0..4_u8).prop_map(|id| Step::Answer { id }),
        1 => (0..3_u8).prop_map(|description| Step::Listed { description }),
        2 => any::<u16>().prop_map(Step::Wait),
        1 => Just(Step::HubLost),
        1 => prop_oneof![Just(Step::HostEnd), Just(Step::ServerEnd)],
    ];
    prop::collection::vec(step, 0..60)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Sent,
    Denied,
    Withdrawn,
}

/// What an onlooker knows of the session.
#[derive(Default)]
struct Onlooker {
    made: u32,
    submitted: BTreeMap<u64, Submit>,
    /// The id's number to the ask that waits under it.
    by_id: BTreeMap<u64, u64>,
    ends: BTreeMap<u64, Vec<End>>,
    /// Decisions that have been told: only these may send.
    allowed: Vec<(u64, Digest)>,
    answered: BTreeMap<u64, u32>,
    sent_ids: BTreeMap<u64, u32>,
    finished: Vec<CallId>,
}

impl Onlooker {
    fn line(&mut self, step: &Step) -> Option<String> {
        Some(match step {
            Step::Call { id, token, oddly } => {
                self.made += 1;
                let meta = if *token { r#","_meta":{"progressToken":1}"# } else { "" };
                let space = if *oddly { " \r\t" } else { "" };
                call(
                    &id.to_string(),
                    &format!("{space}{{\"name\":\"write\",{space}\"arguments\":{{\"n\":{}}}{meta}}}", self.made),
                )
            }
            Step::Other { id } => format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#),
            Step::List => LIST.to_owned(),
            Step::Cancel { id } => cancel(&id.to_string()),
            _ => return None,
        })
    }

    fn see(&mut self, effect: &Effect) {
        match effect {
            Effect::ToServer(line) => self.sent(line),
            Effect::ToHost(line) => self.told(line),
            Effect::ToHub(ToHub::Submit(submit)) => {
                assert!(self.submitted.keys().all(|ask| *ask < submit.ask), "asks ascend");
                self.submitted.insert(submit.ask, submit.clone());
            }
            Effect::ToHub(ToHub::Withdraw(asks, _)) => {
                for ask in asks {
                    // A server's end both denies and withdraws: the host waits, the hub too.
                    if self.ends.get(ask).is_none_or(Vec::is_empty) {
                        self.end(*ask, End::Withdrawn);
                    }
                }
            }
            Effect::ToHub(ToHub::Finish(finish)) => {
                assert!(!self.finished.contains(&finish.id), "a call finishes once");
                self.finished.push(finish.id);
            }
            Effect::ToHub(_) | Effect::Warn(_) | Effect::CloseServer => {}
        }
    }

    fn sent(&mut self, line: &[u8]) {
        let value: Value = serde_json::from_slice(line).expect("only JSON is sent");
        let Some(id) = value["id"].as_u64() else { return };
        *self.sent_ids.entry(id).or_default() += 1;
        if value["method"] != TOOLS_CALL {
            return;
        }
        let text = std::str::from_utf8(line).expect("text");
        let found =
            self.submitted.iter().find(|(_, submit)| text.contains(&format!("\"params\":{}}}", submit.params.text())));
        let (ask, submit) = found.expect("what is sent was submitted, to the byte");
        assert!(self.allowed.contains(&(*ask, submit.params.digest())), "nobody allowed these bytes");
        let ask = *ask;
        self.end(ask, End::Sent);
    }

    fn told(&mut self, line: &[u8]) {
        let value: Value = serde_json::from_slice(line).expect("only JSON is told");
        if value.get("method").is_some() {
            return;
        }
        let Some(id) = value["id"].as_u64() else { return };
        *self.answered.entry(id).or_default() += 1;
        if value["result"]["isError"] == true
            && let Some(ask) = self.by_id.get(&id).copied()
        {
            self.end(ask, End::Denied);
        }
    }

    fn end(&mut self, ask: u64, end: End) {
        self.by_id.retain(|_, waiting| *waiting != ask);
        self.ends.entry(ask).or_default().push(end);
    }
}

fn run(steps: &[Step]) {
    let mut machine = Intercept::new(Settings::default());
    let mut seen = Onlooker::default();
    let mut now = 0;
    let last = [Step::Wait(60_000), Step::HubLost, Step::HostEnd, Step::ServerEnd];
    for step in steps.iter().chain(&last) {
        let mut out = Vec::new();
        let line = seen.line(step);
        let event = match step {
            Step::Call { .. } | Step::Other { .. } | Step::List | Step::Cancel { .. } => {
                Event::HostLine(line.as_deref().unwrap_or_default().as_bytes())
            }
            Step::Held { ask } => Event::Hub(FromHub::Held { ask: (*ask).into(), remaining_ms: 55_000 }),
            Step::Decide { ask, kind, right } => {
                let ask = u64::from(*ask);
                let Some(submit) = seen.submitted.get(&ask) else { continue };
                let params_digest = if *right { submit.params.digest() } else { Digest::of(b"other") };
                if *kind == DecisionKind::Allowed {
                    seen.allowed.push((ask, params_digest));
                }
                let decision = Decision::new(*kind, By::Human);
                Event::Hub(FromHub::Decided { ask, id: CallId(ask), params_digest, decision })
            }
            Step::Answer { id } => {
                let line = ok((*id).into());
                machine.handle(now, Event::ServerLine(line.as_bytes()), &mut out);
                Event::Tick
            }
            Step::Listed { description } => {
                let line = listed(&format!(r#"{{"name":"write","description":"{description}"}}"#));
                machine.handle(now, Event::ServerLine(line.as_bytes()), &mut out);
                Event::Tick
            }
            Step::Wait(ms) => {
                now += u64::from(*ms);
                Event::Tick
            }
            Step::HubLost => Event::HubLost("gone".to_owned()),
            Step::HostEnd => Event::HostEnd,
            Step::ServerEnd => Event::ServerEnd { words: "gone".to_owned() },
        };
        machine.handle(now, event, &mut out);
        for effect in &out {
            if let (Effect::ToHub(ToHub::Submit(submit)), Step::Call { id, .. }) = (effect, step) {
                seen.by_id.insert((*id).into(), submit.ask);
            }
            seen.see(effect);
        }
        assert_eq!(machine.held(), seen.by_id.len());
        assert!(machine.held() <= machine.in_flight());
    }
    assert_eq!((machine.held(), machine.in_flight(), machine.next_wake_ms()), (0, 0, None));
    for ask in seen.submitted.keys() {
        assert_eq!(seen.ends.get(ask).map(Vec::len), Some(1), "call {ask} ended as {:?}", seen.ends.get(ask));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_call_ends_once_and_nothing_is_sent_without_a_yes_to_its_bytes(steps in steps()) {
        run(&steps);
    }
}
