//! A person at a real console beside a real wrap: who may decide, what a decision leaves behind, what becomes of both
//! when a console or the hub is lost.

use std::fs;
use std::thread;
use std::time::Duration;

use portable_pty::CommandBuilder;
use sayso::decision::{By, DecisionKind};
use sayso::record::Record;
use serde_json::{Value, json};

use super::hub::{check_after_kills, decisions_on, hub_pid, is_denied, kill, records, session, wait};
use super::world::{ECHO_RUNS, Host, Screen, World, fixture, sayso};

fn note(text: &str) -> Value {
    json!({"name": "a", "text": text})
}

/// Asks for something that waits for a person, and waits until the screen shows it.
fn asked(host: &mut Host, screen: &Screen, id: u64, text: &str) {
    host.call(id, "write_note", &note(text));
    screen.wait_for(text);
}

/// Who decided, of all human decisions.
fn who(records: &[Record]) -> Vec<String> {
    let decided = records.iter().filter_map(|record| match record {
        Record::Decided(d) if d.decision.by == By::Human => Some(d.who.clone().unwrap_or_default()),
        _ => None,
    });
    decided.collect()
}

#[test]
fn a_console_beside_the_host_decides_and_the_journal_says_which() {
    let world = World::new();
    let mut screen = world.console();
    let mut host = session(&world);
    asked(&mut host, &screen, 1, "let me in");
    screen.keys_after_guard("a");
    assert!(!is_denied(&host.answer(1)));
    asked(&mut host, &screen, 2, "not me");
    screen.keys_after_guard("d");
    assert!(is_denied(&host.answer(2)));
    assert_eq!(world.ran().len(), 1);
    let records = records(&world);
    assert_eq!(decisions_on(&records, "let me in"), [DecisionKind::Allowed]);
    assert_eq!(decisions_on(&records, "not me"), [DecisionKind::Denied]);
    let who = who(&records);
    assert_eq!(who.len(), 2);
    assert!(who.iter().all(|who| who.starts_with("pid ") && who.contains(" on /dev/pts/")), "{who:?}");
}

#[test]
fn b36_a_console_that_the_host_started_shows_but_does_not_decide() {
    let world = World::with_policy("[timeout]\ndefault = \"4s\"\n");
    // The wrap is this process's own child: this process is the host, and what it starts descends from it.
    let mut words = vec![fixture().display().to_string()];
    words.extend(["--log".to_owned(), world.log().display().to_string()]);
    let mut host = world.wrap_direct(&words);
    host.initialize();
    let mut screen = world.console();
    asked(&mut host, &screen, 1, "approve myself");
    screen.wait_for("CANNOT DECIDE");
    screen.keys_after_guard("a");
    screen.keys_after_guard("A");
    screen.keys("4");
    let answer = host.answer(1);
    assert!(is_denied(&answer), "{answer}");
    assert!(world.ran().is_empty());
    assert_eq!(decisions_on(&records(&world), "approve myself"), [DecisionKind::TimedOut]);
    assert_eq!(world.run(&["approvals", "--json"]).1, "");
}

#[test]
fn b36_a_console_that_was_there_before_its_family_asked_does_not_decide_either() {
    let world = World::with_policy("[timeout]\ndefault = \"3s\"\n");
    let mut screen = world.console();
    let mut beside = session(&world);
    asked(&mut beside, &screen, 1, "from beside");
    screen.keys_after_guard("a");
    assert!(!is_denied(&beside.answer(1)), "so far it may");
    let mut words = vec![fixture().display().to_string()];
    words.extend(["--log".to_owned(), world.log().display().to_string()]);
    let mut host = world.wrap_direct(&words);
    host.initialize();
    asked(&mut host, &screen, 1, "from above");
    screen.wait_for("CANNOT DECIDE");
    screen.keys_after_guard("a");
    assert!(is_denied(&host.answer(1)));
    // It stays so for the hub's life, whoever asks.
    drop(host);
    asked(&mut beside, &screen, 2, "again from beside");
    screen.keys_after_guard("a");
    assert!(is_denied(&beside.answer(2)));
    assert_eq!(world.ran().len(), 1);
}

