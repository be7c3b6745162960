use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::call::{CallId, Digest, ServerName, SessionId, ToolName};
use crate::decision::{By, Decision, DecisionKind, Grant, GrantId, Level, Outcome, Scope};
use crate::record::{Accepted, Decided, Fact, Filter, Finished, PolicyLoaded, Record, Revoked, Row, Stamp, Submitted};
use crate::risk::Finding;

/// A disk that fails on demand.
#[derive(Debug, Default)]
pub(super) struct Fault {
    /// The next write stops after so many bytes.
    pub(super) full_after: Option<usize>,
    /// What was written cannot be taken back either.
    pub(super) stuck: bool,
}

impl Fault {
    pub(super) fn on<W: Write>(&self, file: W) -> Failing<W> {
        Failing { file, left: self.full_after.unwrap_or(usize::MAX) }
    }

    pub(super) fn before_truncate(&self) -> io::Result<()> {
        if self.stuck { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
    }
}

pub(super) struct Failing<W> {
    file: W,
    left: usize,
}

impl<W: Write> Write for Failing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = bytes.len().min(self.left);
        if some == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.file.write(&bytes[..some])?;
        self.left -= written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

const T0: i64 = 1_795_300_000_000; // 2026-11-22

fn submitted(id: u64, params: &str) -> Record {
    Record::Submitted(Box::new(Submitted {
        id: CallId(id),
        session: SessionId("0123456789abcdef0123456789abcdef".into()),
        server: ServerName::new(if id.is_multiple_of(2) { "fs" } else { "git" }).expect("a name"),
        identity: Digest::of(b"server"),
        command: vec!["npx".into(), "server".into()],
        tool: ToolName::new(if id.is_multiple_of(3) { "write \"it\"" } else { "read" }).expect("a name"),
        definition: None,
        risk: if id.is_multiple_of(5) { Level::High } else { Level::Medium },
        findings: vec![Finding {
            id: "x.y".into(),
            level: Level::Medium,
            says: "says \"so\"".into(),
            at: None,
            span: None,
        }],
        masked: None,
        params_digest: Digest::of(params.as_bytes()),
        params: RawValue::from_string(params.to_owned()).expect("JSON"),
    }))
}

fn params(id: u64) -> String {
    format!(r#"{{"name":"read","arguments":{{"n":{id},"path":"/home/Me/{id}"}}}}"#)
}

fn decided(id: u64, kind: DecisionKind) -> Record {
    let decision = Decision::new(kind, By::Human).because(format!("reason {id}"));
    Record::Decided(Decided {
        id: CallId(id),
        decision,
        who: None,
        params_digest: Digest::of(params(id).as_bytes()),
        held_ms: 3,
        looked_ms: None,
        shown: None,
    })
}

fn finished(id: u64) -> Record {
    Record::Finished(Finished { id: CallId(id), outcome: Outcome::Ok, bytes: 7, duration_ms: 5 })
}

fn grant(id: u64) -> Grant {
    Grant {
        id: GrantId(id),
        key: Digest::of(b"key"),
        cover: None,
        server: ServerName::new("fs").expect("a name"),
        tool: ToolName::new("read").expect("a name"),
        scope: Scope::Always,
        session: None,
        created_at: T0,
        expires_at: None,
        call: CallId(1),
        who: "pid 1".into(),
    }
}

/// Calls with these numbers, some of them in flight at the same time; every fourth is denied.
fn fill(journal: &mut Journal, ids: std::ops::RangeInclusive<u64>) {
    let mut late = Vec::new();
    for id in ids {
        let at = T0 + i64::try_from(id).expect("small");
        let kind = if id.is_multiple_of(4) { DecisionKind::Denied } else { DecisionKind::Allowed };
        journal.append(at, &[submitted(id, &params(id))]).expect("written");
        journal.append(at + 1, &std::mem::take(&mut late)).expect("written");
        late.push(decided(id, kind));
        if kind == DecisionKind::Allowed {
            late.push(finished(id));
        }
    }
    journal.append(T0, &late).expect("written");
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn reopen(dir: &Path) -> (Journal, Opening) {
    Journal::open(dir, T0).expect("opens")
}

fn only_file(dir: &Path) -> PathBuf {
    segments(dir).expect("listed").pop().expect("a file").path
}

fn line_breaks(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

fn why(dir: &Path) -> Broken {
    match verify(dir) {
        Err(VerifyError::Broken(broken)) => broken,
        other => panic!("not broken: {other:?}"),
    }
}

/// Rewrites the only file line by line.
fn edit(dir: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let path = only_file(dir);
    let mut lines: Vec<String> = fs::read_to_string(&path).expect("text").lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(&path, lines.join("\n") + "\n").expect("written");
}

#[test]
fn what_is_written_comes_back_to_the_letter() {
    let dir = folder();
    let odd = r#"{"name":"x","arguments":{"b":1.0e+2,"a":123456789012345678901234567890,"\u0062":"\ud83d\ude00 é"}}"#;
    let (mut journal, opening) = reopen(dir.path());
    assert_eq!((opening.seq, opening.hash, opening.last_call), (0, line::GENESIS, CallId(0)));
    journal.append(T0, &[submitted(1, odd), decided(1, DecisionKind::Allowed)]).expect("written");
    let row = find(dir.path(), CallId(1)).expect("read").expect("found");
    assert_eq!(row.submitted.params.get(), odd);
    assert_eq!((row.at, row.by()), (T0, Some(By::Human)));
    assert_eq!(verify(dir.path()).expect("whole").entries, 2);
}

#[test]
fn the_chain_can_be_checked_with_nothing_but_sha_256() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    fill(&mut journal, 1..=3);
    let mut before = "0".repeat(64);
    for line in fs::read_to_string(only_file(dir.path())).expect("text").lines() {
        let hash = Digest::of(format!("{before}{}", &line[75..]).as_bytes()).to_string();
        assert_eq!(&line[..75], format!("{{\"hash\":\"{hash}\","));
        serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON");
        before = hash;
    }
}

#[test]
fn files_are_private_and_one_process_writes() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    journal.append(T0, &[finished(1)]).expect("written");
    for item in fs::read_dir(dir.path()).expect("listed") {
        let item = item.expect("listed");
        assert_eq!(item.metadata().expect("meta").permissions().mode() & 0o777, 0o600, "{:?}", item.file_name());
    }
    assert!(matches!(Journal::open(dir.path(), T0), Err(JournalError::Busy(_))));
    drop(journal);
    reopen(dir.path());
}

#[test]
fn a_new_month_begins_a_new_file_and_a_clock_set_back_does_not() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    let month = 31 * 24 * 3_600_000;
    for (id, at) in [(1, T0), (2, T0 + month), (3, T0), (4, T0 + 2 * month)] {
        journal.append(at, &[submitted(id, "{}")]).expect("written");
    }
    let names: Vec<_> = segments(dir.path()).expect("listed").iter().map(Segment::file_name).collect();
    assert_eq!(names, ["2026-11.001.jsonl", "2026-12.001.jsonl", "2027-01.001.jsonl"]);
    assert_eq!(verify(dir.path()).expect("whole").entries, 6, "each new file has one of its own");
    drop(journal);
    fs::remove_file(dir.path().join("2026-12.001.jsonl")).expect("removed");
    let broken = why(dir.path());
    assert_eq!((broken.file.as_str(), broken.line), ("2027-01.001.jsonl", 1));
    assert!(broken.why.contains("missing"), "{broken}");
}

#[test]
fn files_with_absurd_names_stop_nothing() {
    let dir = folder();
    for name in ["4294967295-99.001.jsonl", "42949672-99.001.jsonl", "2026-11.4294967295.jsonl", "x.jsonl", ".jsonl"] {
        fs::write(dir.path().join(name), "").expect("written");
    }
    let (mut journal, _) = reopen(dir.path());
    journal.append(T0, &[submitted(1, "{}")]).expect("written");
    assert!(find(dir.path(), CallId(1)).expect("read").is_some());
}

#[test]
fn every_change_to_the_journal_is_found_and_its_first_line_named() {
    type Change = fn(&mut Vec<String>);
    let changes: [(&str, u64, Change); 8] = [
        ("edited", 4, |l| l[3] = l[3].replace("\"bytes\":7", "\"bytes\":8")),
        ("removed", 4, |l| drop(l.remove(3))),
        ("swapped", 4, |l| l.swap(3, 4)),
        ("doubled", 5, |l| l.insert(4, l[3].clone())),
        ("first removed", 1, |l| drop(l.remove(0))),
        ("hash edited", 4, |l| l[3] = l[3].replacen(&l[3][9..73], &"0".repeat(64), 1)),
        ("blank added", 4, |l| l.insert(3, String::new())),
        ("foreign added", 4, |l| l.insert(3, "{\"hash\":\"".into())),
    ];
    for (name, line, change) in changes {
        let dir = folder();
        let (mut journal, _) = reopen(dir.path());
        fill(&mut journal, 1..=5);
        drop(journal);
        edit(dir.path(), change);
        assert_eq!(why(dir.path()).line, line, "{name}");
        // The hub still opens and goes on; nothing is thrown away.
        let before = fs::read(only_file(dir.path())).expect("read");
        let (mut journal, opening) = reopen(dir.path());
        assert_eq!(opening.mended, [""; 0], "{name}");
        assert!(!opening.warnings.is_empty(), "{name}");
        journal.append(T0, &[finished(9)]).expect("written");
        assert!(fs::read(only_file(dir.path())).expect("read").starts_with(&before), "{name}");
        assert_eq!(why(dir.path()).line, line, "{name}");
    }
}

#[test]
fn a_cut_tail_is_named_by_verify_and_mended_by_the_next_hub() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    fill(&mut journal, 1..=3);
    drop(journal);
    let path = only_file(dir.path());
    let whole = fs::read(&path).expect("read");
    let lines = line_breaks(&whole);
    fs::write(&path, &whole[..whole.len() - 20]).expect("written");
    assert_eq!(why(dir.path()).line, lines);
    let (journal, opening) = reopen(dir.path());
    drop(journal);
    assert_eq!(opening.seq, lines - 1);
    assert_eq!(opening.mended.len(), 1);
    verify(dir.path()).expect("whole again");
    let torn: Vec<_> = fs::read_dir(dir.path())
        .expect("listed")
        .filter_map(|item| Some(item.ok()?.path()).filter(|p| p.extension().is_some_and(|e| e == "torn")))
        .collect();
    let kept = fs::read(&torn[0]).expect("read");
    let from = whole.len() - 20 - kept.len();
    assert_eq!(whole[from..whole.len() - 20], kept, "the bytes that were cut off are kept");
    assert_eq!(reopen(dir.path()).1.mended, [""; 0]);
}

