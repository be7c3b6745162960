//! Ways past an approval layer, tried on the whole program. Each test is a conversation with a real wrap and hub; the
//! proof is the file in which the server writes every raw line that it receives.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ECHO_RUNS, Host, Screen, World, fixture};

/// Nobody is asked for long: what is held is denied after a second.
const IMPATIENT: &str = "[timeout]\ndefault = \"1s\"\n";

/// A server that starts in this mode, with a session open.
fn open(world: &World, mode: &str) -> Host {
    let mut host = world.wrap(&["--mode", mode]);
    host.initialize();
    try_all(&mut host, &[] as &[&str]);
    host
}

/// Sends every line, then a request whose answer shows that all of them have been dealt with. What came back before it.
fn try_all(host: &mut Host, lines: &[impl AsRef<[u8]>]) -> Vec<Value> {
    for line in lines {
        host.send(line);
    }
    host.send(r#"{"jsonrpc":"2.0","id":"fence","method":"ping"}"#);
    let mut answers = Vec::new();
    loop {
        let message = host.message();
        if message["id"] == "fence" {
            return answers;
        }
        answers.push(message);
    }
}

/// Every line is answered with an error and nothing of it reaches the server.
fn refused(mode: &str, lines: &[impl AsRef<[u8]>]) {
    let world = World::with_policy(&format!("{IMPATIENT}{ECHO_RUNS}"));
    let mut host = open(&world, mode);
    let before = world.received().len();
    let answers = try_all(&mut host, lines);
    for answer in &answers {
        let code = answer["error"]["code"].as_i64();
        assert!(matches!(code, Some(-32700 | -32600 | -32602)), "not refused: {answer}");
    }
    assert_eq!(answers.len(), lines.len(), "{answers:#?}");
    let reached = world.received().split_off(before);
    assert_eq!(reached, [r#"{"jsonrpc":"2.0","id":"fence","method":"ping"}"#], "more than the fence came through");
}

/// A call that does harm, as the members after the envelope's.
const HARM: &str = r#""method":"tools/call","params":{"name":"run_command","arguments":{"command":"harm"}}"#;

#[test]
fn b01_a_batch_lets_nothing_through() {
    let call = format!(r#"{{"jsonrpc":"2.0","id":1,{HARM}}}"#);
    let lines = [
        format!("[{call}]"),
        format!("[{call},{call}]"),
        format!(r#"[{{"jsonrpc":"2.0","id":2,"method":"ping"}},{call}]"#),
        format!("[[{call}]]"),
        format!("  [ {call} ] "),
        "[]".to_owned(),
    ];
    refused("echo", &lines);
}

#[test]
fn b02_an_odd_envelope_lets_nothing_through() {
    let envelopes = [
        r#""jsonrpc":"2","id":1"#,
        r#""jsonrpc":"1.0","id":1"#,
        r#""jsonrpc":2.0,"id":1"#,
        r#""jsonrpc":null,"id":1"#,
        r#""id":1"#,
        r#""jsonrpc":"2.0","id":1,"result":null"#,
        r#""jsonrpc":"2.0","id":1,"result":{}"#,
        r#""jsonrpc":"2.0","id":1,"error":null"#,
        r#""jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}"#,
        r#""jsonrpc":"2.0","id":null"#,
        r#""jsonrpc":"2.0","id":true"#,
        r#""jsonrpc":"2.0","id":1.5"#,
        r#""jsonrpc":"2.0","id":{}"#,
        r#""jsonrpc":"2.0","id":[1]"#,
    ];
    refused("echo", &envelopes.map(|envelope| format!("{{{envelope},{HARM}}}")));
}

#[test]
fn b03_duplicate_keys_let_nothing_through() {
    let harmless = r#"{"name":"echo","arguments":{}}"#;
    let harmful = r#"{"name":"run_command","arguments":{"command":"harm"}}"#;
    let lines = [
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping",{HARM}}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,{HARM},"method":"ping"}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","meth\u006fd":"tools/call","params":{harmful}}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{harmful},"params":{harmless}}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,"id":2,{HARM}}}"#),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"run_command","name":"echo","arguments":{}}}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"run_command","n\u0061me":"echo","arguments":{}}}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"path":"/etc","path":"/tmp"}}}"#.into(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":[{"b":{"c":1,"c":2}}]}}}"#.into(),
    ];
    refused("first-wins", &lines);
}

#[test]
fn b04_a_bare_cr_inside_a_line_never_reaches_the_server() {
    let world = World::with_policy(&format!("{IMPATIENT}{ECHO_RUNS}"));
    let mut host = open(&world, "python-newlines");
    let before = world.received().len();
    let inner = format!(r#"{{"jsonrpc":"2.0","id":9,{HARM}}}"#);
    let smuggled = [
        format!("{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{{\"a\":[\r{inner}\r]}}}}"),
        format!("{{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"x/y\",\"params\":{{\"a\":\r{inner}\r}}}}"),
        format!("\r{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{{\"a\":{inner}}}}}\r"),
    ];
    let answers = try_all(&mut host, &smuggled);
    assert!(answers.iter().all(|answer| answer["id"] != 9), "the inner call was answered: {answers:?}");
    // Inside an argument of a call that may pass, too.
    host.send(format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/call\",\"params\":{{\"name\":\"echo\",\"arguments\":{{\"a\":\r{inner}\r}}}}}}"
    ));
    assert_eq!(host.answer(4)["result"]["isError"], Value::Null);
    // A raw one inside a string is no JSON.
    host.send("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\",\"params\":{\"a\":\"\r\"}}");
    assert!(host.message()["error"].is_object());
    let reached = world.received().split_off(before);
    assert!(reached.iter().all(|line| !line.contains('\r')), "{reached:?}");
    assert!(reached.iter().all(|line| !line.starts_with(&inner[..30])), "the inner call is a line: {reached:?}");
    assert_eq!(reached.len(), 5, "a line was cut in two: {reached:?}");
}

#[test]
fn b05_keys_in_another_case_let_nothing_through() {
    let lines = [
        r#"{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{"name":"run_command","arguments":{}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"run_command"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}},"PARAMS":{"name":"run_command"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","NAME":"run_command","arguments":{}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{},"Arguments":{"a":1}}}"#,
        r#"{"JSONRPC":"2.0","jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"ID":2,"method":"tools/call","params":{"name":"echo","arguments":{}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}},"Re\u0073ult":null}"#,
    ];
    refused("echo", &lines);
}

#[test]
fn b06_params_that_fit_no_model_are_not_passed_on() {
    let params = [
        "",
        r#","params":null"#,
        r#","params":[]"#,
        r#","params":["run_command",{}]"#,
        r#","params":"run_command""#,
        r#","params":{}"#,
        r#","params":{"arguments":{"command":"harm"}}"#,
        r#","params":{"name":null,"arguments":{}}"#,
        r#","params":{"name":["run_command"],"arguments":{}}"#,
        r#","params":{"name":"","arguments":{}}"#,
        r#","params":{"name":"run_command","arguments":"{}"}"#,
        r#","params":{"name":"run_command","arguments":[]}"#,
        r#","params":{"name":"run_command","arguments":7}"#,
    ];
    refused("echo", &params.map(|params| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call"{params}}}"#)));
}

#[test]
fn b06_a_method_spelt_with_escapes_is_the_same_method() {
    let world = World::with_policy(IMPATIENT);
    let mut host = open(&world, "echo");
    for (id, method) in (1..).zip([r"tools\/call", r"tools/c\u0061ll", r"\u0074ools\u002fcall"]) {
        let params = r#"{"name":"run_command","arguments":{"command":"harm"}}"#;
        host.send(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#));
        assert_eq!(host.answer(id)["result"]["isError"], true, "{method}");
    }
    // Nobody could answer a call without an id, so it is not sent at all.
    let answers = try_all(&mut host, &[format!(r#"{{"jsonrpc":"2.0",{HARM}}}"#)]);
    assert!(answers.iter().all(|answer| answer.get("result").is_none()), "{answers:?}");
    assert_eq!(world.received().iter().filter(|line| line.contains("harm")).count(), 0);
}

#[test]
fn b07_what_is_judged_is_what_is_sent() {
    let world = World::with_policy(ECHO_RUNS);
    let mut host = open(&world, "echo");
    host.send(
        " {\t\"jsonrpc\" : \"2.0\",  \"id\": 1 ,\r \"method\":\"tools\\/call\", \"params\" : { \"arguments\" : { \"n\" : 1.0e+2 , \"s\" : \"\\u0041\\n \" }, \"name\" : \"ec\\u0068o\" } } ",
    );
    assert_eq!(host.answer(1)["result"]["structuredContent"]["arguments"]["s"], "A\n ");
    let sent: Value = serde_json::from_str(&world.ran()[0]).expect("the server got JSON");
    assert!(world.ran()[0].contains(r#"{"n":1.0e+2,"s":"\u0041\n "}"#), "{:?}", world.ran());
    let rows = world.history_until("one call", |rows| rows.len() == 1);
    assert_eq!(rows[0]["arguments"], sent["params"]["arguments"]);
    assert_eq!(rows[0]["tool"], "echo");
}

#[test]
fn b08_what_breaks_parsers_is_answered_and_means_no() {
    let deep = |depth: usize| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"a":{}{}}}}}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    let mut lines: Vec<Vec<u8>> = vec![
        deep(200).into(),
        deep(100_000).into(),
        "[".repeat(1 << 20).into(),
        "{\"a\":".repeat(100_000).into(),
        b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}".to_vec(),
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"\xc3\"}}".to_vec(),
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"\xed\xa0\x80\"}}".to_vec(),
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"\0\"}}".to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\ud800"}}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":"ping"} {"jsonrpc":"2.0","id":2,"method":"ping"}"#.to_vec(),
        br#"{"jsonrpc":"2.0","id":1,"method":"ping""#.to_vec(),
        b"\xff\xfe{\0}\0".to_vec(),
        b"\0".to_vec(),
        b"null".to_vec(),
    ];
    let mut long =
        br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":""#.to_vec();
    long.resize(40 << 20, b'x');
    lines.push(long);
    refused("echo", &lines);
}

/// What is done to a wrap before it is started.
type Change = fn(&mut std::process::Command);

/// Sends a call that is held, denies it at the console and sees it denied.
fn asks_again(what: &str, screen: &mut Screen, host: &mut Host, id: u64, tool: &str, arguments: &Value) {
    host.call(id, tool, arguments);
    screen.wait_until(&format!("{what} to be asked"), |text| text.contains("waiting 1") && text.contains(tool));
    screen.keys_after_guard("d");
    assert_eq!(host.answer(id)["result"]["isError"], true, "{what} ran without being asked");
    screen.wait_until("an empty queue", |text| !text.contains("waiting 1"));
}

/// Sends a call, approves it for good at the console, and sees it run.
fn approve_for_good(screen: &mut Screen, host: &mut Host, id: u64, arguments: &Value) {
    host.call(id, "write_note", arguments);
    screen.wait_for("waiting 1");
    screen.keys_after_guard("A");
    screen.wait_for("always");
    screen.keys_after_guard("4");
    assert_eq!(host.answer(id)["result"]["isError"], Value::Null);
}

#[test]
fn b10_an_approval_covers_exactly_what_was_approved() {
    let world = World::with_policy("[timeout]\ndefault = \"60s\"\n");
    let mut screen = world.console();
    let log = world.log().display().to_string();
    let command = [fixture().display().to_string(), "--log".to_owned(), log, "--note".to_owned(), "one".to_owned()];
    let mut other_command = command.clone();
    other_command[4] = "two".to_owned();
    let note = json!({"name": "a", "text": "b"});
    let mut host = world.wrap_command(Some("fix"), &command);
    host.initialize();
    host.list(1);
    approve_for_good(&mut screen, &mut host, 2, &note);
    // The same again, in another order and in another session, is the same.
    host.call(3, "write_note", &json!({"text": "b", "name": "a"}));
    assert_eq!(host.answer(3)["result"]["isError"], Value::Null);
    let mut again = world.wrap_command(Some("fix"), &command);
    again.initialize();
    again.list(1);
    again.call(2, "write_note", &note);
    assert_eq!(again.answer(2)["result"]["isError"], Value::Null);
    let rows = world.history_until("three calls", |rows| rows.len() == 3);
    assert_eq!(rows.iter().filter(|row| row["by"] == "grant").count(), 2, "{rows:#?}");

    asks_again("another argument", &mut screen, &mut host, 4, "write_note", &json!({"name": "a", "text": "c"}));
    asks_again(
        "one argument more",
        &mut screen,
        &mut host,
        5,
        "write_note",
        &json!({"name": "a", "text": "b", "x": 1}),
    );
    asks_again("another tool", &mut screen, &mut host, 6, "run_command", &note);
    let changed: [(&str, &[String], Change); 4] = [
        ("another command", &other_command, |_| ()),
        ("another environment", &command, |host| _ = host.env("LD_LIBRARY_PATH", "/somewhere")),
        ("another folder", &command, |host| _ = host.current_dir("/")),
        ("an unlisted definition", &command, |_| ()),
    ];
    for (what, command, change) in changed {
        let mut host = world.wrap_changed(Some("fix"), command, change);
        host.initialize();
        if what != "an unlisted definition" {
            host.list(1);
        }
        asks_again(what, &mut screen, &mut host, 2, "write_note", &note);
    }
    assert_eq!(world.ran().len(), 3, "{:?}", world.ran());
}

#[test]
fn b28_a_definition_that_changes_after_the_approval_asks_again() {
    let world = World::with_policy("[timeout]\ndefault = \"60s\"\n");
    let mut screen = world.console();
    let mut host = world.wrap(&["--mode", "rug-pull"]);
    host.initialize();
    host.list(1);
    let note = json!({"name": "a", "text": "b"});
    approve_for_good(&mut screen, &mut host, 2, &note);
    host.call(3, "write_note", &note);
    assert_eq!(host.answer(3)["result"]["isError"], Value::Null);
    host.list(4);
    asks_again("a changed definition", &mut screen, &mut host, 5, "write_note", &note);
    // Another server behind the same name: what was approved was not its.
    let mut other = world.wrap_as("fix", &["--mode", "echo"]);
    other.initialize();
    other.list(1);
    asks_again("another command behind the name", &mut screen, &mut other, 2, "write_note", &note);
    assert_eq!(world.ran().len(), 2, "{:?}", world.ran());
}

#[test]
fn b11_a_caller_cannot_say_that_it_is_approved() {
    let world = World::with_policy(IMPATIENT);
    let mut host = open(&world, "echo");
    let words = [
        r#""approved":true"#,
        r#""_meta":{"approved":true,"sayso":{"approved":true},"decision":"allowed"}"#,
        r#""decision":"allow","level":"low","bypass":true"#,
        r#""requestState":"state-1","inputResponses":{"ask":{"action":"accept"}}"#,
    ];
    let mut id = 0;
    for word in words {
        for (envelope, params) in [(format!(",{word}"), String::new()), (String::new(), format!(",{word}"))] {
            id += 1;
            let arguments = r#"{"command":"harm","approved":true}"#;
            let params = format!(r#"{{"name":"run_command","arguments":{arguments}{params}}}"#);
            host.send(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{params}{envelope}}}"#));
            let answer = host.answer(id);
            assert!(answer["result"]["isError"] == true || answer["error"].is_object(), "it ran: {answer}");
        }
    }
    assert!(world.ran().is_empty(), "{:?}", world.ran());
}

#[test]
fn b38_a_call_that_is_taken_back_never_runs() {
    let world = World::with_policy("[timeout]\ndefault = \"20s\"\n");
    let mut host = open(&world, "echo");
    host.call(1, "run_command", &json!({"command": "harm"}));
    world.history_until("a held call", |rows| rows.len() == 1);
    host.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#);
    let rows = world.history_until("it is withdrawn", |rows| rows[0]["decision"] == "withdrawn");
    assert_eq!(rows[0]["by"], "client");
    host.quiet(Duration::from_millis(300));
    // The same for a caller that goes away.
    host.call(2, "run_command", &json!({"command": "harm"}));
    world.history_until("another held call", |rows| rows.len() == 2);
    host.close();
    assert_eq!(host.wait(), 0);
    world.history_until("both are withdrawn", |rows| rows.iter().all(|row| row["decision"] == "withdrawn"));
    assert!(world.received().iter().all(|line| !line.contains("harm") && !line.contains("cancelled")));
}

#[test]
fn b39_a_denial_is_an_error_in_both_eras() {
    let world = World::with_policy(IMPATIENT);
    let mut host = open(&world, "echo");
    host.call(1, "run_command", &json!({"command": "harm"}));
    let legacy = host.answer(1)["result"].clone();
    assert_eq!(legacy["isError"], true);
    assert_eq!(legacy.get("resultType"), None);
    let text = legacy["content"][0]["text"].as_str().expect("words for the model");
    assert!(text.contains("NOT executed"), "{text}");
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28"});
    let params = json!({"name": "run_command", "arguments": {"command": "harm"}, "_meta": meta});
    host.send(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}).to_string());
    let modern = host.answer(2)["result"].clone();
    assert_eq!((&modern["isError"], &modern["resultType"]), (&json!(true), &json!("complete")));
    assert!(world.ran().is_empty());
}
