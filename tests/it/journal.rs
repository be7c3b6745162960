//! The journal from outside: `sayso history` on journals made here, and a disk that refuses.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use sayso::call::{CallId, Digest, ServerName, SessionId, ToolName};
use sayso::decision::{By, Decision, DecisionKind, Grant, GrantId, Level, Outcome, Scope};
use sayso::journal::{self, Journal};
use sayso::record::{Decided, Fact, Finished, Record, Revoked, Stamp, Submitted};
use sayso::risk::Finding;
use sayso::store::{self, Store, StoreError};
use serde_json::Value;
use serde_json::value::RawValue;
use tempfile::TempDir;

use crate::cli::sayso;
use crate::world::PATIENCE;

const T0: i64 = 1_795_300_000_000; // 2026-11-22

/// A call for the journal.
pub struct Given<'a> {
    pub server: &'a str,
    pub tool: &'a str,
    pub risk: Level,
    pub arguments: &'a str,
    pub decision: Decision,
    pub outcome: Option<Outcome>,
}

/// A read that passed.
pub const PLAIN: Given<'_> = Given {
    server: "fs",
    tool: "read_file",
    risk: Level::Low,
    arguments: r#"{"path":"/a"}"#,
    decision: Decision::new(DecisionKind::Allowed, By::Level),
    outcome: Some(Outcome::Ok),
};

