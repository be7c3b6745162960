//! `sayso policy diff`: which of two files is the tighter, line by line.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};

use super::{Exit, diagnostics};
use crate::hub;
use crate::policy::{self, Parsed, Side, Way, compare};
use crate::shown::Shown;

/// Prints every difference, what loosens first.
pub fn run(old: &Path, new: &Path, out: &mut impl Write) -> Result<Exit> {
    let (before, after) = (read(old)?, read(new)?);
    for (parsed, path) in [(&before, old), (&after, new)] {
        if parsed.error().is_some() {
            diagnostics(parsed, &name(path), out)?;
            return Ok(Exit::Failed);
        }
    }
    let changes = compare(&before.policy, &after.policy);
    for change in &changes {
        let word = match change.way {
            Way::Looser => "looser",
            Way::Tighter => "tighter",
            Way::Neutral => "neutral",
        };
        let file = name(if change.side == Side::Old { old } else { new });
        let line = change.line.map_or(String::new(), |line| format!(":{line}"));
        writeln!(out, "{word:<8} {file}{line}: {}", Shown::line(&change.says))?;
    }
    if changes.is_empty() {
        writeln!(out, "they judge alike")?;
    }
    let looser = changes.iter().any(|change| change.way == Way::Looser);
    Ok(if looser { Exit::No } else { Exit::Ok })
}

fn name(path: &Path) -> Shown {
    Shown::line(&path.display().to_string())
}

fn read(path: &Path) -> Result<Parsed> {
    match hub::read_policy(path) {
        Ok(None) => bail!("{} is not there", name(path)),
        read => Ok(policy::from_file(read, &path.display().to_string())),
    }
}
