//! What the journal and the approval cache cost when they are large: a million calls, a million approvals.
//!
//! Without `--bench` (as `cargo test` runs it), or with `--test`, everything is done once with few, so that this file cannot rot.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench prints its table and stops where it cannot go on"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use sayso::call::{CallId, Digest, ServerName, SessionId, ToolName};
use sayso::decision::{By, Decision, DecisionKind, Grant, GrantId, Level, Outcome, Scope};
use sayso::journal::{self, Journal};
use sayso::record::{Decided, Fact, Filter, Finished, Place, Record, Stamp, Submitted};
use sayso::risk::Finding;
use sayso::store::Store;
use serde_json::value::RawValue;

const T0: i64 = 1_795_300_000_000;

fn main() {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    let full = asked("--bench") && !asked("--test");
    let (calls, grants, rounds) = if full { (1_000_000, 1_000_000, 2000) } else { (500, 500, 3) };
    println!("sayso {}, {calls} calls in the journal, {grants} remembered approvals", env!("CARGO_PKG_VERSION"));
    println!("{:<46}{:>12}{:>12}{:>12}", "", "p50", "p99", "at most");
    let dir = tempfile::tempdir().unwrap();
    history(dir.path(), calls, rounds);
    let dir = tempfile::tempdir().unwrap();
    approvals(&dir.path().join("sled"), grants, rounds);
}

fn history(dir: &Path, calls: u64, rounds: usize) {
    let start = Instant::now();
    fill(dir, calls);
    let bytes: u64 = std::fs::read_dir(dir).unwrap().map(|item| item.unwrap().metadata().unwrap().len()).sum();
    note("journal written", &format!("{:.1} s, {} MiB", start.elapsed().as_secs_f64(), bytes >> 20));

    let page = |before, filter: &Filter| drop(journal::page(dir, before, filter, 50).unwrap());
    let all = Filter::default();
    let rare = Filter { decision: Some(DecisionKind::Denied), risk: Some(Level::High), ..Filter::default() };
    let some = rounds.div_ceil(10);
    measure("first page of history (50 rows)", "30 ms", some, |_| page(None, &all));
    measure("page from anywhere", "30 ms", some, |i| page(Some(CallId(scatter(i, calls) + 1)), &all));
    measure("first page, 1 of 100 calls matches", "", some, |_| page(None, &rare));
    measure("one call by its number", "", some, |i| drop(journal::find(dir, CallId(scatter(i, calls) + 1)).unwrap()));
    let search = Filter { search: Some("no such text".into()), ..Filter::default() };
    measure("a search that finds nothing, one step of it", "", some.min(20), |_| page(None, &search));
    measure("opening the journal", "", some.min(5), |_| drop(Journal::open(dir, T0).unwrap()));
    measure("reading it all for the approvals", "", 1, |_| {
        assert!(journal::facts(dir, None).unwrap().all(|f| f.is_ok()));
    });
    measure("verifying it all", "", 1, |_| assert!(journal::verify(dir).is_ok()));

    let (mut journal, _) = Journal::open(dir, T0).unwrap();
    let params = r#"{"name":"echo","arguments":{"text":"hello there"}}"#;
    measure("appending a 64-byte call and its decision", "", rounds, |i| {
        let id = calls + i as u64 + 1;
        journal.append(T0 + id.cast_signed(), &[submitted(id, params), decided(id)]).map(drop).unwrap();
    });
    note("memory, at the most so far", &memory("VmHWM:"));
}