#[test]
fn a_block_of_zeros_after_a_power_cut_is_put_aside() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    fill(&mut journal, 1..=3);
    drop(journal);
    let path = only_file(dir.path());
    let mut bytes = fs::read(&path).expect("read");
    let good = bytes.len();
    bytes.extend_from_slice(&[0; 5000]);
    bytes.extend_from_slice(b"\n\0\0{\"hash\":\"half");
    fs::write(&path, &bytes).expect("written");
    assert_eq!(reopen(dir.path()).1.mended.len(), 1);
    assert_eq!(fs::read(&path).expect("read").len(), good);
}

#[test]
fn calls_that_a_killed_hub_left_are_given_to_the_next_once() {
    let dir = folder();
    let (mut journal, opening) = reopen(dir.path());
    journal.append(T0, &opening.records(1)).expect("written");
    fill(&mut journal, 1..=4);
    journal.append(T0, &[submitted(5, "{}"), submitted(6, &params(6)), decided(5, DecisionKind::Denied)]).expect("ok");
    journal.append(T0, &[Record::Granted(grant(8))]).expect("written");
    drop(journal);
    let (mut journal, opening) = reopen(dir.path());
    assert_eq!((opening.last_call, opening.last_grant), (CallId(6), GrantId(8)));
    assert_eq!(opening.undecided, [(CallId(6), Digest::of(params(6).as_bytes()))]);
    journal.append(T0, &opening.records(2)).expect("written");
    drop(journal);
    let row = find(dir.path(), CallId(6)).expect("read").expect("found");
    assert_eq!(row.decided.map(|d| (d.decision.kind, d.decision.by)), Some((DecisionKind::Blocked, By::Hub)));
    let (mut journal, opening) = reopen(dir.path());
    assert_eq!((opening.last_call, opening.last_grant), (CallId(6), GrantId(8)), "from the opened entry");
    assert_eq!(opening.undecided, []);
    // A new file carries on what was open and how far the numbers went: the one before is not read again.
    let months = 40 * 24 * 3_600_000;
    journal.append(T0, &[submitted(7, &params(7))]).expect("written");
    let stamps = journal.append(T0 + months, &[submitted(8, "{}"), finished(1)]).expect("written");
    assert_eq!(stamps.len(), 2);
    assert!(stamps.iter().all(|stamp| knows(dir.path(), stamp).expect("read")));
    drop(journal);
    fs::remove_file(dir.path().join("2026-11.001.jsonl")).expect("removed");
    let (_, opening) = reopen(dir.path());
    assert_eq!((opening.last_call, opening.last_grant), (CallId(8), GrantId(8)));
    assert_eq!(opening.undecided[0], (CallId(7), Digest::of(params(7).as_bytes())));
    assert_eq!(opening.undecided.len(), 2);
}

