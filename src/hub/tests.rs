//! The whole hub in this process, with peers over its real socket: they run the same program, as peers must.

use std::fs;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::value::RawValue;

use super::{Ended, run};
use crate::call::{CallId, Digest, Era, Params, Server, ServerName, SessionId, ToolName};
use crate::config::Home;
use crate::decision::{DecisionKind, Scope};
use crate::journal;
use crate::record::Filter;
use crate::socket::{self, Link, SocketError};
use crate::wire::{Answer, Decide, FromHub, Role, Status, Submit, ToHub};

struct Rig {
    home: Home,
    hub: JoinHandle<Ended>,
    _dir: tempfile::TempDir,
}

impl Rig {
    async fn new(policy: &str) -> Self {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let home = Home::find(Some(dir.path())).expect("a home");
        home.make().expect("its folders");
        fs::write(home.policy(), policy).expect("written");
        let own = home.clone();
        let hub = std::thread::spawn(move || run(&own, false).expect("serves"));
        while matches!(socket::connect(&home).await, Err(SocketError::NoHub)) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Self { home, hub, _dir: dir }
    }

    async fn attach(&self, role: Role) -> Link {
        let mut link = socket::connect(&self.home).await.expect("connects");
        socket::greet(&mut link, &self.home, role).await.expect("welcome");
        link
    }

    async fn wrap(&self) -> Link {
        self.attach(wrap("s1")).await
    }

    async fn stop(self) {
        let mut link = self.attach(Role::Command).await;
        link.send(&ToHub::Stop).await.expect("sent");
        while let Ok(Some(_)) = link.receiver.recv::<FromHub>().await {}
        assert_eq!(self.hub.join().expect("no panic"), Ended::Served);
        assert!(!self.home.socket().exists());
        assert!(journal::verify(&self.home.journal).is_ok());
    }
}

fn wrap(session: &str) -> Role {
    let server = Server {
        name: ServerName::new("fix").expect("a name"),
        command: "fixture".to_owned(),
        args: Vec::new(),
        cwd: "/".to_owned(),
        environment: Digest::of(b""),
    };
    Role::Wrap { session: SessionId(session.to_owned()), server }
}

