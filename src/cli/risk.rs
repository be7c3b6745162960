//! `sayso risk`: sets levels in the policy file, and leaves the rest of it as it is; judges calls that are made up.

mod explain;
mod judge;
pub(super) mod question;

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{Exit, ExplainArgs, RiskArgs, RiskCommand};
use crate::call::Digest;
use crate::config::{Home, make_private};
use crate::decision::Level;
use crate::hub;
use crate::journal;
use crate::policy::{self, Policy, edit};
use crate::shown::Shown;

/// Sets a level, explains a judgement, or judges many calls.
pub fn run(home: &Home, args: RiskArgs) -> Result<Exit> {
    bear_with_the_parser();
    let mut out = BufWriter::new(io::stdout().lock());
    let done = match args.command {
        RiskCommand::Set { server, tool, level } => set(home, &server, &tool, level),
        RiskCommand::Explain(args) => policy(home, args.policy.as_deref())
            .and_then(|policy| explain::run(&policy, &args, &mut out))
            .and_then(|exit| Ok(out.flush().map(|()| exit)?)),
        RiskCommand::Judge { policy: file } => {
            policy(home, file.as_deref()).and_then(|policy| judge::run(&policy, io::stdin().lock(), &mut out))
        }
    };
    match done {
        // `| head` is no error.
        Err(error) if is_broken_pipe(&error) => Ok(Exit::Ok),
        done => done,
    }
}

/// The shell parser breaks on some lines, which the judge catches and calls unreadable: nothing to be told on standard
/// error as if this program had broken.
fn bear_with_the_parser() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|place| place.file().contains("brush-parser")) {
            tell(panic);
        }
    }));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe)
}

/// The policy in a file, or the home's. A file that cannot be used is an error when it was asked for by name; the home's
/// own then denies what is not low, as the hub does. Standard error says so, and when the file is not what holds yet.
fn policy(home: &Home, file: Option<&Path>) -> Result<Policy> {
    let (shown, parsed) = super::policy::read(home, file)?;
    if file.is_none() {
        let digest = hub::read_policy(&home.policy()).ok().flatten().as_deref().map(Digest::of);
        if let Some(waits) = super::policy::waits(home, digest) {
            writeln!(io::stderr(), "sayso: this is what the file says; {waits}")?;
        }
    }
    if let Some(error) = parsed.error() {
        let says = Shown::line(&format!("line {}: {}", error.line, error.says)).to_string();
        if file.is_some() {
            bail!("{shown} cannot be used: {says}");
        }
        writeln!(io::stderr(), "sayso: {shown} cannot be used, so what is not low is denied: {says}")?;
    }
    Ok(parsed.policy)
}

fn set(home: &Home, server: &str, tool: &str, level: Level) -> Result<Exit> {
    let (shown, waits) = change(home, |text| edit::set_level(text, server, tool, level))?;
    let (server, tool) = (Shown::line(server), Shown::line(tool));
    let when = if waits { "once that is accepted" } else { "from now on" };
    writeln!(io::stdout(), "{shown}: tools {tool} of servers {server} are {level} {when}")?;
    if waits {
        writeln!(io::stdout(), "{WAITS}")?;
    }
    Ok(Exit::Ok)
}

/// Changes the text of the home's policy, or of the template where there is none yet. Gives back the file's name, and
/// whether the change has to be accepted by a person.
pub(super) fn change(home: &Home, edit: impl FnOnce(&str) -> Result<String, edit::EditError>) -> Result<(Shown, bool)> {
    make_private(&home.config)?;
    // A link is followed once, here: what it leads to is what gets replaced, not the link.
    let path = home.policy();
    let path = fs::canonicalize(&path).unwrap_or(path);
    let shown = Shown::line(&path.display().to_string());
    let before = hub::read_policy(&path).with_context(|| format!("cannot read {shown}"))?;
    let text = match &before {
        Some(bytes) => std::str::from_utf8(bytes).with_context(|| format!("{shown} is not UTF-8; save it as UTF-8"))?,
        None => policy::TEMPLATE,
    };
    let after = match edit(text) {
        Ok(after) => after,
        Err(why) => bail!("{}", Shown::line(&why.to_string())),
    };
    replace(&path, before.as_deref(), after.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    let waits = waits(home, text, &after);
    Ok((shown, waits))
}

/// What is said after a change that loosens.
pub(super) const WAITS: &str =
    "this loosens the policy, so it waits until a person accepts it at a console: run sayso, key P";

/// Whether a change of the file has to be accepted by a person: it loosens something, and the home is not new.
fn waits(home: &Home, before: &str, after: &str) -> bool {
    let parse = |text| policy::parse(text, "policy.toml").policy;
    let looser = policy::compare(&parse(before), &parse(after)).iter().any(|change| change.way == policy::Way::Looser);
    looser && journal::accepted(&home.journal).is_ok_and(|accepted| accepted.is_some())
}

/// Puts the new text in the old one's place, whole or not at all, readable by its owner alone.
fn replace(path: &Path, before: Option<&[u8]>, after: &[u8]) -> Result<()> {
    let folder = path.parent().context("it stands in no folder")?;
    // `tempfile` makes it with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(after)?;
    file.as_file().sync_all()?;
    if hub::read_policy(path)?.as_deref() != before {
        bail!("it was changed by somebody else just now; try again");
    }
    file.persist(path)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}