#[test]
fn b35_a_full_disk_leaves_a_whole_chain_and_says_why() {
    for some in [0, 1, 75, 500, 700] {
        let dir = folder();
        let (mut journal, _) = reopen(dir.path());
        fill(&mut journal, 1..=2);
        let before = verify(dir.path()).expect("whole");
        journal.fault.full_after = Some(some);
        let error = journal.append(T0, &[submitted(3, "{}"), decided(3, DecisionKind::Allowed)]).expect_err("full");
        assert!(error.to_string().contains("make room"), "{error}");
        assert_eq!(verify(dir.path()).expect("still whole"), before);
        journal.fault.full_after = None;
        journal.append(T0, &[submitted(3, "{}")]).expect("room again");
        assert_eq!(verify(dir.path()).expect("whole").entries, before.entries + 1);
    }
}

#[test]
fn a_failed_write_that_cannot_be_taken_back_at_once_is_before_the_next() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    fill(&mut journal, 1..=2);
    journal.fault = Fault { full_after: Some(30), stuck: true };
    journal.append(T0, &[submitted(3, "{}")]).expect_err("full");
    journal.fault = Fault::default();
    journal.append(T0, &[submitted(3, "{}")]).expect("room again");
    verify(dir.path()).expect("whole");
}

#[test]
fn a_journal_deleted_under_the_hub_stops_it() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    fill(&mut journal, 1..=2);
    fs::remove_file(only_file(dir.path())).expect("removed");
    assert!(journal.sync().expect_err("gone").to_string().contains("deleted"));
    let error = journal.append(T0, &[submitted(3, "{}")]).expect_err("stopped");
    assert!(matches!(error, JournalError::Stopped(_)));
}