fn submit(ask: u64, text: &str) -> ToHub {
    let params = format!(r#"{{"name":"frobnicate","arguments":{{"text":"{text}"}}}}"#);
    ToHub::Submit(Submit {
        ask,
        era: Era::Legacy,
        tool: ToolName::new("frobnicate").expect("a name"),
        params: Params::new(RawValue::from_string(params).expect("JSON")),
        repeats: None,
        links: Vec::new(),
    })
}

/// The first message that is this.
async fn hear<T>(link: &mut Link, what: &str, is: impl Fn(FromHub) -> Option<T>) -> T {
    let heard = async {
        loop {
            let message = link.receiver.recv().await.expect("readable").unwrap_or_else(|| panic!("no {what}: hung up"));
            if let Some(found) = is(message) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.unwrap_or_else(|_| panic!("no {what}"))
}

async fn status(link: &mut Link) -> Status {
    link.send(&ToHub::Status).await.expect("sent");
    hear(link, "status", |message| if let FromHub::Status(status) = message { Some(status) } else { None }).await
}

async fn until(link: &mut Link, what: &str, holds: impl Fn(&Status) -> bool) {
    let waited = async {
        while !holds(&status(link).await) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waited).await.unwrap_or_else(|_| panic!("waited for {what}"));
}

#[expect(clippy::needless_pass_by_value, reason = "one form with the others")]
fn held(message: FromHub) -> Option<u64> {
    if let FromHub::Held { ask, .. } = message { Some(ask) } else { None }
}

fn settled(message: FromHub) -> Option<(CallId, DecisionKind)> {
    if let FromHub::Settled { id, decision } = message { Some((id, decision.kind)) } else { None }
}

fn decided(message: FromHub) -> Option<(u64, DecisionKind)> {
    if let FromHub::Decided { ask, decision, .. } = message { Some((ask, decision.kind)) } else { None }
}

fn pending(message: FromHub) -> Option<(CallId, Digest)> {
    if let FromHub::Pending(pending) = message { Some((pending.id, pending.params.digest())) } else { None }
}

fn on_a_runtime<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test)
}

#[test]
fn a_console_that_does_not_read_is_dropped_and_holds_nobody_up() {
    on_a_runtime(async {
        let rig = Rig::new("").await;
        let mut stuck = rig.attach(Role::Console).await;
        let mut wrap = rig.wrap().await;
        let long = "x".repeat(1 << 20);
        for ask in 1..=8 {
            wrap.send(&submit(ask, &long)).await.expect("sent");
            assert_eq!(hear(&mut wrap, "held", held).await, ask);
        }
        let mut other = rig.attach(Role::Command).await;
        until(&mut other, "no console", |status| status.consoles == 0).await;
        assert_eq!(status(&mut other).await.held, 8);
        // What it had been sent may still be read; then it sees the end.
        while let Ok(Some(_)) = stuck.receiver.recv::<FromHub>().await {}
        rig.stop().await;
    });
}

#[test]
fn b38_a_wrap_that_goes_away_takes_its_calls_along() {
    on_a_runtime(async {
        let rig = Rig::new("").await;
        let mut console = rig.attach(Role::Console).await;
        let mut wrap = rig.wrap().await;
        wrap.send(&submit(1, "a")).await.expect("sent");
        let (id, digest) = hear(&mut console, "pending", pending).await;
        drop(wrap);
        assert_eq!(hear(&mut console, "settled", settled).await, (id, DecisionKind::Withdrawn));
        let late = Decide { id, params_digest: digest, answer: Answer::Allow, looked_ms: 900 };
        console.send(&ToHub::Decide(late)).await.expect("sent");
        let is = |message| if let FromHub::Stale { id, .. } = message { Some(id) } else { None };
        assert_eq!(hear(&mut console, "stale", is).await, id);
        rig.stop().await;
    });
}

#[test]
fn b36_a_console_of_the_hosts_family_is_told_that_it_may_not_decide_and_does_not() {
    on_a_runtime(async {
        let rig = Rig::new("").await;
        // Wrap and console are one process here: its parent is the host of the first and above the second.
        let mut console = rig.attach(Role::Console).await;
        let mut wrap = rig.wrap().await;
        wrap.send(&submit(1, "a")).await.expect("sent");
        let (id, params_digest) = hear(&mut console, "pending", pending).await;
        let why = status(&mut console).await.may_not_decide.expect("told");
        for answer in [Answer::Allow, Answer::Remember { scope: Scope::Always, cover: None }, Answer::Deny(None)] {
            console.send(&ToHub::Decide(Decide { id, params_digest, answer, looked_ms: 900 })).await.expect("sent");
            let is = |message| if let FromHub::Stale { id, why } = message { Some((id, why)) } else { None };
            assert_eq!(hear(&mut console, "stale", is).await, (id, why.clone()));
        }
        assert_eq!(status(&mut console).await.held, 1);
        // Nor does a command or a wrap.
        for role in [Role::Command, self::wrap("s2")] {
            let mut other = rig.attach(role).await;
            let decide = Decide { id, params_digest, answer: Answer::Allow, looked_ms: 900 };
            other.send(&ToHub::Decide(decide)).await.expect("sent");
            let is = |message| if let FromHub::Refused(why) = message { Some(why) } else { None };
            hear(&mut other, "refusal", is).await;
            assert!(matches!(other.receiver.recv::<FromHub>().await, Ok(None)));
        }
        rig.stop().await;
    });
}

#[test]
fn many_calls_at_once_are_answered_each_and_in_order() {
    on_a_runtime(async {
        let rig = Rig::new("[[rule]]\ntool = \"frobnicate\"\naction = \"allow\"\n").await;
        let mut wrap = rig.wrap().await;
        for ask in 1..=500 {
            wrap.sender.queue(&submit(ask, "a")).expect("fits");
        }
        wrap.sender.flush().await.expect("written");
        for ask in 1..=500 {
            assert_eq!(hear(&mut wrap, "decided", decided).await, (ask, DecisionKind::Allowed));
        }
        rig.stop().await;
    });
}

#[test]
fn history_comes_in_pages_and_an_older_question_gives_way() {
    on_a_runtime(async {
        let rig = Rig::new("[[rule]]\ntool = \"frobnicate\"\naction = \"allow\"\n").await;
        let mut wrap = rig.wrap().await;
        for ask in 1..=30 {
            wrap.send(&submit(ask, &format!("call {ask}"))).await.expect("sent");
            hear(&mut wrap, "decided", decided).await;
        }
        let mut console = rig.attach(Role::Console).await;
        let ask = |search: &str, limit| {
            let filter = Filter { search: Some(search.to_owned()), ..Filter::default() };
            ToHub::History { before: None, filter, limit }
        };
        for question in ["nothing", "neither", "call 7"] {
            console.sender.queue(&ask(question, 1000)).expect("fits");
        }
        console.sender.flush().await.expect("written");
        let is = |message| match message {
            FromHub::History { filter, rows, .. } if filter.search.as_deref() == Some("call 7") => Some(rows),
            _ => None,
        };
        let rows = hear(&mut console, "history", is).await;
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [CallId(7)]);
        console.send(&ask("call", 10)).await.expect("sent");
        let is = |message| match message {
            FromHub::History { rows, next, .. } => Some((rows.len(), next)),
            _ => None,
        };
        assert_eq!(hear(&mut console, "history", is).await, (10, Some(CallId(21))));
        rig.stop().await;
    });
}

#[test]
fn a_wrap_that_ends_amid_a_message_is_only_gone() {
    on_a_runtime(async {
        let rig = Rig::new("").await;
        let mut wrap = rig.wrap().await;
        wrap.send(&submit(1, "a")).await.expect("sent");
        hear(&mut wrap, "held", held).await;
        wrap.sender.queue_bytes(b"\0\0\x10\0{\"sub");
        assert!(wrap.sender.try_flush().expect("written"));
        drop(wrap);
        let mut other = rig.attach(Role::Command).await;
        until(&mut other, "nothing held", |status| status.held == 0).await;
        rig.stop().await;
    });
}

#[test]
fn a_hub_with_nobody_attached_leaves_and_one_with_a_wrap_stays() {
    on_a_runtime(async {
        let (left, kept) = (Rig::new("").await, Rig::new("").await);
        let mut wrap = kept.wrap().await;
        // Somebody who came and went does not keep it.
        drop(left.wrap().await);
        while !left.hub.is_finished() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(left.hub.join().expect("no panic"), Ended::Served);
        assert!(!left.home.socket().exists(), "it leaves no socket behind");
        // It began to wait first, and has waited as long by now.
        wrap.send(&submit(1, "still there")).await.expect("sent");
        assert_eq!(hear(&mut wrap, "held", held).await, 1);
        kept.stop().await;
    });
}
