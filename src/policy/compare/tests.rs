//! That nothing looser means at least as strict, over random policies and calls; and each reason by itself.

use proptest::prelude::*;

use super::*;
use crate::call::Call;
use crate::policy::samples::call;
use crate::policy::{Asked, Local, Moment, Ruling, judge, parse};
use crate::risk::{Facts, Finding, Risk};

fn policy(text: &str) -> Policy {
    parse(text, "p").policy
}

fn ways(old: &str, new: &str) -> Vec<(Way, Option<usize>)> {
    let (old, new) = (policy(old), policy(new));
    assert!(old.why_invalid().is_none() && new.why_invalid().is_none());
    compare(&old, &new).into_iter().map(|change| (change.way, change.line)).collect()
}

fn way(old: &str, new: &str) -> Way {
    ways(old, new).into_iter().map(|(way, _)| way).max().unwrap_or(Way::Neutral)
}

fn ruling(policy: &Policy, call: &Call, level: Level, moment: Moment, client: Option<&str>, kind: &str) -> Ruling {
    let finding = Finding { id: kind.to_owned(), level, says: String::new(), at: None, span: None };
    let risk = Risk { level, findings: vec![finding], tools: Vec::new() };
    let facts = Facts { client: client.map(str::to_owned), ..Facts::default() };
    judge(policy, &Asked { call, risk: &risk, facts: &facts, moment: &moment })
}

#[test]
fn what_is_the_same_is_no_change() {
    let text = "[levels]\nlow = \"ask\"\n[[rule]]\ntool = \"a\"\naction = \"deny\"\n";
    assert_eq!(ways(text, text), []);
    // Order, blanks and a rule given twice change nothing.
    let (one, other) = ("[[rule]]\ntool = \"a\"\naction = \"allow\"\n", "[[rule]]\ntool = \"b\"\naction = \"ask\"\n");
    assert_eq!(ways(&format!("{one}{other}"), &format!("# x\n\n{other}{one}{one}")), []);
    let reason = format!("{one}reason = \"because\"\n");
    assert_eq!(ways(one, &reason), [(Way::Neutral, Some(1))]);
}

#[test]
fn each_kind_of_change_is_told_with_its_way_and_line() {
    let rule = |body: &str| format!("[[rule]]\ntool = \"x\"\n{body}\n");
    let (allow, ask, confirm, deny) =
        (rule("action = \"allow\""), rule("action = \"ask\""), rule("action = \"confirm\""), rule("action = \"deny\""));
    for (old, new, wanted) in [
        ("", allow.as_str(), Way::Looser),
        ("", &deny, Way::Tighter),
        ("", &confirm, Way::Tighter),
        // High calls asked for the word before.
        ("", &ask, Way::Looser),
        (&allow, "", Way::Tighter),
        (&deny, "", Way::Looser),
        (&ask, "", Way::Looser),
        (&confirm, "", Way::Looser),
        (&allow, &ask, Way::Tighter),
        (&ask, &allow, Way::Looser),
        (&confirm, &deny, Way::Tighter),
        ("[levels]\nlow = \"ask\"", "", Way::Looser),
        ("", "[levels]\nlow = \"ask\"", Way::Tighter),
        ("", "[timeout]\ndefault = \"2m\"", Way::Looser),
        ("", "[timeout]\ndefault = \"9s\"", Way::Tighter),
        ("", "server.a.access = \"write\"", Way::Tighter),
        ("server.a.access = \"read\"", "server.a.access = \"write\"", Way::Looser),
        ("server.a.access = \"admin\"", "", Way::Looser),
        ("server.a = { access = \"read\", hide = true }", "server.a.access = \"read\"", Way::Neutral),
        ("", "server.a = { trusted = true, command = [\"x\"] }", Way::Looser),
        ("server.a = { trusted = true, command = [\"x\"] }", "", Way::Tighter),
        (
            "server.a = { trusted = true, command = [\"x\"] }",
            "server.a = { trusted = true, command = [\"y\"] }",
            Way::Looser,
        ),
        ("", "server.a.roots = [\"/a\"]", Way::Looser),
        ("server.a.roots = [\"/a\"]", "server.a.roots = [\"/a/b\", \"/a/c\"]", Way::Tighter),
        ("server.a.roots = [\"/a\"]", "server.a.roots = [\"/b\"]", Way::Looser),
        ("server.a.domains = [\"a.org\", \"b.org\"]", "server.a.domains = [\"a.org\"]", Way::Tighter),
        ("server.a.domains = [\"a.org\"]", "server.a.domains = [\"a.org\", \"b.org\"]", Way::Looser),
        ("", "host.x.timeout = \"9s\"", Way::Tighter),
        ("", "host.vscode.timeout = \"1h\"", Way::Looser),
        ("host.x.timeout = \"9s\"", "", Way::Looser),
        ("", "timeout.default = \"55s\"", Way::Tighter),
        ("", "journal.arguments = \"full\"", Way::Looser),
        ("", "journal.arguments = \"digest\"", Way::Tighter),
        ("journal.arguments = \"full\"", "", Way::Tighter),
        ("", &rule("level = \"low\""), Way::Looser),
        ("", &rule("level = \"high\""), Way::Tighter),
        (&rule("level = \"low\""), "", Way::Tighter),
        (&rule("level = \"high\""), "", Way::Looser),
        (&rule("action = \"allow\"\ntime = \"00:00-24:00\""), &allow, Way::Looser),
        ("", &rule("timeout = \"2m\""), Way::Looser),
        ("", &rule("timeout = \"2s\""), Way::Tighter),
        (&rule("timeout = \"1h\""), "", Way::Tighter),
        // A host that waits for ten minutes gets them now.
        (&rule("timeout = \"2m\""), "", Way::Looser),
        (&allow, "[[rule]]\ntool = \"x*\"\naction = \"allow\"\n", Way::Looser),
        ("[[rule]]\ntool = \"x*\"\naction = \"allow\"\n", &allow, Way::Tighter),
        ("[[rule]]\ntool = \"x*\"\naction = \"deny\"\n", &deny, Way::Looser),
        (&deny, "[[rule]]\ntool = \"x*\"\naction = \"deny\"\n", Way::Tighter),
    ] {
        assert_eq!(way(old, new), wanted, "{old}\n-->\n{new}");
    }
    assert_eq!(
        ways("\n\n[[rule]]\naction = \"deny\"", "#\n#\n#\n[[rule]]\naction = \"ask\""),
        [(Way::Looser, Some(4))]
    );
    assert_eq!(ways("\n\n[[rule]]\naction = \"deny\"", ""), [(Way::Looser, Some(3))]);
}

