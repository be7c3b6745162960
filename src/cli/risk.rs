//! `sayso risk`: sets levels in the policy file, and leaves the rest of it as it is.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{Exit, RiskArgs, RiskCommand};
use crate::config::{Home, make_private};
use crate::decision::Level;
use crate::hub;
use crate::policy::{self, edit};
use crate::shown::Shown;

/// Sets levels in the policy file.
pub fn run(home: &Home, args: RiskArgs) -> Result<Exit> {
    match args.command {
        RiskCommand::Set { server, tool, level } => set(home, &server, &tool, level),
    }
}

fn set(home: &Home, server: &str, tool: &str, level: Level) -> Result<Exit> {
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
    let after = match edit::set_level(text, server, tool, level) {
        Ok(after) => after,
        Err(why) => bail!("{}", Shown::line(&why.to_string())),
    };
    replace(&path, before.as_deref(), after.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    let (server, tool) = (Shown::line(server), Shown::line(tool));
    writeln!(io::stdout(), "{shown}: tools {tool} of servers {server} are {level} from now on")?;
    Ok(Exit::Ok)
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
