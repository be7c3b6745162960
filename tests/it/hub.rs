//! The hub from outside: one of it, who may talk with it, what it does when things go wrong.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sayso::call::CallId;
use sayso::decision::DecisionKind;
use sayso::record::{Fact, Record};
use sayso::wire::{self, FromHub, Hello, Role, ToHub, VERSION};
use sayso::{journal, proc};
use serde_json::{Value, json};

use super::world::{ECHO_RUNS, Host, PATIENCE, World, fixture, sayso};

/// The pid in what `sayso hub status` says.
pub fn hub_pid(world: &World) -> Option<u32> {
    let (code, out, _) = world.run(&["hub", "status"]);
    (code == 0).then(|| out.split_whitespace().nth(2).unwrap().parse().unwrap())
}

pub fn kill(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    // It may have ended already.
    let _ = rustix::process::kill_process(pid, signal);
}

fn kill_hub(world: &World) {
    let pid = hub_pid(world).expect("a hub runs");
    kill(pid, rustix::process::Signal::KILL);
    wait("the hub's end", || proc::Process::look(pid).map_or(true, |p| p.words.is_empty()));
}

#[track_caller]
pub fn wait(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Hubs of this home that run.
fn hubs(world: &World) -> Vec<u32> {
    let home = world.home().to_str().unwrap();
    let all = fs::read_dir("/proc").unwrap().filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
    all.filter(|&pid| {
        proc::Process::look(pid).is_ok_and(|p| p.words.iter().any(|w| w == home) && p.words.iter().any(|w| w == "hub"))
    })
    .collect()
}

/// Everything in the journal, in order.
pub fn records(world: &World) -> Vec<Record> {
    let mut files: Vec<_> = fs::read_dir(world.home().join("journal")).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "jsonl"));
    files.sort();
    let lines = files.iter().flat_map(|path| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].to_string()).collect::<Vec<_>>()
    });
    lines.map(|record| serde_json::from_str(&record).unwrap()).collect()
}

/// The decisions on a call with this text in its params.
pub fn decisions_on(records: &[Record], text: &str) -> Vec<DecisionKind> {
    let ids: Vec<CallId> = records
        .iter()
        .filter_map(|record| match record {
            Record::Submitted(s) if s.params.get().contains(text) => Some(s.id),
            _ => None,
        })
        .collect();
    let kind = |record: &Record| match record {
        Record::Decided(d) if ids.contains(&d.id) => Some(d.decision.kind),
        _ => None,
    };
    records.iter().filter_map(kind).collect()
}

fn opened(records: &[Record]) -> usize {
    records.iter().filter(|record| matches!(record, Record::Opened(_))).count()
}

pub fn is_denied(answer: &Value) -> bool {
    answer["result"]["isError"] == json!(true) || answer.get("error").is_some()
}

/// A wrapped fixture with an open session and its tools listed.
pub fn session(world: &World) -> Host {
    let mut host = world.wrap(&[]);
    host.initialize();
    host.list(900);
    host
}

// ---- one hub ----