#[test]
fn what_is_not_a_file_is_refused_without_waiting() {
    let dir = folder();
    fs::create_dir(dir.path().join("2026-11.001.jsonl")).expect("made");
    assert!(matches!(Journal::open(dir.path(), T0), Err(JournalError::NotAFile(_))));
    fs::remove_dir(dir.path().join("2026-11.001.jsonl")).expect("removed");
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("2026-11.001.jsonl")).expect("made");
    assert!(matches!(Journal::open(dir.path(), T0), Err(JournalError::NotAFile(_))));
    assert!(matches!(verify(dir.path()), Err(VerifyError::Journal(_))));
}

#[test]
fn what_cannot_be_opened_is_told_with_what_to_do_and_nothing_is_lost() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    fill(&mut journal, 1..=3);
    drop(journal);
    let (file, lock) = (only_file(dir.path()), dir.path().join("lock"));
    let kept = fs::read(&file).expect("read");
    let refused = |says: &str| {
        let whys = [Journal::open(dir.path(), T0).map(drop), super::check(dir.path())];
        for why in whys {
            let why = format!("{:#}", anyhow::Error::from(why.expect_err(says)));
            assert!(why.contains(says) && why.contains(&*dir.path().to_string_lossy()), "{says} is not in: {why}");
            assert_eq!(why.matches("os error").count(), usize::from(why.contains("os error")), "told twice: {why}");
        }
    };
    assert!(super::check(dir.path()).is_ok());
    let aside = dir.path().join("aside");
    fs::rename(&file, &aside).expect("moved");
    fs::create_dir(&file).expect("made");
    refused("is not a regular file; move it away");
    fs::remove_dir(&file).expect("removed");
    fs::rename(&aside, &file).expect("moved");
    fs::remove_file(&lock).expect("removed");
    fs::create_dir(&lock).expect("made");
    refused("move it away");
    fs::remove_dir(&lock).expect("removed");
    std::os::unix::fs::symlink("/dev/null", &lock).expect("linked");
    refused("it is no regular file, move it away");
    fs::remove_file(&lock).expect("removed");
    if !rustix::process::geteuid().is_root() {
        for mode in [0o000, 0o400] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("closed");
            refused("check its owner and mode");
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("opened");
    }
    assert_eq!(fs::read(&file).expect("read"), kept);
    assert_eq!(reopen(dir.path()).1.last_call, CallId(3));
}

