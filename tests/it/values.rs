//! The judge's families that read values, from outside: paths, secrets, blobs, addresses, people, money. Cases are data:
//! `cases/risk/values/*.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use sayso::decision::Level;
use sayso::risk::{Facts, Link, Risk, assess};
use serde::Deserialize;

use super::policy::call;
use super::world::{World, fixture};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    default_tool: Option<String>,
    case: Vec<Case>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Case {
    tool: Option<String>,
    arguments: String,
    /// The folders on the server's command line, those that the person gave it, and those that its host told.
    server_args: Vec<String>,
    roots: Vec<String>,
    host_roots: Vec<String>,
    /// Where paths lead; an empty text: nobody knows.
    links: BTreeMap<String, String>,
    domains: Vec<String>,
    want: String,
    /// `id`, `id@/pointer` or `id@/pointer=the part it is about`.
    finds: Vec<String>,
    lacks: Vec<String>,
}

fn judged(tool: &str, case: &Case) -> Risk {
    let mut call = call("server", tool, &case.arguments);
    let server = Arc::make_mut(&mut call.server);
    server.args.clone_from(&case.server_args);
    "/home/me/project".clone_into(&mut server.cwd);
    let leads = |leads: &String| (!leads.is_empty()).then(|| leads.clone());
    let facts = Facts {
        roots: case.roots.clone(),
        host_roots: case.host_roots.clone(),
        domains: case.domains.clone(),
        links: case.links.iter().map(|(written, to)| Link { written: written.clone(), leads: leads(to) }).collect(),
        ..Facts::default()
    };
    assess(&call, &facts)
}

fn check(cases: &str) {
    let cases: Cases = toml::from_str(cases).unwrap();
    for case in cases.case {
        let tool = case.tool.clone().or_else(|| cases.default_tool.clone()).unwrap();
        let arguments: serde_json::Value = serde_json::from_str(&case.arguments).unwrap();
        let risk = judged(&tool, &case);
        let mut found = Vec::new();
        for f in &risk.findings {
            found.push(f.id.clone());
            let Some(at) = &f.at else { continue };
            found.push(format!("{}@{at}", f.id));
            if let Some((start, end)) = f.span {
                let text = arguments.pointer(at).and_then(|v| v.as_str()).unwrap();
                found.push(format!("{}@{at}={}", f.id, &text[start..end]));
            }
        }
        let name = format!("{tool} {}: {found:#?}", case.arguments);
        assert_eq!(risk.level.as_str(), case.want, "{name}");
        for wanted in &case.finds {
            assert!(found.contains(wanted), "{wanted} is missing: {name}");
        }
        for unwanted in &case.lacks {
            assert!(!found.contains(unwanted), "{unwanted} is there: {name}");
        }
    }
}

#[test]
fn b20_a_path_is_read_in_every_way_a_server_may_read_it() {
    check(include_str!("cases/risk/values/paths.toml"));
}

#[test]
fn b20_a_link_counts_as_the_place_that_it_leads_to() {
    check(include_str!("cases/risk/values/links.toml"));
}

#[test]
fn b29_what_configures_agents_servers_shells_and_sayso_is_a_place_to_be_careful_in() {
    const PLACES: &str = "
        .mcp.json .cursor/mcp.json .vscode/mcp.json .claude/settings.json .claude.json .codex/config.toml
        .gemini/settings.json .config/Claude/claude_desktop_config.json .sayso.toml .config/sayso/policy.toml
        .local/share/sayso/journal/2026-11.000.jsonl .cache/sayso/sled/db .bashrc .zshrc .profile .git/hooks/pre-commit
        .git/config .ssh/authorized_keys .config/autostart/a.desktop .config/systemd/user/a.service .netrc .npmrc
        .pypirc .docker/config.json .kube/config .aws/credentials .env .mozilla/firefox/x/logins.json
        .password-store/a.gpg";
    for place in PLACES.split_whitespace() {
        for path in [place.to_owned(), format!("/home/me/{place}"), format!("/home/me/{}", place.to_uppercase())] {
            let arguments = serde_json::json!({ "path": path, "content": "x" }).to_string();
            let case = Case { arguments, ..Case::default() };
            assert_eq!(judged("write_file", &case).level, Level::High, "{path}");
            assert_eq!(judged("read_file", &case).level, Level::Medium, "{path}");
        }
    }
}

