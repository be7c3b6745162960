//! The judge's families that read values, from outside: paths, secrets, blobs, addresses, people, money. Cases are data:
//! `cases/risk/values/*.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use sayso::decision::{Action, Keep, Level};
use sayso::json;
use sayso::policy::{Asked, Moment, judge, parse};
use sayso::risk::secrets::masked;
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
fn b20_a_path_too_long_to_be_read_is_high_and_slips_under_no_deny() {
    let climbs = format!("{}../etc/passwd", "x/../".repeat(20_000));
    let of = |path: &str| Case { arguments: serde_json::json!({ "path": path }).to_string(), ..Case::default() };
    assert_eq!(judged("read_file", &of(&climbs)).level, Level::High);
    assert_ne!(judged("read_file", &of(&"x/".repeat(50_000))).level, Level::High, "it leads nowhere else");
    // With enough rules for an index, too.
    let rules = (0..40).map(|n| format!("[[rule]]\nargs = {{ path = {{ under = \"/d{n}\" }} }}\naction = \"deny\"\n"));
    let policy = parse(&rules.collect::<String>(), "policy.toml").policy;
    let (call, facts, moment) = (call("fs", "read_file", &of(&climbs).arguments), Facts::default(), Moment::default());
    let risk = assess(&call, &facts);
    let ruling = judge(&policy, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment });
    assert_eq!(ruling.verdict().action, Action::Deny);
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

#[test]
fn secrets_are_known_by_name_by_shape_and_by_chance() {
    check(include_str!("cases/risk/values/secrets.toml"));
}

#[test]
fn a_url_is_known_by_where_it_leads_and_what_it_takes_along() {
    check(include_str!("cases/risk/values/urls.toml"));
}

#[test]
fn recipients_are_told_from_ones_own_and_money_from_numbers() {
    check(include_str!("cases/risk/values/people.toml"));
}

