//! `sayso risk judge`: one call a line in, one judgement a line out, for scripts and for measuring.
//!
//! Nothing is asked of a hub and nothing is kept. Nothing beyond ASCII goes out: findings and mistakes quote calls. A line
//! that is no call gives an object with `error`; the rest go on.

use std::io::{BufRead, Read as _, Write};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;

use super::question;
use crate::call::{Call, ToolName};
use crate::cli::Exit;
use crate::cli::history::forms;
use crate::decision::{Action, Level};
use crate::json::{self, Duplicates};
use crate::policy::{self, Asked, Moment, Policy};
use crate::risk::{self, Access, Finding};

/// The longest line that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// What is said of one call.
#[derive(Serialize)]
struct Judgement {
    /// As it was given with the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Box<serde_json::value::RawValue>>,
    /// The level that counts.
    level: Level,
    /// The judged level, where a rule put another in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    judged: Option<Level>,
    findings: Vec<Finding>,
    access: Access,
    verdict: Action,
    rule: Option<String>,
}

/// What is said of a line that is no call.
#[derive(Serialize)]
struct Fault {
    line: u64,
    error: String,
}

/// Judges line by line.
pub(super) fn run(policy: &Policy, mut lines: impl BufRead, out: &mut impl Write) -> Result<Exit> {
    let mut exit = Exit::Ok;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if lines.by_ref().take(LONGEST).read_until(b'\n', &mut line).context("cannot read the calls")? == 0 {
            break;
        }
        if line.len() as u64 == LONGEST && !line.ends_with(b"\n") {
            lines.skip_until(b'\n').context("cannot read the calls")?;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match one(policy, line.trim_ascii()) {
            Ok(judgement) => out.write_all(forms::line(&judgement)?.as_bytes())?,
            Err(error) => {
                exit = Exit::No;
                let fault = Fault { line: number, error: format!("{error:#}") };
                out.write_all(forms::line(&fault)?.as_bytes())?;
            }
        }
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(exit)
}

fn one(policy: &Policy, line: &[u8]) -> Result<Judgement> {
    ensure!((line.len() as u64) < LONGEST, "the line is longer than {} MiB", LONGEST >> 20);
    let text = json::compact(line, Duplicates::Everywhere).context("not strict JSON")?;
    let (call, id) = read(&text)?;
    let facts = question::facts(policy, &call);
    let risk = risk::assess(&call, &facts);
    let moment = Moment::default();
    let ruling = policy::judge(policy, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment });
    let verdict = ruling.verdict();
    Ok(Judgement {
        id,
        level: verdict.level,
        judged: (verdict.level != risk.level).then_some(risk.level),
        access: risk.access(),
        verdict: verdict.action,
        rule: verdict.rule.clone(),
        findings: risk.findings,
    })
}

/// A call and the id that was given with it, from one strict, compact line.
fn read(text: &str) -> Result<(Call, Option<Box<serde_json::value::RawValue>>)> {
    ensure!(text.starts_with('{'), "a line is an object with server, tool and, where there are any, arguments");
    let (mut server, mut tool, mut arguments, mut id) = (None, None, "{}", None);
    for (key, value) in json::members(text) {
        match key.as_ref() {
            "server" => server = Some(value),
            "tool" => tool = Some(value),
            "arguments" => arguments = value,
            "id" => id = Some(serde_json::value::RawValue::from_string(value.to_owned())?),
            other => bail!("unknown key {other:?}; known are server, tool, arguments and id"),
        }
    }
    let server = read_server(server.context("\"server\" is missing: the label in rules and on screens")?)?;
    let tool = tool.context("\"tool\" is missing: a name, or the definition from tools/list")?;
    let (tool, definition) = if tool.starts_with('"') {
        (ToolName::new(json::unescape(tool))?, None)
    } else {
        let definition = question::definition(tool)?;
        (definition.tool.clone(), Some(definition))
    };
    Ok((question::call(server, tool, definition, arguments)?, id))
}

