//! A policy is tried before it is trusted: its own cases, the recorded history, the difference to another; and trust.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::world::World;

/// A file of one's own beside the policy.
fn file(world: &World, name: &str, text: &str) -> String {
    let path = world.home().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

const CASES: &str = r#"
[server.fs]
access = "write"

[[rule]]
tool = "write_*"
args = { path = { under = "/home/me/project" } }
action = "allow"

[[rule]]
tool = "deploy"
time = "09:00-17:00"
console = true
action = "ask"

[[test]]
server = "fs"
tool = "write_file"
arguments = { path = "/home/me/project/a.txt", content = "x", lines = [1, 2.5, true] }
expect = "allow"

[[test]]
server = "fs"
tool = "write_file"
arguments = '{"path": "/home/me/project/../notes.txt"}'
level = "medium"
expect = "ask"
expect_level = "medium"

[[test]]
server = "fs"
tool = "delete_everything"
expect = "deny"

[[test]]
server = "ci"
tool = "deploy"
level = "high"
at = "mon 12:00"
console = true
expect = "ask"
"#;

#[test]
fn the_cases_in_a_policy_are_tried_and_each_failure_has_its_line() {
    let world = World::new();
    world.policy(CASES);
    let (code, said, _) = world.run(&["policy", "test"]);
    assert_eq!((code, said.as_str()), (0, "4 of 4 as expected\n"));
    let broken = CASES.replace("/../notes.txt", "/b").replace("mon 12:00", "mon 18:00");
    let path = file(&world, "other.toml", &broken);
    let (code, said, _) = world.run(&["policy", "test", "--policy", &path]);
    assert_eq!(code, 1, "{said}");
    let shown = format!("{path}:22: fs write_file: expected ask, got allow at medium (other.toml:5)\n");
    assert!(said.contains(&shown) && said.contains(":35: ci deploy: expected ask, got confirm at high"), "{said}");
    assert!(said.ends_with("2 of 4 as expected\n"), "{said}");
    for bad in [
        "[[test]]\nserver = \"a\"\n",
        "[[test]]\nserver=\"a\"\ntool=\"b\"\nexpect=\"ask\"\narguments='{\"a\":1,\"a\":2}'",
    ] {
        let path = file(&world, "bad.toml", bad);
        let (code, said, _) = world.run(&["policy", "test", "--policy", &path]);
        assert!(code == 2 && said.contains("error: "), "{said}");
    }
}

#[test]
fn a_difference_is_told_as_tighter_or_looser_and_what_loosens_comes_first() {
    let world = World::new();
    let old = file(&world, "old.toml", "[[rule]]\ntool = \"a\"\naction = \"deny\"\n");
    let new = file(&world, "new.toml", "[levels]\nlow = \"ask\"\n[[rule]]\ntool = \"a\"\naction = \"ask\"\n");
    let (code, said, _) = world.run(&["policy", "diff", &old, &new]);
    assert_eq!(code, 1);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], format!("looser   {new}:3: a: deny becomes ask"), "{said}");
    assert_eq!(lines[1], "tighter  ".to_owned() + &format!("{new}: low calls: allow becomes ask"), "{said}");
    let (code, said, _) = world.run(&["policy", "diff", &old, &old]);
    assert_eq!((code, said.as_str()), (0, "they judge alike\n"));
    // What a file says of itself does not move the cursor.
    let nasty = file(&world, "nasty.toml", "[[rule]]\nargs = { \"\\u001b[2J\" = \"x\" }\naction = \"allow\"\n");
    let (code, said, _) = world.run(&["policy", "diff", &old, &nasty]);
    assert!(code == 1 && !said.contains('\u{1b}'), "{said:?}");
    let bad = file(&world, "bad.toml", "[[rule]]\ntool = 3\naction = \"deny\"\n");
    for (one, other) in [(&old, &bad), (&bad, &old)] {
        let (code, said, _) = world.run(&["policy", "diff", one, other]);
        assert!(code == 2 && said.contains(&format!("{bad}:2:")) && said.contains("error: "), "{said}");
    }
}

