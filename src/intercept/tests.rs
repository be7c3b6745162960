//! One session, line by line.

use super::*;
use crate::call::Digest;
use crate::decision::{By, Decision, DecisionKind};
use crate::wire::Submit;

/// A session and everything it said since it was last asked.
struct World {
    machine: Intercept,
    now: u64,
    to_server: Vec<String>,
    to_host: Vec<String>,
    to_hub: Vec<ToHub>,
    warned: Vec<String>,
    closed: bool,
}

impl World {
    fn new() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        let machine = Intercept::new(settings);
        Self { machine, now: 0, to_server: vec![], to_host: vec![], to_hub: vec![], warned: vec![], closed: false }
    }

    fn feed(&mut self, event: Event<'_>) -> &mut Self {
        let mut out = Vec::new();
        self.machine.handle(self.now, event, &mut out);
        let line = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("only text is emitted");
            text.strip_suffix('\n').expect("every line ends").to_owned()
        };
        for effect in out {
            match effect {
                Effect::ToServer(bytes) => self.to_server.push(line(bytes)),
                Effect::ToHost(bytes) => self.to_host.push(line(bytes)),
                Effect::ToHub(message) => self.to_hub.push(message),
                Effect::Warn(text) => self.warned.push(text),
                Effect::CloseServer => self.closed = true,
            }
        }
        self
    }

    fn host(&mut self, line: &str) -> &mut Self {
        self.feed(Event::HostLine(line.as_bytes()))
    }

    fn server(&mut self, line: &str) -> &mut Self {
        self.feed(Event::ServerLine(line.as_bytes()))
    }

    fn submits(&self) -> Vec<&Submit> {
        self.to_hub.iter().filter_map(|m| if let ToHub::Submit(s) = m { Some(s) } else { None }).collect()
    }

    fn decide(&mut self, ask: u64, kind: DecisionKind) -> &mut Self {
        let digest = self.submits().iter().find(|s| s.ask == ask).map(|s| s.params.digest()).expect("it was submitted");
        self.decide_on(ask, kind, digest)
    }

    fn decide_on(&mut self, ask: u64, kind: DecisionKind, params_digest: Digest) -> &mut Self {
        let decision = Decision::new(kind, By::Human);
        self.feed(Event::Hub(FromHub::Decided { ask, id: CallId(100 + ask), params_digest, decision }))
    }
}

const CALL: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write","arguments":{"path":"a"}}}"#;

#[test]
fn a_call_is_sent_once_and_only_when_it_is_allowed() {
    let mut world = World::new();
    world.host(CALL);
    assert!(world.to_server.is_empty() && world.to_host.is_empty());
    assert_eq!(world.submits()[0].params.text(), r#"{"name":"write","arguments":{"path":"a"}}"#);
    world.decide(1, DecisionKind::Allowed).decide(1, DecisionKind::Allowed);
    assert_eq!(world.to_server, [CALL]);
    world.server(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#);
    assert_eq!(world.to_host, [r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#]);
}