fn approvals(dir: &Path, grants: u64, rounds: usize) {
    let (store, _) = Store::open(dir).unwrap();
    let start = Instant::now();
    for id in 1..=grants {
        let place = Place { month: 202_611, number: 1, offset: id };
        store.apply(&Stamp { seq: id, hash: key(id), place }, &Fact::Granted(grant(id))).unwrap();
    }
    note("approvals remembered", &format!("{:.1} s", start.elapsed().as_secs_f64()));
    let hit = |store: &Store, i: usize| assert!(store.find(&key(scatter(i, grants) + 1), T0).unwrap().is_some());
    let miss = |store: &Store, i: usize| assert!(store.find(&key(grants + 1 + i as u64), T0).unwrap().is_none());
    measure("a look-up that finds one", "20 µs", rounds, |i| hit(&store, i));
    measure("a look-up that finds none", "20 µs", rounds, |i| miss(&store, i));
    note("memory", &memory("VmRSS:"));
    drop(store);
    let start = Instant::now();
    let (store, _) = Store::open(dir).unwrap();
    note("opened again", &format!("{:.2} s", start.elapsed().as_secs_f64()));
    measure("a look-up that finds one, from cold", "20 µs", rounds, |i| hit(&store, i));
    measure("a look-up that finds none, from cold", "20 µs", rounds, |i| miss(&store, i));
    note("memory", &memory("VmRSS:"));
}

fn measure(what: &str, at_most: &str, rounds: usize, mut work: impl FnMut(usize)) {
    let mut times: Vec<Duration> = (0..rounds.max(1))
        .map(|i| {
            let start = Instant::now();
            work(i);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let show = |part: usize| format!("{:.1?}", times[(times.len() * part / 100).min(times.len() - 1)]);
    println!("{what:<46}{:>12}{:>12}{at_most:>12}", show(50), show(99));
}

fn note(what: &str, says: &str) {
    println!("{what:<46}{says:>24}");
}

fn memory(line: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|l| l.strip_prefix(line)).unwrap_or("unknown");
    value.trim().to_owned()
}

/// A number below `n` that jumps about.
fn scatter(i: usize, n: u64) -> u64 {
    (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) % n
}

fn key(id: u64) -> Digest {
    Digest::of(&id.to_be_bytes())
}

fn fill(dir: &Path, calls: u64) {
    let (mut journal, _) = Journal::open(dir, T0).unwrap();
    let mut batch = Vec::new();
    for id in 1..=calls {
        let params = format!(
            r#"{{"name":"write_file","arguments":{{"path":"/home/me/project/src/{id}.rs","content":"fn main() {{}}"}}}}"#
        );
        batch.extend([submitted(id, &params), decided(id)]);
        if !id.is_multiple_of(100) {
            let finished = Finished { id: CallId(id), outcome: Outcome::Ok, bytes: 120, duration_ms: 4 };
            batch.push(Record::Finished(finished));
        }
        if batch.len() > 250 || id == calls {
            journal.append(T0 + id.cast_signed(), &batch).unwrap();
            batch.clear();
        }
    }
}

fn submitted(id: u64, params: &str) -> Record {
    let level = if id.is_multiple_of(100) { Level::High } else { Level::Medium };
    let says = "the tool's name says that it writes".into();
    Record::Submitted(Box::new(Submitted {
        id: CallId(id),
        session: SessionId("0123456789abcdef0123456789abcdef".into()),
        server: ServerName::new("fs").unwrap(),
        identity: key(1),
        command: vec!["npx".into(), "-y".into(), "@modelcontextprotocol/server-filesystem".into()],
        tool: ToolName::new("write_file").unwrap(),
        definition: Some(key(2)),
        risk: level,
        findings: vec![Finding { id: "name.write".into(), level, says, at: None, span: None }],
        masked: None,
        params_digest: Digest::of(params.as_bytes()),
        params: RawValue::from_string(params.to_owned()).unwrap(),
    }))
}

fn decided(id: u64) -> Record {
    let decision = if id.is_multiple_of(100) {
        Decision::new(DecisionKind::Denied, By::Human).because("not this one")
    } else {
        Decision::new(DecisionKind::Allowed, By::Level)
    };
    Record::Decided(Decided {
        id: CallId(id),
        decision,
        who: None,
        params_digest: key(3),
        held_ms: 0,
        looked_ms: None,
        shown: None,
    })
}

fn grant(id: u64) -> Grant {
    Grant {
        id: GrantId(id),
        key: key(id),
        cover: None,
        server: ServerName::new("fs").unwrap(),
        tool: ToolName::new("write_file").unwrap(),
        scope: Scope::Always,
        session: None,
        created_at: T0,
        expires_at: None,
        call: CallId(id),
        who: "pid 4711 on /dev/pts/3".into(),
    }
}
