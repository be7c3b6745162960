//! `sayso demo` from outside: the server, the whole run at a terminal, and what is left behind.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::world::{Host, PATIENCE, World, sayso};

#[test]
fn the_demos_server_speaks_protocol_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("secret.txt"), "the-secret-itself").unwrap();
    let mut command = Command::new(sayso());
    command.args(["demo-server", "--root"]).arg(dir.path()).env("RUST_LOG", "trace");
    let mut server = Host::start(command);
    server.initialize();
    let tools = server.list(1);
    let mut names: Vec<&str> =
        tools["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["delete_file", "list_files", "read_file", "run_command", "write_file"]);
    server.call(2, "read_file", &json!({"path": "secret.txt"}));
    let answer = server.answer(2);
    assert_eq!(answer["result"]["content"][0]["text"], "the-secret-itself");
    server.call(3, "read_file", &json!({"path": "../secret.txt"}));
    assert_eq!(server.answer(3)["result"]["isError"], true);
    server.close();
    assert_eq!(server.wait(), 0);
    assert_eq!(server.stderr(), "");
}

#[test]
fn without_a_terminal_the_demo_says_so_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(sayso()).arg("demo").env("TMPDIR", dir.path()).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("terminal"), "{said}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// The demo's agent alone, with a home and a scratch folder of this test. It ends when its standard input is closed.
fn agent(world: &World) -> Child {
    let scratch = world.home().join("scratch");
    fs::create_dir_all(scratch.join("build")).unwrap();
    fs::write(scratch.join("sales.csv"), "March,120\n").unwrap();
    world.sayso().args(["demo-agent", "--root"]).arg(&scratch).stdin(Stdio::piped()).spawn().unwrap()
}

/// Waits for the end.
fn ended(mut child: Child) -> Option<i32> {
    drop(child.stdin.take());
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(start.elapsed() < PATIENCE, "the agent does not end");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn finished(rows: &[Value]) -> bool {
    rows.len() == 8 && rows.iter().all(|row| row["outcome"] != Value::Null)
}

#[test]
#[ignore = "until the last rooms are in"]
fn the_agents_whole_script_goes_through_a_real_wrap_and_a_real_hub() {
    let world = World::with_policy("[levels]\nmedium = \"allow\"\nhigh = \"allow\"\n");
    let agent = agent(&world);
    let rows = world.history_until("eight calls", finished);
    assert_eq!(ended(agent), Some(0));
    assert!(rows.iter().all(|row| row["decision"] == "allowed" && row["outcome"] == "ok"), "{rows:?}");
    assert!(rows.iter().all(|row| row["server"] == "demo"), "{rows:?}");
    let left = fs::read_dir(world.home().join("scratch")).unwrap().count();
    assert_eq!(left, 2, "notes.txt and report.md");
}

#[test]
#[ignore = "until the last rooms are in"]
fn the_agent_ends_with_its_life_line_and_takes_its_held_calls_back() {
    let world = World::with_policy("[levels]\nlow = \"allow\"\nmedium = \"ask\"\nhigh = \"confirm\"\n");
    let agent = agent(&world);
    let held = |rows: &[Value]| rows.iter().filter(|row| row["decision"] == Value::Null).count() == 3;
    world.history_until("three held calls", held);
    assert_eq!(ended(agent), Some(0));
    let rows = world.history_until("three withdrawn calls", |rows| {
        rows.iter().filter(|row| row["decision"] == "withdrawn").count() == 3
    });
    assert!(rows.iter().all(|row| row["decision"] != "allowed" || row["risk"] == "low"), "{rows:?}");
    assert!(!world.home().join("scratch/report.md").exists());
}
