//! `sayso wrap` from outside: what passes through it, what does not, and how it ends. What reached the server is read
//! from the file in which the fixture writes every raw line it gets.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::world::{ECHO_RUNS, Host, World, fixture, sayso};

fn sh(script: &str) -> [String; 3] {
    ["sh".to_owned(), "-c".to_owned(), script.to_owned()]
}

#[test]
fn what_is_not_gated_passes_to_the_letter() {
    let world = World::new();
    let mut host = world.wrap(&[]);
    host.initialize();
    let odd = r#"{"jsonrpc":"2.0","id":"ü\u00e9 1","method":"x/y","params":{"z":1.0,"a":12345678901234567890123,"m":-0.0e-10,"_meta":{"t":[]}},"future":{"b":1,"a":2}}"#;
    host.send(odd);
    let answer = host.raw();
    assert_eq!(answer, r#"{"jsonrpc":"2.0","id":"ü\u00e9 1","error":{"code":-32601,"message":"no such method"}}"#);
    let listed = host.list(7);
    assert_eq!(listed["result"]["tools"][1]["execution"]["taskSupport"], "forbidden");
    host.send(r#"{"jsonrpc":"2.0","id":8,"method":"tools/list"}"#);
    assert!(host.raw().contains(r#""x-unknown":12345678901234567890.10"#), "numbers keep their letters");
    host.close();
    assert_eq!(host.wait(), 0);
    assert_eq!(world.received()[2], odd);
}

#[test]
fn nothing_is_started_for_a_host_that_says_nothing() {
    let world = World::new();
    let mut host = world.wrap(&[]);
    host.close();
    assert_eq!(host.wait(), 0);
    assert!(!world.log().exists(), "the server was started");
}

#[test]
fn a_server_may_still_answer_after_the_host_closed_its_end() {
    let world = World::new();
    let mut host =
        world.wrap_command(None, &sh("read line; sleep 0.3; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}'"));
    host.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    host.close();
    assert_eq!(host.answer(1)["result"], json!({}));
    assert_eq!(host.wait(), 0);
}

#[test]
fn a_last_line_without_an_end_counts() {
    let world = World::new();
    let mut host = world.wrap(&[]);
    host.send_raw(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    host.close();
    assert_eq!(host.answer(1)["result"], json!({}));
    assert_eq!(host.wait(), 0);
}

#[test]
fn exit_codes_and_signals_are_passed_on() {
    let world = World::new();
    let cases = [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$", 143)];
    for (script, code) in cases {
        let mut host = world.wrap_command(None, &sh(script));
        host.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
        assert_eq!(host.wait(), code, "{script}: {}", host.stderr());
        assert!(host.answer(1)["error"].is_object(), "a request that nobody will answer");
        assert_eq!(host.raw_or_end(), None);
        assert!(host.stderr().contains("the server"), "{script} ends without a word: {}", host.stderr());
    }
}

#[test]
fn a_command_that_cannot_be_started_says_so_with_the_code_of_a_shell() {
    let world = World::new();
    let plain = world.home().join("plain");
    std::fs::write(&plain, "no program").expect("a file");
    let plain = plain.display().to_string();
    let cases =
        [("no-such-command-7f", 127, "no command"), ("/no/such", 127, "no command"), (plain.as_str(), 126, "may not")];
    for (command, code, words) in cases {
        let mut host = world.wrap_command(None, &[command]);
        host.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
        assert_eq!(host.wait(), code, "{command}");
        assert!(host.answer(1)["error"]["message"].as_str().is_some_and(|text| text.contains(words)), "{command}");
        assert_eq!(host.raw_or_end(), None, "standard output carries protocol only");
        assert!(host.stderr().contains(words), "{command}: {}", host.stderr());
    }
}

#[test]
fn a_command_with_an_odd_name_is_named_harmlessly() {
    let world = World::new();
    let mut host = world.wrap_command(None, &["no\x1b[2J\u{202e}such"]);
    host.send("{}");
    assert_eq!(host.wait(), 127);
    assert!(host.stderr().is_ascii() && !host.stderr().contains('\x1b'), "{:?}", host.stderr());
}

#[test]
fn a_label_that_is_none_is_refused_with_words() {
    let world = World::new();
    for name in ["", "a b", "é", "a/b", "\x1b[31m", &"x".repeat(65)] {
        let (code, out, err) = world.run(&["wrap", "--name", name, "--", "true"]);
        assert_eq!((code, out.as_str()), (2, ""), "{name:?}");
        assert!(err.contains("use 1 to 64 of the characters"), "{err}");
        assert!(!err.contains('\x1b'), "{err:?}");
    }
}

#[test]
fn signals_reach_the_servers_group() {
    let world = World::new();
    for (signal, code) in [("TERM", 11), ("INT", 12), ("HUP", 13)] {
        // The shell's child shares its group: it has to go too.
        let script =
            format!("trap 'exit {code}' {signal}; echo '{{\"jsonrpc\":\"2.0\",\"method\":\"up\"}}'; sleep 60 & wait");
        let mut host = world.wrap_direct(&sh(&script));
        host.send(r#"{"jsonrpc":"2.0","method":"hello"}"#);
        assert_eq!(host.message()["method"], "up");
        let start = Instant::now();
        kill(signal, host.pid());
        assert_eq!(host.wait(), code, "{signal}");
        assert!(start.elapsed() < Duration::from_secs(20), "the sleeping child kept it");
    }
}

#[test]
fn a_server_that_ignores_everything_is_killed_and_so_is_what_it_started() {
    let world = World::new();
    let script = "trap '' TERM HUP INT; sleep 4711 & echo \"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"method\\\":\\\"up\\\",\\\"params\\\":{\\\"pid\\\":$!}}\"; while :; do wait; sleep 0.1; done";
    let mut host = world.wrap_direct(&sh(script));
    host.send(r#"{"jsonrpc":"2.0","method":"hello"}"#);
    let pid = host.message()["params"]["pid"].as_u64().expect("the pid of what it started");
    kill("TERM", host.pid());
    assert_eq!(host.wait(), 137);
    assert!(is_gone(pid), "process {pid} was left behind");
}

#[test]
fn a_signal_before_the_server_was_started_ends_the_wrap() {
    let world = World::new();
    let mut host = world.wrap_direct(&sh("exit 0"));
    // It may not have come to the point where it listens to signals: then it dies of this one, with the same code.
    kill("TERM", host.pid());
    assert_eq!(host.wait(), 143);
}

#[test]
fn a_server_that_stays_when_the_host_is_gone_is_ended() {
    let world = World::new();
    let mut host = world.wrap(&["--mode", "stay"]);
    host.initialize();
    host.close();
    assert_eq!(host.wait(), 143);
}

#[test]
fn what_is_not_json_on_the_servers_output_is_not_passed_on() {
    let world = World::new();
    let mut host = world.wrap(&["--mode", "garbage"]);
    host.initialize();
    host.list(1);
    let words = host.stderr_until("dropped a line from the server");
    assert!(!words.contains('\x1b') && !words.contains("listening"), "{words:?}");
    host.close();
    assert_eq!(host.wait(), 0);
}

#[test]
fn b16_terminal_sequences_on_the_servers_standard_error_do_nothing() {
    let world = World::new();
    let mut host = world.wrap(&["--mode", "esc-stderr"]);
    host.initialize();
    let words = host.stderr_until("hello");
    assert!(words.contains("]52;c;cm0gLXJmIH4="), "what it said can be read: {words:?}");
    for bad in ['\x1b', '\x07', '\u{9b}', '\u{202e}'] {
        assert!(!words.contains(bad), "{bad:?} came through: {words:?}");
    }
}

#[test]
fn b37_nothing_turns_the_gate_off() {
    let (code, help, _) = World::new().run(&["wrap", "--help"]);
    assert_eq!(code, 0);
    let flags: Vec<&str> = help.split_whitespace().filter(|word| word.starts_with("--")).collect();
    for flag in flags {
        let flag = flag.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        assert!(
            matches!(flag, "--" | "--name" | "--home" | "--theme" | "--help" | "--version"),
            "what does {flag} do?"
        );
    }
    let world = World::with_policy("[timeout]\ndefault = \"1s\"\n");
    let mut command = std::process::Command::new(fixture());
    command.arg("host").arg(sayso()).args(["wrap", "--name", "fix", "--"]).arg(fixture());
    command.arg("--log").arg(world.log()).env("SAYSO_HOME", world.home());
    let names = ["PAUSED", "SAYSO_PAUSED", "SAYSO_OFF", "SAYSO_DISABLE", "SAYSO_ALLOW", "SAYSO_BYPASS", "SAYSO_YES"];
    for name in names.into_iter().chain(["SAYSO_MODE", "SAYSO_POLICY", "SAYSO_LEVEL", "DEBUG", "CI", "NO_GATE"]) {
        command.env(name, "1");
    }
    let mut host = Host::start(command);
    host.initialize();
    host.call(1, "run_command", &json!({"command": "rm -rf ~"}));
    assert_eq!(host.answer(1)["result"]["isError"], true);
    assert!(world.ran().is_empty(), "it ran: {:?}", world.ran());
}

#[test]
fn a_long_line_passes_and_one_over_the_cap_is_answered() {
    let world = World::new();
    let mut host = world.wrap(&[]);
    host.initialize();
    let long = "x".repeat(1 << 20);
    host.send(json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"text": long}}).to_string());
    assert_eq!(host.answer(1)["result"], json!({}));
    let reached = world.received()[2].len();
    assert!(reached > 1 << 20, "only {reached} bytes reached the server");
    let over = format!(
        r#"{{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{{"name":"echo","arguments":{{"t":"{}"}}}}}}"#,
        "y".repeat(17 << 20)
    );
    host.send(over);
    assert_eq!(host.answer(2)["error"]["code"], -32600);
    host.send(r#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#);
    assert_eq!(host.answer(3)["result"], json!({}));
    assert!(world.ran().is_empty());
}

#[test]
fn neither_side_waits_for_ever_when_both_write_before_they_read() {
    let world = World::with_policy(ECHO_RUNS);
    let mut host = world.wrap(&[]);
    host.initialize();
    let text = "z".repeat(100_000);
    for id in 1..=60 {
        host.call(id, "echo", &json!({"text": text, "id": id}));
    }
    let mut seen: Vec<u64> = (1..=60).map(|_| host.message()["id"].as_u64().expect("an id")).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=60).collect::<Vec<_>>());
}

/// What a server answers to this request when the wrap's input and output are these.
fn over(input: impl Into<Stdio>, output: impl Into<Stdio>) -> (World, Child) {
    let world = World::new();
    let mut command = world.sayso();
    command.args(["wrap", "--"]).arg(fixture()).stdin(input).stdout(output).stderr(Stdio::null());
    let child = command.spawn().expect("the wrap starts");
    (world, child)
}

const PING: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
const PONG: &str = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n";

#[test]
fn sockets_serve_as_standard_streams_and_stay_as_they_were() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let (mut input, output) = (ours.try_clone().expect("a clone"), theirs.try_clone().expect("a clone"));
    let (_world, mut child) = over(OwnedFd::from(theirs.try_clone().expect("a clone")), OwnedFd::from(output));
    let mut answer = String::new();
    input.write_all(PING).expect("written");
    BufReader::new(&ours).read_line(&mut answer).expect("an answer");
    assert_eq!(answer, PONG);
    assert!(!is_non_blocking(&theirs), "the host's own end was changed");
    input.shutdown(std::net::Shutdown::Write).expect("shut");
    assert!(child.wait().is_ok_and(|status| status.success()));
}

#[test]
fn pipes_stay_as_they_were() {
    let (their_input, mut input) = std::io::pipe().expect("a pipe");
    let (output, their_output) = std::io::pipe().expect("a pipe");
    let kept = (their_input.try_clone().expect("a clone"), their_output.try_clone().expect("a clone"));
    let (_world, mut child) = over(OwnedFd::from(their_input), OwnedFd::from(their_output));
    input.write_all(PING).expect("written");
    let mut answer = String::new();
    BufReader::new(output).read_line(&mut answer).expect("an answer");
    assert_eq!(answer, PONG);
    assert!(!is_non_blocking(&kept.0) && !is_non_blocking(&kept.1), "the host's own ends were changed");
    drop(input);
    assert!(child.wait().is_ok_and(|status| status.success()));
}

#[test]
fn files_serve_as_standard_streams() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    fs::write(&from, PING).expect("written");
    fs::write(&to, "before\n").expect("written");
    let append = fs::OpenOptions::new().append(true).open(&to).expect("opened");
    let (_world, mut child) = over(File::open(&from).expect("opened"), append);
    assert!(child.wait().is_ok_and(|status| status.success()));
    assert_eq!(fs::read_to_string(&to).expect("read"), format!("before\n{PONG}"));
}

#[test]
fn nothing_as_input_ends_at_once() {
    let (_world, mut child) = over(Stdio::null(), Stdio::null());
    assert!(child.wait().is_ok_and(|status| status.success()));
}

#[test]
fn a_host_that_stops_reading_ends_the_session() {
    let world = World::new();
    let script = "echo '{\"jsonrpc\":\"2.0\",\"method\":\"up\"}'; while :; do echo '{\"jsonrpc\":\"2.0\",\"method\":\"x\"}'; sleep 0.01; done";
    let mut command = world.sayso();
    command.args(["wrap", "--"]).args(sh(script)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the wrap starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(PING).expect("written");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    output.read_line(&mut String::new()).expect("a line");
    drop(output);
    let status = child.wait().expect("it ends although its input is open");
    assert!(!status.success(), "the server was ended by a signal");
}

#[test]
fn a_host_that_does_not_read_for_a_while_loses_nothing() {
    let world = World::new();
    let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo \"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"method\\\":\\\"n\\\",\\\"params\\\":{\\\"i\\\":$i}}\"; done";
    let mut command = world.sayso();
    command.args(["wrap", "--"]).args(sh(script)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the wrap starts");
    child.stdin.as_mut().expect("a pipe").write_all(PING).expect("written");
    std::thread::sleep(Duration::from_millis(700));
    let mut count = 0;
    for line in BufReader::new(child.stdout.take().expect("a pipe")).lines() {
        let line: serde_json::Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        if line["method"] == "n" {
            count += 1;
            assert_eq!(line["params"]["i"], count);
        }
    }
    assert_eq!(count, 20_000);
    assert!(child.wait().is_ok_and(|status| status.success()));
}

#[test]
fn a_server_that_floods_its_standard_error_keeps_nobody_waiting() {
    let world = World::new();
    let mut command = world.sayso();
    let script =
        "yes 'a complaint that never ends' >&2 & read line; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}'; wait";
    command.args(["wrap", "--"]).args(sh(script)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the wrap starts");
    child.stdin.as_mut().expect("a pipe").write_all(PING).expect("written");
    let mut answer = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut answer).expect("an answer");
    assert!(answer.contains("\"id\":1"), "{answer}");
    kill("TERM", child.id());
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(143), "the server's end by the signal is passed on");
}

fn is_non_blocking(fd: impl AsFd) -> bool {
    rustix::fs::fcntl_getfl(fd).expect("its flags").contains(rustix::fs::OFlags::NONBLOCK)
}

/// Not by a program: `kill` is not everywhere.
pub fn kill(signal: &str, pid: u32) {
    let signal = match signal {
        "TERM" => Signal::TERM,
        "INT" => Signal::INT,
        "HUP" => Signal::HUP,
        other => panic!("which signal is {other}?"),
    };
    super::hub::kill(pid, signal);
}

fn is_gone(pid: u64) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        if state.map_or(true, |text| text.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn the_logs_tell_of_the_session_and_of_no_call() {
    let world = World::with_policy(ECHO_RUNS);
    let mut host = world.wrap(&[]);
    host.initialize();
    host.call(1, "echo", &json!({"password": "a secret of the person"}));
    host.answer(1);
    host.send(
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","x":"a secret of the person","x":1}}"#,
    );
    host.message();
    host.close();
    host.wait();
    world.stop_hub();
    let logs = world.home().join("log");
    let wrap = fs::read_to_string(logs.join("wrap.log")).expect("the wrap's log");
    assert!(wrap.contains("a wrap begins") && wrap.contains("the server was started"), "{wrap}");
    for file in fs::read_dir(&logs).expect("the logs").flatten() {
        let text = fs::read_to_string(file.path()).expect("a log");
        assert!(!text.contains("secret"), "{text}");
    }
}
