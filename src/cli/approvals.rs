//! `sayso approvals`: what is remembered, and taking it back. No command remembers an approval.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;

use super::history::forms;
use super::hub::{ask, print};
use super::{ApprovalsArgs, ApprovalsCommand, Exit};
use crate::config::Home;
use crate::decision::{Grant, GrantId, Scope};
use crate::policy::cover::says;
use crate::shown::Shown;
use crate::wire::{FromHub, ToHub};

/// An approval as `--json` prints it. The names are a promise to scripts.
#[derive(Serialize)]
struct Line<'a> {
    id: GrantId,
    server: &'a str,
    tool: &'a str,
    scope: Scope,
    /// RFC 3339; null: not by the clock.
    expires_at: Option<String>,
    hits: u64,
    /// What it lets through, in one sentence.
    covers: String,
    /// Whether that is more than one call.
    wide: bool,
    /// The call it was given for.
    call: u64,
    /// RFC 3339.
    created_at: Option<String>,
    /// Which console gave it.
    who: &'a str,
}

/// Lists or takes back the remembered approvals, through the hub.
pub fn run(home: &Home, args: &ApprovalsArgs) -> Result<Exit> {
    match &args.command {
        None => list(home, args.json),
        Some(ApprovalsCommand::List { json }) => list(home, *json),
        Some(ApprovalsCommand::Revoke { id }) => revoke(home, GrantId(*id)),
        Some(ApprovalsCommand::Clear) => clear(home),
    }
}

fn approvals(home: &Home, question: &ToHub) -> Result<Vec<(Grant, u64)>> {
    ask(home, question, |message| match message {
        FromHub::Approvals(list) => Some(list),
        _ => None,
    })
}

fn list(home: &Home, json: bool) -> Result<Exit> {
    let all = approvals(home, &ToHub::Approvals)?;
    print(&if json { as_json(&all)? } else { as_table(&all)? })?;
    Ok(Exit::Ok)
}

fn as_json(all: &[(Grant, u64)]) -> Result<String> {
    let mut out = String::new();
    for (grant, hits) in all {
        let line = Line {
            id: grant.id,
            server: grant.server.as_str(),
            tool: grant.tool.as_str(),
            scope: grant.scope,
            expires_at: grant.expires_at.and_then(time),
            hits: *hits,
            covers: says(grant.tool.as_str(), grant.cover.as_ref()),
            wide: grant.cover.is_some(),
            call: grant.call.0,
            created_at: time(grant.created_at),
            who: &grant.who,
        };
        writeln!(out, "{}", forms::line(&line)?)?;
    }
    Ok(out)
}

fn as_table(all: &[(Grant, u64)]) -> Result<String> {
    if all.is_empty() {
        return Ok("no approvals are remembered\n".to_owned());
    }
    let mut out = format!("{:>6}  {:<20}  {:>6}  {:<7}  server, and what it covers\n", "id", "until", "used", "scope");
    for (grant, hits) in all {
        let until = match (grant.scope, grant.expires_at.and_then(time)) {
            (Scope::Session, _) => "its session ends".to_owned(),
            (_, Some(end)) => end.split('.').next().unwrap_or_default().trim_end_matches('Z').to_owned() + "Z",
            (_, None) => "you take it back".to_owned(),
        };
        let covers = Shown::line(&says(grant.tool.as_str(), grant.cover.as_ref()));
        writeln!(out, "{:>6}  {until:<20}  {hits:>6}  {:<7}  {} {covers}", grant.id.0, grant.scope, grant.server)?;
    }
    Ok(out)
}

/// RFC 3339, UTC.
fn time(ms: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(ms).ok().map(|at| at.to_string())
}

fn revoke(home: &Home, id: GrantId) -> Result<Exit> {
    if !approvals(home, &ToHub::Approvals)?.iter().any(|(grant, _)| grant.id == id) {
        print(&format!("there is no approval {id}; see: sayso approvals\n"))?;
        return Ok(Exit::No);
    }
    approvals(home, &ToHub::Revoke(vec![id]))?;
    print(&format!("approval {id} is taken back\n"))?;
    Ok(Exit::Ok)
}

fn clear(home: &Home) -> Result<Exit> {
    let before = approvals(home, &ToHub::Approvals)?.len();
    let left = approvals(home, &ToHub::Revoke(Vec::new()))?.len();
    if left > 0 {
        anyhow::bail!("{left} approvals are still remembered; run: sayso hub status");
    }
    print(&format!("{before} approvals are taken back\n"))?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallId, Digest, ServerName, ToolName};

    fn grant(tool: &str, scope: Scope, expires_at: Option<i64>) -> (Grant, u64) {
        let grant = Grant {
            id: GrantId(7),
            key: Digest::of(b""),
            cover: None,
            server: ServerName::new("fs").expect("a name"),
            tool: ToolName::new(tool).expect("a name"),
            scope,
            session: None,
            created_at: 1_000,
            expires_at,
            call: CallId(3),
            who: "pid 4711 on /dev/pts/3".to_owned(),
        };
        (grant, 2)
    }

    #[test]
    fn every_approval_is_one_json_line_with_the_promised_names() {
        let text =
            as_json(&[grant("write\n", Scope::Hour, Some(3_601_000)), grant("x", Scope::Always, None)]).expect("json");
        let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).expect("json")).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["id"], 7);
        assert_eq!(lines[0]["server"], "fs");
        assert_eq!(lines[0]["tool"], "write\n");
        assert_eq!(lines[0]["scope"], "hour");
        assert_eq!(lines[0]["expires_at"], "1970-01-01T01:00:01Z");
        assert_eq!(lines[0]["hits"], 2);
        assert_eq!(lines[1]["expires_at"], serde_json::Value::Null);
        assert_eq!((&lines[1]["covers"], &lines[1]["wide"]), (&"x with exactly these arguments".into(), &false.into()));
    }

    #[test]
    fn b14_an_approval_for_programs_is_ascii_and_says_the_same() {
        let text = as_json(&[grant("a\u{9b}2J\u{202e}\u{200b}é", Scope::Always, None)]).expect("json");
        assert!(text.is_ascii() && text.lines().count() == 1, "{text:?}");
        let line: serde_json::Value = serde_json::from_str(&text).expect("json");
        assert_eq!(line["tool"], "a\u{9b}2J\u{202e}\u{200b}é");
    }

    #[test]
    fn b15_a_tools_name_cannot_draw_a_second_row() {
        let text = as_table(&[grant("write\n     8  revoked", Scope::Always, None)]).expect("a table");
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(as_table(&[]).expect("a table").contains("no approvals"));
    }
}
