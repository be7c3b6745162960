//! `sayso demo` from outside: the server, the whole run at a terminal, and what is left behind.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::world::{Host, sayso};

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
