//! The policy file and the verdicts that come of it. Cases are data: `cases/policy/*.toml`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use sayso::call::{Call, CallId, Digest, Params, Server, ServerName, SessionId, ToolName};
use sayso::decision::{Action, By, Level};
use sayso::json::{Duplicates, compact};
use sayso::policy::{self, Asked, Moment, Policy, Ruling, Severity, judge};
use sayso::risk::{Facts, Finding, Link, Risk};
use serde::Deserialize;

use crate::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdicts {
    policy: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    says: String,
    #[serde(default = "fs")]
    server: String,
    #[serde(default = "some_tool")]
    tool: String,
    #[serde(default = "no_arguments")]
    arguments: String,
    #[serde(default = "medium")]
    judged: Level,
    want: Action,
    by: Option<By>,
    #[serde(rename = "final")]
    is_final: Option<bool>,
    rule: Option<String>,
    level: Option<Level>,
    timeout: Option<String>,
    reason: Option<String>,
    /// `mon 09:30`; without: nobody is sure what time it is.
    at: Option<String>,
    #[serde(default)]
    console: bool,
    /// Where the paths in the arguments lead; nothing: nobody knows.
    #[serde(default)]
    links: std::collections::BTreeMap<String, String>,
}

fn fs() -> String {
    "fs".to_owned()
}

fn some_tool() -> String {
    "tool".to_owned()
}

fn no_arguments() -> String {
    "{}".to_owned()
}

const fn medium() -> Level {
    Level::Medium
}

pub fn call(server: &str, tool: &str, arguments: &str) -> Call {
    let params = format!(r#"{{"name":{},"arguments":{arguments}}}"#, serde_json::Value::from(tool));
    let params = compact(params.as_bytes(), Duplicates::Everywhere).expect("strict arguments");
    Call {
        id: CallId(1),
        session: SessionId("s".into()),
        server: Arc::new(Server {
            name: ServerName::new(server).expect("a name"),
            command: "server".into(),
            args: Vec::new(),
            cwd: "/".into(),
            environment: Digest::of(b""),
        }),
        tool: ToolName::new(tool).expect("a name"),
        params: Params::new(serde_json::value::RawValue::from_string(params).expect("json")),
        definition: None,
    }
}

fn risk(level: Level) -> Risk {
    let finding = Finding { id: "test".into(), level, says: "said so".into(), at: None, span: None };
    Risk { level, findings: vec![finding], tools: Vec::new() }
}

fn valid(text: &str) -> Policy {
    let parsed = policy::parse(text, "policy.toml");
    assert_eq!(parsed.error(), None);
    parsed.policy
}

fn ruling(text: &str, server: &str, tool: &str, arguments: &str, level: Level) -> Ruling {
    judged(&valid(text), &call(server, tool, arguments), level)
}

/// Judges with no facts beside the call, at no known time.
fn judged(policy: &Policy, call: &Call, level: Level) -> Ruling {
    let (risk, facts, moment) = (risk(level), Facts::default(), Moment::default());
    judge(policy, &Asked { call, risk: &risk, facts: &facts, moment: &moment })
}

fn check(cases: &str) {
    let verdicts: Verdicts = toml::from_str(cases).expect("cases");
    let policy = valid(&verdicts.policy);
    for case in verdicts.case {
        let leads = |place: &String| Some(place.clone()).filter(|place| !place.is_empty());
        let links = case.links.iter().map(|(written, place)| Link { written: written.clone(), leads: leads(place) });
        let facts = Facts { links: links.collect(), ..Facts::default() };
        let local = case.at.as_deref().map(|at| policy::when::local(at).expect("a moment"));
        let moment = Moment { local, console: case.console };
        let (call, risk) = (call(&case.server, &case.tool, &case.arguments), risk(case.judged));
        let ruling = judge(&policy, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment });
        let verdict = ruling.verdict();
        let says = format!("{}: {verdict:?}", case.says);
        assert_eq!(verdict.action, case.want, "{says}");
        assert!(case.by.is_none_or(|by| verdict.by == by), "{says}");
        let is_final = matches!(ruling, Ruling::Final(_));
        assert!(case.is_final.is_none_or(|wanted| is_final == wanted), "{says}");
        assert!(case.rule.is_none_or(|rule| verdict.rule == Some(rule)), "{says}");
        assert!(case.level.is_none_or(|level| verdict.level == level), "{says}");
        assert!(case.timeout.is_none_or(|t| policy::time::show(verdict.timeout) == t), "{says}");
        assert!(case.reason.is_none_or(|reason| verdict.reason == Some(reason)), "{says}");
    }
}

