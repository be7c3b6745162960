//! Calls, rows and a console for tests.

use serde_json::value::RawValue;

use super::app::{App, Effect, Msg};
use super::keymap::Key;
use super::update::update;
use crate::call::{CallId, Digest, Params, Server, ServerName, SessionId, ToolName};
use crate::decision::{By, Cover, Decision, DecisionKind, Grant, GrantId, Level, Outcome, Part, Scope};
use crate::policy::cover::says;
use crate::policy::tally::Past;
use crate::record::{Decided, Finished, Row, Submitted};
use crate::risk::Finding;
use crate::stats::{Always, Counts, Looks, Report, Tool};
use crate::wire::{FromHub, Offer, Pending, Status, Suggestions, ToHub};

pub(crate) fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).expect("JSON")
}

pub(crate) fn server() -> Server {
    Server {
        name: ServerName::new("fs").expect("name"),
        command: "npx".to_owned(),
        args: ["-y", "@modelcontextprotocol/server-filesystem", "/home/me/my project"].map(str::to_owned).to_vec(),
        cwd: "/home/me".to_owned(),
        environment: Digest::of(b""),
    }
}

pub(crate) fn call(id: u64, level: Level, params: &str) -> Pending {
    let tool = crate::json::member(params, "name").map_or("write_file".into(), crate::json::unescape);
    Pending {
        id: CallId(id),
        server: server(),
        tool: ToolName::new(tool).expect("name"),
        params: Params::new(raw(params)),
        definition: None,
        level,
        confirm: level == Level::High,
        findings: vec![Finding {
            id: "name.write".to_owned(),
            level,
            says: "the tool's name says that it writes".to_owned(),
            at: None,
            span: None,
        }],
        rule: None,
        at: 1_790_000_000_000,
        remaining_ms: 55_000,
    }
}