/// A label; or an object with `name` and, for the folders that are on its command line, `args` and `cwd`.
fn read_server(text: &str) -> Result<crate::call::Server> {
    if text.starts_with('"') {
        return question::server(&json::unescape(text));
    }
    let name = json::member(text, "name").filter(|name| name.starts_with('"'));
    let mut server =
        question::server(&json::unescape(name.context("a server is a label, or an object with a \"name\"")?))?;
    for (key, value) in json::members(text) {
        match key.as_ref() {
            "name" => {}
            "command" => server.command = serde_json::from_str(value).context("a server's command is a text")?,
            "args" => server.args = serde_json::from_str(value).context("a server's args are texts")?,
            "cwd" => server.cwd = serde_json::from_str(value).context("a server's cwd is a text")?,
            other => bail!("unknown key {other:?} in a server; known are name, command, args and cwd"),
        }
    }
    Ok(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(lines: &str) -> (Exit, Vec<serde_json::Value>) {
        let mut out = Vec::new();
        let exit = run(&Policy::default(), lines.as_bytes(), &mut out).expect("it writes to memory");
        let text = String::from_utf8(out).expect("text");
        (exit, text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
    }

    #[test]
    fn every_line_gets_a_line_and_a_bad_one_stops_nothing() {
        let (exit, lines) = judged(concat!(
            r#"{"server":"fs","tool":"read_file","arguments":{"path":"a"}}"#,
            "\n\n",
            r#"{"server":"fs","tool":"read_file","arguments":{"path":"a","path":"b"}}"#,
            "\nhalf of {\n",
            r#"{"server":"fs","tool":{"name":"drop_table"},"id":7}"#,
        ));
        assert_eq!(exit, Exit::No);
        assert_eq!(lines.len(), 4);
        assert_eq!((&lines[0]["level"], &lines[0]["verdict"]), (&"low".into(), &"allow".into()));
        assert!(lines[1]["error"].as_str().is_some_and(|error| error.contains("twice")), "{}", lines[1]);
        assert_eq!((&lines[2]["line"], lines[2]["error"].is_string()), (&4.into(), true));
        assert_eq!((&lines[3]["verdict"], &lines[3]["id"]), (&"confirm".into(), &7.into()));
        assert_eq!((&lines[3]["access"], &lines[3]["rule"]), (&"admin".into(), &serde_json::Value::Null));
    }

    #[test]
    fn b14_what_is_quoted_of_a_call_goes_out_as_ascii() {
        let odd = "rm \u{9b}2J\u{202e}\u{200b}é";
        let line = serde_json::json!({"server": "s", "tool": "run", "id": odd, "arguments": {"command": odd}});
        for line in [line, serde_json::json!({"server": "s", "tool": "run", odd: 1})] {
            let mut out = Vec::new();
            run(&Policy::default(), line.to_string().as_bytes(), &mut out).expect("it writes to memory");
            assert!(out.is_ascii(), "{}", String::from_utf8_lossy(&out));
        }
        let (_, lines) = judged(&serde_json::json!({"server": "s", "tool": "run", "id": odd}).to_string());
        assert_eq!(lines[0]["id"], odd);
    }

    #[test]
    fn a_line_says_what_it_is_that_is_wrong_with_it() {
        for (line, says) in [
            ("[]", "an object"),
            (r#"{"tool":"a"}"#, "\"server\" is missing"),
            (r#"{"server":"a"}"#, "\"tool\" is missing"),
            (r#"{"server":"a b","tool":"a"}"#, "server name"),
            (r#"{"server":"a","tool":""}"#, "tool name"),
            (r#"{"server":"a","tool":7}"#, "definition"),
            (r#"{"server":"a","tool":"b","arguments":[]}"#, "an object"),
            (r#"{"server":"a","tool":"b","argument":{}}"#, "argument"),
            (r#"{"server":{"name":"a","arg":[]},"tool":"b"}"#, "arg"),
            (r#"{"server":{"args":[]},"tool":"b"}"#, "name"),
        ] {
            let (exit, lines) = judged(line);
            assert_eq!(exit, Exit::No, "{line}");
            let error = lines[0]["error"].as_str().expect("an error");
            assert!(error.contains(says), "{line}: {error}");
        }
    }

    #[test]
    fn the_folders_on_a_servers_command_line_count() {
        let line = r#"{"server":{"name":"fs","args":["/srv"]},"tool":"read_file","arguments":{"path":"/home/a"}}"#;
        let (exit, lines) = judged(line);
        assert_eq!((exit, &lines[0]["level"]), (Exit::Ok, &"medium".into()));
    }
}