#[test]
fn the_order_is_fixed_whatever_the_order_in_the_file() {
    check(include_str!("cases/policy/order.toml"));
}

#[test]
fn a_path_with_two_readings_loosens_nothing_and_slips_under_no_deny() {
    check(include_str!("cases/policy/paths.toml"));
}

#[test]
fn each_condition_of_a_rule_holds_when_it_is_so_and_only_tightens_when_that_is_not_sure() {
    check(include_str!("cases/policy/grammar.toml"));
}

#[test]
fn b12_a_tool_that_another_one_runs_is_denied_as_itself_and_allowed_by_no_rule_for_it() {
    let rule = |action: &str| format!("[[rule]]\ntool = \"delete_*\"\naction = \"{action}\"");
    let verdict = |action: &str, judged: Level| {
        let risk = Risk { tools: vec!["delete_file".into()], ..risk(judged) };
        let call = call("gateway", "invoke", r#"{"tool":"delete_file"}"#);
        let (facts, moment) = (Facts::default(), Moment::default());
        judge(&valid(&rule(action)), &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment })
    };
    assert!(matches!(verdict("deny", Level::Low), Ruling::Final(v) if v.action == Action::Deny));
    assert_eq!(verdict("confirm", Level::Medium).verdict().action, Action::Confirm);
    assert_eq!(verdict("allow", Level::Medium).verdict().action, Action::Ask);
    assert_eq!(verdict("ask", Level::High).verdict().action, Action::Confirm);
}

#[test]
fn b28_a_server_is_trusted_for_one_command_line_and_never_by_its_name() {
    let text = r#"
        [server.fs]
        trusted = true
        command = ["server", "--root", "/x"]
    "#;
    let policy = valid(text);
    let verdict = |command: &str, args: &[&str], level| {
        let plain = call("fs", "write_file", "{}");
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        let server = Server { command: command.to_owned(), args, ..(*plain.server).clone() };
        judged(&policy, &Call { server: Arc::new(server), ..plain }, level).verdict().clone()
    };
    let trusted = verdict("server", &["--root", "/x"], Level::Medium);
    assert_eq!((trusted.action, trusted.level), (Action::Allow, Level::Low));
    assert!(trusted.reason.is_some_and(|why| why == "policy.toml:2 trusts this server"));
    assert_eq!(verdict("server", &["--root", "/x"], Level::High).action, Action::Confirm);
    for (command, args) in [
        ("server", &["--root", "/y"][..]),
        ("server", &["--root", "/x", "--more"]),
        ("server", &["--root /x"]),
        ("other", &["--root", "/x"]),
        ("server", &[]),
    ] {
        assert_eq!(verdict(command, args, Level::Medium).action, Action::Ask, "{command} {args:?}");
    }
    assert!(policy::parse("[server.fs]\ntrusted = true\n", "policy.toml").policy.why_invalid().is_some());
}

