//! `sayso policy`: writes the template, shows what is in force, finds mistakes, tries a policy before it is trusted.
//!
//! Reads the file as the hub does. What it quotes of a file goes through `shown`.

mod cases;
mod diff;
mod replay;

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{Exit, PolicyArgs, PolicyCommand, ReplayArgs, project};
use crate::call::Digest;
use crate::config::{Home, make_private};
use crate::decision::Level;
use crate::hub;
use crate::journal;
use crate::policy::{self, Parsed, Policy, Rule, Severity, time};
use crate::shown::Shown;

/// Writes, shows or checks the policy.
pub fn run(home: &Home, args: PolicyArgs) -> Result<Exit> {
    let mut out = io::stdout().lock();
    let done = match args.command {
        PolicyCommand::Init => init(home, &mut out),
        PolicyCommand::Show { project: Some(dir) } => project::show(&dir, &own(home), &mut out),
        PolicyCommand::Show { project: None } => show(home, &mut out),
        PolicyCommand::Check { project: Some(dir), .. } => project::check(&dir, &own(home), &mut out),
        PolicyCommand::Check { file, project: None } => {
            check(&file.clone().unwrap_or_else(|| home.policy()), file.is_some(), &mut out)
        }
        PolicyCommand::Test { policy } => cases::run(home, policy.as_deref(), &mut out),
        PolicyCommand::Replay(args) => replay::run(home, &args, &mut out),
        PolicyCommand::Diff { old, new } => diff::run(&old, &new, &mut out),
    };
    match done {
        // `| head` is no error.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {
            Ok(Exit::Ok)
        }
        done => done,
    }
}

/// The person's own policy, as it stands in the file.
fn own(home: &Home) -> Policy {
    policy::from_file(hub::read_policy(&home.policy()), "policy.toml").policy
}

fn init(home: &Home, out: &mut impl Write) -> Result<Exit> {
    make_private(&home.config)?;
    let path = home.policy();
    let shown = Shown::line(&path.display().to_string());
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            file.write_all(policy::TEMPLATE.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("cannot write {shown}"))?;
            writeln!(out, "wrote {shown}; it says what holds anyway, so edit it and then run: sayso policy check")?;
            Ok(Exit::Ok)
        }
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            bail!("{shown} is there already; move it away to start afresh")
        }
        Err(e) => Err(e).with_context(|| format!("cannot write {shown}")),
    }
}

fn check(path: &Path, named: bool, out: &mut impl Write) -> Result<Exit> {
    let shown = Shown::line(&path.display().to_string());
    let read = hub::read_policy(path);
    if matches!(read, Ok(None)) {
        if named {
            bail!("{shown} is not there");
        }
        writeln!(out, "{shown} is not there, so the defaults hold; to write one: sayso policy init")?;
        return Ok(Exit::Ok);
    }
    let parsed = policy::from_file(read, "policy.toml");
    diagnostics(&parsed, &shown, out)?;
    if parsed.error().is_some() {
        writeln!(out, "until this is mended, every call that is not low is denied")?;
        return Ok(Exit::No);
    }
    let count = parsed.policy.rules.len();
    writeln!(out, "{shown}: valid, {count} rule{}", if count == 1 { "" } else { "s" })?;
    Ok(Exit::Ok)
}

/// Reads the policy in a file, which has to be there, or the home's own; with its name for a person.
pub(super) fn read(home: &Home, file: Option<&Path>) -> Result<(Shown, Parsed)> {
    let own = home.policy();
    let path = file.unwrap_or(&own);
    let shown = Shown::line(&path.display().to_string());
    let read = hub::read_policy(path);
    if file.is_some() && matches!(read, Ok(None)) {
        bail!("{shown} is not there");
    }
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok((shown, policy::from_file(read, &name)))
}

/// Reads a policy to try it: one that cannot be used is told with every mistake, and is `None`.
fn usable(home: &Home, file: Option<&Path>, out: &mut impl Write) -> Result<Option<Parsed>> {
    let (shown, parsed) = read(home, file)?;
    if parsed.error().is_some() {
        diagnostics(&parsed, &shown, out)?;
        return Ok(None);
    }
    Ok(Some(parsed))
}