/// One spelling of a path that leads out of the folder.
fn escaping() -> impl Strategy<Value = String> {
    let up = prop_oneof![
        Just("../"),
        Just("..\\"),
        Just("%2e%2e/"),
        Just("%2E%2E%2F"),
        Just("..%2f"),
        Just("%252e%252e%252f"),
        Just("..%5c"),
        Just(".. /"),
        Just("x/../../"),
        Just("./../"),
        Just("..//"),
        Just("\u{ff0e}\u{ff0e}/"),
        Just("\u{2024}\u{2024}\u{2215}"),
        Just("..\u{2044}"),
        Just("%c0%ae%c0%ae/"),
        Just(".\u{200b}./"),
    ];
    let climbing = prop::collection::vec(up, 1..6).prop_map(|ups| ups.concat());
    let start = prop_oneof![Just(String::new()), Just("src/../".to_owned()), Just("./".to_owned())];
    let relative = (start, climbing).prop_map(|(start, up)| format!("{start}{up}"));
    let absolute = prop_oneof![
        "/(srv|opt|home/you|home/me/project2)/".prop_map(|s| s),
        Just("/home/me/project/../".to_owned()),
        Just("/home/me/project/%2e%2e/".to_owned()),
        Just("file:///srv/".to_owned()),
        Just("~/".to_owned()),
        Just("~you/".to_owned()),
        Just("$HOME/".to_owned()),
        Just("${TMPDIR}/".to_owned()),
        Just("%APPDATA%\\".to_owned()),
        Just("C:\\".to_owned()),
        Just("\\\\host\\share\\".to_owned()),
        Just("//host/share/".to_owned()),
        Just("/HOME/ME/PROJECT/".to_owned()),
    ];
    (prop_oneof![relative, absolute], "[a-z]{1,8}(\\.txt)?").prop_map(|(way, name)| way + &name)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn b20_no_spelling_of_a_way_out_is_low(path in escaping(), key in "(path|file|target|x)") {
        for (roots, host_roots) in [(vec!["/home/me/project".to_owned()], vec![]), (vec![], vec!["/home/me/project".to_owned()])] {
            let arguments = serde_json::json!({ key.as_str(): path }).to_string();
            let case = Case { arguments, roots, host_roots, ..Case::default() };
            let risk = judged("read_file", &case);
            prop_assert!(risk.level >= Level::Medium, "{path}: {:?}", risk.findings);
        }
    }
}

#[test]
fn b20_the_wrap_follows_links_where_its_server_stands() {
    let world = World::with_policy("[levels]\nmedium = \"deny\"\nhigh = \"deny\"\n");
    let project = world.home().join("project");
    std::fs::create_dir(&project).unwrap();
    std::os::unix::fs::symlink("/etc", project.join("docs")).unwrap();
    let words = [fixture().display().to_string(), "--log".to_owned(), world.log().display().to_string()];
    let words = words.into_iter().chain(["--mode".to_owned(), "echo".to_owned()]).collect::<Vec<_>>();
    let mut host = world.wrap_changed(Some("fix"), &words, |command| {
        command.current_dir(&project);
    });
    host.initialize();
    for (id, path, denied) in [(1, "notes.txt", false), (2, "docs/hostname", true)] {
        host.call(id, "read_file", &serde_json::json!({ "path": path }));
        assert_eq!(host.answer(id)["result"]["isError"] == true, denied, "{path}");
    }
    world.history_until("both are there", |rows| rows.len() == 2);
    let (code, shown, _) = world.run(&["history", "show", "2", "--json"]);
    assert_eq!(code, 0);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let found = shown["findings"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap());
    let found: Vec<&str> = found.collect();
    assert!(found.contains(&"paths.outside") && found.contains(&"paths.sensitive"), "{found:?}");
}