#[test]
fn a_policy_that_cannot_be_used_is_tighter_only_where_low_calls_passed_anyway() {
    let (broken, plain) = (Policy::invalid("x"), Policy::default());
    let all = |old: &Policy, new: &Policy| compare(old, new).iter().map(|c| c.way).collect::<Vec<_>>();
    assert_eq!(all(&plain, &broken), [Way::Tighter]);
    assert_eq!(all(&broken, &plain), [Way::Looser]);
    assert_eq!(all(&broken, &broken), []);
    assert_eq!(all(&policy("[[rule]]\ntool = \"read_me\"\naction = \"deny\""), &broken), [Way::Looser]);
    assert_eq!(all(&policy("levels.low = \"ask\""), &broken), [Way::Looser]);
}

/// A few words that overlap in many ways.
fn rule() -> impl Strategy<Value = String> {
    let of = |words: &'static [&'static str]| prop::sample::select(words);
    let server = of(&["", "server = \"fs\"\n", "server = \"f*\"\n", "server = \"db\"\n"]);
    let tool = of(&["", "tool = \"read\"\n", "tool = \"re*\"\n", "tool = \"*d\"\n", "tool = \"write\"\n"]);
    let args = of(&[
        "",
        "args = { path = \"**\" }\n",
        "args = { path = \"/a/**\" }\n",
        "args = { path = \"/a/*\" }\n",
        "args = { path = \"/a/b\" }\n",
        "args = { path = \"/a/**\", n = \"1\" }\n",
        "args = { path = { under = \"/a\" } }\n",
        "args = { path = { under = \"/a/b\" } }\n",
        "args = { path = { one_of = [\"/a/b\", \"7\"] } }\n",
        "args = { path = { regex = \"/a/.*\" } }\n",
        "args = { n = { min = 1 } }\n",
        "args = { n = { min = 0, max = 5 } }\n",
        "args = { n = { absent = true } }\n",
        "args = { path = { command = \"git log\" } }\n",
        "args = { path = { command = \"git\" } }\n",
    ]);
    let when = of(&[
        "",
        "",
        "",
        "risk = \"high\"\n",
        "risk = [\"low\", \"medium\"]\n",
        "time = \"09:00-18:00\"\n",
        "time = \"22:00-10:00\"\ndays = [\"mon\"]\n",
        "time = \"00:00-24:00\"\n",
        "console = true\n",
        "console = false\n",
    ]);
    let says = of(&[
        "action = \"allow\"\n",
        "action = \"ask\"\n",
        "action = \"confirm\"\n",
        "action = \"deny\"\n",
        "level = \"low\"\n",
        "level = \"high\"\n",
        "level = \"medium\"\n",
        "timeout = \"3s\"\n",
        "timeout = \"5m\"\n",
        "action = \"ask\"\nlevel = \"low\"\n",
    ]);
    let all = (server, tool, args, when, says);
    all.prop_map(|(server, tool, args, when, says)| format!("[[rule]]\n{server}{tool}{args}{when}{says}"))
}