#[test]
fn twenty_that_start_at_once_find_one_hub() {
    let world = World::new();
    let starts: Vec<_> =
        (0..20).map(|_| world.sayso().args(["approvals", "--json"]).stderr(Stdio::piped()).spawn().unwrap()).collect();
    for start in starts {
        let out = start.wait_with_output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    wait("the others to leave", || hubs(&world).len() == 1);
    assert_eq!(hubs(&world), [hub_pid(&world).unwrap()]);
    assert_eq!(opened(&records(&world)), 1, "only one ever opened the journal");
    assert!(!world.home().join(".hub.tmp").exists());
}

#[test]
fn the_hub_is_nobodys_child_and_has_a_session_of_its_own() {
    let world = World::new();
    world.run(&["approvals"]);
    let hub = proc::Process::look(hub_pid(&world).unwrap()).unwrap();
    assert_ne!(hub.parent, std::process::id());
    assert_eq!((hub.tty, hub.name.as_str()), (0, "sayso"));
    let environment = fs::read(format!("/proc/{}/environ", hub.key.pid)).unwrap();
    let names: Vec<_> = environment.split(|b| *b == 0).filter_map(|v| v.split(|b| *b == b'=').next()).collect();
    for name in [&b"PATH"[..], b"LD_PRELOAD", b"CARGO_MANIFEST_DIR", b"SAYSO_HOME"] {
        assert!(!names.contains(&name), "the hub knows {}", String::from_utf8_lossy(name));
    }
    assert_eq!(fs::read_link(format!("/proc/{}/cwd", hub.key.pid)).unwrap(), Path::new("/"));
}

#[test]
fn a_dead_hubs_socket_is_replaced() {
    let world = World::new();
    world.run(&["approvals"]);
    let first = hub_pid(&world).unwrap();
    kill_hub(&world);
    assert!(world.home().join("hub.sock").exists(), "a kill leaves the socket behind");
    assert_eq!(world.run(&["hub", "status"]).0, 1);
    assert_eq!(world.run(&["approvals"]).0, 0);
    assert_ne!(hub_pid(&world).unwrap(), first);
}

#[test]
fn a_second_hub_leaves_the_first_in_peace() {
    let world = World::new();
    world.run(&["approvals"]);
    let first = hub_pid(&world).unwrap();
    let (code, out, _) = world.run(&["hub", "run"]);
    assert_eq!(code, 0);
    assert!(out.contains("another hub"), "{out}");
    assert_eq!(hub_pid(&world), Some(first));
}

#[test]
fn b35_a_hub_whose_lock_or_socket_was_taken_away_leaves_and_the_next_one_begins() {
    for lost in ["hub.sock", "hub.lock"] {
        let world = World::with_policy(ECHO_RUNS);
        let mut host = session(&world);
        host.call(1, "write_note", &json!({"name": "a", "text": "held"}));
        wait("the call is held", || world.run(&["hub", "status"]).1.contains("held      1"));
        let first = hub_pid(&world).unwrap();
        fs::remove_file(world.home().join(lost)).unwrap();
        assert!(is_denied(&host.answer(1)), "{lost}");
        wait("the hub has gone", || !hubs(&world).contains(&first));
        host.call(2, "echo", &json!({}));
        assert!(!is_denied(&host.answer(2)), "{lost}");
        assert!(hub_pid(&world).is_some_and(|pid| pid != first), "{lost}");
        assert_eq!(world.run(&["history", "verify"]).0, 0, "{lost}");
    }
}

#[test]
fn a_hub_can_be_asked_and_stopped() {
    let world = World::new();
    let (code, out, _) = world.run(&["hub", "status"]);
    assert_eq!(code, 1);
    assert!(out.contains("no hub"), "{out}");
    assert_eq!(world.run(&["hub", "stop"]).0, 0, "stopping what does not run is no fault");
    let mut host = session(&world);
    // Something that is judged brings the hub up.
    host.call(1, "write_note", &json!({"name": "a", "text": "b"}));
    wait("a hub with the wrap", || world.run(&["hub", "status"]).1.contains("server    fix"));
    let pid = hub_pid(&world).unwrap();
    let (code, out, _) = world.run(&["hub", "stop"]);
    assert_eq!(code, 0);
    assert!(out.contains(&pid.to_string()), "{out}");
    assert!(proc::Process::look(pid).map_or(true, |p| p.words.is_empty()), "stop returns when it has ended");
    assert!(!world.home().join("hub.sock").exists());
    let answer = host.answer(1);
    assert!(is_denied(&answer), "{answer}");
    assert_eq!(decisions_on(&records(&world), "write_note"), [DecisionKind::Blocked]);
    assert!(world.ran().is_empty());
}

#[test]
fn a_signal_to_end_denies_what_is_held() {
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let world = World::new();
        let mut host = session(&world);
        host.call(1, "write_note", &json!({"name": "a", "text": "b"}));
        wait("a held call", || world.run(&["hub", "status"]).1.contains("held      1"));
        kill(hub_pid(&world).unwrap(), signal);
        assert!(is_denied(&host.answer(1)));
        assert_eq!(decisions_on(&records(&world), "write_note"), [DecisionKind::Blocked]);
    }
}

// ---- bad homes ----