#[test]
fn a_journal_that_a_newer_version_wrote_is_used_with_a_warning() {
    let dir = folder();
    let (mut journal, opening) = reopen(dir.path());
    let mut records = opening.records(1);
    for record in &mut records {
        if let Record::Opened(opened) = record {
            "999.0.0-rc.1".clone_into(&mut opened.version);
        }
    }
    journal.append(T0, &records).expect("written");
    fill(&mut journal, 1..=1);
    drop(journal);
    let (mut journal, opening) = reopen(dir.path());
    assert!(opening.warnings.len() == 1 && opening.warnings[0].contains("999.0.0-rc.1"), "{:?}", opening.warnings);
    journal.append(T0, &opening.records(1)).expect("written");
    drop(journal);
    assert_eq!(reopen(dir.path()).1.warnings.len(), 1, "on every start");
}

#[test]
fn a_line_break_can_never_be_written_into_a_line() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    let error = journal.append(T0, &[submitted(1, "{\n}")]).expect_err("refused");
    assert!(matches!(error, JournalError::Record(_)));
    journal.append(T0, &[submitted(1, "{}")]).expect("written");
    assert_eq!(verify(dir.path()).expect("whole").entries, 1);
}

fn pages(dir: &Path, filter: &Filter, limit: usize) -> Vec<Row> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = page(dir, before, filter, limit).expect("read");
        assert!(page.rows.len() <= limit && page.unreadable == 0);
        all.extend(page.rows);
        match page.next {
            None => return all,
            next => before = next,
        }
    }
}

fn ids(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(|row| row.id.0).collect()
}

