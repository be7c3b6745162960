//! `sayso stats` on journals made here: from outside, without a hub.

use std::process::Output;

use sayso::decision::{By, Decision, DecisionKind, Level};
use sayso::journal::Journal;
use sayso::record::Record;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cli::sayso;
use super::journal::{Given, PLAIN, records};

const T0: i64 = 1_795_300_000_000;

/// A home with one answered prompt of each kind, and a tool that is always approved.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(&home.path().join("journal"), T0).unwrap();
    let human = |kind| Decision::new(kind, By::Human);
    let late = Decision::new(DecisionKind::TimedOut, By::Deadline);
    let mut asked =
        vec![PLAIN, given("deploy", r#"{"to":"x"}"#, human(DecisionKind::Denied)), given("deploy", "{}", late)];
    for n in 0..6 {
        let path = ["/srv/app/a", "/srv/app/b", "/srv/app/c/d"][n % 3];
        let arguments = ["{\"path\":\"", path, "\",\"content\":\"x\u{1b}[2J\"}"].concat().replace('\u{1b}', "\\u001b");
        asked.push(given("write_note", Box::leak(arguments.into_boxed_str()), human(DecisionKind::Allowed)));
    }
    for (given, id) in asked.iter().zip(1_u64..) {
        let mut all = records(id, given);
        for record in &mut all {
            if let Record::Decided(decided) = record {
                decided.looked_ms = Some(id * 1_000);
                decided.shown = Some(200);
            }
        }
        journal.append(T0 + i64::try_from(id).unwrap() * 1000, &all).unwrap();
    }
    home
}

fn given<'a>(tool: &'a str, arguments: &'a str, decision: Decision) -> Given<'a> {
    Given { server: "fs", tool, risk: Level::Medium, arguments, decision, outcome: None }
}

fn stats(home: &TempDir, arguments: &[&str]) -> Output {
    let home = home.path().to_str().unwrap();
    sayso(&[&["--home", home, "stats"], arguments].concat()).output().unwrap()
}

#[test]
fn stats_tell_how_a_person_is_asked_and_what_would_stop_the_asking() {
    let home = home();
    let output = stats(&home, &["--since", "all"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for words in [
        "9 calls, 8 prompts",
        "prompts an hour: 8.0 over the one hour with a prompt",
        "answers: 85 % approved (6 yes, 1 no), 1 ran out of time, 0 were taken back",
        "time to decide: half within 6.0 s, nine of ten within 9.0 s (of 7 answers)",
        "fs/write_note: approved all 6 times",
        "an approval of write_note with any content and path under \"/srv/app\", rated medium or lower",
        "would have stopped 6 of the newest 6 prompts",
        "      args = { \"path\" = { under = \"/srv/app\" } }",
        "no approval came faster than the call can be read",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    assert!(!text.contains("fs/read_file"), "nobody was asked about it");
}

#[test]
fn stats_as_json_are_one_object_in_ascii() {
    let home = home();
    let output = stats(&home, &["--json", "--since", "2026-01-01T00:00:00Z"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.is_ascii() && text.lines().count() == 1, "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["all"]["prompts"], 8);
    assert_eq!(report["tools"][0]["tool"], "write_note");
    assert_eq!(report["tools"][0]["counts"]["looks"], json!({"of": 6, "median": 6_000, "p90": 9_000}));
    assert_eq!(report["always"][0]["covered"], 6);
}

#[test]
fn the_rule_that_stats_propose_can_be_pasted_into_the_policy() {
    let home = home();
    let report: Value = serde_json::from_slice(&stats(&home, &["--json", "--since", "all"]).stdout).unwrap();
    let rule = report["always"][0]["rule"].as_str().unwrap();
    std::fs::write(home.path().join("pasted.toml"), rule).unwrap();
    let path = home.path().join("pasted.toml");
    let check = sayso(&["--home", home.path().to_str().unwrap(), "policy", "check", path.to_str().unwrap()]);
    let output = { check }.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn without_a_journal_and_for_a_time_that_is_none_stats_say_so() {
    let empty = tempfile::tempdir().unwrap();
    let output = stats(&empty, &[]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("0 calls, 0 prompts"));
    assert!(!empty.path().join("journal").exists(), "looking makes nothing");
    let output = stats(&empty, &["--since", "soon"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--since"), "{output:?}");
}