#[test]
fn a_server_does_no_more_than_it_is_given_whatever_a_rule_allows() {
    let policy = valid("[server.fs]\naccess = \"read\"\n[[rule]]\naction = \"allow\"\n");
    let verdict = |server: &str, kind: &str| {
        let finding = Finding { id: kind.into(), level: Level::Low, says: String::new(), at: None, span: None };
        let risk = Risk { level: Level::Low, findings: vec![finding], tools: Vec::new() };
        let (call, facts, moment) = (call(server, "tool", "{}"), Facts::default(), Moment::default());
        judge(&policy, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment })
    };
    assert_eq!(verdict("fs", "name.reads").verdict().action, Action::Allow);
    for kind in ["name.writes", "name.destroys", "unheard.of"] {
        let ruling = verdict("fs", kind);
        assert!(matches!(&ruling, Ruling::Final(v) if v.action == Action::Deny && v.by == By::Rule), "{ruling:?}");
        assert_eq!(ruling.verdict().rule.as_deref(), Some("policy.toml:1"));
        assert_eq!(verdict("other", kind).verdict().action, Action::Allow);
    }
}

#[test]
fn what_a_host_says_of_itself_decides_how_long_a_person_has_and_nothing_else() {
    let plain = valid("");
    let own =
        valid("[host.cursor]\ntimeout = \"20s\"\n[host.\"my agent\"]\ntimeout = \"3m\"\n[timeout]\nhigh = \"5s\"\n");
    let verdict = |policy: &Policy, client: Option<&str>, level| {
        let facts = Facts { client: client.map(str::to_owned), ..Facts::default() };
        let (call, risk, moment) = (call("fs", "tool", "{}"), risk(level), Moment::default());
        judge(policy, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment }).verdict().clone()
    };
    for (policy, client, level, wanted) in [
        (&plain, None, Level::Medium, "55s"),
        (&plain, Some("somebody"), Level::Medium, "55s"),
        (&plain, Some("claude-code"), Level::Medium, "10m"),
        (&plain, Some("claude-ai"), Level::Medium, "55s"),
        (&plain, Some("codex-mcp-client"), Level::High, "4m40s"),
        (&own, Some("cursor-vscode"), Level::Medium, "20s"),
        (&own, Some("my agent"), Level::Medium, "3m"),
        (&own, Some("my agent"), Level::High, "5s"),
        (&own, None, Level::Medium, "55s"),
        (&valid("timeout.default = \"30s\""), Some("claude-code"), Level::Medium, "30s"),
    ] {
        let verdict = verdict(policy, client, level);
        assert_eq!(policy::time::show(verdict.timeout), wanted, "{client:?} {level}");
        assert_eq!(verdict.action, policy.levels.action(level));
    }
}

#[test]
fn every_mistake_is_told_with_its_place_and_makes_the_file_unusable() {
    #[derive(Deserialize)]
    struct Errors {
        case: Vec<Broken>,
    }
    #[derive(Deserialize)]
    struct Broken {
        policy: String,
        says: Vec<String>,
    }
    let errors: Errors = toml::from_str(include_str!("cases/policy/errors.toml")).expect("cases");
    for case in errors.case {
        let parsed = policy::parse(&case.policy, "policy.toml");
        let errors = parsed.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        let said: Vec<_> = errors.map(|d| format!("{}:{}: {}", d.line, d.column, d.says)).collect();
        assert_eq!(said, case.says, "{}", case.policy);
        let first = format!("policy.toml:{}", case.says[0]);
        assert_eq!(parsed.policy.why_invalid(), Some(first.as_str()));
    }
}

#[test]
fn the_template_says_what_holds_without_it() {
    let parsed = policy::parse(policy::TEMPLATE, "policy.toml");
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(parsed.policy, Policy::default());
    // Uncommented, its examples are good too.
    let lines = policy::TEMPLATE.lines().skip_while(|line| !line.starts_with("# [[rule]]"));
    let rules: Vec<_> = lines.map(|line| line.trim_start_matches("# ").trim_start_matches('#')).collect();
    let rules = rules.join("\n");
    assert_eq!(policy::parse(&rules, "policy.toml").diagnostics, []);
    assert_eq!(valid(&rules).rules.len(), 2);
}

