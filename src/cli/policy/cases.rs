//! `sayso policy test`: the calls that stand as `[[test]]` in a policy, judged by it.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::super::risk::question;
use super::{Exit, usable};
use crate::call::Server;
use crate::config::Home;
use crate::policy::{Asked, Case, Moment, Policy, Ruling, judge};
use crate::risk;
use crate::shown::Shown;

/// Tries every case; says of each that fails what came out instead.
pub fn run(home: &Home, file: Option<&Path>, out: &mut impl Write) -> Result<Exit> {
    let path = file.map_or_else(|| home.policy(), Path::to_owned);
    let shown = Shown::line(&path.display().to_string());
    let Some(parsed) = usable(home, file, out)? else { return Ok(Exit::Failed) };
    let mut failed = 0;
    for case in &parsed.cases {
        let ruling = judged(&parsed.policy, case).with_context(|| format!("{shown}:{}", case.line))?;
        let verdict = ruling.verdict();
        let level = case.expect_level.filter(|level| *level != verdict.level);
        if verdict.action == case.expect && level.is_none() {
            continue;
        }
        failed += 1;
        let wanted = level.map_or(String::new(), |level| format!(" at {level}"));
        let by = verdict.rule.as_deref().or(verdict.reason.as_deref()).map_or(String::new(), |by| format!(" ({by})"));
        writeln!(
            out,
            "{shown}:{}: {} {}: expected {}{wanted}, got {} at {}{}",
            case.line,
            case.server,
            Shown::line(case.tool.as_str()),
            case.expect,
            verdict.action,
            verdict.level,
            Shown::line(&by)
        )?;
    }
    let count = parsed.cases.len();
    if count == 0 {
        writeln!(out, "{shown} has no [[test]]; see docs/config.md")?;
    } else {
        writeln!(out, "{} of {count} as expected", count - failed)?;
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::No })
}

fn judged(policy: &Policy, case: &Case) -> Result<Ruling> {
    let profile = policy.server(case.server.as_str());
    let mut server = question::server(case.server.as_str())?;
    // A server that is trusted is tried as the one that is.
    if let Some((command, args)) = profile.and_then(|profile| profile.command.split_first()) {
        server = Server { command: command.clone(), args: args.to_vec(), ..server };
    }
    let call = question::call(server, case.tool.clone(), None, &case.arguments)?;
    let facts = question::facts(policy, &call);
    let mut risk = risk::assess(&call, &facts);
    risk.level = case.level.unwrap_or(risk.level);
    let moment = Moment { local: case.at, console: case.console };
    Ok(judge(policy, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment }))
}
