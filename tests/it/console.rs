//! The console from outside: the real program in a pseudo-terminal, with a real hub and a real wrap behind it.

use std::time::Duration;

use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::world::{Host, Screen, World, sayso};

/// `ask` is asked with one key, `sure` with the word yes, everything else of the fixture passes.
const POLICY: &str = "[levels]\nmedium = \"allow\"\nhigh = \"allow\"\n\
    [[rule]]\ntool = \"ask\"\naction = \"ask\"\n[[rule]]\ntool = \"sure\"\naction = \"confirm\"\n";

fn opened(world: &World) -> (Screen, Host) {
    let screen = world.console_sized(80, 24);
    screen.wait_for("No call waits for you");
    let mut host = world.wrap(&[]);
    host.initialize();
    (screen, host)
}

/// A console with this environment on top of the usual one.
fn console(world: &World, variables: &[(&str, &str)]) -> Screen {
    let mut command = CommandBuilder::new(sayso());
    command.env("SAYSO_HOME", world.home());
    command.env("TERM", "xterm-256color");
    command.env_remove("NO_COLOR");
    for (name, value) in variables {
        command.env(name, value);
    }
    Screen::start(command, 80, 24)
}

fn is_error(answer: &serde_json::Value) -> bool {
    answer["result"]["isError"] == json!(true)
}

#[test]
fn one_key_allows_a_call_and_another_denies_it_with_a_reason() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    host.call(1, "ask", &json!({"path": "/one"}));
    screen.wait_for("\"path\": \"/one\"");
    screen.keys_after_guard("a");
    assert!(!is_error(&host.answer(1)));
    screen.wait_for("No call waits for you");
    host.call(2, "ask", &json!({"path": "/two"}));
    screen.wait_for("\"path\": \"/two\"");
    screen.keys_after_guard("r");
    screen.wait_for("the model is told");
    screen.keys("use /one instead\r");
    let answer = host.answer(2);
    assert!(is_error(&answer));
    assert!(answer.to_string().contains("use /one instead"), "{answer}");
    assert_eq!(world.ran().len(), 1, "only the first one reached the server");
    screen.keys("q");
    assert_eq!(screen.wait(), 0);
    let raw = screen.raw();
    assert!(raw.windows(8).any(|w| w == b"\x1b[?1049l"), "the terminal is given back");
}

#[test]
fn b24_high_risk_wants_the_word_and_enter_and_space_do_nothing() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    host.call(1, "sure", &json!({"command": "make"}));
    screen.wait_for("\"command\": \"make\"");
    screen.keys_after_guard("\r \r ");
    screen.keys_after_guard("a");
    screen.wait_for("type yes, then Enter");
    screen.keys("y\r");
    screen.wait_for("the word was not yes");
    host.quiet(Duration::from_millis(300));
    screen.keys_after_guard("a");
    screen.wait_for("type yes, then Enter");
    screen.keys("yes\r");
    assert!(!is_error(&host.answer(1)));
}

#[test]
fn b22_keys_typed_before_the_call_and_pasted_text_answer_nothing() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    screen.keys("aaadddaaa");
    host.call(1, "ask", &json!({"n": 1}));
    for _ in 0..20 {
        screen.keys("a");
        std::thread::sleep(Duration::from_millis(40));
    }
    screen.wait_for("\"n\": 1");
    screen.keys_after_guard("\u{1b}[200~a\u{1b}[201~");
    screen.wait_for("pasted text is not taken as keys");
    host.quiet(Duration::from_millis(200));
    screen.keys_after_guard("a");
    assert!(!is_error(&host.answer(1)));
}