pub(super) fn diagnostics(parsed: &Parsed, file: &Shown, out: &mut impl Write) -> io::Result<()> {
    for diagnostic in &parsed.diagnostics {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let says = Shown::line(&diagnostic.says);
        writeln!(out, "{file}:{}:{}: {severity}: {says}", diagnostic.line, diagnostic.column)?;
    }
    Ok(())
}

fn show(home: &Home, out: &mut impl Write) -> Result<Exit> {
    let path = &home.policy();
    let file = Shown::line(&path.display().to_string());
    let read = hub::read_policy(path);
    let digest = read.as_ref().ok().and_then(Option::as_deref).map(Digest::of);
    let is_there = !matches!(read, Ok(None));
    let parsed = policy::from_file(read, "policy.toml");
    match digest {
        Some(digest) => writeln!(out, "file      {file}\ndigest    {digest}")?,
        None if is_there => writeln!(out, "file      {file}")?,
        None => writeln!(out, "file      {file} is not there, so the defaults hold; to write one: sayso policy init")?,
    }
    if let Some(waits) = waits(home, digest) {
        writeln!(out, "waits     {waits}")?;
    }
    if parsed.error().is_some() {
        writeln!(out, "in force  every call that is not low is denied, because the file cannot be used:")?;
        diagnostics(&parsed, &file, out)?;
        return Ok(Exit::No);
    }
    table(&parsed.policy, out)?;
    diagnostics(&parsed, &file, out)?;
    Ok(Exit::Ok)
}

/// What a person should know when the home's file, of this digest, is not what was accepted last.
pub(super) fn waits(home: &Home, digest: Option<Digest>) -> Option<String> {
    if let Ok(Some(status)) = super::hub::status_of(home) {
        return status.policy_waits.map(|waits| Shown::line(&waits).to_string());
    }
    let accepted = journal::accepted(&home.journal).ok().flatten()?;
    (accepted.digest != digest).then(|| {
        "the file is not the one that was accepted last; what is looser in it holds once a person accepts it at a \
         console (sayso, key P)"
            .to_owned()
    })
}

fn table(policy: &Policy, out: &mut impl Write) -> io::Result<()> {
    for (i, level) in Level::ALL.iter().enumerate() {
        let head = if i == 0 { "levels" } else { "" };
        let timeout = time::show(policy.time_to_answer(*level, None));
        writeln!(out, "{head:<9} {level:<6} {:<7} {timeout} to answer", policy.levels.action(*level))?;
    }
    for host in policy::profile::HOSTS {
        let timeout = policy.time_to_answer(Level::Medium, Some(host.name));
        if timeout != policy.time_to_answer(Level::Medium, None) {
            writeln!(out, "{:<9} {}: {} to answer; it {}", "", host.name, time::show(timeout), host.about)?;
        }
    }
    for (name, server) in &policy.servers {
        writeln!(out, "server    {name}{}", Shown::line(&server.words()))?;
    }
    let order = "a deny, then approvals given at the console, then the most specific allow or ask, then the level";
    writeln!(out, "order     {order}")?;
    writeln!(
        out,
        "rules     {}",
        if policy.rules.is_empty() { "none".to_owned() } else { policy.rules.len().to_string() }
    )?;
    policy.rules.iter().try_for_each(|rule| writeln!(out, "  {}", line(rule)))
}

/// A rule on one line.
pub(super) fn line(rule: &Rule) -> String {
    let mut text = format!("{}: {} {}", Shown::line(&rule.label), rule.server, Shown::line(rule.tool.as_str()));
    let mut conditions = String::new();
    rule.conditions(&mut conditions);
    text.push_str(&Shown::line(&conditions).to_string());
    text.push_str(" ->");
    let parts = [
        rule.action.map(|action| action.to_string()),
        rule.level.map(|level| format!("level {level}")),
        rule.timeout.map(|timeout| format!("{} to answer", time::show(timeout))),
        rule.reason.as_ref().map(|reason| format!("({})", Shown::line(reason))),
    ];
    for part in parts.into_iter().flatten() {
        text.push(' ');
        text.push_str(&part);
    }
    text
}