fn head() -> impl Strategy<Value = String> {
    const HEADS: &[&str] = &[
        "",
        "",
        "levels.low = \"ask\"\n",
        "levels.medium = \"deny\"\n",
        "timeout.high = \"2m\"\n",
        "server.fs.access = \"read\"\n",
        "server.fs.access = \"write\"\n",
        "server.fs = { trusted = true, command = [\"server\"] }\n",
        "server.fs = { trusted = true, command = [\"server\", \"-x\"] }\n",
        "host.codex.timeout = \"9s\"\n",
        "timeout.default = \"4m\"\n",
    ];
    prop::sample::select(HEADS).prop_map(str::to_owned)
}

/// A policy, and what becomes of it when a few rules are dropped and a few added.
fn two() -> impl Strategy<Value = (String, String)> {
    let rules = prop::collection::vec((rule(), 0..6_u8), 0..5);
    (head(), head(), any::<bool>(), rules).prop_map(|(a, b, same, rules)| {
        let b = if same { a.clone() } else { b };
        let side = |head: String, without: u8| {
            rules
                .iter()
                .filter(|(_, kept)| *kept != without)
                .map(|(rule, _)| rule.as_str())
                .fold(head, |all, r| all + r)
        };
        (side(a, 0), side(b, 1))
    })
}

fn asked() -> impl Strategy<Value = (Call, Level, Moment)> {
    let server = prop::sample::select(&["fs", "db", "xy"][..]);
    let tool = prop::sample::select(&["read", "red", "write", "re\u{200b}d"][..]);
    let args = prop::sample::select(
        &[
            "{}",
            r#"{"path":"/a/b"}"#,
            r#"{"path":"/a/b/c","n":1}"#,
            r#"{"path":"/a/../b"}"#,
            r#"{"path":"/x/../a/b","n":"1"}"#,
            r#"{"path":["/a/b"]}"#,
            r#"{"path":"/a/b;c"}"#,
            r#"{"path":7}"#,
            r#"{"path":"/a/b","n":3}"#,
            r#"{"path":"/a/b","N":"4"}"#,
            r#"{"path":"git log -1"}"#,
            r#"{"path":"git log; x","n":1e0}"#,
            r#"{"path":"/A/b","n":[3]}"#,
            r#"{"path":["git","log",1]}"#,
        ][..],
    );
    let level = prop::sample::select(Level::ALL.to_vec());
    let local = prop::option::of((0..24_u16, 0..2_u8).prop_map(|(h, weekday)| Local { minute: h * 60, weekday }));
    let moment = (local, any::<bool>()).prop_map(|(local, console)| Moment { local, console });
    let all = (server, tool, args, level, moment);
    all.prop_map(|(server, tool, args, level, moment)| (call(server, tool, args), level, moment))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn when_nothing_is_looser_every_call_is_judged_at_least_as_strictly(
        (old, new) in two(),
        calls in prop::collection::vec(asked(), 12),
        client in prop::option::of(prop::sample::select(&["codex-mcp-client", "codex", "other"][..])),
        kind in prop::sample::select(&["name.reads", "name.writes", "name.destroys"][..]),
    ) {
        let (before, after) = (policy(&old), policy(&new));
        if compare(&before, &after).iter().all(|change| change.way != Way::Looser) {
            for (call, level, moment) in calls {
                let (was, is) = (ruling(&before, &call, level, moment, client, kind), ruling(&after, &call, level, moment, client, kind));
                prop_assert!(is.is_at_least(&was), "{old}\n-->\n{new}\n{} {}: {was:?} -> {is:?}", call.tool.as_str(), call.params.text());
            }
        }
    }
}