pub(crate) fn medium(id: u64) -> Pending {
    let params =
        format!(r#"{{"name":"write_file","arguments":{{"path":"/home/me/my project/{id}.txt","content":"hello"}}}}"#);
    call(id, Level::Medium, &params)
}

pub(crate) fn high(id: u64) -> Pending {
    call(id, Level::High, r#"{"name":"run","arguments":{"command":"rm -rf build"}}"#)
}

/// A high call whose arguments do not fit a screen.
pub(crate) fn long(id: u64) -> Pending {
    let content = (0..200).map(|n| n.to_string()).collect::<Vec<_>>().join("\\nline ");
    call(id, Level::High, &format!(r#"{{"name":"run","arguments":{{"script":"{content}\\nrm -rf /"}}}}"#))
}

pub(crate) fn settled(id: u64, kind: DecisionKind, by: By) -> FromHub {
    FromHub::Settled { id: CallId(id), decision: Decision::new(kind, by) }
}

pub(crate) fn status() -> Status {
    Status {
        pid: 4711,
        home: "/home/me".to_owned(),
        wraps: vec![("fs".to_owned(), "npx -y @modelcontextprotocol/server-filesystem /home/me".to_owned())],
        consoles: 1,
        ..Status::default()
    }
}

pub(crate) fn row(id: u64) -> Row {
    let call = medium(id);
    Row {
        id: CallId(id),
        at: 1_790_000_000_000 + i64::try_from(id).expect("small") * 61_000,
        submitted: Box::new(Submitted {
            id: CallId(id),
            session: SessionId("0".repeat(32)),
            server: call.server.name.clone(),
            identity: call.server.identity(),
            command: vec!["npx".to_owned(), "server".to_owned()],
            tool: call.tool.clone(),
            definition: None,
            risk: Level::Medium,
            findings: call.findings.clone(),
            masked: None,
            params_digest: call.params.digest(),
            params: raw(call.params.text()),
        }),
        decided: Some(Decided {
            id: CallId(id),
            decision: Decision::new(DecisionKind::Denied, By::Human).because("not in\nthis folder"),
            who: Some("pid 12 on /dev/pts/3".to_owned()),
            params_digest: call.params.digest(),
            held_ms: 2_500,
            looked_ms: Some(1_800),
            shown: None,
        }),
        finished: id.is_multiple_of(2).then_some(Finished {
            id: CallId(id),
            outcome: Outcome::Ok,
            bytes: 120,
            duration_ms: 7,
        }),
    }
}

/// What may be remembered beyond a call of [`medium`].
pub(crate) fn cover() -> Cover {
    let args =
        vec![("content".to_owned(), Part::Any), ("path".to_owned(), Part::Under("/home/me/my project".to_owned()))];
    Cover { args, others: false, level: Level::Medium }
}

/// What a hub offers for a call, counted over so many.
pub(crate) fn offers(call: &Pending, counted: Option<u64>) -> FromHub {
    let any = Cover { args: Vec::new(), others: true, level: Level::Medium };
    let tool = call.tool.as_str();
    let offer = |cover: Option<Cover>, past| Offer {
        cover: cover.as_ref().map(Cover::digest),
        says: says(tool, cover.as_ref()),
        past: counted.map(|_| past),
    };
    let past = |matched, denied, high| Past { matched, denied, high, ..Past::default() };
    let offers =
        vec![offer(None, past(0, 0, 0)), offer(Some(cover()), past(14, 0, 0)), offer(Some(any), past(21, 1, 2))];
    FromHub::Suggestions(Suggestions { id: call.id, params_digest: call.params.digest(), offers, counted })
}

/// What a hub adds up of a fortnight.
pub(crate) fn report() -> Report {
    let counts = |prompts, denied, timed_out, fast| Counts {
        prompts,
        allowed: prompts - denied - timed_out,
        denied,
        timed_out,
        withdrawn: 0,
        looks: Some(Looks { of: prompts - timed_out, median: 3_400, p90: 21_000 }),
        fast,
    };
    let tool = |name: &str, counts| Tool { server: "fs".to_owned(), tool: name.to_owned(), counts };
    let rule = "[[rule]]\nserver = \"fs\"\ntool = \"write_file\"\naction = \"allow\"\n";
    Report {
        since: Some(1_788_000_000_000),
        first: Some(1_789_000_000_000),
        calls: 12_345,
        cut: false,
        all: counts(1_204, 31, 12, 44),
        hours: 96,
        busiest: Some((1_789_992_000_000, 61)),
        tools: vec![
            tool("write_file", counts(900, 0, 0, 44)),
            tool("a_name_that_is_much_too_long_for_its_column\u{202e}", counts(304, 31, 12, 0)),
        ],
        more_tools: 0,
        always: vec![Always {
            server: "fs".to_owned(),
            tool: "write_file".to_owned(),
            approved: 900,
            covers: Some(says("write_file", Some(&cover()))),
            rule: Some(rule.to_owned()),
            covered: 188,
            of: 200,
            untold: 3,
        }],
        fast: [61, 57, 12].map(CallId).to_vec(),
    }
}

pub(crate) fn grant(id: u64) -> Grant {
    Grant {
        id: GrantId(id),
        key: Digest::of(b"key"),
        cover: None,
        server: ServerName::new("fs").expect("name"),
        tool: ToolName::new("write_file").expect("name"),
        scope: Scope::Hour,
        session: None,
        created_at: 1_790_000_000_000,
        expires_at: Some(1_790_003_600_000),
        call: CallId(3),
        who: "pid 12 on /dev/pts/3".to_owned(),
    }
}

/// A console at a terminal, with a hub and a clock.
pub(crate) struct Desk {
    pub(crate) app: App,
    pub(crate) now: u64,
    pub(crate) size: (u16, u16),
    pub(crate) out: Vec<Effect>,
}

impl Desk {
    /// Connected, empty, drawn.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let mut desk = Self::unconnected(width, height);
        desk.msg(Msg::LinkUp).hub(FromHub::Status(status())).draw();
        desk.out.clear();
        desk
    }

    pub(crate) fn unconnected(width: u16, height: u16) -> Self {
        let app = App::new((width, height), false, jiff::tz::TimeZone::UTC);
        Self { app, now: 1_000_000, size: (width, height), out: Vec::new() }
    }

    pub(crate) fn msg(&mut self, msg: Msg) -> &mut Self {
        update(&mut self.app, self.now, msg, &mut self.out);
        self
    }

    pub(crate) fn hub(&mut self, message: FromHub) -> &mut Self {
        self.msg(Msg::Hub(Box::new(message)))
    }

    pub(crate) fn held(&mut self, call: Pending) -> &mut Self {
        self.hub(FromHub::Pending(Box::new(call)))
    }

    pub(crate) fn key(&mut self, key: Key) -> &mut Self {
        self.msg(Msg::Key(key))
    }

    /// Types, drawing after each key as a terminal would.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.key(if c == '\n' { Key::Enter } else { Key::Char(c) }).draw();
        }
        self
    }

    pub(crate) fn draw(&mut self) -> &mut Self {
        self.msg(Msg::Drawn(self.size.0, self.size.1))
    }

    pub(crate) fn wait(&mut self, ms: u64) -> &mut Self {
        self.now += ms;
        self.msg(Msg::Tick)
    }

    /// Drawn, looked at.
    pub(crate) fn look(&mut self) -> &mut Self {
        self.draw().wait(500).draw()
    }

    /// What was decided since the last question, as words.
    pub(crate) fn decided(&mut self) -> Vec<String> {
        let all = self.out.drain(..).filter_map(|effect| match effect {
            Effect::Send(ToHub::Decide(decide)) => Some(format!("{} {:?}", decide.id, decide.answer)),
            _ => None,
        });
        all.collect()
    }
}