#[test]
fn b14_b16_what_an_agent_sends_is_drawn_and_never_obeyed() {
    let world = World::with_policy(POLICY);
    let mut screen = world.console_sized(80, 40);
    screen.wait_for("No call waits for you");
    let mut host = world.wrap(&[]);
    host.initialize();
    let nasty = "\u{1b}]52;c;cm0=\u{7}\u{1b}[2J\u{9b}31m\u{202e}txt\u{200b}\r\nrisk LOW";
    host.call(1, "ask", &json!({ "text": nasty, "key\u{1b}[31m": 1 }));
    let shown = screen.wait_for("␛]52;c;cm0=␇␛[2J\\u{9b}31m\\u{202e}txt\\u{200b}␍");
    assert!(shown.contains("│ risk LOW"), "{shown}");
    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    for sign in ["\u{1b}]52", "\u{9b}", "\u{202e}", "\u{200b}"] {
        assert!(!raw.contains(sign), "{sign:?} was written to the terminal");
    }
    screen.keys_after_guard("d");
    assert!(is_error(&host.answer(1)));
}

#[test]
fn b23_a_terminal_made_too_small_in_the_middle_of_a_question_answers_nothing() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    host.call(1, "sure", &json!({"n": 1}));
    screen.wait_for("\"n\": 1");
    screen.keys_after_guard("a");
    screen.wait_for("type yes, then Enter");
    screen.keys("ye");
    screen.resize(20, 5);
    screen.wait_for("no key answers here");
    screen.keys("s\r");
    screen.keys_after_guard("a");
    host.quiet(Duration::from_millis(200));
    screen.resize(200, 60);
    screen.wait_for("waits for your answer");
    screen.keys("a");
    screen.wait_for("type yes, then Enter");
    screen.keys("yes\r");
    assert!(!is_error(&host.answer(1)));
}

#[test]
fn a_second_console_sees_the_same_and_one_answer_counts() {
    let world = World::with_policy(POLICY);
    let (mut first, mut host) = opened(&world);
    let second = world.console_sized(120, 40);
    second.wait_for("2 consoles");
    host.call(1, "ask", &json!({"n": 1}));
    first.wait_for("\"n\": 1");
    second.wait_for("\"n\": 1");
    first.keys_after_guard("a");
    assert!(!is_error(&host.answer(1)));
    second.wait_for("allowed by human");
    second.wait_for("No call waits for you");
}

#[test]
fn an_approval_given_here_is_listed_used_and_taken_back_here() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    host.call(1, "ask", &json!({"n": 1}));
    screen.wait_for("\"n\": 1");
    screen.keys_after_guard("A");
    screen.wait_for("for how long");
    screen.keys("2");
    assert!(!is_error(&host.answer(1)));
    host.call(2, "ask", &json!({"n": 1}));
    assert!(!is_error(&host.answer(2)), "the same call passes");
    screen.keys("\t");
    screen.wait_for("allowed   fix/ask");
    screen.keys("\t");
    screen.wait_for("1 hour");
    screen.keys("x");
    screen.wait_for("take approval");
    screen.keys("y");
    screen.wait_for("No approval is remembered");
    screen.keys("\t");
    screen.wait_for("how you are asked, and how you answer");
    screen.keys("\t");
    host.call(3, "ask", &json!({"n": 1}));
    screen.wait_for("\"n\": 1");
    screen.keys_after_guard("d");
    assert!(is_error(&host.answer(3)));
}

#[test]
fn a_console_outlives_its_hub_and_finds_the_next() {
    let world = World::with_policy(POLICY);
    let (screen, _host) = opened(&world);
    world.stop_hub();
    screen.wait_for("NOT CONNECTED");
    screen.wait_for("1 console");
    screen.wait_for("No call waits for you");
}

#[test]
fn a_terminal_that_cannot_show_a_dialog_is_refused_in_words() {
    let world = World::new();
    let mut screen = console(&world, &[("TERM", "dumb")]);
    screen.wait_for("cannot place text");
    assert_eq!(screen.wait(), 2);
    let (code, _, err) = world.run(&[]);
    assert_eq!(code, 2);
    assert!(err.contains("needs a terminal"), "{err}");
}