fn naive(filter: &Filter, last: u64, dir: &Path) -> Vec<u64> {
    let rows = (1..=last).rev().map(|id| find(dir, CallId(id)).expect("read").expect("found"));
    rows.filter(|row| filter.matches(row)).map(|row| row.id.0).collect()
}

#[test]
fn pages_give_every_call_once_newest_first_with_its_decision_and_end() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    fill(&mut journal, 1..=900);
    let rows = pages(dir.path(), &Filter::default(), 7);
    assert_eq!(ids(&rows), (1..=900).rev().collect::<Vec<_>>());
    for row in rows {
        let denied = row.id.0.is_multiple_of(4);
        assert_eq!(row.decided.as_ref().is_some_and(|d| d.decision.kind == DecisionKind::Denied), denied);
        assert_eq!(row.finished.is_none(), denied, "{}", row.id);
    }
    assert!(find(dir.path(), CallId(901)).expect("read").is_none());
    assert!(find(dir.path(), CallId(0)).expect("read").is_none());
}

#[test]
fn filters_find_what_reading_everything_finds() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    fill(&mut journal, 1..=60);
    let some = |change: fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    };
    for filter in [
        some(|f| f.server = Some("fs".into())),
        some(|f| f.tool = Some("write \"it\"".into())),
        some(|f| f.risk = Some(Level::High)),
        some(|f| f.decision = Some(DecisionKind::Denied)),
        some(|f| f.since = Some(T0 + 31)),
        some(|f| f.search = Some("/HOME/me/3".into())),
        some(|f| f.search = Some("Reason 44".into())),
        some(|f| f.search = Some("says \"so".into())),
        some(|f| f.search = Some("nothing like it".into())),
        some(|f| (f.server, f.decision) = (Some("fs".into()), Some(DecisionKind::Allowed))),
    ] {
        let want = naive(&filter, 60, dir.path());
        assert_eq!(ids(&pages(dir.path(), &filter, 5)), want, "{filter:?}");
        let mut walk = Walk::new(dir.path(), &filter).expect("read");
        let walked: Vec<_> = std::iter::from_fn(|| walk.next_row().expect("read")).collect();
        assert_eq!(ids(&walked), want, "{filter:?}");
    }
}

#[test]
fn an_end_that_came_long_after_the_page_is_still_found() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    journal.append(T0, &[submitted(1, "{}"), decided(1, DecisionKind::Allowed)]).expect("written");
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(100_000));
    for id in 2..=20 {
        journal.append(T0, &[submitted(id, &long), decided(id, DecisionKind::Denied)]).expect("written");
    }
    journal.append(T0, &[finished(1)]).expect("written");
    let page = page(dir.path(), Some(CallId(2)), &Filter::default(), 10).expect("read");
    assert_eq!(ids(&page.rows), [1]);
    assert!(page.rows[0].finished.is_some());
    assert!(page.next.is_none());
}

#[test]
fn a_page_of_huge_calls_is_short_and_goes_on() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    let huge = format!("{{\"x\":\"{}\"}}", "y".repeat(5 << 20));
    for id in 1..=4 {
        journal.append(T0, &[submitted(id, &huge)]).expect("written");
    }
    let first = page(dir.path(), None, &Filter::default(), 100).expect("read");
    assert_eq!((ids(&first.rows), first.next), (vec![4, 3], Some(CallId(3))));
    assert_eq!(ids(&pages(dir.path(), &Filter::default(), 100)), [4, 3, 2, 1]);
}

