use serde_json::value::RawValue;

use super::*;
use crate::call::{Digest, ServerName, SessionId, ToolName};
use crate::decision::{Decision, Level};
use crate::policy::parse;
use crate::record::{Decided, Submitted};
use crate::risk::Finding;

/// A row of the history: who decided what after how long a look.
fn row(id: u64, tool: &str, arguments: &str, answer: (DecisionKind, By), looked_ms: Option<u64>) -> Row {
    let params = format!(r#"{{"name":"{tool}","arguments":{arguments}}}"#);
    let params_digest = Digest::of(params.as_bytes());
    Row {
        id: CallId(id),
        at: i64::try_from(id).expect("small") * 60_000,
        submitted: Box::new(Submitted {
            id: CallId(id),
            session: SessionId("s".to_owned()),
            server: ServerName::new("fs").expect("a name"),
            identity: Digest::of(b"fs"),
            command: vec!["server".to_owned(), "/srv/app".to_owned()],
            tool: ToolName::new(tool).expect("a name"),
            definition: None,
            risk: Level::Medium,
            findings: vec![Finding {
                id: "name.writes".to_owned(),
                level: Level::Medium,
                says: "it writes".to_owned(),
                at: None,
                span: None,
            }],
            params_digest,
            params: RawValue::from_string(params).expect("JSON"),
            masked: None,
        }),
        decided: Some(Decided {
            id: CallId(id),
            decision: Decision::new(answer.0, answer.1),
            who: None,
            params_digest,
            held_ms: 9_000,
            looked_ms,
            shown: Some(500),
        }),
        finished: None,
    }
}

const YES: (DecisionKind, By) = (DecisionKind::Allowed, By::Human);
const NO: (DecisionKind, By) = (DecisionKind::Denied, By::Human);
const LATE: (DecisionKind, By) = (DecisionKind::TimedOut, By::Deadline);
const GONE: (DecisionKind, By) = (DecisionKind::Withdrawn, By::Client);
const RULED: (DecisionKind, By) = (DecisionKind::Allowed, By::Rule);

/// Newest first, as the journal gives them.
fn report(mut rows: Vec<Row>) -> Report {
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    let mut collector = Collector::new(None);
    for row in &rows {
        collector.add(row);
    }
    collector.report(false)
}

fn note(path: &str) -> String {
    format!(r#"{{"path":"{path}","content":"x"}}"#)
}

#[test]
fn only_what_a_person_was_asked_about_is_a_prompt() {
    let answers = [YES, NO, LATE, GONE, RULED, (DecisionKind::Denied, By::Rule), (DecisionKind::Allowed, By::Grant)];
    let mut rows: Vec<Row> = (1..).zip(answers).map(|(id, answer)| row(id, "t", "{}", answer, None)).collect();
    rows.push(Row { decided: None, ..row(99, "t", "{}", YES, None) });
    let report = report(rows);
    assert_eq!((report.calls, report.all.prompts), (8, 4));
    let all = &report.all;
    assert_eq!((all.allowed, all.denied, all.timed_out, all.withdrawn, all.approved()), (1, 1, 1, 1, Some(50)));
    assert_eq!(report.tools.len(), 1);
    assert_eq!(report.tools[0].counts, report.all);
}

#[test]
fn the_middle_look_and_the_long_one_are_of_answers_whose_look_is_known() {
    let look = |id, ms| row(id, "t", "{}", YES, Some(ms));
    let mut rows: Vec<Row> = (1..=10).map(|n| look(n, n * 20_000)).collect();
    rows.push(row(11, "t", "{}", YES, None));
    rows.push(row(12, "t", "{}", LATE, Some(1)));
    let report = report(rows);
    assert_eq!(report.all.looks, Some(Looks { of: 10, median: 100_000, p90: 180_000 }));
    assert_eq!(self::report(vec![look(1, 7)]).all.looks, Some(Looks { of: 1, median: 7, p90: 7 }));
    assert_eq!(self::report(vec![row(1, "t", "{}", YES, None)]).all.looks, None);
}

#[test]
fn an_approval_is_too_fast_when_it_took_less_than_reading_does_and_a_denial_never_is() {
    // 500 characters at 50 a second: ten seconds.
    let report = report(vec![
        row(1, "t", "{}", YES, Some(9_999)),
        row(2, "t", "{}", YES, Some(10_000)),
        row(3, "t", "{}", NO, Some(10)),
        row(4, "t", "{}", YES, None),
    ]);
    assert_eq!((report.all.fast, report.fast), (1, vec![CallId(1)]));
    let mut old = row(5, "t", &note(&"p".repeat(1_000)), YES, Some(15_000));
    old.decided.as_mut().expect("decided").shown = None;
    assert_eq!(self::report(vec![old]).all.fast, 1, "before the size was kept, the arguments tell it");
}

#[test]
fn prompts_an_hour_are_over_the_hours_in_which_somebody_was_asked() {
    // One a minute for ninety minutes, and one a day later.
    let mut rows: Vec<Row> = (60..150).map(|id| row(id, "t", "{}", YES, None)).collect();
    rows.push(row(1_500, "t", "{}", YES, None));
    let report = report(rows);
    assert_eq!((report.hours, report.tenths_an_hour()), (3, 303));
    assert_eq!(report.busiest, Some((3_600_000, 60)));
}

#[test]
fn since_when_is_kept_to() {
    let mut collector = Collector::new(Some(120_000));
    for id in [3, 2, 1] {
        collector.add(&row(id, "t", "{}", YES, None));
    }
    assert_eq!(collector.calls(), 2);
    assert_eq!(collector.report(true), Report { since: Some(120_000), cut: true, ..report_of_two() });
}

fn report_of_two() -> Report {
    report(vec![row(3, "t", "{}", YES, None), row(2, "t", "{}", YES, None)])
}

#[test]
fn of_a_tool_that_is_always_approved_the_narrowest_approval_that_covers_all_is_told_and_as_a_rule() {
    let paths = ["/srv/app/src/a", "/srv/app/src/b", "/srv/app/docs/c", "/srv/app/src/d", "/srv/app/x/e"];
    let rows: Vec<Row> = (1..).zip(paths).map(|(id, path)| row(id, "write_file", &note(path), YES, None)).collect();
    let report = report(rows);
    let [always] = &report.always[..] else { panic!("{:?}", report.always) };
    let says = r#"write_file with any content and path under "/srv/app", rated medium or lower"#;
    assert_eq!(always.covers.as_deref(), Some(says));
    assert_eq!((always.approved, always.covered, always.of, always.untold), (5, 5, 5, 0));
    let rule = always.rule.as_deref().expect("a rule");
    assert_eq!(
        rule,
        "[[rule]]\nserver = \"fs\"\ntool = \"write_file\"\nargs = { \"path\" = { under = \"/srv/app\" } }\n\
         risk = [\"low\", \"medium\"]\naction = \"allow\"\nreason = \"approved 5 of 5 times\"\n"
    );
    assert_eq!(parse(rule, "policy.toml").diagnostics, []);
}

#[test]
fn every_kind_of_approval_can_be_pasted_as_a_rule() {
    for (tool, arguments, words) in [
        ("run_command", r#"{"command":"git log -N","cwd":"src"}"#, "command = \"git log\""),
        (
            "fetch",
            r#"{"url":"https://docs.example.org/N","raw":true}"#,
            "regex = \"https://docs\\\\.example\\\\.org(/[^?#]*)?\"",
        ),
        ("post_note", r#"{"channel":"C*42","text":"N","n":7}"#, "one_of = [\"C*42\"]"),
        ("items", r#"{"id":N}"#, "tool = \"items\"\nrisk"),
    ] {
        let made = |id: u64| row(id, tool, &arguments.replace('N', &id.to_string()), YES, None);
        let report = report((1..=5).map(made).collect());
        let rule = report.always[0].rule.clone().expect(tool);
        assert!(rule.contains(words), "{rule}");
        let errors: Vec<_> = parse(&rule, "policy.toml").diagnostics;
        assert!(errors.iter().all(|d| d.severity == crate::policy::Severity::Warning), "{rule}{errors:?}");
    }
}

#[test]
fn nothing_is_always_approved_that_was_denied_or_ran_out_once_or_is_seldom() {
    let yes = |id| row(id, "write_file", &note("/srv/app/a"), YES, None);
    for other in [NO, LATE] {
        for at in [1, 50] {
            let mut rows: Vec<Row> = (10..20).map(yes).collect();
            rows.push(row(at, "write_file", &note("/srv/app/a"), other, None));
            assert_eq!(report(rows).always, []);
        }
    }
    assert_eq!(report((10..14).map(yes).collect()).always, []);
    let mut rows: Vec<Row> = (10..20).map(yes).collect();
    rows.push(row(30, "write_file", "{}", GONE, None));
    assert_eq!(report(rows).always.len(), 1, "what its caller took back was not refused");
}

#[test]
fn what_differs_in_everything_or_chooses_what_is_done_has_no_approval_to_propose() {
    let rows = (1..=6).map(|id| row(id, "manage", &format!(r#"{{"action":"a{id}","x":{id}}}"#), YES, None)).collect();
    let report = report(rows);
    assert_eq!((report.always[0].covers.as_deref(), report.always[0].rule.as_deref()), (None, None));
    assert_eq!(report.always[0].approved, 6);
}

#[test]
fn masked_arguments_are_counted_and_propose_nothing() {
    let rows = (1..=6)
        .map(|id| {
            let mut row = row(id, "write_file", &note("/srv/app/a"), YES, None);
            row.submitted.params_digest = Digest::of(b"as it was sent");
            row
        })
        .collect();
    let report = report(rows);
    let always = &report.always[0];
    assert_eq!((always.approved, always.of, always.untold, always.covers.as_deref()), (6, 0, 6, None));
}

#[test]
fn a_thousand_tools_cost_no_more_than_are_told() {
    let rows = (0..1_000).map(|id| row(id, &format!("t{id}"), "{}", YES, None)).collect();
    let report = report(rows);
    assert_eq!((report.tools.len(), report.more_tools, report.all.prompts), (MOST_TOOLS, 900, 1_000));
}