#[test]
fn b03_a_key_given_twice_makes_the_policy_unusable() {
    let twice = "[[rule]]\ntool = \"pay\"\naction = \"deny\"\naction = \"allow\"\n";
    let parsed = policy::parse(twice, "policy.toml");
    let error = parsed.error().expect("an error");
    assert_eq!((error.line, error.column), (4, 1));
    let verdict = judged(&parsed.policy, &call("fs", "pay", "{}"), Level::Medium);
    assert!(matches!(verdict, Ruling::Final(v) if v.action == Action::Deny && v.by == By::Hub));
    for text in [
        "[levels]\nhigh = \"deny\"\n\"high\" = \"allow\"",
        "[[rule]]\naction = \"deny\"\nargs = { path = \"a\", \"path\" = \"b\" }",
        "levels.high = \"deny\"\n[levels]\nlow = \"allow\"",
    ] {
        assert!(policy::parse(text, "policy.toml").policy.why_invalid().is_some(), "{text}");
    }
}

#[test]
fn b19_names_that_differ_only_when_sanitised_stay_different_in_rules() {
    let names = ["demo.read", "demo/read", "demo__read", "demo_read", "Demo.read", "demo.re\u{430}d", "demo.read "];
    for own in names {
        let rules = format!("[[rule]]\ntool = {}\naction = \"allow\"", serde_json::Value::from(own));
        for other in names {
            let allowed = ruling(&rules, "fs", other, "{}", Level::High).verdict().action == Action::Allow;
            assert_eq!(allowed, own == other, "a rule for {own:?} and a call of {other:?}");
        }
    }
    let rules = "[[rule]]\nserver = \"demo\"\naction = \"allow\"";
    for server in ["demo.", "Demo", "demo_", "dem0", "demo-1"] {
        assert_ne!(ruling(rules, server, "x", "{}", Level::High).verdict().action, Action::Allow, "{server}");
    }
    // An invisible character in a tool's name is no part of what a person wrote a glob for; a deny still counts.
    let rules = "[[rule]]\ntool = \"read_*\"\naction = \"allow\"";
    assert_eq!(ruling(rules, "fs", "read_\u{200b}x", "{}", Level::High).verdict().action, Action::Confirm);
    let rules = "[[rule]]\ntool = \"read_*\"\naction = \"deny\"";
    assert!(matches!(ruling(rules, "fs", "read_\u{200b}x", "{}", Level::Low), Ruling::Final(_)));
}

#[test]
fn b31_an_unreadable_policy_never_means_no_policy() {
    let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    for parsed in [
        policy::from_file(Err(denied()), "policy.toml"),
        policy::from_file(Err(std::io::ErrorKind::NotFound.into()), "policy.toml"),
        policy::from_file(Ok(Some(b"\xff\xfe[levels]".to_vec())), "policy.toml"),
        policy::from_file(Ok(Some(b"[levels]\nlow = \"al".to_vec())), "policy.toml"),
        policy::from_file(Ok(Some(vec![b'#'; policy::parse::MAX_FILE + 1])), "policy.toml"),
        policy::from_file(Ok(Some(b"[levels]\nhihg = \"allow\"".to_vec())), "policy.toml"),
    ] {
        assert!(
            parsed
                .policy
                .why_invalid()
                .is_some_and(|why| why.starts_with("policy.toml:1:") || why.starts_with("policy.toml:2:"))
        );
        for level in [Level::Medium, Level::High] {
            let ruling = judged(&parsed.policy, &call("fs", "x", "{}"), level);
            assert!(matches!(ruling, Ruling::Final(v) if v.action == Action::Deny && v.by == By::Hub));
        }
        let low = judged(&parsed.policy, &call("fs", "x", "{}"), Level::Low);
        assert_eq!(low.verdict().action, Action::Allow);
    }
    assert_eq!(policy::from_file(Ok(None), "policy.toml").policy, Policy::default());
}