#[test]
fn arguments_that_look_like_a_line_are_never_taken_for_one() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    let stamps = journal.append(T0, &[submitted(1, "{}"), decided(1, DecisionKind::Denied)]).expect("written");
    let forged = fs::read_to_string(only_file(dir.path())).expect("text");
    let forged = forged.lines().nth(1).expect("a line").replace("denied", "allowed");
    for id in 2..=40 {
        journal.append(T0, &[submitted(id, &format!("[{forged}]"))]).expect("written");
    }
    let row = find(dir.path(), CallId(1)).expect("read").expect("found");
    assert_eq!(row.decided.map(|d| d.decision.kind), Some(DecisionKind::Denied));
    assert!(knows(dir.path(), &stamps[1]).expect("read"));
    assert_eq!(ids(&pages(dir.path(), &Filter::default(), 3)), (1..=40).rev().collect::<Vec<_>>());
}

fn all_facts(dir: &Path, after: Option<&Stamp>) -> Vec<Fact> {
    facts(dir, after).expect("read").map(|fact| fact.expect("read").1).filter(|f| *f != Fact::Other).collect()
}

#[test]
fn facts_are_those_of_the_records_and_go_on_from_any_entry() {
    let dir = folder();
    let (mut journal, _) = reopen(dir.path());
    let mut used = Decision::new(DecisionKind::Allowed, By::Grant);
    used.grant = Some(GrantId(1));
    let used = Decided {
        id: CallId(1),
        decision: used,
        who: None,
        params_digest: line::GENESIS,
        held_ms: 0,
        looked_ms: None,
        shown: None,
    };
    let revoked = Record::Revoked(Revoked { id: GrantId(1), who: "pid 1".into() });
    let records = [
        submitted(1, "{}"),
        Record::Granted(grant(1)),
        Record::Decided(used),
        decided(2, DecisionKind::Denied),
        revoked,
    ];
    let stamps = journal.append(T0, &records).expect("written");
    let want = [Fact::Granted(grant(1)), Fact::Used(GrantId(1)), Fact::Revoked(GrantId(1))];
    assert_eq!(all_facts(dir.path(), None), want);
    assert_eq!(all_facts(dir.path(), Some(&stamps[1])), want[1..]);
    assert_eq!(all_facts(dir.path(), Some(&stamps[4])), []);
    assert!(stamps.iter().all(|stamp| knows(dir.path(), stamp).expect("read")));
    let other = Stamp { hash: line::GENESIS, ..stamps[2] };
    assert!(!knows(dir.path(), &other).expect("read"));
    drop(journal);
    // A revocation made unreadable takes every approval before it along.
    edit(dir.path(), |lines| lines[4] = lines[4].replace("pid 1", "pid 2"));
    assert_eq!(all_facts(dir.path(), None).last(), Some(&Fact::Broken));
    edit(dir.path(), |lines| drop(lines.remove(1)));
    assert_eq!(all_facts(dir.path(), None), [Fact::Broken, Fact::Broken]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_kill_at_any_byte_loses_no_entry_before_it(
        batches in prop::collection::vec(1_usize..4, 1..8),
        cut in any::<prop::sample::Index>(),
        again in 0_usize..3,
    ) {
        let dir = folder();
        let (mut journal, _) = reopen(dir.path());
        let mut id = 0;
        for size in &batches {
            let records: Vec<_> = (0..*size).map(|_| { id += 1; submitted(id, &params(id)) }).collect();
            journal.append(T0, &records).expect("written");
        }
        drop(journal);
        let path = only_file(dir.path());
        let mut bytes = fs::read(&path).expect("read");
        bytes.truncate(cut.index(bytes.len() + 1));
        fs::write(&path, &bytes).expect("written");
        let whole = line_breaks(&bytes);
        for round in 0..=again {
            let (mut journal, opening) = reopen(dir.path());
            // A line that lacks nothing but its line break is whole too.
            prop_assert!(opening.seq == whole || opening.seq == whole + 1 || round > 0);
            prop_assert_eq!(verify(dir.path()).expect("whole").entries, opening.seq);
            prop_assert_eq!(opening.last_call, CallId(opening.seq));
            prop_assert_eq!(opening.undecided.len() as u64, opening.seq);
            let next = opening.seq + 1;
            journal.append(T0, &[submitted(next, "{}")]).expect("written");
            prop_assert_eq!(verify(dir.path()).expect("whole").entries, next);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic_and_nothing_of_them_is_lost(
        garbage in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'{')], 0..2000),
        good in 0_u64..4,
    ) {
        let dir = folder();
        let (mut journal, _) = reopen(dir.path());
        if good > 0 {
            fill(&mut journal, 1..=good);
        }
        drop(journal);
        let path = dir.path().join("2026-11.001.jsonl");
        let mut bytes = fs::read(&path).unwrap_or_default();
        let entries = line_breaks(&bytes);
        bytes.extend_from_slice(&garbage);
        fs::write(&path, &bytes).expect("written");
        prop_assert_eq!(pages_of_any(dir.path()), (1..=good).rev().collect::<Vec<_>>());
        let (journal, opening) = reopen(dir.path());
        drop(journal);
        prop_assert_eq!(opening.seq, entries);
        prop_assert_eq!(verify(dir.path()).expect("whole").entries, entries);
        let left: u64 = fs::read_dir(dir.path()).expect("listed").map(|i| i.expect("listed").metadata().expect("meta").len()).sum();
        prop_assert_eq!(left, bytes.len() as u64);
    }
}