#[test]
fn what_is_encoded_is_judged_as_if_it_stood_there() {
    check(include_str!("cases/risk/values/blobs.toml"));
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

/// One secret of some well-known shape, and what of it must not be left.
fn secret() -> impl Strategy<Value = (String, String)> {
    let whole = prop_oneof![
        "(AKIA|ASIA)[A-Z0-9]{16}",
        "(ghp|gho|ghs)_[A-Za-z0-9]{36}",
        "github_pat_[A-Za-z0-9_]{82}",
        "glpat-[A-Za-z0-9]{20}",
        "xox[bp]-[0-9]{11}-[0-9]{11}-[A-Za-z0-9]{24}",
        "(sk|rk)_live_[A-Za-z0-9]{24}",
        "sk-ant-api03-[A-Za-z0-9]{40}",
        "sk-proj-[A-Za-z0-9]{40}",
        "AIza[A-Za-z0-9]{35}",
        "npm_[A-Za-z0-9]{36}",
        "pypi-[A-Za-z0-9]{60}",
        "hf_[A-Za-z0-9]{34}",
        "eyJhbGciOi[A-Za-z0-9]{20}\\.[A-Za-z0-9]{40}\\.[A-Za-z0-9]{43}",
    ];
    let whole = whole.prop_map(|secret: String| (secret.clone(), secret));
    let pem = "[A-Za-z0-9]{40}"
        .prop_map(|body: String| (format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"), body));
    let url = "[A-Za-z0-9]{12}".prop_map(|pass: String| (format!("postgres://app:{pass}@db:5432/x"), pass));
    let bearer = "[A-Za-z0-9]{24}".prop_map(|token: String| (format!("Authorization: Bearer {token}"), token));
    let set = "[A-Za-z0-9]{12}".prop_map(|value: String| (format!("DB_PASSWORD={value}"), value));
    let hook = "[A-Za-z0-9]{24}".prop_map(|key: String| (format!("https://hooks.slack.com/services/T0/B0/{key}"), key));
    prop_oneof![8 => whole, 1 => pem, 1 => url, 1 => bearer, 1 => set, 1 => hook]
}

/// Puts a text somewhere into some arguments: as a value, in a sentence, in a list, deeper, or as a key.
fn planted() -> impl Strategy<Value = (serde_json::Value, String)> {
    let around = prop_oneof![
        Just(("", "")),
        Just(("see ", " there")),
        Just(("\"", "\"")),
        Just(("(", ")")),
        Just(("a\n", "\nb"))
    ];
    (secret(), around, 0..6_u8, "[a-z]{1,6}").prop_map(|((text, secret), (before, after), place, key)| {
        let text = format!("{before}{text}{after}");
        let arguments = match place {
            0 => serde_json::json!({ key.as_str(): text }),
            1 => serde_json::json!({ "n": 1, "list": [true, null, text] }),
            2 => serde_json::json!({ "a": { "b": { key.as_str(): [[text]] } } }),
            3 => serde_json::json!({ text.as_str(): "x", "other": 2.5 }),
            4 => serde_json::json!({ "content": text, "path": "a", "\u{e9}": "\u{1f600}" }),
            _ => serde_json::json!({ "args": ["-x", text, { "deep": text }] }),
        };
        (arguments, secret)
    })
}

/// The same members and elements in the same order; only texts differ.
fn same_shape(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Object, String};
    match (one, other) {
        (Object(a), Object(b)) => a.len() == b.len() && (a == b || a.values().count() == b.values().count()),
        (Array(a), Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_shape(a, b)),
        (String(_), String(_)) => true,
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn masking_leaves_no_secret_and_the_same_shape((arguments, secret) in planted()) {
        let params = serde_json::json!({ "name": "t", "arguments": arguments });
        let text = params.to_string();
        let masked = masked(&text, Keep::Masked);
        prop_assert!(!masked.text.contains(&secret), "{}", masked.text);
        prop_assert!(masked.parts > 0);
        let kept: serde_json::Value = serde_json::from_str(&masked.text).unwrap();
        prop_assert!(same_shape(&params["arguments"], &kept["arguments"]), "{}", masked.text);
        prop_assert!(json::compact(masked.text.as_bytes(), json::Duplicates::Everywhere).unwrap() == masked.text);
        // What says of it what it says, whole or cut, does not say it either.
        for says in [format!("it is \u{201c}{secret}\u{201d}"), format!("it is \u{201c}x{}\u{2026}\u{201d}", &secret[..10])] {
            prop_assert!(!masked.redact(&says).contains(&secret[..10]), "{}", masked.redact(&says));
        }
        let digest = sayso::risk::secrets::masked(&text, Keep::Digest);
        prop_assert!(!digest.text.contains(&secret), "{}", digest.text);
        prop_assert!(matches!(sayso::risk::secrets::masked(&text, Keep::Full).text, std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn what_holds_no_secret_is_kept_to_the_letter(words in prop::collection::vec("[a-z]{1,10}", 0..8), number: i32) {
        let text = serde_json::json!({ "name": "t", "arguments": { "text": words.join(" "), "n": number } }).to_string();
        prop_assert_eq!(&*masked(&text, Keep::Masked).text, text.as_str());
    }
}

#[test]
fn secrets_are_masked_wherever_a_name_stands_and_however_they_are_encoded() {
    let kept = |arguments: &str| {
        let params = format!(r#"{{"name":"t","arguments":{arguments}}}"#);
        let masked = masked(&params, Keep::Masked);
        assert!(json::compact(masked.text.as_bytes(), json::Duplicates::Everywhere).unwrap() == masked.text);
        masked.text.into_owned()
    };
    for arguments in [
        r#"{"name":"DB_PASSWORD","value":"opensesame12"}"#,
        r#"{"fields":[{"value":"opensesame12","type":"text","name":"password"}]}"#,
        r#"{"headers":[{"key":"Authorization","value":"opensesame12"}]}"#,
        r#"{"args":["--user","me","--password","opensesame12","-v"]}"#,
        r#"{"env":{"PGPASSWORD":"opensesame12","DB_PASS":"opensesame12","pass":"opensesame12"}}"#,
        r#"{"mfa_code":"opensesame12","seed phrase":["opensesame12"],"cvv":"opensesame12","auth":{"x":"opensesame12"}}"#,
        r#"{"xml":"<a><db:password>opensesame12</db:password></a>"}"#,
        r#"{"command":"sshpass -p opensesame12 ssh a"}"#,
        r#"{"x":"see ONE"}"#,
        r#"{"x":"TWO","y":"HEX"}"#,
    ] {
        let arguments = arguments
            .replace("ONE", "eyJwYXNzd29yZCI6Im9wZW5zZXNhbWUxMiJ9")
            .replace("TWO", "ZEc5clpXNDliM0JsYm5ObGMyRnRaVEV5YjNCbGJuTmxjMkZ0WlRFeQ==")
            .replace("HEX", "4150495f544f4b454e3d6f70656e736573616d6531326f70656e736573616d65");
        let kept = kept(&arguments);
        assert!(!kept.contains("opensesame12") && kept.contains("‹masked: "), "{arguments}: {kept}");
        assert!(
            !["eyJwYXNzd29yZCI6Im9w", "ZEc5clpXNDliM0JsYm5O", "4150495f544f4b454e3d"]
                .iter()
                .any(|start| kept.contains(start)),
            "{kept}"
        );
    }
    for arguments in [
        r#"{"name":"colour","value":"opensesame12","key":"a"}"#,
        r#"{"args":["--user","me","--password","-v"],"n":["--token"]}"#,
        r#"{"pass":true,"x":"aGVsbG8gd29ybGQsIHRoaXMgaXMgcGxhaW4gdGV4dA==","html":"<b>opensesame12</b>"}"#,
        r#"{"xml":"<password></password><password>${PASSWORD}</password>"}"#,
    ] {
        assert!(!kept(arguments).contains('‹'), "{}", kept(arguments));
    }
    assert_eq!(kept(r#"{"args":["--password",{"a":"b"},"c"]}"#).matches('‹').count(), 1);
}

#[test]
fn masking_takes_no_more_than_a_bounded_time_however_deep_names_and_values_nest() {
    let depth = 60;
    let text = format!("{}\"{}\"{}", "{\"value\":\"x\",\"a\":".repeat(depth), "b ".repeat(4 << 20), "}".repeat(depth));
    let params = format!(r#"{{"name":"t","arguments":{text}}}"#);
    let start = std::time::Instant::now();
    let masked = masked(&params, Keep::Masked);
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(masked.parts > 0, "what nobody looked through is taken for a secret");
}

#[test]
fn the_journal_and_the_history_hold_no_secret_and_say_that_something_is_masked() {
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let world = World::with_policy("[levels]\nmedium = \"deny\"\nhigh = \"deny\"\n");
    let mut host = world.wrap(&["--mode", "echo"]);
    host.initialize();
    host.call(1, "write_note", &serde_json::json!({ "text": format!("the key is {secret}."), "password": "hunter2" }));
    assert_eq!(host.answer(1)["result"]["isError"], true);
    world.history_until("it is there", |rows| rows.len() == 1);
    let (code, shown, _) = world.run(&["history", "show", "1"]);
    assert_eq!(code, 0);
    assert!(shown.contains("secrets are masked") && shown.contains("the key is ‹masked: 40 characters›."), "{shown}");
    for file in std::fs::read_dir(world.home().join("journal")).unwrap() {
        let journal = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
        assert!(!journal.contains(secret) && !journal.contains("hunter2"), "{journal}");
    }
}