#[test]
fn loose_words_are_allowed_but_pointed_at() {
    let text =
        "[levels]\nhigh = \"allow\"\n[[rule]]\naction = \"allow\"\n[[rule]]\ntool = \"{a,b}\"\naction = \"deny\"";
    let parsed = policy::parse(text, "policy.toml");
    let places: Vec<_> = parsed.diagnostics.iter().map(|d| (d.severity, d.line)).collect();
    assert_eq!(places, [(Severity::Warning, 2), (Severity::Warning, 3), (Severity::Warning, 6)]);
    assert_eq!(parsed.policy.why_invalid(), None);
}

#[test]
fn what_is_perhaps_not_meant_is_a_warning_with_its_line() {
    #[derive(Deserialize)]
    struct Lints {
        case: Vec<Lint>,
    }
    #[derive(Deserialize)]
    struct Lint {
        policy: String,
        says: Vec<String>,
    }
    let lints: Lints = toml::from_str(include_str!("cases/policy/lints.toml")).expect("cases");
    for case in lints.case {
        let parsed = policy::parse(&case.policy, "policy.toml");
        assert_eq!(parsed.error(), None, "{}", case.policy);
        let said: Vec<_> = parsed.diagnostics.iter().map(|d| format!("{}: {}", d.line, d.says)).collect();
        assert_eq!(said, case.says, "{}", case.policy);
    }
}