fn pages_of_any(dir: &Path) -> Vec<u64> {
    ids(&page(dir, None, &Filter::default(), 100).expect("read").rows)
}

fn policy(digest: Option<&str>, error: Option<&str>) -> Record {
    let digest = digest.map(|text| Digest::of(text.as_bytes()));
    Record::Policy(PolicyLoaded { digest, error: error.map(str::to_owned), ..PolicyLoaded::default() })
}

#[test]
fn b29_the_policy_accepted_last_is_known_after_any_number_of_files() {
    const MONTH: i64 = 32 * 86_400_000;
    let dir = folder();
    let (mut journal, opening) = reopen(dir.path());
    assert_eq!((opening.policy, accepted(dir.path()).expect("read")), (None, None));
    let is = |text: &str| Some(Accepted { digest: Some(Digest::of(text.as_bytes())) });
    journal.append(T0, &[policy(Some("first"), None), policy(Some("second"), None)]).expect("written");
    // What could not be used was not accepted.
    journal.append(T0, &[policy(Some("broken"), Some("line 1"))]).expect("written");
    for n in 1..4 {
        journal.append(T0 + n * MONTH, &[decided(1, DecisionKind::Denied)]).expect("written");
        assert_eq!(accepted(dir.path()).expect("read"), is("second"));
    }
    drop(journal);
    let (mut journal, opening) = reopen(dir.path());
    assert_eq!(opening.policy, is("second"));
    journal.append(T0 + 4 * MONTH, &[policy(None, None)]).expect("written");
    assert_eq!(accepted(dir.path()).expect("read"), Some(Accepted { digest: None }), "the defaults");
}

#[test]
fn b29_a_policy_that_was_put_into_the_journal_or_cut_out_of_it_is_not_believed() {
    let one = |change: fn(&mut Vec<String>)| {
        let dir = folder();
        let (mut journal, _) = reopen(dir.path());
        journal.append(T0, &[policy(Some("mine"), None), policy(Some("stricter"), None)]).expect("written");
        journal.append(T0, &[decided(1, DecisionKind::Denied)]).expect("written");
        drop(journal);
        edit(dir.path(), change);
        reopen(dir.path()).1.policy
    };
    assert!(one(|_| ()).is_some());
    assert_eq!(one(|lines| drop(lines.remove(1))), None, "cut out");
    assert_eq!(one(|lines| lines.swap(0, 1)), None, "put in another order");
    let other = |lines: &mut Vec<String>| {
        let (old, new) = (Digest::of(b"stricter").to_string(), Digest::of(b"looser").to_string());
        lines[1] = lines[1].replace(&old, &new);
    };
    assert_eq!(one(other), None, "changed");
}
