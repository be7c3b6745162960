//! The judge, from outside. Cases are data: `cases/risk/*.toml`.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use sayso::call::{Call, Definition, ToolName};
use sayso::decision::Level;
use sayso::json::{Duplicates, compact};
use sayso::risk::{Access, FAMILIES, Facts, Known, Risk, assess};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::policy::call;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    default_tool: Option<String>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    tool: Option<String>,
    arguments: Option<String>,
    definition: Option<String>,
    #[serde(default)]
    server_args: Vec<String>,
    want: Level,
    #[serde(default)]
    finds: Vec<String>,
}

fn defined(mut call: Call, definition: &str) -> Call {
    let raw = compact(definition.as_bytes(), Duplicates::Envelope).unwrap();
    let raw = RawValue::from_string(raw).unwrap();
    call.definition = Some(Arc::new(Definition::new(call.tool.clone(), raw)));
    call
}

fn assess_plain(tool: &str, arguments: &str) -> Risk {
    assess(&call("server", tool, arguments), &Facts::default())
}

fn check(cases: &str) {
    let cases: Cases = toml::from_str(cases).unwrap();
    for case in cases.case {
        let tool = case.tool.or_else(|| cases.default_tool.clone()).unwrap();
        let arguments = case.arguments.unwrap_or_else(|| "{}".to_owned());
        let mut call = call("server", &tool, &arguments);
        Arc::make_mut(&mut call.server).args = case.server_args;
        if let Some(definition) = case.definition {
            call = defined(call, &definition);
        }
        let risk = assess(&call, &Facts::default());
        let found: Vec<String> = risk
            .findings
            .iter()
            .map(|f| f.at.as_ref().map_or_else(|| f.id.clone(), |at| format!("{}@{at}", f.id)))
            .collect();
        assert_eq!(risk.level, case.want, "{tool} {arguments}: {found:?}");
        for wanted in case.finds {
            let there = found.iter().any(|f| *f == wanted || f.split('@').next() == Some(wanted.as_str()));
            assert!(there, "{tool} {arguments}: {wanted} is not among {found:?}");
        }
        holds(&risk);
    }
}

/// What is true of every judgement.
#[track_caller]
fn holds(risk: &Risk) {
    assert_eq!(risk.findings.iter().map(|f| f.level).max(), Some(risk.level));
    assert!(risk.findings.is_sorted_by_key(|f| std::cmp::Reverse(f.level)));
    for finding in &risk.findings {
        let kind = FAMILIES.iter().flat_map(|f| f.kinds).find(|kind| kind.id == finding.id).unwrap();
        assert_eq!(kind.level, finding.level);
        assert!(!finding.says.is_empty());
    }
}

#[test]
fn names_are_read_in_any_casing_and_annotations_only_raise() {
    check(include_str!("cases/risk/names.toml"));
}

#[test]
fn arguments_are_read_by_key_and_by_value() {
    check(include_str!("cases/risk/arguments.toml"));
}

#[test]
fn queries_in_other_languages_than_sql_are_read_for_what_changes() {
    check(include_str!("cases/risk/queries.toml"));
}

#[test]
fn what_a_key_or_a_short_text_asks_for_counts_whatever_the_name_says() {
    check(include_str!("cases/risk/asks.toml"));
}

#[test]
fn every_command_of_a_command_line_counts() {
    check(include_str!("cases/risk/shell.toml"));
}

#[test]
fn git_is_judged_by_its_subcommand_and_its_options() {
    check(include_str!("cases/risk/git.toml"));
}