/// The records of one call.
pub fn records(id: u64, given: &Given<'_>) -> Vec<Record> {
    let params = format!(r#"{{"name":{},"arguments":{}}}"#, Value::from(given.tool), given.arguments);
    let params_digest = Digest::of(params.as_bytes());
    let submitted = Record::Submitted(Box::new(Submitted {
        id: CallId(id),
        session: SessionId("s".into()),
        server: ServerName::new(given.server).unwrap(),
        identity: Digest::of(b"server"),
        command: vec!["npx".into(), "server".into()],
        tool: ToolName::new(given.tool).unwrap(),
        definition: None,
        risk: given.risk,
        findings: vec![Finding {
            id: "name.read".into(),
            level: given.risk,
            says: "it reads".into(),
            at: None,
            span: None,
        }],
        params_digest,
        masked: None,
        params: RawValue::from_string(params).unwrap(),
    }));
    let decision = given.decision.clone();
    let decided = Record::Decided(Decided {
        id: CallId(id),
        decision,
        who: None,
        params_digest,
        held_ms: 7,
        looked_ms: None,
        shown: None,
    });
    let finished =
        given.outcome.map(|outcome| Record::Finished(Finished { id: CallId(id), outcome, bytes: 11, duration_ms: 3 }));
    [submitted, decided].into_iter().chain(finished).collect()
}

/// A home with these calls, a second apart.
fn home(calls: &[Given<'_>]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(&home.path().join("journal"), T0).unwrap();
    for (given, id) in calls.iter().zip(1_u64..) {
        journal.append(T0 + i64::try_from(id).unwrap() * 1000, &records(id, given)).unwrap();
    }
    home
}

fn history(home: &TempDir, arguments: &[&str]) -> Output {
    let home = home.path().to_str().unwrap();
    sayso(&[&["--home", home, "history"], arguments].concat()).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn objects(home: &TempDir, arguments: &[&str]) -> Vec<Value> {
    text(&history(home, arguments)).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(home: &TempDir, arguments: &[&str]) -> Vec<u64> {
    objects(home, arguments).iter().map(|o| o["id"].as_u64().unwrap()).collect()
}

fn only_file(home: &TempDir) -> PathBuf {
    let mut all: Vec<_> = fs::read_dir(home.path().join("journal")).unwrap().map(|i| i.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|e| e == "jsonl"));
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn a_line_of_json_has_the_members_that_are_promised_and_no_others() {
    let home = home(&[Given {
        decision: Decision::new(DecisionKind::Denied, By::Human).because("not now"),
        outcome: None,
        ..PLAIN
    }]);
    let line = text(&history(&home, &["--json"]));
    let at = jiff::Timestamp::from_millisecond(T0 + 1000).unwrap();
    let expected = format!(
        r#"{{"id":1,"at":"{at:.3}","server":"fs","tool":"read_file","risk":"low","decision":"denied","by":"human","reason":"not now","outcome":null,"duration_ms":null,"arguments":{{"path":"/a"}}}}"#,
    );
    assert_eq!(line.trim_end(), expected);
    let home = self::home(&[PLAIN]);
    let object = &objects(&home, &["--json"])[0];
    assert_eq!((object["outcome"].as_str(), object["duration_ms"].as_u64()), (Some("ok"), Some(3)));
}

#[test]
fn the_newest_come_first_and_filters_narrow() {
    let denied = || Decision::new(DecisionKind::Denied, By::Human).because("keep off");
    let home = home(&[
        PLAIN,
        Given { server: "git", ..PLAIN },
        Given { tool: "write_file", risk: Level::High, decision: denied(), outcome: None, ..PLAIN },
        Given { arguments: r#"{"path":"/Needle/x"}"#, ..PLAIN },
    ]);
    assert_eq!(ids(&home, &["--json"]), [4, 3, 2, 1]);
    for (arguments, expected) in [
        (&["--limit", "2"][..], &[4, 3][..]),
        (&["--server", "git"], &[2]),
        (&["--tool", "write_file"], &[3]),
        (&["--risk", "high"], &[3]),
        (&["--decision", "denied"], &[3]),
        (&["--decision", "allowed", "--server", "fs"], &[4, 1]),
        (&["--search", "needle"], &[4]),
        (&["--search", "KEEP OFF"], &[3]),
        (&["--search", "nowhere"], &[]),
        (&["--since", "2000-01-01T00:00:00Z"], &[4, 3, 2, 1]),
        (&["--since", "2100-01-01T00:00:00Z"], &[]),
    ] {
        assert_eq!(ids(&home, &[&["--json"], arguments].concat()), expected, "{arguments:?}");
    }
    let output = history(&home, &["--since", "soonish"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("2h"), "it says what may be given");
}

#[test]
fn the_table_and_one_call_whole_are_readable() {
    let home = home(&[PLAIN, Given { decision: Decision::new(DecisionKind::TimedOut, By::Deadline), ..PLAIN }]);
    let table = text(&history(&home, &[]));
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].contains("decision") && lines[1].contains("timed_out") && lines[2].contains("allowed"), "{table}");
    assert!(lines[2].contains("read_file") && lines[2].contains(r#"{"path":"/a"}"#), "{table}");
    let whole = text(&history(&home, &["show", "1"]));
    for part in ["npx server", "it reads", "allowed by level", "ok, 11 bytes after 3 ms", "\"path\": \"/a\""] {
        assert!(whole.contains(part), "{part}: {whole}");
    }
    let object = &objects(&home, &["show", "1", "--json"])[0];
    assert_eq!((object["id"].as_u64(), object["command"][0].as_str()), (Some(1), Some("npx")));
    let output = history(&home, &["show", "3"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no call 3"));
}

#[test]
fn b14_nothing_in_a_call_reaches_the_terminal_as_it_is() {
    let odd = "x\u{1b}[2J\u{9b}2J\u{202e}\u{200b}\u{e0041}\u{3164}\r\n\u{7}\u{7f}y";
    let arguments = serde_json::json!({ odd: odd }).to_string();
    let home = home(&[Given {
        tool: odd,
        arguments: &arguments,
        decision: Decision::new(DecisionKind::Denied, By::Human).because(odd),
        outcome: None,
        ..PLAIN
    }]);
    let forms: [&[&str]; 6] = [
        &[],
        &["--json"],
        &["show", "1"],
        &["show", "1", "--json"],
        &["export", "--format", "csv"],
        &["export", "--format", "jsonl"],
    ];
    for form in forms {
        let out = text(&history(&home, form));
        for bad in ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}', '\u{e0041}', '\u{3164}', '\u{7}', '\u{7f}'] {
            assert!(!out.contains(bad), "{form:?} lets {bad:?} through");
        }
        assert!(!out.replace("\r\n", "").contains('\r'), "{form:?}");
    }
    assert_eq!(objects(&home, &["--json"])[0]["arguments"][odd], Value::from(odd), "programs read what was sent");
}

#[test]
fn export_is_private_and_never_overwrites() {
    let home = home(&[PLAIN, PLAIN]);
    let file = home.path().join("out.csv");
    let name = file.to_str().unwrap();
    assert_eq!(text(&history(&home, &["export", "--format", "csv", "--out", name])), "");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let csv = fs::read_to_string(&file).unwrap();
    assert_eq!(csv.lines().next(), Some("id,at,server,tool,risk,decision,by,reason,outcome,duration_ms,arguments"));
    assert_eq!(csv.lines().count(), 3);
    assert!(csv.contains(r#"fs,read_file,low,allowed,level,,ok,3,"{""path"":""/a""}""#), "{csv}");
    let again = history(&home, &["export", "--format", "jsonl", "--out", name]);
    assert_eq!(again.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&file).unwrap(), csv, "the old file is as it was");
    assert_eq!(objects(&home, &["export", "--format", "jsonl", "--limit", "1"])[0]["id"], 2);
    // A disk that refuses: an error, and no half of a file under the name.
    let output = sayso(&["--home", home.path().to_str().unwrap(), "history", "export", "--format", "jsonl"])
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn verify_says_whole_or_names_the_first_broken_line() {
    let home = home(&[PLAIN, PLAIN, PLAIN]);
    assert!(text(&history(&home, &["verify"])).starts_with("whole: 9 entries in 1 file, last hash "));
    let path = only_file(&home);
    let journal = fs::read_to_string(&path).unwrap();
    fs::write(&path, journal.replacen("\"path\":\"/a\"", "\"path\":\"/b\"", 1)).unwrap();
    let output = history(&home, &["verify"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&format!("{}, line 1:", path.file_name().unwrap().to_str().unwrap())), "{said}");
    fs::write(&path, &journal[..journal.len() - 5]).unwrap();
    let output = history(&home, &["verify"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("line 9: the line is cut off"));
    // Reading goes on as far as it can.
    assert_eq!(ids(&home, &["--json"]), [3, 2, 1]);
}

#[test]
fn an_empty_home_has_an_empty_history() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(text(&history(&home, &[])), "no calls yet\n");
    assert_eq!(text(&history(&home, &["--json"])), "");
    assert!(text(&history(&home, &["verify"])).starts_with("no entries"));
    assert!(!home.path().join("journal").exists(), "looking makes nothing");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let many: Vec<_> = (0..3000).map(|_| PLAIN).collect();
    let home = home(&many);
    let home = home.path().to_str().unwrap();
    let mut child = sayso(&["--home", home, "history", "--json", "--limit", "3000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn history_can_be_read_while_it_is_written() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("journal");
    let (mut journal, _) = Journal::open(&dir, T0).unwrap();
    for id in 1..=300 {
        journal.append(T0, &records(id, &PLAIN)).unwrap();
        if id % 100 == 0 {
            assert_eq!(ids(&home, &["--json", "--limit", "2"]), [id, id - 1]);
            assert!(text(&history(&home, &["verify"])).contains(&format!("{} entries", id * 3)));
        }
    }
}

/// Not a test of its own: what the next one starts under a file size limit.
#[test]
#[ignore = "started by the test below it"]
fn helper_fills_the_disk() {
    let Some(dir) = std::env::var_os("SAYSO_TEST_JOURNAL").map(PathBuf::from) else { return };
    let (mut journal, _) = Journal::open(&dir, T0).unwrap();
    let mut whole = 0;
    let error = loop {
        match journal.append(T0, &records(whole + 1, &PLAIN)) {
            Ok(_) => whole += 1,
            Err(e) => break e,
        }
    };
    assert!(error.to_string().contains("make room") || error.to_string().contains("limit"), "{error}");
    assert_eq!(journal::verify(&dir).unwrap().entries, whole * 3, "nothing of the failed batch is left");
    // Smaller things may still fit; the chain stays whole.
    journal.append(T0, &records(whole + 1, &PLAIN)).unwrap_err();
    assert_eq!(journal::verify(&dir).unwrap().entries, whole * 3);
}

#[test]
fn b35_a_disk_that_takes_no_more_leaves_a_whole_chain() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("journal");
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 40; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "journal::helper_fills_the_disk", "--ignored"])
        .env("SAYSO_TEST_JOURNAL", &dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let before = journal::verify(&dir).unwrap().entries;
    assert!(before > 3);
    let (mut journal, opening) = Journal::open(&dir, T0).unwrap();
    assert!(opening.mended.is_empty() && opening.warnings.is_empty());
    journal.append(T0, &records(opening.last_call.0 + 1, &PLAIN)).unwrap();
    assert_eq!(journal::verify(&dir).unwrap().entries, before + 3);
}

/// A remembered approval.
pub fn grant(id: u64) -> Grant {
    Grant {
        id: GrantId(id),
        key: Digest::of(&id.to_be_bytes()),
        cover: None,
        server: ServerName::new("fs").unwrap(),
        tool: ToolName::new("read_file").unwrap(),
        scope: Scope::Always,
        session: None,
        created_at: T0,
        expires_at: None,
        call: CallId(id),
        who: "pid 1".into(),
    }
}

fn remembered(home: &Path) -> (Store, Vec<String>) {
    let dir = home.join("journal");
    let knows = |stamp: &Stamp| Ok(journal::knows(&dir, stamp)?);
    let facts = |after: Option<&Stamp>| Ok(journal::facts(&dir, after)?.map(|fact| fact.map_err(anyhow::Error::from)));
    // A child that another test of this process is just starting holds a copy of every open file until its program
    // begins, sled's lock too: it is waited for.
    let start = Instant::now();
    loop {
        match store::recover(&home.join("sled"), T0, knows, facts) {
            Err(why) if matches!(why.downcast_ref(), Some(StoreError::Busy)) && start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done.unwrap(),
        }
    }
}

/// Not a test of its own: a hub's way of writing, without an end. Says the number of each entry that is written.
#[test]
#[ignore = "started by the test below it"]
fn helper_writes_until_it_is_killed() {
    let Some(home) = std::env::var_os("SAYSO_TEST_HOME").map(PathBuf::from) else { return };
    let (mut journal, opening) = Journal::open(&home.join("journal"), T0).unwrap();
    let (store, _) = remembered(&home);
    let mut write = |records: &[Record]| {
        for (stamp, record) in journal.append(T0, records).unwrap().iter().zip(records) {
            store.apply(stamp, &Fact::of(record)).unwrap();
            let mut out = std::io::stdout().lock();
            writeln!(out, "written {}", stamp.seq).unwrap();
        }
    };
    write(&opening.records(std::process::id()));
    for id in opening.last_call.0 + 1.. {
        let mut records = records(id, &PLAIN);
        records.push(Record::Granted(grant(opening.last_grant.0 + id)));
        if id % 3 == 0 {
            let who = "pid 1".to_owned();
            records.push(Record::Revoked(Revoked { id: GrantId(opening.last_grant.0 + id), who }));
        }
        write(&records);
    }
}

#[test]
fn a_writer_killed_at_any_time_loses_nothing_that_it_said_was_written() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("journal");
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "journal::helper_writes_until_it_is_killed", "--ignored", "--nocapture"])
            .env("SAYSO_TEST_HOME", home.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said = |line: String| line.strip_prefix("written ").and_then(|seq| seq.parse::<u64>().ok());
        let mut last = lines.by_ref().filter_map(said).nth(round * 37).unwrap();
        child.kill().unwrap();
        last = lines.filter_map(said).last().unwrap_or(last).max(last);
        child.wait().unwrap();

        let (journal, opening) = Journal::open(&dir, T0).unwrap();
        assert!(opening.seq >= last, "entry {last} was written, {} are there", opening.seq);
        assert_eq!(journal::verify(&dir).unwrap().entries, opening.seq);
        drop(journal);
        let mut expected = BTreeSet::new();
        for fact in journal::facts(&dir, None).unwrap() {
            match fact.unwrap().1 {
                Fact::Granted(grant) => drop(expected.insert(grant.id)),
                Fact::Revoked(id) => drop(expected.remove(&id)),
                Fact::Broken => panic!("the chain is broken"),
                Fact::Used(_) | Fact::Other => {}
            }
        }
        let (store, _) = remembered(home.path());
        assert_eq!(store.ids().unwrap(), expected.into_iter().collect::<Vec<_>>(), "round {round}");
    }
}
