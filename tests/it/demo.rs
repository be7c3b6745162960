//! `sayso demo` from outside: the server, the whole run at a terminal, and what is left behind.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::picture;
use crate::world::{Host, PATIENCE, Screen, World, sayso};

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
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn finished(rows: &[Value]) -> bool {
    rows.len() == 8 && rows.iter().all(|row| row["outcome"] != Value::Null)
}

#[test]
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

/// The size of the terminal that the demo is shown in.
const SIZE: (u16, u16) = (110, 34);

/// `sayso demo` in a terminal, with its temporary folder inside one of this test.
struct Demo {
    screen: Screen,
    dir: TempDir,
}

fn demo(program: &Path, temporary: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.arg("demo");
    command.env("TMPDIR", temporary);
    command.env("LC_ALL", "C.UTF-8");
    command.cwd("/");
    command.env("TERM", "xterm-256color");
    command.env_remove("NO_COLOR");
    command.env_remove("SAYSO_HOME");
    command
}

impl Demo {
    fn start(program: &Path) -> Self {
        let dir = tempfile::Builder::new().prefix("sd").tempdir().unwrap();
        Self { screen: Screen::start(demo(program, dir.path()), SIZE.0, SIZE.1), dir }
    }

    /// Waits until all three calls of the agent's first question are held and the first is shown.
    fn asked(&self) -> String {
        self.screen.wait_until("three held calls", |text| {
            text.contains("report.md") && text.matches("write_file").count() >= 2 && text.contains("run_command")
        })
    }
}

/// Nothing of it is there any more: no file, and no process that has its folder in its command line.
fn left_nothing(dir: &Path) {
    let start = Instant::now();
    loop {
        let files = fs::read_dir(dir).unwrap().count();
        let processes = processes_naming(dir);
        if files == 0 && processes.is_empty() {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{files} files and these processes are left: {processes:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn processes_naming(dir: &Path) -> Vec<String> {
    let name = dir.to_str().unwrap();
    let Ok(all) = fs::read_dir("/proc") else { return Vec::new() };
    all.filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(name))
        .collect()
}

/// With `SAYSO_SCREENSHOT` naming a file, this also draws the README's picture (see `docs/screenshot`).
#[test]
fn the_demo_shows_a_queue_of_held_calls() {
    let picture = std::env::var_os("SAYSO_SCREENSHOT").map(PathBuf::from);
    // The picture shows the server's command line: it names no folder of the machine that made it.
    let neutral = tempfile::Builder::new().prefix("bin").tempdir().unwrap();
    let program = if picture.is_some() { neutral.path().join("sayso") } else { PathBuf::from(sayso()) };
    if picture.is_some() {
        fs::copy(sayso(), &program).unwrap();
    }
    let mut demo = Demo::start(&program);
    demo.asked();
    // The guard of a fresh call is shown: the picture is of the screen that takes keys.
    std::thread::sleep(Duration::from_millis(900));
    if let Some(file) = picture {
        fs::write(file, picture::svg(&demo.screen.raw(), SIZE.0, SIZE.1)).unwrap();
    }
    demo.screen.keys("q");
    assert_eq!(demo.screen.wait(), 0);
    left_nothing(demo.dir.path());
    let after = demo.screen.text();
    assert_eq!(after.matches("withdrawn").count(), 3, "{after}");
}

#[test]
fn a_person_sees_everything_in_the_demo() {
    let mut demo = Demo::start(Path::new(sayso()));
    demo.asked();
    demo.screen.keys_after_guard("A");
    demo.screen.wait_for("for how long");
    demo.screen.keys_after_guard("1");
    demo.screen.wait_for("All done.");
    demo.screen.keys_after_guard("d");
    demo.screen.wait_for("rm -rf ./build");
    demo.screen.keys_after_guard("a");
    demo.screen.wait_for("yes");
    demo.screen.keys_after_guard("yes\r");
    // The repeated write passes by its grant; nobody answers the next call.
    demo.screen.wait_for("delete_file");
    demo.screen.keys_after_guard("\t");
    demo.screen.wait_for("timed_out");
    demo.screen.keys("q");
    assert_eq!(demo.screen.wait(), 0);
    left_nothing(demo.dir.path());
    let after = demo.screen.text();
    for word in ["grant", "human", "deadline", "level", "timed_out", "denied"] {
        assert!(after.contains(word), "{word} is not in:\n{after}");
    }
}

#[test]
fn the_demo_cleans_up_when_it_is_told_to_end() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut demo = Demo::start(Path::new(sayso()));
        demo.asked();
        let pid = i32::try_from(demo.screen.pid()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
        demo.screen.wait();
        left_nothing(demo.dir.path());
    }
}

#[test]
fn the_demo_cleans_up_when_its_terminal_is_closed() {
    let dir = tempfile::Builder::new().prefix("sd").tempdir().unwrap();
    let size = PtySize { rows: SIZE.1, cols: SIZE.0, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut child = pair.slave.spawn_command(demo(Path::new(sayso()), dir.path())).unwrap();
    drop(pair.slave);
    // Read here and not in a thread: a terminal is closed when nobody holds its other end.
    let mut output = pair.master.try_clone_reader().unwrap();
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("report.md") {
        let read = output.read(&mut chunk).unwrap();
        assert!(read > 0, "the demo ended");
        seen.extend_from_slice(&chunk[..read]);
    }
    drop((output, pair.master));
    child.wait().unwrap();
    left_nothing(dir.path());
}

#[test]
fn b27_remembering_one_call_of_a_tool_covers_no_other_call_of_it() {
    let mut demo = Demo::start(Path::new(sayso()));
    demo.asked();
    demo.screen.keys_after_guard("A");
    demo.screen.wait_for("for how long");
    demo.screen.keys_after_guard("4");
    // The other write of the same tool still waits, and so it does when it is at the head.
    demo.screen.wait_for("waiting 2");
    demo.screen.wait_for("All done.");
    demo.screen.keys_after_guard("q");
    assert_eq!(demo.screen.wait(), 0);
    let after = demo.screen.text();
    assert_eq!((after.matches("human").count(), after.matches("withdrawn").count()), (1, 2), "{after}");
}