#[test]
fn a_home_that_cannot_be_used_says_why_and_what_to_do() {
    let world = World::new();
    let home = |name: &str| world.home().join(name);
    fs::create_dir(home("open")).unwrap();
    fs::set_permissions(home("open"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(home("file"), "").unwrap();
    fs::create_dir(home("other")).unwrap();
    // Only root can give a folder away; everybody else finds one that is root's.
    let other =
        chown(home("other"), Some(65534), None).map_or_else(|_| Path::new("/usr").to_owned(), |()| home("other"));
    let long = home(&"d".repeat(120));
    let cases = [
        (home("open"), "chmod 700"),
        (home("file"), "not a folder"),
        (other, "belongs to user"),
        (Path::new("/proc/none").to_owned(), "cannot make the folder"),
        (long, "shorter --home"),
    ];
    for (home, says) in cases {
        for command in [&["hub", "run"][..], &["approvals"]] {
            let out = Command::new(sayso()).arg("--home").arg(&home).args(command).output().unwrap();
            let err = String::from_utf8(out.stderr).unwrap();
            assert_eq!(out.status.code(), Some(2), "{err}");
            assert!(err.contains(says), "{home:?} {command:?}: {err}");
        }
    }
}

#[test]
fn what_keeps_a_hub_from_starting_is_told_to_whoever_wanted_it() {
    let world = World::new();
    fs::write(world.home().join("journal"), "in the way").unwrap();
    let (code, _, err) = world.run(&["approvals"]);
    assert_eq!(code, 2);
    assert!(err.contains("could not start") && err.contains("journal"), "{err}");
    let mut host = session(&world);
    host.call(1, "write_note", &json!({}));
    let answer = host.answer(1);
    assert!(is_denied(&answer), "{answer}");
    assert!(world.ran().is_empty());
}

#[test]
fn two_homes_never_see_each_other() {
    let (one, two) = (World::new(), World::new());
    one.run(&["approvals"]);
    assert!(hub_pid(&one).is_some());
    assert_eq!(hub_pid(&two), None);
    two.run(&["approvals"]);
    assert_ne!(hub_pid(&one), hub_pid(&two));
}

// ---- who may talk with it ----

/// Says this to the hub as the test program itself, which is another one: what the hub answers.
fn say(world: &World, message: &[u8]) -> Vec<FromHub> {
    let mut stream = UnixStream::connect(world.home().join("hub.sock")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(message).unwrap();
    let mut bytes = Vec::new();
    // Whoever leaves words unread is hung up on harder.
    let _ = stream.read_to_end(&mut bytes);
    let mut heard = Vec::new();
    while let Some((message, used)) = wire::decode(&bytes).unwrap() {
        heard.push(message);
        bytes.drain(..used);
    }
    heard
}

fn hello(version: u32, role: Option<Role>) -> Vec<u8> {
    let mut out = Vec::new();
    wire::encode(&ToHub::Hello(Hello { version, build: "0.0.0".to_owned(), role, home: None }), &mut out).unwrap();
    out
}

#[track_caller]
fn refused(world: &World, message: &[u8], says: &str) {
    let heard = say(world, message);
    let [FromHub::Refused(why)] = heard.as_slice() else { panic!("not refused: {heard:?}") };
    assert!(why.contains(says), "{why}");
}

#[test]
fn b36_another_program_is_refused_in_every_role() {
    let world = World::new();
    world.run(&["approvals"]);
    for role in [Role::Console, Role::Command] {
        let mut message = hello(VERSION, Some(role));
        wire::encode(&ToHub::Stop, &mut message).unwrap();
        refused(&world, &message, "another program");
    }
    assert!(hub_pid(&world).is_some(), "what came behind hello was not heard");
}

#[test]
fn other_versions_and_strange_first_words_are_refused_with_words() {
    let world = World::new();
    world.run(&["approvals"]);
    refused(&world, &hello(VERSION + 1, Some(Role::Console)), "sayso hub stop");
    let mut status = Vec::new();
    wire::encode(&ToHub::Status, &mut status).unwrap();
    refused(&world, &status, "hello");
    refused(&world, b"\0\0\0\x04null", "cannot read");
    refused(&world, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "cannot read");
    assert!(hub_pid(&world).is_some());
}

#[test]
fn b36_a_copy_of_the_program_is_refused_both_ways_and_can_stop_the_hub() {
    let world = World::new();
    world.run(&["approvals"]);
    let pid = hub_pid(&world).unwrap();
    let copy = world.home().join("copy");
    fs::copy(sayso(), &copy).unwrap();
    let run = |args: &[&str]| {
        let out = Command::new(&copy).arg("--home").arg(world.home()).args(args).output().unwrap();
        (out.status.code().unwrap(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    for args in [&["hub", "status"][..], &["approvals"]] {
        let (code, _, err) = run(args);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(&format!("pid {pid}")) && err.contains("sayso hub stop"), "{err}");
    }
    let (code, out, _) = run(&["doctor"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.lines().any(|line| line.starts_with("bad") && line.contains("another program")), "{out}");
    assert_eq!(hub_pid(&world), Some(pid));
    let (code, _, err) = run(&["hub", "stop"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(hub_pid(&world), None);
}

#[test]
fn b35_a_journal_that_cannot_be_opened_denies_and_the_doctor_says_what_to_do() {
    let world = World::with_policy(ECHO_RUNS);
    let mut first = session(&world);
    first.call(1, "echo", &json!({}));
    assert!(!is_denied(&first.answer(1)));
    drop(first);
    assert_eq!(world.run(&["hub", "stop"]).0, 0);
    let journal = world.home().join("journal");
    let mut files = fs::read_dir(&journal).unwrap().map(|item| item.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|extension| extension == "jsonl")).unwrap();
    fs::rename(&file, journal.join("aside")).unwrap();
    fs::create_dir(&file).unwrap();
    let mut host = session(&world);
    host.call(1, "echo", &json!({}));
    assert!(is_denied(&host.answer(1)));
    assert!(host.stderr_until("move it away").contains("is not a regular file"), "{}", host.stderr());
    let (code, out, _) = world.run(&["doctor"]);
    let said = out.lines().find(|line| line.contains("journal")).unwrap();
    assert!(code == 1 && said.starts_with("bad") && said.contains("move it away"), "{out}");
    fs::remove_dir(&file).unwrap();
    fs::rename(journal.join("aside"), &file).unwrap();
    assert!(world.run(&["history"]).1.contains("echo"));
}

#[test]
fn b36_a_hub_with_foreign_code_in_it_is_believed_nothing() {
    let world = World::with_policy(ECHO_RUNS);
    let mut command = world.sayso();
    // Any library that sayso does not need.
    command.args(["hub", "run"]).env("LD_PRELOAD", "libresolv.so.2").stdout(Stdio::null()).stderr(Stdio::null());
    let mut hub = command.spawn().unwrap();
    wait("the hub is up", || world.home().join("hub.sock").exists());
    let mut host = session(&world);
    host.call(1, "echo", &json!({}));
    assert!(is_denied(&host.answer(1)));
    assert!(host.stderr_until("code that is not sayso's").contains("libresolv"), "{}", host.stderr());
    assert_eq!(world.run(&["hub", "stop"]).0, 0);
    hub.wait().unwrap();
    host.call(2, "echo", &json!({}));
    assert!(!is_denied(&host.answer(2)), "the next one is clean");
}

#[test]
fn b36_a_false_hub_is_believed_nothing() {
    let world = World::with_policy(ECHO_RUNS);
    let listener = UnixListener::bind(world.home().join("hub.sock")).unwrap();
    let (code, _, err) = world.run(&["hub", "status"]);
    assert_eq!(code, 2);
    assert!(err.contains(&format!("pid {}", std::process::id())) && err.contains("another program"), "{err}");
    let mut host = session(&world);
    host.call(1, "echo", &json!({}));
    let answer = host.answer(1);
    assert!(is_denied(&answer), "{answer}");
    assert!(world.ran().is_empty());
    drop(listener);
}

// ---- failing closed ----

#[test]
fn b35_without_a_console_the_deadline_denies_and_says_how_to_open_one() {
    let world = World::with_policy("[timeout]\ndefault = \"1s\"\n");
    let mut host = session(&world);
    host.call(1, "write_note", &json!({"name": "a", "text": "b"}));
    let answer = host.answer(1);
    assert!(is_denied(&answer));
    assert!(answer.to_string().contains("`sayso`"), "{answer}");
    assert!(world.ran().is_empty());
    assert_eq!(decisions_on(&records(&world), "write_note"), [DecisionKind::TimedOut]);
}

#[test]
fn b34_a_timeout_writes_no_rule() {
    let world = World::with_policy("[timeout]\ndefault = \"1s\"\n");
    let before = fs::read(world.home().join("policy.toml")).unwrap();
    let mut host = session(&world);
    for id in [1, 2] {
        host.call(id, "write_note", &json!({"name": "a", "text": "b"}));
        assert!(is_denied(&host.answer(id)));
    }
    let records = records(&world);
    assert_eq!(decisions_on(&records, "write_note"), [DecisionKind::TimedOut; 2]);
    let changes = |record: &Record| matches!(Fact::of(record), Fact::Granted(_) | Fact::Revoked(_));
    assert!(!records.iter().any(changes));
    assert_eq!(world.run(&["approvals", "--json"]).1, "");
    assert_eq!(fs::read(world.home().join("policy.toml")).unwrap(), before);
    // One clock: the journal's own times are the deadline apart, not twice, not half of it.
    let held: Vec<u64> = records
        .iter()
        .filter_map(|record| match record {
            Record::Decided(d) => Some(d.held_ms),
            _ => None,
        })
        .collect();
    assert!(held.iter().all(|ms| *ms >= 1000), "{held:?}");
}

#[test]
fn b37_no_environment_variable_turns_the_gate_off() {
    let world = World::with_policy("[timeout]\ndefault = \"1s\"\n");
    let mut command = Command::new(super::world::fixture());
    command.arg("host").arg(sayso()).args(["wrap", "--name", "fix", "--"]).arg(super::world::fixture());
    command.arg("--log").arg(world.log()).env("SAYSO_HOME", world.home());
    for name in
        ["PAUSED", "SAYSO_PAUSED", "SAYSO_DISABLE", "SAYSO_OFF", "SAYSO_ALLOW", "SAYSO_AUTO_APPROVE", "CI", "YES"]
    {
        command.env(name, "1");
    }
    let mut host = Host::start(command);
    host.initialize();
    host.call(1, "write_note", &json!({"name": "a", "text": "b"}));
    assert!(is_denied(&host.answer(1)));
    assert!(world.ran().is_empty());
    assert_eq!(decisions_on(&records(&world), "write_note"), [DecisionKind::TimedOut]);
}

#[test]
fn b37_the_starters_time_zone_moves_no_rule() {
    // Seven hours away from where this machine is: a rule for now there is none for now here.
    let there = jiff::Zoned::now().offset().seconds() + 7 * 3_600;
    let zone = jiff::tz::Offset::from_seconds(there).unwrap().to_time_zone();
    let now = jiff::Timestamp::now().to_zoned(zone);
    let hour = |minutes: i64| (&now + jiff::SignedDuration::from_mins(minutes)).strftime("%H:%M").to_string();
    let world = World::with_policy(&format!(
        "[levels]\nmedium = \"deny\"\n[[rule]]\ntool = \"write_note\"\ntime = \"{}-{}\"\naction = \"allow\"\n",
        hour(-30),
        hour(30)
    ));
    let name =
        format!("<there>{}{}:{:02}", if there < 0 { '+' } else { '-' }, there.abs() / 3_600, there.abs() % 3_600 / 60);
    let words = [fixture().display().to_string(), "--mode".to_owned(), "echo".to_owned()];
    let mut host = world.wrap_changed(Some("fix"), &words, |command| {
        command.env("TZ", &name);
    });
    host.initialize();
    host.call(1, "write_note", &json!({}));
    assert_eq!(host.answer(1)["result"]["isError"], true, "whoever starts the hub does not say what time it is");
    drop(host);
    assert_eq!(world.run(&["hub", "stop"]).0, 0);
    // Nor who runs it by hand.
    let mut command = world.sayso();
    command.args(["hub", "run"]).env("TZ", name).stdout(Stdio::null()).stderr(Stdio::null());
    let mut hub = command.spawn().unwrap();
    wait("the hub is up", || hub_pid(&world) == Some(hub.id()));
    let mut host = session(&world);
    host.call(1, "write_note", &json!({}));
    assert_eq!(host.answer(1)["result"]["isError"], true);
    assert_eq!(world.run(&["hub", "stop"]).0, 0);
    hub.wait().unwrap();
}

#[test]
fn b37_a_hub_that_was_started_with_other_folders_rules_nobody_else() {
    let world = World::new();
    let folder = |name: &str| world.home().join(name).display().to_string();
    let own = |command: &mut Command| {
        command.env_remove("SAYSO_HOME").env("HOME", folder("own")).env("XDG_RUNTIME_DIR", folder("run"));
        for name in ["CONFIG", "DATA", "STATE", "CACHE"] {
            command.env_remove(format!("XDG_{name}_HOME"));
        }
    };
    let other = |command: &mut Command| {
        own(command);
        command.env("XDG_DATA_HOME", folder("other")).env("XDG_CACHE_HOME", folder("cache"));
    };
    let config = world.home().join("own/.config/sayso");
    let mut make = fs::DirBuilder::new();
    make.recursive(true).mode(0o700);
    make.create(world.home().join("run")).unwrap();
    make.create(&config).unwrap();
    fs::write(config.join("policy.toml"), "[levels]\nmedium = \"allow\"\n").unwrap();
    let words = [fixture().display().to_string(), "--mode".to_owned(), "echo".to_owned()];
    // A home of its own, whose policy nobody has accepted, at the address that both share.
    let mut agents = world.wrap_changed(Some("fix"), &words, other);
    agents.initialize();
    agents.call(1, "write_note", &json!({}));
    assert_ne!(agents.answer(1)["result"]["isError"], true);
    let mut persons = world.wrap_changed(Some("fix"), &words, own);
    persons.initialize();
    persons.call(1, "write_note", &json!({}));
    let answer = persons.answer(1);
    assert!(is_denied(&answer), "{answer}");
    let mut stop = Command::new(sayso());
    own(&mut stop);
    let status = stop.args(["hub", "status"]).output().unwrap();
    assert!(String::from_utf8_lossy(&status.stderr).contains("other folders"), "{status:?}");
    let mut stop = Command::new(sayso());
    own(&mut stop);
    assert!(stop.args(["hub", "stop"]).status().unwrap().success());
}

#[test]
fn b31_a_reload_never_drops_the_gate() {
    // Not low by its name, so that a policy that cannot be used denies it.
    const FROB_RUNS: &str = "[[rule]]\ntool = \"frob\"\naction = \"allow\"\n";
    let world = World::with_policy(FROB_RUNS);
    let mut host = session(&world);
    host.call(1, "frob", &json!({"n": 1}));
    assert!(!is_denied(&host.answer(1)));
    // What comes into force at once and says why nothing passes: a typo, not a file, no reading at all.
    let policy = world.home().join("policy.toml");
    let spoil: [(&str, &dyn Fn()); 3] = [
        ("a typo", &|| world.policy("[[rule]\ntool = ")),
        ("half a file", &|| fs::write(&policy, &FROB_RUNS[..20]).unwrap()),
        ("a folder", &|| {
            fs::remove_file(&policy).unwrap();
            fs::create_dir(&policy).unwrap();
        }),
    ];
    let loads = || records(&world).iter().filter(|record| matches!(record, Record::Policy(_))).count();
    for ((what, spoil), n) in spoil.into_iter().zip(1..) {
        let before = loads();
        spoil();
        wait(what, || loads() > before);
        let id = n * 10;
        host.call(id, "frob", &json!({"spoiled": n}));
        let answer = host.answer(id);
        assert!(is_denied(&answer), "{what}: {answer}");
    }
    assert_eq!(world.ran().len(), 1);
    fs::remove_dir(&policy).unwrap();
    world.policy(FROB_RUNS);
    wait("the good policy", || world.run(&["hub", "status"]).1.contains("policy    in force"));
    host.call(99, "frob", &json!({"n": 99}));
    assert!(!is_denied(&host.answer(99)));
    let before = loads();
    world.policy("[[rule]]\ntool = \"frob\"\naction = \"deny\"\n");
    wait("a denial", || loads() > before);
    host.call(100, "frob", &json!({"n": 100}));
    assert!(is_denied(&host.answer(100)));
    assert_eq!(world.ran().len(), 2);
}

#[test]
fn b35_a_journal_that_cannot_be_written_allows_nothing_and_says_so() {
    let world = World::with_policy(ECHO_RUNS);
    // Files may grow to 1 MiB here; what is beyond fails as on a full disk.
    let hub = "trap '' XFSZ; ulimit -f 2048; exec \"$0\" hub run";
    let mut limited = Command::new("sh");
    limited.args(["-c", hub, sayso()]).env("SAYSO_HOME", world.home()).stdin(Stdio::null()).stderr(Stdio::null());
    let mut limited = limited.spawn().unwrap();
    wait("the hub", || hub_pid(&world).is_some());
    let mut host = session(&world);
    host.call(1, "echo", &json!({"n": 1}));
    assert!(!is_denied(&host.answer(1)));
    let long = "x".repeat(1 << 20);
    host.call(2, "echo", &json!({"text": long}));
    let answer = host.answer(2);
    assert!(is_denied(&answer));
    assert!(answer.to_string().contains("journal"), "{}", answer.to_string().chars().take(400).collect::<String>());
    assert!(world.run(&["hub", "status"]).1.contains("journal cannot be written"));
    // What still fits is written, after what is said about the loss.
    host.call(3, "echo", &json!({"n": 3}));
    assert!(!is_denied(&host.answer(3)));
    assert_eq!(world.ran().len(), 2);
    assert!(records(&world).iter().any(|record| matches!(record, Record::Mended(_))));
    assert!(journal::verify(&world.home().join("journal")).is_ok());
    world.stop_hub();
    limited.wait().unwrap();
}

// ---- kills ----

/// Everything that must hold whenever hubs were killed: nothing ran that the journal does not know as allowed before,
/// every call has at most one decision, the chain is whole.
pub fn check_after_kills(world: &World) {
    journal::verify(&world.home().join("journal")).expect("the chain is whole");
    let records = records(world);
    let mut allowed = Vec::new();
    let mut decided = std::collections::BTreeMap::new();
    for record in &records {
        if let Record::Decided(d) = record {
            *decided.entry(d.id).or_insert(0) += 1;
            allowed.extend(d.decision.is_allowed().then_some(d.id));
        }
    }
    assert!(decided.values().all(|count| *count == 1), "a call was decided twice");
    let params: Vec<&str> = records
        .iter()
        .filter_map(|record| match record {
            Record::Submitted(s) => {
                assert!(decided.contains_key(&s.id), "call {} has no decision", s.id);
                allowed.contains(&s.id).then(|| s.params.get())
            }
            _ => None,
        })
        .collect();
    for line in world.ran() {
        assert!(params.iter().any(|params| line.contains(params)), "ran without an entry: {line}");
    }
}

#[test]
fn a_kill_at_any_moment_runs_no_call_without_its_entry_and_loses_no_entry() {
    // What a next hub holds because it came after the kill is not waited for long.
    let world = World::with_policy(&format!("[timeout]\ndefault = \"1s\"\n{ECHO_RUNS}"));
    let mut host = session(&world);
    let mut answered = Vec::new();
    for round in 0..25_u64 {
        let first = round * 100 + 1;
        host.call(first, "echo", &json!({"first": first}));
        answered.push((first, host.answer(first)));
        let pid = hub_pid(&world).expect("a hub runs");
        for id in first + 1..first + 13 {
            host.call(id, "echo", &json!({"call": id}));
        }
        host.call(first + 13, "write_note", &json!({"held": first + 13}));
        // Each round a little later: into the submissions, between write and answer, after the last.
        thread::sleep(Duration::from_micros(round * 150));
        kill(pid, rustix::process::Signal::KILL);
        let mut due: Vec<u64> = (first + 1..=first + 13).collect();
        while !due.is_empty() {
            let message = host.message();
            if let Some(id) = message["id"].as_u64().filter(|_| message.get("method").is_none()) {
                due.retain(|d| *d != id);
                answered.push((id, message));
            }
        }
    }
    // The next hub decides what the last one left.
    assert_eq!(world.run(&["approvals"]).0, 0);
    check_after_kills(&world);
    let records = records(&world);
    let ran = world.ran();
    for (id, answer) in answered {
        let text = format!(":{id}}}");
        if !is_denied(&answer) {
            assert_eq!(decisions_on(&records, &text), [DecisionKind::Allowed], "call {id} was answered");
            assert!(ran.iter().any(|line| line.contains(&text)), "call {id} was answered");
        }
    }
    assert!(ran.len() >= 25, "calls ran between the kills");
    assert!(opened(&records) > 25, "every kill was followed by another hub");
}