#[test]
fn ten_thousand_rules_are_read_and_every_kind_of_them_is_found() {
    let mut text = String::new();
    for i in 0..2_500 {
        let rules = format!(
            "[[rule]]\ntool=\"t{i}\"\naction=\"deny\"\n[[rule]]\ntool=\"*u{i}_*\"\naction=\"deny\"\n\
             [[rule]]\nserver=\"s{i}\"\naction=\"deny\"\n[[rule]]\nargs={{p={{under=\"/d{i}\"}}}}\naction=\"deny\"\n"
        );
        text.push_str(&rules);
    }
    let policy = valid(&text);
    assert_eq!(policy.rules.len(), 10_000);
    let denied = |server, tool, arguments| {
        matches!(judged(&policy, &call(server, tool, arguments), Level::Low), Ruling::Final(_))
    };
    assert!(denied("fs", "t2499", "{}") && denied("fs", "a_u1_b", "{}") && denied("s77", "x", "{}"));
    assert!(denied("fs", "x", r#"{"p":"/d1234/x"}"#) && denied("fs", "x", r#"{"p":["/x/../d9"]}"#));
    assert!(!denied("fs", "t2500", r#"{"p":"/d12345x"}"#));
    assert!(policy::parse(&format!("{text}[[rule]]\naction=\"deny\""), "p").policy.why_invalid().is_some());
}

#[test]
fn the_template_is_written_once_and_shown_and_checked() {
    let world = World::new();
    let path = world.home().join("policy.toml");
    assert_eq!(world.run(&["policy", "check"]).0, 0);
    let (code, said, _) = world.run(&["policy", "show"]);
    assert!(code == 0 && said.contains("the defaults hold"), "{said}");
    assert_eq!(world.run(&["policy", "init"]).0, 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), policy::TEMPLATE);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&path, "# mine\n").unwrap();
    let (code, _, said) = world.run(&["policy", "init"]);
    assert!(code == 2 && said.contains("is there already"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "# mine\n");
}

#[test]
fn every_diagnostic_is_a_file_a_line_and_a_column() {
    let world = World::new();
    let path = world.home().join("policy.toml");
    world.policy("[levels]\nlwo = \"ask\"\nhigh = 3\n");
    let (code, said, _) = world.run(&["policy", "check"]);
    assert_eq!(code, 1, "{said}");
    let path = path.display();
    assert!(said.contains(&format!("{path}:2:1: error: unknown key `lwo`; did you mean `low`?\n")), "{said}");
    assert!(said.contains(&format!("{path}:3:8: error: high must be a text in quotes, not integer\n")), "{said}");
    let (code, said, _) = world.run(&["policy", "show"]);
    assert!(code == 1 && said.contains("every call that is not low is denied"), "{said}");
    // What a file says of itself does not move the cursor.
    world.policy("[levels]\n\"\\u001b[2Jx\" = 1\n");
    let (code, said, _) = world.run(&["policy", "check"]);
    assert!(code == 1 && !said.contains('\u{1b}'), "{said:?}");
    let other = world.home().join("other.toml");
    assert_eq!(world.run(&["policy", "check", other.to_str().unwrap()]).0, 2);
    fs::write(&other, "[levels]\nhigh = \"allow\"\n").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).unwrap();
    let (code, said, _) = world.run(&["policy", "check", other.to_str().unwrap()]);
    assert!(code == 0 && said.contains("other.toml:2:8: warning: "), "{said}");
}

#[test]
fn a_level_is_set_in_the_file_and_the_rest_of_it_stays() {
    let world = World::new();
    let path = world.home().join("policy.toml");
    assert_eq!(world.run(&["risk", "set", "fs", "read_*", "low"]).0, 0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let first = fs::read_to_string(&path).unwrap();
    assert!(first.starts_with(policy::TEMPLATE));
    assert_eq!(world.run(&["risk", "set", "fs", "read_*", "high"]).0, 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), first.replace("level = \"low\"\n", "level = \"high\"\n"));
    let (code, said, _) = world.run(&["policy", "show"]);
    assert!(code == 0 && said.contains(": fs read_* -> level high"), "{said}");
    for bad in [["risk", "set", "d\u{435}mo", "x", "low"], ["risk", "set", "a", "x\u{202e}", "low"]] {
        let (code, _, said) = world.run(&bad);
        assert!(code == 2 && !said.contains('\u{202e}'), "{said:?}");
    }
    world.policy("[levels\n");
    let (code, _, said) = world.run(&["risk", "set", "fs", "x", "low"]);
    assert!(code == 2 && said.contains("policy.toml:1:"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "[levels\n");
    // Nothing is left beside the file.
    let left: Vec<_> = fs::read_dir(world.home()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".tmp")), "{left:?}");
}

#[test]
fn a_link_to_the_policy_stays_a_link() {
    let world = World::new();
    let (path, real) = (world.home().join("policy.toml"), world.home().join("dotfiles.toml"));
    fs::write(&real, "# mine\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink(&real, &path).unwrap();
    assert_eq!(world.run(&["risk", "set", "fs", "x", "low"]).0, 0);
    assert!(path.is_symlink());
    assert!(fs::read_to_string(&real).unwrap().starts_with("# mine\n"));
    fs::remove_file(&real).unwrap();
    assert_eq!(world.run(&["risk", "set", "fs", "x", "low"]).0, 2);
    assert_eq!(world.run(&["policy", "check"]).0, 1);
}

#[test]
fn every_policy_in_the_documentation_is_valid() {
    let docs = include_str!("../../docs/config.md");
    let blocks: Vec<_> = docs.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 4);
    for block in &blocks {
        assert_eq!(policy::parse(block, "docs").diagnostics, [], "{block}");
    }
    // Every key that there is stands in one of them.
    let keys = "low medium high default wide arguments timeout server tool args action level reason risk time days console regex min \
                max one_of under command absent access hide roots domains trusted expect expect_level at";
    for key in keys.split_whitespace() {
        let holds = |block: &&str| block.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == key);
        assert!(blocks.iter().any(holds) || key == "min", "{key}");
    }
    for host in policy::profile::HOSTS {
        let clients: Vec<_> = host.clients.iter().map(|client| format!("`{client}`")).collect();
        let time = policy::time::show(host.timeout);
        let row = format!("| `{}` | {} | {time} | {} |", host.name, clients.join(", "), host.about);
        assert!(docs.contains(&row), "{row}");
    }
}
