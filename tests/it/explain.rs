//! `sayso risk explain` and `sayso risk judge`, from outside.

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use super::cli::sayso;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn run(home: &tempfile::TempDir, arguments: &[&str], input: &str) -> Output {
    let mut command = sayso(arguments);
    command.env("SAYSO_HOME", home.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Somebody who is told what is wrong with the command line does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn explaining_names_the_level_every_finding_with_its_place_and_what_decides() {
    let home = tempfile::tempdir().unwrap();
    let arguments = r#"{"command":"ls; rm -rf ~","url":"https://a/\u001b[31m"}"#;
    let output = run(&home, &["risk", "explain", "box", "run_command", arguments], "");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for part in
        ["run_command of box", "level     high, and it needs admin", "shell.destroys", "at /command", "confirm, by "]
    {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
}

#[test]
fn a_line_that_breaks_the_parser_is_unreadable_and_no_breakdown_of_ours() {
    let home = tempfile::tempdir().unwrap();
    let arguments = r#"{"command":"cat 99999999999999999999<a"}"#;
    let output = run(&home, &["risk", "explain", "box", "run_command", arguments], "");
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
    assert!(text(&output.stdout).contains("shell.unreadable"), "{}", text(&output.stdout));
}

#[test]
fn explaining_names_the_rule_and_its_reason() {
    let home = tempfile::tempdir().unwrap();
    let policy = home.path().join("other.toml");
    fs::write(&policy, "[[rule]]\ntool = \"delete_*\"\naction = \"deny\"\nreason = \"never here\"\n").unwrap();
    let policy = policy.to_str().unwrap();
    let output = run(&home, &["risk", "explain", "--policy", policy, "fs", "delete_file"], "");
    let said = text(&output.stdout);
    assert!(said.contains("verdict   deny, by ") && said.contains(":1"), "{said}\n{}", text(&output.stderr));
    assert!(said.contains("never here"), "{said}");
    let gone = run(&home, &["risk", "explain", "--policy", "/nowhere/p.toml", "fs", "delete_file"], "");
    assert_eq!(gone.status.code(), Some(2));
    assert!(text(&gone.stderr).contains("is not there"));
}

#[test]
fn what_the_policy_says_of_the_server_counts_as_it_does_in_the_hub() {
    let home = tempfile::tempdir().unwrap();
    let policy = home.path().join("other.toml");
    fs::write(&policy, "[server.fs]\nroots = [\"/srv\"]\n[server.mail]\ndomains = [\"example.org\"]\n").unwrap();
    let policy = policy.to_str().unwrap();
    let said = |server, tool, arguments| {
        let explain = run(&home, &["risk", "explain", "--policy", policy, server, tool, arguments], "");
        let line = format!("{{\"server\":\"{server}\",\"tool\":\"{tool}\",\"arguments\":{arguments}}}\n");
        let judge = run(&home, &["risk", "judge", "--policy", policy], &line);
        [text(&explain.stdout), text(&judge.stdout)]
    };
    for told in said("fs", "read_file", r#"{"path":"/home/a"}"#) {
        assert!(told.contains("paths.outside"), "{told}");
    }
    for told in said("mail", "send_mail", r#"{"to":"a@example.com"}"#) {
        assert!(told.contains("recipients.leaves"), "{told}");
    }
}

#[test]
fn explaining_takes_the_definition_alone_in_a_list_or_in_an_answer() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("tools.json");
    let one = r#"{"name":"read_file","annotations":{"destructiveHint":true}}"#;
    let explain = |text: &str| {
        fs::write(&file, text).unwrap();
        run(&home, &["risk", "explain", "fs", "read_file", "--definition", file.to_str().unwrap()], "")
    };
    for whole in [one.to_owned(), format!("[{one}]"), format!(r#"{{"result":{{"tools":[{{"name":"x"}},{one}]}}}}"#)] {
        let said = text(&explain(&whole).stdout);
        assert!(said.contains("annotations.destroys"), "{whole}: {said}");
    }
    for wrong in ["[]", "{", r#"{"name":"x"}"#, &format!("[{one},{one}]")] {
        let output = explain(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(text(&output.stderr).contains("cannot be used"), "{wrong}");
    }
}

#[test]
fn arguments_that_a_wrap_would_refuse_are_refused() {
    let home = tempfile::tempdir().unwrap();
    for arguments in ["{", "[]", r#"{"a":1,"a":2}"#, "7"] {
        let output = run(&home, &["risk", "explain", "fs", "read_file", arguments], "");
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(text(&output.stderr).starts_with("sayso: "), "{arguments}");
    }
}

#[test]
fn judging_writes_one_line_for_one_and_the_exit_code_tells_of_bad_ones() {
    let home = tempfile::tempdir().unwrap();
    let good = r#"{"server":"fs","tool":"read_file","arguments":{"path":"a"}}"#;
    let defined = r#"{"server":"fs","tool":{"name":"read_file","annotations":{"destructiveHint":true}}}"#;
    let output = run(&home, &["risk", "judge"], &format!("{good}\n{defined}"));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(output.status.success());
    let verdicts: Vec<_> = lines.iter().map(|line| (&line["level"], &line["verdict"])).collect();
    assert_eq!(verdicts, [(&"low".into(), &"allow".into()), (&"high".into(), &"confirm".into())]);
    assert_eq!(lines[1]["findings"][0]["id"], "annotations.destroys");

    let output = run(&home, &["risk", "judge"], &format!("{good}\nnothing\n{good}\n"));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].starts_with(r#"{"line":2,"error":"#) && lines[2].contains("\"level\":\"low\""), "{said}");
}

#[test]
fn judging_follows_the_policy_that_it_is_given() {
    let home = tempfile::tempdir().unwrap();
    let policy = home.path().join("p.toml");
    let call = r#"{"server":"fs","tool":"read_file"}"#;
    let judge = |rules: &str| {
        fs::write(&policy, rules).unwrap();
        run(&home, &["risk", "judge", "--policy", policy.to_str().unwrap()], call)
    };
    let output = judge("[[rule]]\ntool = \"read_file\"\nlevel = \"high\"\n");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&line["level"], &line["judged"]), (&"high".into(), &"low".into()));
    assert_eq!(line["verdict"], "confirm");
    let output = judge("[[rule]\n");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
}
