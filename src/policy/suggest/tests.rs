//! What is offered and what it covers: cases as data, and one property over all of them.

use std::sync::Arc;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::*;
use crate::call::{CallId, Definition, Digest, Server, ServerName, SessionId};
use crate::json::{Duplicates, compact};
use crate::policy::cover::covers;
use crate::policy::parse;

fn server(roots: &[String]) -> Server {
    Server {
        name: ServerName::new("fs").expect("a name"),
        command: "server".to_owned(),
        args: roots.to_vec(),
        cwd: "/home/me".to_owned(),
        environment: Digest::of(b""),
    }
}

fn raw(text: &str) -> Box<RawValue> {
    let strict = compact(text.as_bytes(), Duplicates::Everywhere).expect("strict JSON");
    RawValue::from_string(strict).expect("JSON")
}

fn call(tool: &str, arguments: &str, beside: Option<&str>, definition: Option<&str>, roots: &[String]) -> Call {
    let beside = beside.map(|text| format!(",{text}")).unwrap_or_default();
    let tool = ToolName::new(tool).expect("a name");
    let params = format!(r#"{{"name":{},"arguments":{arguments}{beside}}}"#, json::quote(tool.as_str()));
    Call {
        id: CallId(1),
        session: SessionId("s".to_owned()),
        server: Arc::new(server(roots)),
        definition: definition.map(|text| Arc::new(Definition::new(tool.clone(), raw(text)))),
        tool,
        params: Params::new(raw(&params)),
    }
}

const LISTED: Option<&str> = Some(r#"{"name":"t","inputSchema":{"properties":{}}}"#);

fn offers(call: &Call, level: Level, findings: &[Finding], remember: Remember) -> Vec<Suggestion> {
    let facts = Facts::default();
    suggest(&Request::of(call, findings, level, &facts), remember)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    tool: String,
    #[serde(default)]
    roots: Vec<String>,
    args: Option<String>,
    #[serde(default)]
    each: Vec<String>,
    level: Option<Level>,
    listed: Option<bool>,
    definition: Option<String>,
    beside: Option<String>,
    policy: Option<String>,
    finding: Option<String>,
    offers: Vec<String>,
}

fn cases<T: for<'de> Deserialize<'de>>(text: &str) -> Vec<T> {
    #[derive(Deserialize)]
    struct File<T> {
        case: Vec<T>,
    }
    toml::from_str::<File<T>>(text).expect("cases").case
}

#[test]
fn b27_nobodys_home_is_offered_wherever_it_lies() {
    for home in ["/home/me", "/Users/me", "/export/home/me", "/mnt/c/Users/me", "/mnt/c/Users", "/a/b/c/home"] {
        assert!(!is_fit(home, &[]), "{home}");
    }
    assert!(is_fit("/home/me/project", &[]) && is_fit("/mnt/c/Users/me/project", &[]));
}

#[test]
fn what_is_offered_is_what_can_be_said_and_nothing_else() {
    for case in cases::<Case>(include_str!("../../../tests/it/cases/remember/offers.toml")) {
        let policy = parse(case.policy.as_deref().unwrap_or_default(), "policy.toml").policy;
        assert_eq!(policy.why_invalid(), None, "{}", case.name);
        let definition = case.definition.as_deref().or(LISTED).filter(|_| case.listed != Some(false));
        let level = case.level.unwrap_or(Level::Medium);
        let finding = |id: &String| Finding { id: id.clone(), level, says: String::new(), at: None, span: None };
        let findings: Vec<Finding> = case.finding.iter().map(finding).collect();
        for args in case.args.iter().chain(&case.each) {
            let call = call(&case.tool, args, case.beside.as_deref(), definition, &case.roots);
            let made = offers(&call, level, &findings, policy.remember);
            assert_eq!(made[0].cover, None, "{}: exactly the call comes first", case.name);
            let sentences: Vec<&str> = made[1..].iter().map(|s| s.says.as_str()).collect();
            assert_eq!(sentences, case.offers, "{}: {args}", case.name);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wider {
    tool: String,
    args: String,
    choose: usize,
    covers: Vec<String>,
    not: Vec<String>,
}

fn covers_cases() -> Vec<Wider> {
    cases(include_str!("../../../tests/it/cases/remember/covers.toml"))
}

fn chosen(case: &Wider) -> Cover {
    let call = call(&case.tool, &case.args, None, LISTED, &[]);
    let made = offers(&call, Level::Medium, &[], Remember::default());
    made[1 + case.choose].cover.clone().expect("wider than the call")
}

fn passes(cover: &Cover, call: &Call, level: Level, links: &[Link]) -> bool {
    covers(Remember::default(), cover, call, level, links)
}

#[test]
fn b27_a_cover_is_for_what_its_sentence_says_and_nothing_beside_it() {
    for case in covers_cases() {
        let cover = chosen(&case);
        let says = says(&case.tool, Some(&cover));
        for args in &case.covers {
            let other = call(&case.tool, args, None, LISTED, &[]);
            assert!(passes(&cover, &other, Level::Medium, &[]), "{says} should cover {args}");
            assert!(passes(&cover, &other, Level::Low, &[]), "{says} should cover {args} rated low");
            assert!(!passes(&cover, &other, Level::High, &[]), "{says} must not cover {args} rated high");
            let beside = Some(r#""_meta":{"progressToken":9}"#);
            assert!(passes(&cover, &call(&case.tool, args, beside, LISTED, &[]), Level::Medium, &[]));
            for beside in [r#""task":{}"#, r#""inputResponses":{}"#, r#""requestState":"x""#, r#""_metadata":1"#] {
                let odd = call(&case.tool, args, Some(beside), LISTED, &[]);
                assert!(!passes(&cover, &odd, Level::Medium, &[]), "{says} must not cover {beside}");
            }
            for off in [Remember { wide: false, high: false }, Remember { wide: false, high: true }] {
                assert!(!covers(off, &cover, &other, Level::Low, &[]), "the policy was made tighter since");
            }
        }
        for args in &case.not {
            let Ok(_) = compact(args.as_bytes(), Duplicates::Everywhere) else { continue };
            let other = call(&case.tool, args, None, LISTED, &[]);
            assert!(!passes(&cover, &other, Level::Low, &[]), "{says} must not cover {args}");
        }
    }
}

#[test]
fn b12_no_approval_is_wider_in_what_chooses_a_tool_or_what_is_done() {
    let any = Cover { args: Vec::new(), others: true, level: Level::Medium };
    let one = Cover { args: vec![("x".to_owned(), Part::Any)], others: false, level: Level::Medium };
    for key in ["tool_slug", "toolName", "action", "method", "arguments", "params", "script"] {
        let chooses = format!(r#"{{"{key}":"a"}}"#);
        assert!(!passes(&any, &call("use_connector", &chooses, None, LISTED, &[]), Level::Medium, &[]), "{key}");
        let within = format!(r#"{{"x":[{{"y":{chooses}}}]}}"#);
        for cover in [&any, &one] {
            let odd = call("use_connector", &within, None, LISTED, &[]);
            let plain = call("use_connector", r#"{"x":[{"y":1}]}"#, None, LISTED, &[]);
            assert!(!passes(cover, &odd, Level::Medium, &[]), "{key}");
            assert!(passes(cover, &plain, Level::Medium, &[]));
        }
    }
}

#[test]
fn b27_a_link_that_leads_out_of_the_folder_or_nobody_knows_where_is_not_covered() {
    let case = &covers_cases()[0];
    let cover = chosen(case);
    let other = call(&case.tool, r#"{"path":"/srv/app/link/x","content":"y"}"#, None, LISTED, &[]);
    let link =
        |leads: Option<&str>| vec![Link { written: "/srv/app/link/x".to_owned(), leads: leads.map(str::to_owned) }];
    assert!(passes(&cover, &other, Level::Medium, &link(Some("/srv/app/real/x"))));
    for leads in [Some("/etc/passwd"), Some("/srv/app-evil/x"), Some("/srv"), Some(""), None] {
        assert!(!passes(&cover, &other, Level::Medium, &link(leads)), "{leads:?}");
    }
    let both = [link(Some("/srv/app/x")), link(Some("/etc/x"))].concat();
    assert!(!passes(&cover, &other, Level::Medium, &both), "of two answers the worse counts");
    let hidden = [Link { written: String::new(), leads: None }];
    assert!(!passes(&cover, &other, Level::Medium, &hidden), "it stands behind more paths than are looked at");
}

#[test]
fn b27_a_high_call_passes_by_a_wide_approval_only_where_the_policy_says_so_then_and_now() {
    let call = call("write_file", r#"{"path":"/srv/app/x","content":"y"}"#, None, LISTED, &[]);
    let says_so = Remember { wide: true, high: true };
    let cover = offers(&call, Level::High, &[], says_so)[1].cover.clone().expect("offered");
    assert!(covers(says_so, &cover, &call, Level::High, &[]));
    assert!(!covers(Remember::default(), &cover, &call, Level::High, &[]));
    let medium = offers(&call, Level::Medium, &[], says_so)[1].cover.clone().expect("offered");
    assert!(!covers(says_so, &medium, &call, Level::High, &[]), "it was given for medium");
}

/// An argument that may be anything: what a case has, a little changed, or something else.
fn value(case: &Wider) -> impl Strategy<Value = String> + use<> {
    let mut own: Vec<String> = json::members(&case.args).map(|(_, v)| v.to_owned()).collect();
    own.extend(case.covers.iter().flat_map(|args| json::members(args).map(|(_, v)| v.to_owned()).collect::<Vec<_>>()));
    let texts: Vec<String> =
        own.iter().filter(|v| v.starts_with('"')).map(|v| json::unescape(v).into_owned()).collect();
    let tail =
        prop::sample::select(vec!["", "/", "/..", "/../x", "-evil", " x", ";x", "?q", "#", "@x", "%2e", "\\x", "~"]);
    prop_oneof![
        prop::sample::select(own),
        (prop::sample::select(texts), tail).prop_map(|(text, tail)| json::quote(&format!("{text}{tail}"))),
        "\\PC{0,12}".prop_map(|text| json::quote(&text)),
        Just("7".to_owned()),
        Just("[]".to_owned()),
    ]
}

fn other_call() -> impl Strategy<Value = (usize, Vec<(String, String)>)> {
    (0..covers_cases().len()).prop_flat_map(|at| {
        let case = &covers_cases()[at];
        let mut keys: Vec<String> = json::members(&case.args).map(|(k, _)| k.into_owned()).collect();
        keys.push("extra".to_owned());
        let members = keys.into_iter().map(|key| {
            let often = if key == "extra" { 0.1 } else { 0.95 };
            (Just(key), prop::option::weighted(often, value(case)))
        });
        let all: Vec<_> = members.collect();
        (Just(at), all.prop_map(|all| all.into_iter().filter_map(|(k, v)| Some((k, v?))).collect()))
    })
}

proptest! {
    #[test]
    fn b27_a_covered_call_differs_from_the_approved_one_only_where_the_sentence_says_so((at, members) in other_call()) {
        let case = &covers_cases()[at];
        let cover = chosen(case);
        let body: Vec<String> = members.iter().map(|(k, v)| format!("{}:{v}", json::quote(k))).collect();
        let other = call(&case.tool, &format!("{{{}}}", body.join(",")), None, LISTED, &[]);
        if passes(&cover, &other, Level::Medium, &[]) {
            let said = says(&case.tool, Some(&cover));
            for (key, own) in json::members(&case.args) {
                let theirs = json::member(other.params.arguments(), &key);
                let differs = theirs != Some(own);
                let any = said.contains(&format!("any {key}")) || said.contains("any arguments");
                let text = theirs.map(json::unescape).unwrap_or_default().into_owned();
                let quoted = |lead: &str| said.split_once(&format!("{key} {lead} \"")).and_then(|(_, rest)| rest.split_once('"')).map(|(inner, _)| inner.to_owned());
                let under = quoted("under").is_some_and(|folder| format!("{text}/").starts_with(&format!("{folder}/")) && !text.contains(".."));
                let begins = quoted("beginning with").is_some_and(|words| format!("{text} ").starts_with(&format!("{words} ")) && !text.contains([';', '\n', '|', '&', '$', '`', '>', '<']));
                let host = quoted("on").is_some_and(|origin| format!("{text}/").starts_with(&format!("{origin}/")) && !text.contains(['?', '#', '@']));
                prop_assert!(!differs || any || under || begins || host, "{} of {} is not in: {said}", key, other.params.text());
            }
            let more = json::members(other.params.arguments()).any(|(key, _)| json::member(&case.args, &key).is_none());
            prop_assert!(!more || said.contains("any arguments"), "{}: {said}", other.params.text());
        }
    }
}
