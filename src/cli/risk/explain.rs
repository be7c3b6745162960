//! `sayso risk explain`: what the judge makes of one call, and what the policy in force says of it.
//!
//! Nothing is asked of a hub, sent to a server or kept. Everything that is quoted goes through `shown`.

use std::fs;
use std::io::Write;

use anyhow::{Context as _, Result};

use super::{ExplainArgs, question};
use crate::call::ToolName;
use crate::cli::Exit;
use crate::decision::{Action, By, Verdict};
use crate::json::{self, Duplicates};
use crate::policy::{self, Asked, Moment, Policy, Ruling, time};
use crate::risk::{self, Finding, Risk};
use crate::shown::Shown;

/// Judges a call and prints why.
pub(super) fn run(policy: &Policy, args: &ExplainArgs, out: &mut impl Write) -> Result<Exit> {
    let tool = ToolName::new(args.tool.clone())?;
    let definition = match &args.definition {
        Some(path) => {
            let shown = Shown::line(&path.display().to_string());
            let text = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
            let found = question::find_definition(&text, &args.tool);
            Some(found.with_context(|| format!("{shown} cannot be used"))?)
        }
        None => None,
    };
    let arguments = json::compact(args.arguments.as_bytes(), Duplicates::Everywhere)
        .context("the arguments are not strict JSON, so a wrap would refuse the call")?;
    let call = question::call(question::server(&args.server)?, tool, definition, &arguments)?;
    let facts = question::facts(policy, &call);
    let risk = risk::assess(&call, &facts);
    let moment = Moment { console: true, ..Moment::default() };
    let ruling = policy::judge(policy, &Asked { call: &call, risk: &risk, facts: &facts, moment: &moment });
    let (server, tool) = (Shown::line(call.server.name.as_str()), Shown::line(call.tool.as_str()));
    writeln!(out, "call      {tool} of {server}")?;
    writeln!(out, "level     {}, and it needs {}", risk.level, risk.access().as_str())?;
    findings(&risk, out)?;
    verdict(&ruling, &risk, out)?;
    Ok(Exit::Ok)
}

fn findings(risk: &Risk, out: &mut impl Write) -> Result<()> {
    let width = risk.findings.iter().map(|finding| finding.id.len()).max().unwrap_or(0);
    for (i, finding) in risk.findings.iter().enumerate() {
        let head = if i == 0 { "findings" } else { "" };
        let Finding { id, level, says, .. } = finding;
        writeln!(out, "{head:<9} {level:<6} {id:<width$}  {}", Shown::line(says))?;
        if let Some(place) = place(finding) {
            writeln!(out, "{:<9} {:<6} {:<width$}  at {place}", "", "", "")?;
        }
    }
    Ok(())
}

/// Where a finding is: `/path`, or `/path, bytes 3 to 9`.
fn place(finding: &Finding) -> Option<String> {
    let at = Shown::line(finding.at.as_ref()?);
    Some(match finding.span {
        Some((from, to)) => format!("{at}, bytes {from} to {to}"),
        None => at.to_string(),
    })
}

fn verdict(ruling: &Ruling, risk: &Risk, out: &mut impl Write) -> Result<()> {
    let Verdict { action, level, by, rule, reason, timeout } = ruling.verdict();
    let rule = rule.as_ref().map(|rule| Shown::line(rule).to_string());
    let by = match (by, &rule) {
        (By::Level, _) => format!("by what the policy says of {level} calls"),
        (_, Some(rule)) => format!("by {rule}"),
        (_, None) => format!("by the {by}"),
    };
    writeln!(out, "verdict   {action}, {by}")?;
    if let Some(reason) = reason {
        writeln!(out, "{:<9} {}", "", Shown::line(reason))?;
    }
    if *level != risk.level {
        writeln!(out, "{:<9} the policy makes it {level}", "")?;
    }
    if matches!(action, Action::Ask | Action::Confirm) {
        writeln!(out, "{:<9} {} to answer", "", time::show(*timeout))?;
    }
    match ruling {
        Ruling::UnlessGranted(_) if *action != Action::Allow => {
            writeln!(out, "{:<9} an approval that is remembered for it counts first", "")?;
        }
        Ruling::UnlessGranted(_) | Ruling::Final(_) => {}
    }
    Ok(())
}