#[test]
fn a_tool_that_only_runs_what_it_is_given_is_what_it_is_given() {
    let given = |tool: &str, arguments: &str| {
        let risk = assess_plain(tool, arguments);
        holds(&risk);
        (risk.level, risk.findings.iter().any(|f| f.id == "name.given"))
    };
    for tool in ["run_command", "execute_command", "bash", "shell_exec", "execute_shell_command", "run_in_terminal"] {
        assert_eq!(given(tool, r#"{"command":"ls -la | wc -l"}"#), (Level::Low, true), "{tool}");
        assert_eq!(given(tool, r#"{"command":"ls -la","cwd":"src","timeout":5}"#), (Level::Low, true), "{tool}");
        assert_eq!(given(tool, r#"{"command":"touch x"}"#), (Level::Medium, false), "{tool}");
        assert_eq!(given(tool, r#"{"command":"rm -rf x"}"#), (Level::High, false), "{tool}");
    }
    // Whatever else is there keeps the name's level: who knows what it does.
    for beside in [
        r#""env":{"LD_PRELOAD":"/tmp/x.so"}"#,
        r#""host":"prod""#,
        r#""stdin":"x""#,
        r#""user":"root""#,
        r#""shell":"/tmp/x""#,
        r#""args":{"a":1}"#,
        r#""description":{"a":1}"#,
    ] {
        let (level, given) = given("run_command", &format!(r#"{{"command":"ls -la",{beside}}}"#));
        assert!(level >= Level::Medium && !given, "{beside}");
    }
    for tool in ["run_tests", "run_on_host", "ssh", "run_python", "run_migration_command"] {
        assert!(given(tool, r#"{"command":"ls -la"}"#).0 >= Level::Medium, "{tool}");
    }
    assert!(!given("run_command", "{}").1 && !given("run_command", r#"{"command":""}"#).1);
}

#[test]
fn sql_is_read_in_every_dialect_and_the_gravest_counts() {
    check(include_str!("cases/risk/sql.toml"));
}

#[test]
fn what_is_asked_of_databases_every_day_only_reads() {
    check(include_str!("cases/risk/sql_reads.toml"));
}

#[test]
fn b19_names_that_differ_only_when_sanitised_are_judged_each_for_itself() {
    // Letters that look alike are other letters: no reading verb, and a finding that says so.
    for name in ["r\u{435}ad_file", "re\u{430}d_file", "\u{ff52}ead_file", "ｒｅａｄ_ｆｉｌｅ"] {
        let risk = assess_plain(name, "{}");
        assert_eq!(risk.level, Level::Medium, "{name}");
        assert!(risk.findings.iter().any(|f| f.id == "name.strange"), "{name}");
    }
    assert!(assess_plain("read\u{200b}_file", "{}").findings.iter().any(|f| f.id == "hidden.invisible"));
    assert_eq!(assess_plain("read_file\u{202e}", "{}").level, Level::High);
}

#[test]
fn what_is_too_large_to_judge_is_high() {
    let many = format!("{{\"a\":[{}0]}}", "0,".repeat(30_000));
    assert_eq!(assess_plain("read_file", &many).level, Level::High);
    let big = format!("{{\"text\":\"{}\"}}", "a".repeat(5 * 1024 * 1024));
    assert_eq!(assess_plain("read_file", &big).level, Level::High);
    let large = format!("{{\"text\":\"{}\"}}", "a".repeat(100 * 1024));
    assert_eq!(assess_plain("read_file", &large).level, Level::Medium);
    for (key, one) in
        [("path", "\"a/../b\","), ("command", "\"ls -l\","), ("sql", "\"SELECT 1\","), ("url", "\"a.b\",")]
    {
        let many = format!("{{\"{key}\":[{}\"\"]}}", one.repeat(5_000));
        let risk = assess_plain("read_file", &many);
        assert!(risk.findings.iter().any(|f| f.id == "size.unjudged"), "{key}");
    }
}

#[test]
fn command_lines_are_read_up_to_a_bound_and_beyond_it_are_too_large() {
    let unjudged = |commands: &[String]| {
        let risk = assess_plain("run_command", &serde_json::json!({ "commands": commands }).to_string());
        holds(&risk);
        (risk.level, risk.findings.iter().any(|f| f.id == "size.unjudged"))
    };
    let line = format!("ls {}", "a ".repeat(8_000));
    assert_eq!(unjudged(&vec![line.clone(); 2]), (Level::Low, false));
    assert_eq!(unjudged(&vec![line; 6]), (Level::High, true));
    let words: Vec<String> = ["ls"].into_iter().map(str::to_owned).chain(vec!["abcdefg".to_owned(); 9_000]).collect();
    assert_eq!(unjudged(&words), (Level::High, true));
    // As many places as are looked at, and one more; and the same of URLs.
    for (name, read) in [("cat /etc/hosts", 200), ("curl http://a.example", 200)] {
        let (command, operand) = name.split_once(' ').unwrap();
        let line = |count: usize| vec![format!("{command}{}", format!(" {operand}").repeat(count))];
        assert!(!unjudged(&line(read)).1, "{name}");
        assert_eq!(unjudged(&line(read + 1)), (Level::High, true), "{name}");
    }
}

#[test]
fn what_is_made_to_break_the_parsers_is_high_and_nothing_breaks() {
    let deep = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    for sql in [
        deep("(", ")", 3_000),
        format!("SELECT {}", deep("(", ")", 60)),
        format!("SELECT * FROM {}", deep("(SELECT * FROM ", ") x", 60)),
        format!("SELECT {}", deep("CASE WHEN ", " THEN 1 END", 60)),
        format!("SELECT {}1", "NOT ".repeat(1_500)),
        format!("SELECT {}1", "- ".repeat(3_000)),
        format!("SELECT 1{}", "+1".repeat(3_900)),
        format!("SELECT 1{}", " OR 1".repeat(1_600)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(500)),
        format!("SELECT 1{}", "::int".repeat(1_500)),
        format!("SELECT a{}", "[1]".repeat(2_500)),
        format!("SELECT {}1", "EXISTS(".repeat(1_000)),
        format!("SELECT * FROM a{}", " JOIN a".repeat(1_000)),
        "SELECT '".to_owned(),
        "/*".repeat(4_000),
        "$a$".repeat(2_600),
        "\u{0}".to_owned(),
    ] {
        let arguments = serde_json::json!({ "sql": sql }).to_string();
        let risk = assess_plain("query", &arguments);
        assert!(risk.level >= Level::Low);
        holds(&risk);
    }
    for command in ["(".repeat(16_000), "'".repeat(16_001), "a|".repeat(8_000), "\\".repeat(999), "$(".repeat(8_000)] {
        let risk = assess_plain("run_command", &serde_json::json!({ "command": command }).to_string());
        assert_eq!(risk.level, Level::High);
    }
    let mut nested = "\"/etc/passwd\"".to_owned();
    for _ in 0..120 {
        nested = format!("{{\"path\":{nested}}}");
    }
    holds(&assess_plain("read_file", &format!("{{\"a\":{nested}}}")));
    holds(&assess_plain("read_file", &format!("{{\"command\":{}1{}}}", "[".repeat(120), "]".repeat(120))));
}

#[test]
fn every_kind_of_finding_has_its_own_id_and_stands_in_the_documentation() {
    let mut ids = BTreeSet::new();
    let mut table = String::new();
    for family in FAMILIES {
        table.push_str("\n### ");
        table.push_str(family.name);
        table.push_str("\n\n");
        table.push_str(family.about);
        table.push_str("\n\n| finding | level | when |\n|---|---|---|\n");
        for kind in family.kinds {
            assert!(kind.id.strip_prefix(family.name).is_some_and(|rest| rest.starts_with('.')), "{}", kind.id);
            assert!(ids.insert(kind.id), "{} stands twice", kind.id);
            table.extend(["| `", kind.id, "` | ", kind.level.as_str(), " | ", kind.about, " |\n"]);
        }
    }
    let docs = include_str!("../../docs/risk.md");
    assert!(docs.ends_with(&table), "docs/risk.md must end with:\n{table}");
}

fn arguments() -> impl Strategy<Value = serde_json::Value> {
    let key = prop_oneof![
        "(path|command|sql|query|url|to|action|force|amount|password|code|args|content|paths|commands)",
        "(tool|name|method|arguments|input|params|dry_run|recipients|statement|body|data)",
        "\\PC{0,8}",
    ];
    let text = prop_oneof![
        "\\PC{0,40}",
        "[a-z/.~%$\\\\: '\"`|;&<>(){}0-9-]{0,40}",
        "(SELECT|DELETE FROM|UPDATE|DROP|WITH) [a-z*=(),;'\"\\\\ 0-9/#-]{0,40}",
        "(https?|file|data|javascript)://?[a-z0-9.@\\[\\]:%/\\\\-]{0,30}",
        // The same few signs over and over, which is what parsers choke on.
        (
            "([({\\[<'\"`$%&|;\\\\]|\\$\\(|<<A|%25|\\.\\./|SELECT |CASE |NOT |--|/\\*|\\$a\\$|QUFB|\\{\"a\":){1,2}",
            1..200_usize
        )
            .prop_map(|(sign, times)| sign.repeat(times)),
        // Arguments in a string.
        "\\{\"(name|tool|command|sql|path)\":\"[a-z_ /.;]{0,20}\",\"(args|input)\":\\{\\}\\}",
        any::<String>(),
    ];
    let leaf = prop_oneof![
        text.prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    let inner = leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(key, inner, 0..6).prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_call_breaks_the_judge(
        tool in prop_oneof!["(read|run|query|send|x)_(file|command|sql)", "\\PC{1,40}", any::<String>()],
        arguments in arguments(),
        definition in proptest::option::of(arguments()),
    ) {
        prop_assume!(ToolName::new(tool.clone()).is_ok());
        let mut call = call("server", &tool, &arguments.to_string());
        if let Some(definition) = definition {
            let schema = serde_json::json!({"name": tool, "annotations": definition, "inputSchema": {"properties": definition}});
            call = defined(call, &schema.to_string());
        }
        let risk = assess(&call, &Facts::default());
        holds(&risk);
        prop_assert_eq!(assess(&call, &Facts::default()), risk, "the same call is judged alike");
    }

    #[test]
    fn b32_hints_never_lower_a_level(
        tool in "(read|write|delete|x)_[a-z]{1,5}",
        title in "(Read|Delete|Safe|List) [a-z]{1,5}",
        hint in "(readOnlyHint|destructiveHint|openWorldHint|safe|approved)",
        read_only: bool,
        destructive: bool,
    ) {
        let bare = call("server", &tool, "{}");
        let hints = serde_json::json!({
            "name": tool,
            "title": title,
            "description": "safe, read-only, needs no approval",
            "annotations": {"readOnlyHint": read_only, "destructiveHint": destructive, "title": title, hint: read_only},
        });
        let hinted = defined(bare.clone(), &hints.to_string());
        prop_assert!(assess(&hinted, &Facts::default()).level >= assess(&bare, &Facts::default()).level);
    }
}

#[test]
fn b12_a_tool_that_runs_another_one_is_judged_as_that_one_too() {
    for (tool, arguments, level) in [
        ("gateway_invoke", r#"{"tool":"delete_file","args":{"path":"a"}}"#, Level::High),
        ("gateway_invoke", r#"{"tool":"read_file","args":{"path":"a"}}"#, Level::Medium),
        ("call_tool", r#"{"tool_name":"fs/delete_file","arguments":{}}"#, Level::High),
        ("call_tool", r#"{"tool_name":"GITHUB_DELETE_REPO"}"#, Level::High),
        ("get_result", r#"{"name":"sendEmail","params":{"a":1}}"#, Level::High),
        ("get_result", r#"{"name":"createEmail","input":{"a":1}}"#, Level::Medium),
        ("get_result", r#"{"calls":[{"function":{"name":"rm","arguments":"{\"a\":1}"}}]}"#, Level::High),
        ("get_result", r#"{"tool_input":"{\"action\":\"purge\"}"}"#, Level::High),
        ("get_result", r#"{"action":"run_command","args":"{\"command\":\"rm -rf /\"}"}"#, Level::High),
        ("batch", r#"{"tools":["read_file","drop_table"]}"#, Level::High),
        // A reader that is told a name, with nothing to hand on, tells about it.
        ("get_users", r#"{"name":"Post_Malone"}"#, Level::Low),
    ] {
        let risk = assess_plain(tool, arguments);
        assert_eq!(risk.level, level, "{tool} {arguments}: {:?}", risk.findings);
        holds(&risk);
    }
    // The inner arguments are judged as the inner tool's: a path that a reader may see is one that a writer may not.
    let read = assess_plain("get_result", r#"{"name":"read_file","args":{"path":"/home/me/.ssh/config"}}"#);
    let write = assess_plain("get_result", r#"{"name":"write_file","args":{"path":"/home/me/.ssh/config"}}"#);
    assert_eq!((read.level, write.level), (Level::Medium, Level::High));
    assert_eq!((read.tools, write.tools), (vec!["read_file".to_owned()], vec!["write_file".to_owned()]));
    // So many names that nobody reads them all.
    let many = format!(r#"{{"tools":[{}"read"]}}"#, "\"read\",".repeat(100));
    assert_eq!(assess_plain("batch", &many).level, Level::High);
}

#[test]
fn b12_the_definition_of_the_tool_that_is_named_counts_where_it_is_known() {
    let call = call("server", "call_tool", r#"{"tool":"fs.read_file","args":{}}"#);
    let known = |hints: &str| {
        let call = defined(call.clone(), &format!(r#"{{"name":"read_file","annotations":{hints}}}"#));
        Arc::new(Known::of("read_file", call.definition.as_deref()))
    };
    let judge = |named| assess(&call, &Facts { named, ..Facts::default() });
    assert_eq!(judge(vec![]).level, Level::Medium);
    assert_eq!(judge(vec![known(r#"{"readOnlyHint":true}"#)]).level, Level::Medium);
    let destroys = judge(vec![known(r#"{"destructiveHint":true}"#)]);
    assert_eq!(destroys.level, Level::High);
    assert_eq!(destroys.findings[0].at.as_deref(), Some("/tool"));
    holds(&destroys);
}

#[test]
fn a_finding_in_json_in_a_string_points_to_the_string() {
    let risk = assess_plain("get_result", r#"{"args":"{\"path\":[\"/home/me/.ssh/id_rsa\"]}"}"#);
    let finding = risk.findings.iter().find(|f| f.id == "paths.sensitive").unwrap();
    assert_eq!((finding.at.as_deref(), finding.span), (Some("/args"), None));
    assert!(finding.says.ends_with("(from JSON in a string)"), "{}", finding.says);
}

#[test]
fn what_a_call_needs_is_known_by_its_tool_and_by_its_findings() {
    let known = |tool: &str| Known::of(tool, None).access();
    assert_eq!(known("read_file"), Access::Read);
    assert_eq!(known("get_secret"), Access::Read);
    assert_eq!(known("write_file"), Access::Write);
    assert_eq!(known("frobnicate"), Access::Write);
    for tool in ["delete_file", "run_command", "send_mail", "grant_role", "deploy_app", "buy_stock"] {
        assert_eq!(known(tool), Access::Admin, "{tool}");
    }
    let needs = |tool: &str, arguments: &str| assess_plain(tool, arguments).access();
    assert_eq!(needs("read_file", r#"{"path":"/home/me/.ssh/id_rsa"}"#), Access::Read);
    assert_eq!(needs("write_file", r#"{"path":"/home/me/.ssh/id_rsa"}"#), Access::Admin);
    assert_eq!(needs("query", r#"{"sql":"DELETE FROM t"}"#), Access::Admin);
    assert_eq!(needs("query", r#"{"sql":"INSERT INTO t VALUES (1)"}"#), Access::Write);
}

#[test]
fn b32_a_friendly_name_a_title_or_hints_never_turn_ask_into_allow() {
    let friendly = r#"{"name":"frobnicate","title":"Read a safe file","description":"Only reads. Needs no approval.",
        "annotations":{"title":"List files","readOnlyHint":true,"destructiveHint":false,"openWorldHint":false}}"#;
    for (tool, arguments) in
        [("frobnicate", "{}"), ("frobnicate", r#"{"path":"a"}"#), ("x", r#"{"query":"cats"}"#), ("write_file", "{}")]
    {
        let hinted = defined(call("server", tool, arguments), &friendly.replace("frobnicate", tool));
        assert!(assess(&hinted, &Facts::default()).level >= Level::Medium, "{tool}");
    }
    // A reader's name does not cover what its arguments do, and says so when the server says that it only reads.
    for arguments in [
        r#"{"action":"delete"}"#,
        r#"{"method":"create"}"#,
        r#"{"force":true}"#,
        r#"{"sql":"DELETE FROM t"}"#,
        r#"{"command":"rm -rf a"}"#,
        r#"{"dry_run":false}"#,
        r#"{"output_path":"/home/me/.bashrc"}"#,
        r#"{"tool":"delete_file","args":{}}"#,
    ] {
        let reader = r#"{"name":"get_things","annotations":{"readOnlyHint":true}}"#;
        let risk = assess(&defined(call("server", "get_things", arguments), reader), &Facts::default());
        assert!(risk.level >= Level::Medium, "{arguments}");
        assert!(risk.findings.iter().any(|f| f.id == "annotations.conflict"), "{arguments}: {:?}", risk.findings);
    }
}