#[test]
fn b36_a_console_that_a_known_agent_started_does_not_decide_though_no_wrap_is_its_own() {
    let world = World::with_policy("[timeout]\ndefault = \"3s\"\n");
    let agent = world.home().join("claude");
    std::os::unix::fs::symlink("/bin/sh", &agent).unwrap();
    let mut command = CommandBuilder::new(agent);
    command.args(["-c", "\"$1\"; exit $?", "sh", sayso()]);
    command.env("SAYSO_HOME", world.home());
    command.env("TERM", "xterm-256color");
    let mut screen = Screen::start(command, 80, 24);
    screen.wait_for("No call waits for you");
    let mut host = session(&world);
    asked(&mut host, &screen, 1, "as its own judge");
    screen.wait_for("CANNOT DECIDE");
    screen.keys_after_guard("a");
    assert!(is_denied(&host.answer(1)));
    assert!(world.ran().is_empty());
}

#[test]
fn b27_a_wider_approval_is_chosen_at_the_console_covers_what_it_says_and_is_taken_back_at_once() {
    let world = World::new();
    let mut screen = world.console();
    let mut host = session(&world);
    asked(&mut host, &screen, 1, "the first note");
    screen.keys_after_guard("A");
    screen.wait_for("write_note with name \"a\" and any text, rated medium or lower");
    screen.wait_for("no call came before this one");
    screen.keys("\x1b[B");
    screen.wait_for("what is marked for how long");
    thread::sleep(Duration::from_millis(600));
    screen.keys("4");
    assert!(!is_denied(&host.answer(1)));
    host.call(2, "write_note", &note("another text"));
    assert!(!is_denied(&host.answer(2)), "the same name, another text");
    host.call(3, "write_note", &json!({"name": "b", "text": "elsewhere"}));
    screen.wait_for("elsewhere");
    screen.keys_after_guard("d");
    assert!(is_denied(&host.answer(3)), "another name is asked for");
    let (_, out, _) = world.run(&["approvals", "--json"]);
    let approval: Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!((&approval["wide"], &approval["hits"]), (&json!(true), &json!(1)));
    assert_eq!(approval["covers"], "write_note with name \"a\" and any text, rated medium or lower");
    assert_eq!(world.run(&["approvals", "revoke", &approval["id"].to_string()]).0, 0);
    host.call(4, "write_note", &note("after it was taken back"));
    screen.wait_for("after it was taken back");
    screen.keys_after_guard("d");
    assert!(is_denied(&host.answer(4)));
    assert_eq!(world.ran().len(), 2);
}

#[test]
fn b31_an_approval_that_was_taken_back_asks_again_at_once() {
    let world = World::new();
    let mut screen = world.console();
    let mut host = session(&world);
    asked(&mut host, &screen, 1, "the same again");
    screen.keys_after_guard("A");
    thread::sleep(Duration::from_millis(100));
    screen.keys("2");
    assert!(!is_denied(&host.answer(1)));
    host.call(2, "write_note", &note("the same again"));
    assert!(!is_denied(&host.answer(2)), "it passes without being asked for");
    host.call(3, "write_note", &note("the same again, nearly"));
    screen.wait_for("nearly");
    screen.keys_after_guard("d");
    assert!(is_denied(&host.answer(3)), "another argument is asked for");
    let (_, out, _) = world.run(&["approvals", "--json"]);
    let approval: Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!(
        (&approval["scope"], &approval["tool"], &approval["hits"]),
        (&json!("hour"), &json!("write_note"), &json!(1))
    );
    let id = approval["id"].to_string();
    assert_eq!(world.run(&["approvals", "revoke", "99"]).0, 1);
    assert_eq!(world.run(&["approvals", "revoke", &id]).0, 0);
    asked(&mut host, &screen, 4, "the same again");
    screen.keys_after_guard("d");
    assert!(is_denied(&host.answer(4)));
    assert_eq!(world.ran().len(), 2);
    assert_eq!(world.run(&["approvals", "--json"]).1, "");
}