#[test]
fn the_history_is_judged_under_another_policy_and_what_would_newly_pass_comes_first() {
    let world = World::with_policy("[levels]\nlow = \"allow\"\nmedium = \"deny\"\nhigh = \"deny\"\n");
    let mut host = world.wrap(&[]);
    host.initialize();
    for (id, tool) in [(2, "read_file"), (3, "write_file"), (4, "write_file")] {
        host.call(id, tool, &json!({"path": "/tmp/a"}));
        host.answer(id);
    }
    host.close();
    host.wait();
    world.history_until("three calls", |rows| rows.len() == 3);
    let (code, said, _) = world.run(&["policy", "replay"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("would newly pass: 0\nwould newly be asked: 0\nwould newly be denied: 0\n"), "{said}");
    let new = file(&world, "new.toml", "[[rule]]\ntool = \"write_*\"\naction = \"allow\"\n[levels]\nlow = \"ask\"\n");
    let (code, said, _) = world.run(&["policy", "replay", "--policy", &new, "--since", "1h"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.starts_with("would newly pass: 2\n  #3 "), "{said}");
    assert!(said.contains("write_file: denied by level then, allow by new.toml:1 now"), "{said}");
    assert!(said.contains("would newly be asked: 1\n  #1 "), "{said}");
    assert!(said.contains("questions: 0 then, 1 now; 0 saved"), "{said}");
    let (code, said, _) = world.run(&["policy", "replay", "--policy", &new, "--json"]);
    let value: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &value["newly_pass"]["count"], &value["newly_asked"]["examples"]), (1, &json!(2), &json!([1])));
    let broken = file(&world, "broken.toml", "[levels]\nlow = \"al");
    assert_eq!(world.run(&["policy", "replay", "--policy", &broken]).0, 2);
    assert_eq!(world.run(&["policy", "replay", "--since", "whenever"]).0, 2);
}

#[test]
fn trust_is_written_for_the_command_line_that_runs() {
    let world = World::new();
    let path = world.home().join("policy.toml");
    let (code, _, said) = world.run(&["trust", "fixture"]);
    assert!(code == 2 && said.contains("no server runs as fixture"), "{said}");
    let mut host = world.wrap_as("fixture", &[]);
    host.initialize();
    // The answer to a call says that the hub knows the server.
    host.call(2, "read_file", &json!({"path": "a"}));
    host.answer(2);
    let (code, said, why) = world.run(&["trust", "fixture"]);
    assert_eq!(code, 0, "{why}");
    assert!(
        said.contains("is trusted as exactly [") && said.contains("/fixture\"") && said.contains("accept"),
        "{said}"
    );
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("[server.fixture]\ntrusted = true\ncommand = ["), "{text}");
    let (code, said, _) = world.run(&["policy", "show"]);
    assert!(code == 0 && said.contains("server    fixture: trusted as "), "{said}");
    assert_eq!(world.run(&["trust", "fixture", "--remove"]).0, 0);
    assert!(!fs::read_to_string(&path).unwrap().contains("trusted = true"));
    assert_eq!(world.run(&["trust", "other", "--", "npx", "-y", "server"]).0, 0);
    assert!(fs::read_to_string(&path).unwrap().contains("command = [\"npx\", \"-y\", \"server\"]"));
    assert_eq!(world.run(&["trust", "d\u{435}mo", "--", "x"]).0, 2);
}

#[test]
fn what_needs_more_than_a_server_may_do_is_hidden_and_denied_all_the_same() {
    let world = World::with_policy("[server.fixture]\naccess = \"read\"\nhide = true\n[[rule]]\naction = \"allow\"\n");
    let mut host = world.wrap_as("fixture", &[]);
    host.initialize();
    // The answer to a call says that the hub has been heard.
    host.call(2, "read_note", &json!({"name": "a"}));
    host.answer(2);
    let listed = host.list(3);
    let tools: Vec<_> = listed["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert!(tools.contains(&&json!("read_note")), "{tools:?}");
    assert!(!tools.contains(&&json!("write_note")) && !tools.contains(&&json!("run_command")), "{tools:?}");
    host.call(4, "write_note", &json!({"name": "a", "text": "x"}));
    let answer = host.answer(4).to_string();
    assert!(answer.contains("this server has read access, the call needs write"), "{answer}");
    assert_eq!(world.ran().len(), 1);
}