#[test]
fn a_locale_without_utf_8_gets_ascii_and_no_color_no_colour() {
    let world = World::with_policy(POLICY);
    let mut screen = console(&world, &[("LC_ALL", "C"), ("NO_COLOR", "1")]);
    screen.wait_for("No call waits for you");
    let mut host = world.wrap(&[]);
    host.initialize();
    host.call(1, "ask", &json!({"text": "漢\u{1b}"}));
    screen.wait_for("\"text\": \"\\u{6f22}\\u{1b}\"");
    let raw = screen.raw();
    assert!(raw.is_ascii());
    let raw = String::from_utf8(raw).unwrap();
    for color in ["\u{1b}[3", "\u{1b}[4", "\u{1b}[9"] {
        let set = raw.match_indices(color).any(|(at, _)| {
            let code = raw[at + 2..].split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            !matches!(code, "39" | "49" | "4" | "3" | "9") && raw[at + 2 + code.len()..].starts_with('m')
        });
        assert!(!set && !raw.contains("38;5") && !raw.contains("48;5"), "a colour was set");
    }
    screen.keys_after_guard("d");
    assert!(is_error(&host.answer(1)));
}

#[test]
fn five_hundred_calls_at_once_wait_in_order_and_are_answered_one_by_one() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    for id in 1..=500 {
        host.call(id, "ask", &json!({ "n": id }));
    }
    screen.wait_for("[waiting 500]");
    screen.wait_for("1 of 500");
    screen.wait_for("\"n\": 1");
    screen.keys_after_guard("a");
    assert!(!is_error(&host.answer(1)));
    screen.wait_for("[waiting 499]");
    screen.wait_for("\"n\": 2");
}

#[test]
fn sixteen_mebibytes_can_be_looked_at_and_denied() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    let text = "x".repeat(15 << 20);
    host.call(1, "sure", &json!({ "text": text, "tool": "rm -rf /" }));
    screen.wait_for("more lines");
    screen.keys_after_guard("a");
    screen.wait_for("first look at all that will be sent");
    screen.keys("\u{1b}[F");
    screen.wait_for("\"tool\": \"rm -rf /\"");
    screen.keys("\u{1b}[F");
    screen.wait_for("its server has not listed this tool");
    screen.keys("d");
    assert!(is_error(&host.answer(1)));
}

#[test]
fn the_screen_is_drawn_anew_when_asked_and_after_a_stop() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    host.call(1, "ask", &json!({"n": 1}));
    screen.wait_for("\"n\": 1");
    let drawn = |screen: &Screen| String::from_utf8_lossy(&screen.raw()).matches("fix/ask").count();
    let before = drawn(&screen);
    screen.keys("\u{c}");
    screen.wait_until("it is drawn again", |_| drawn(&screen) > before);
    let before = drawn(&screen);
    signal(screen.pid(), Signal::CONT);
    screen.wait_until("it is drawn again", |_| drawn(&screen) > before);
    screen.keys_after_guard("a");
    assert!(!is_error(&host.answer(1)));
}

#[test]
fn b22_what_was_typed_while_the_console_was_stopped_answers_nothing() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    host.call(1, "sure", &json!({"n": 1}));
    screen.wait_for("\"n\": 1");
    screen.keys_after_guard("a");
    screen.wait_for("type yes, then Enter");
    signal(screen.pid(), Signal::STOP);
    screen.keys("yes\r");
    std::thread::sleep(Duration::from_millis(3_500));
    signal(screen.pid(), Signal::CONT);
    screen.wait_gone("type yes, then Enter");
    host.quiet(Duration::from_millis(300));
    screen.keys_after_guard("d");
    assert!(is_error(&host.answer(1)));
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().expect("a pid")).expect("not 0");
    kill_process(pid, signal).expect("sent");
}