#[test]
fn an_approval_outlives_the_hub_and_the_loss_of_its_cache() {
    let world = World::new();
    let mut screen = world.console();
    let mut host = session(&world);
    asked(&mut host, &screen, 1, "for long");
    screen.keys_after_guard("A");
    thread::sleep(Duration::from_millis(100));
    screen.keys("4");
    assert!(!is_denied(&host.answer(1)));
    drop(screen);
    world.stop_hub();
    fs::remove_dir_all(world.home().join("sled")).unwrap();
    host.call(2, "write_note", &note("for long"));
    assert!(!is_denied(&host.answer(2)));
    assert!(world.run(&["hub", "status"]).1.contains("made again from the journal"));
    assert_eq!(world.run(&["approvals", "clear"]).0, 0);
    assert_eq!(world.run(&["approvals", "--json"]).1, "");
    assert!(records(&world).iter().any(|record| matches!(record, Record::Mended(_))));
}

#[test]
fn b35_a_lost_console_leaves_its_calls_to_another() {
    let world = World::new();
    let first = world.console();
    let mut host = session(&world);
    asked(&mut host, &first, 1, "who answers");
    drop(first);
    wait("the console's end", || world.run(&["hub", "status"]).1.contains("consoles  0"));
    let mut second = world.console();
    second.wait_for("who answers");
    second.keys_after_guard("a");
    assert!(!is_denied(&host.answer(1)));
}

#[test]
fn a_lost_hub_denies_what_is_held_and_the_next_call_finds_another() {
    let world = World::new();
    let mut screen = world.console();
    let mut host = session(&world);
    asked(&mut host, &screen, 1, "held when it went");
    let first = hub_pid(&world).unwrap();
    kill(first, rustix::process::Signal::KILL);
    assert!(is_denied(&host.answer(1)));
    // The console has found the next hub as well, and no longer shows what is gone.
    asked(&mut host, &screen, 2, "after it went");
    screen.wait_gone("held when it went");
    screen.keys_after_guard("a");
    assert!(!is_denied(&host.answer(2)));
    assert_ne!(hub_pid(&world), Some(first));
    check_after_kills(&world);
    assert_eq!(decisions_on(&records(&world), "held when it went"), [DecisionKind::Blocked]);
}

/// Calls what needs nobody until it passes.
fn wait_for_hub(host: &mut Host, id: &mut u64) {
    for _ in 0..1000 {
        *id += 1;
        host.call(*id, "echo", &json!({}));
        if !is_denied(&host.answer(*id)) {
            return;
        }
    }
    panic!("the wrap finds no hub: {}", host.stderr());
}

#[test]
fn a_kill_around_a_persons_decision_never_runs_what_the_journal_does_not_allow() {
    let world = World::with_policy(ECHO_RUNS);
    let mut screen = world.console();
    let mut host = session(&world);
    let mut ran_by_answer = 0;
    let mut probe = 1000;
    for round in 0..8_u64 {
        // A call that comes while the hub is dying is denied as one that was held; these are to be asked for.
        wait_for_hub(&mut host, &mut probe);
        let text = format!("decision {round}.");
        asked(&mut host, &screen, round + 1, &text);
        let pid = hub_pid(&world).unwrap();
        screen.keys_after_guard("a");
        thread::sleep(Duration::from_micros(round * 700));
        kill(pid, rustix::process::Signal::KILL);
        let answer = host.answer(round + 1);
        ran_by_answer += usize::from(!is_denied(&answer));
    }
    wait("the last hub's successor", || world.run(&["approvals"]).0 == 0);
    check_after_kills(&world);
    let ran = world.ran().iter().filter(|line| line.contains("decision")).count();
    assert!(ran >= ran_by_answer && ran <= 8, "{ran} ran, {ran_by_answer} were answered");
}