#[test]
fn b29_a_policy_that_got_looser_on_the_disk_holds_once_it_was_read_and_accepted_here() {
    let world = World::with_policy(POLICY);
    let (mut screen, mut host) = opened(&world);
    host.call(1, "ask", &json!({"n": 1}));
    screen.wait_for("\"n\": 1");
    let looser = POLICY.replace("action = \"ask\"", "action = \"allow\"");
    world.policy(&looser);
    screen.wait_for("POLICY GOT LOOSER");
    assert!(world.run(&["hub", "status"]).1.contains("waits     the policy file got looser"));
    screen.keys_after_guard("d");
    assert!(is_error(&host.answer(1)), "the call is still asked about, and denied");
    screen.keys("P");
    let shown = screen.wait_for("the policy that waits for you");
    assert!(shown.contains("LOOSER"), "{shown}");
    assert!(shown.contains("- action = \"ask\"") && shown.contains("+ action = \"allow\""), "{shown}");
    screen.keys_after_guard("\r a");
    screen.wait_for("type yes, then Enter");
    screen.keys("yes\r");
    screen.wait_gone("POLICY GOT LOOSER");
    host.call(2, "ask", &json!({"n": 2}));
    assert!(!is_error(&host.answer(2)));
    // What was accepted is known to the next hub, and what was changed without one is not laundered.
    world.stop_hub();
    world.policy(&POLICY.replace("action = \"confirm\"", "action = \"allow\""));
    screen.wait_for("POLICY GOT LOOSER");
    host.call(3, "sure", &json!({"n": 3}));
    screen.wait_for("\"n\": 3");
    screen.keys("P");
    screen.wait_for("the policy that waits for you");
    screen.keys_after_guard("d");
    screen.wait_for("POLICY REFUSED");
    screen.keys_after_guard("d");
    assert!(is_error(&host.answer(3)));
    assert_eq!(world.ran().len(), 1);
}

#[test]
fn b29_a_journal_that_was_removed_is_not_a_new_home() {
    let world = World::with_policy(POLICY);
    let (screen, mut host) = opened(&world);
    host.call(1, "echo", &json!({"n": 1}));
    assert!(!is_error(&host.answer(1)));
    let accepted = world.home().join("accepted");
    let copies = || std::fs::read_dir(&accepted).expect("the folder").map(|e| e.expect("listed").path()).collect();
    let kept: Vec<std::path::PathBuf> = copies();
    assert_eq!(kept.len(), 1);
    assert_eq!(std::fs::read_to_string(&kept[0]).expect("text"), POLICY);
    let everything = "[levels]\nmedium = \"allow\"\nhigh = \"allow\"\n";
    // With the journal gone, nothing says what was accepted.
    world.stop_hub();
    std::fs::remove_dir_all(world.home().join("journal")).expect("removed");
    world.policy(everything);
    screen.wait_for("POLICY NOT KNOWN");
    host.call(2, "ask", &json!({"n": 2}));
    screen.wait_for("\"n\": 2");
    // Nor does it when the copy and the cache are gone as well, once a hub has written a journal again.
    world.stop_hub();
    assert!(is_error(&host.answer(2)));
    std::fs::remove_dir_all(world.home().join("sled")).expect("removed");
    std::fs::remove_dir_all(&accepted).expect("removed");
    host.call(3, "ask", &json!({"n": 3}));
    screen.wait_for("\"n\": 3");
    screen.wait_for("POLICY NOT KNOWN");
}

#[test]
fn b29_a_copy_of_the_accepted_policy_that_was_changed_is_not_believed() {
    let world = World::with_policy(POLICY);
    let (screen, mut host) = opened(&world);
    world.stop_hub();
    let accepted = world.home().join("accepted");
    let copy = std::fs::read_dir(&accepted).expect("the folder").next().expect("one").expect("listed").path();
    let everything = "[levels]\nmedium = \"allow\"\nhigh = \"allow\"\n";
    std::fs::write(copy, everything).expect("written");
    world.policy(everything);
    screen.wait_for("POLICY NOT KNOWN");
    host.call(1, "ask", &json!({"n": 1}));
    screen.wait_for("\"n\": 1");
    assert!(world.ran().is_empty());
}
